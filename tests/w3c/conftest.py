"""The server that all W3C tests of one process share."""

from collections.abc import Iterator

import httpx
import pytest
from serving import serving
from w3c.service import Endpoint

from edaphon.contributions.tokens import make
from edaphon.store.state import State


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """One server for all tests of a process."""
    state = State.open(tmp_path_factory.mktemp("w3c") / "state", corpus="none", default_graph="plain")
    editor = make(state.ledger, "editor", "editor", None).secret
    with (
        serving(state, "--processes", "1", "--workers", "2", "--rate", "0") as server,
        httpx.Client(timeout=60) as client,
    ):
        yield Endpoint(state, server, client, editor)
