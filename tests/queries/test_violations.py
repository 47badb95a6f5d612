"""The graph is free of every violation, and every query for one finds it when it is there."""

import re
from pathlib import Path

import pytest
from pyoxigraph import Quad, RdfFormat, Store, parse
from query_files import VIOLATIONS, answer

from edaphon.store import merge

PLANTED = Path(__file__).parent / "planted"
FIRST_LINE = re.compile(r"# (Published|As it stands), (\d+) rows?: .+\.\n")


@pytest.mark.parametrize("query", VIOLATIONS, ids=lambda query: query.stem)
def test_the_graph_has_no_violation(query: Path, graph: Store) -> None:
    assert answer(graph, query.read_text(encoding="utf-8"))[1] == []


def planted(query: Path) -> tuple[str, int, list[Quad]]:
    """How the fault enters the store, how many rows it causes, and the fault."""
    text = (PLANTED / f"{query.stem}.trig").read_text(encoding="utf-8")
    first = FIRST_LINE.match(text)
    assert first, "the first line says how the fault enters the store, how many rows it causes, and what it is"
    return first[1], int(first[2]), list(parse(text, format=RdfFormat.TRIG))


@pytest.mark.parametrize("query", VIOLATIONS, ids=lambda query: query.stem)
def test_a_planted_fault_is_found_and_nothing_else(query: Path, graph: Store) -> None:
    how, count, fault = planted(query)
    store = Store()
    store.bulk_extend(iter(graph))
    if how == "Published":
        merge.apply(store, fault, (), "merge")
    else:
        store.extend(fault)
    rows = answer(store, query.read_text(encoding="utf-8"))[1]
    assert len(rows) == count
    assert all("planted" in " ".join(row).lower() for row in rows)


def test_every_planted_fault_belongs_to_a_query() -> None:
    assert {file.stem for file in PLANTED.iterdir()} == {query.stem for query in VIOLATIONS}
