"""The shipped graph as it is published, for queries to run on."""

import pytest
from pyoxigraph import Store

from edaphon.store.preparing import prepare
from edaphon.store.state import State


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The published store, read-only; each test process has its own state folder."""
    state = State.open(tmp_path_factory.mktemp("state"), corpus="shipped", default_graph="merge")
    prepare(state)
    return Store.read_only(str(state.current().folder))
