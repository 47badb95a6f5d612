"""An update made to exhaust the machine exhausts its own process; what is published is unharmed, and so is the next."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pathological import quads
from pyoxigraph import Store
from updating import changes

from edaphon.conformance.isolation import Checker
from edaphon.errors import DeadlineReached, EdaphonError, MemoryReached, QuerySyntax
from edaphon.sparql.update.data import data_only

ROOT = Path(__file__).resolve().parents[3]
EX = "http://example.org/"
ONE = f"INSERT DATA {{ <{EX}new> <{EX}age> 1 }}"

# What overflows the stack, in data, templates and patterns.
DEEP = {
    "blank nodes": "INSERT DATA { <a:a> <a:b> " + "[ <a:b> " * 20_000 + "1" + "]" * 20_000 + " }",
    "lists": "INSERT DATA { <a:a> <a:b> " + "(" * 20_000 + "1" + ")" * 20_000 + " }",
    "triple terms": "INSERT DATA { <a:a> <a:b> " + "<<( <a:a> <a:b> " * 20_000 + "1" + " )>>" * 20_000 + " }",
    "annotations": "INSERT DATA { <a:a> <a:b> 1 " + "{| <a:a> 1 " * 20_000 + "|}" * 20_000 + " }",
    "template": "INSERT { ?s <a:b> " + "(" * 20_000 + "?o" + ")" * 20_000 + " } WHERE { ?s ?p ?o }",
    "groups": "INSERT { } WHERE " + "{" * 20_000 + "}" * 20_000,
    "expression": "INSERT { } WHERE { FILTER(" + "(" * 20_000 + "1" + ")" * 20_000 + ") }",
}
ENDLESS = {
    "cross product inserted": "INSERT { ?a <a:b> ?o } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?o }",
    "cross product with new nodes": "INSERT { [] <a:b> ?i } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "cross product counted": (
        "INSERT { <a:a> <a:b> ?n } WHERE { SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } }"
    ),
    "doubling": "INSERT { <a:a> <a:b> ?x40 } WHERE { BIND('a' AS ?x0) "
    + "".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1}) " for n in range(40))
    + "}",
    "growth from operation to operation": ";\n".join(["INSERT { ?a <a:b> [] . ?a <a:c> [] } WHERE { ?a ?b ?c }"] * 30),
}
# Long, but no trouble: an answer or a syntax error, and soon.
LONG = {
    "comment": "#" * 1_000_000,
    "prologue": "PREFIX " * 100_000,
    "braces": "INSERT DATA " + "{" * 100_000,
    "quotes": "INSERT DATA { <a:a> <a:b> " + "'" * 100_001,
    "comparisons": "INSERT { <a:a> <a:b> 1 } WHERE { ?a ?b ?c FILTER(?a" + "<#" * 100_000,
    "graphs": "INSERT DATA { " + "GRAPH <a:g> { } " * 100_000 + "}",
    "operations": "INSERT DATA { <a:a> <a:b> 1 };" * 2_000,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The store of a revision with 10,000 triples."""
    path = tmp_path_factory.mktemp("hostile") / "store"
    store = Store(str(path))
    store.extend(quads())
    store.flush()
    return str(path)


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        with Checker(memory=1000) as one:
            assert one.run(abs, -1, seconds=60) == 1
            yield one


@pytest.mark.parametrize("name", DEEP)
def test_a_deep_update_takes_its_process_and_nothing_else(checker: Checker, folder: str, name: str) -> None:
    with pytest.raises((MemoryReached, QuerySyntax)):
        checker.run(changes, folder, DEEP[name], seconds=60)
    assert checker.run(changes, folder, ONE, seconds=60) == (1, 0)


@pytest.mark.parametrize("name", [name for name in DEEP if name not in ("template", "groups", "expression")])
def test_deep_data_takes_its_process_and_nothing_else(checker: Checker, name: str) -> None:
    with pytest.raises((MemoryReached, QuerySyntax)):
        checker.run(data_only, DEEP[name], seconds=60)
    assert len(checker.run(data_only, ONE, seconds=60)[0]) == 1


@pytest.mark.parametrize("name", ENDLESS)
def test_an_endless_update_is_stopped_and_changes_nothing(checker: Checker, folder: str, name: str) -> None:
    before = len(Store.read_only(folder))
    with pytest.raises((DeadlineReached, MemoryReached)):
        checker.run(changes, folder, ENDLESS[name], seconds=2)
    assert len(Store.read_only(folder)) == before
    assert checker.run(changes, folder, ONE, seconds=60) == (1, 0)


@pytest.mark.parametrize("name", LONG)
def test_a_long_update_is_read_in_proportion_to_its_length(checker: Checker, folder: str, name: str) -> None:
    try:
        checker.run(changes, folder, LONG[name], seconds=60)
    except EdaphonError as error:
        assert isinstance(error, QuerySyntax)
