"""The server that all W3C tests of one process share."""

from collections.abc import Iterator

import httpx
import pytest
from serving import serving
from w3c.service import Endpoint

from edaphon.store.state import State


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """One server for all tests of a process."""
    state = State.open(tmp_path_factory.mktemp("w3c") / "state", corpus="none", default_graph="plain")
    with serving(state, "--processes", "1", "--workers", "2") as server, httpx.Client() as client:
        yield Endpoint(state, server, client)
