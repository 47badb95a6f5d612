"""That an evaluated update lets go of its candidate at once: whoever removes its files waits for nothing else."""

import gc
import sys
from collections.abc import Iterator

import pytest
from pyoxigraph import NamedNode, Store

from edaphon.errors import EdaphonError
from edaphon.settings import DefaultGraph
from edaphon.sparql.update.evaluation import evaluate

TEXTS = [
    "INSERT DATA { <http://e/s> <http://e/p> 1 , [] }",
    "INSERT { ?s <http://e/q> ?o } WHERE { ?s <http://e/p> ?o }",
    "INSERT { [] <http://e/q> 1 } WHERE { }",
    "DELETE WHERE { ?s ?p ?o }",
    "DROP SILENT GRAPH <http://e/g>",
    "CREATE GRAPH <http://e/g> ; MOVE SILENT <http://e/g> TO <http://e/h>",
    "DROP GRAPH <http://e/nowhere>",
]


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    """What only the collector would find would keep the store open until it runs."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("mode", ["merge", "plain"])
@pytest.mark.parametrize("text", TEXTS)
def test_nothing_holds_the_candidate_when_the_change_is_known(text: str, mode: DefaultGraph) -> None:
    store = Store()
    before = sys.getrefcount(store)
    home = NamedNode("http://e/home")
    try:
        evaluate(store, text, mode=mode, home=home, skolem=lambda: NamedNode("http://e/b0"))
    except EdaphonError as error:
        assert "nowhere" in str(error)
    assert sys.getrefcount(store) == before
