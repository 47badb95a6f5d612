"""Every report says something about the graph as it is, and counts what is there."""

from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Store
from query_files import REPORTS, answer

from edaphon.namespaces import GRAPH_LINKS


@pytest.mark.parametrize("query", REPORTS, ids=lambda query: query.stem)
def test_a_report_has_rows(query: Path, graph: Store) -> None:
    assert answer(graph, query.read_text(encoding="utf-8"))[1]


def report(graph: Store, name: str) -> list[dict[str, str]]:
    (query,) = (query for query in REPORTS if query.stem == name)
    columns, rows = answer(graph, query.read_text(encoding="utf-8"))
    return [dict(zip(columns, row, strict=True)) for row in rows]


def test_statements_per_passage_counts_what_the_passage_states(graph: Store) -> None:
    (note,) = (row for row in report(graph, "statements-per-passage") if row["passage"].endswith("report, footnote 15"))
    # It cites a page, and says that the page is about SoiLEX.
    assert (note["statements"], note["things"]) == ("2", "2")


def test_every_passage_of_the_report_states_something(graph: Store) -> None:
    (row,) = (row for row in report(graph, "passages-without-statements") if row["document"].startswith("Progress"))
    assert row["passages"] == "25"
    assert row["withoutStatements"] == "0"


def test_a_silent_passage_is_counted(graph: Store) -> None:
    store = Store()
    store.bulk_extend(iter(graph))
    store.remove_graph(NamedNode("https://w3id.org/edaphon/source/progress-report/note-15"))
    first = report(store, "passages-without-statements")[0]
    assert first["document"].startswith("Progress report")
    assert first["withoutStatements"] == "1"


def test_links_per_target_counts_every_link_once(graph: Store) -> None:
    links = sum(1 for _ in graph.quads_for_pattern(None, None, None, NamedNode(GRAPH_LINKS)))
    assert sum(int(row["links"]) for row in report(graph, "links-per-target")) == links
