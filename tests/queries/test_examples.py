"""Every example gives exactly the rows that reading the sources gives."""

import csv
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Store
from query_files import EXAMPLES, PARAMETER, Row, answer, order

EXPECTED = Path(__file__).parent / "expected"


def expected(query: Path) -> tuple[Row, list[Row]]:
    with (EXPECTED / f"{query.stem}.csv").open(encoding="utf-8", newline="") as file:
        columns, *rows = (tuple(row) for row in csv.reader(file))
    return columns, rows


@pytest.mark.parametrize("query", EXAMPLES, ids=lambda query: query.stem)
def test_an_example_gives_the_expected_rows(query: Path, graph: Store) -> None:
    assert answer(graph, query.read_text(encoding="utf-8")) == expected(query)


def test_every_file_of_expected_rows_belongs_to_an_example() -> None:
    assert {file.stem for file in EXPECTED.iterdir()} == {query.stem for query in EXAMPLES}


@pytest.mark.parametrize("query", EXAMPLES, ids=lambda query: query.stem)
def test_the_order_of_an_answer_leaves_no_two_rows_tied(query: Path, graph: Store) -> None:
    text = query.read_text(encoding="utf-8")
    columns, rows = answer(graph, text)
    keys = [columns.index(name) for name in order(text) if name in columns] or range(len(columns))
    assert len({tuple(row[key] for key in keys) for row in rows}) == len(rows)


def with_value(query: Path, parameter: str, value: str) -> str:
    """The query's text with another value for one parameter, as README.md tells readers and servers to do it."""
    text = query.read_text(encoding="utf-8")
    (found,) = (one for one in PARAMETER.finditer(text) if one["name"] == parameter)
    return text[: found.start("value")] + value + text[found.end("value") :]


def example(name: str) -> Path:
    (query,) = (query for query in EXAMPLES if query.stem == name)
    return query


def test_another_value_of_an_iri_parameter_changes_the_answer(graph: Store) -> None:
    note = NamedNode("https://w3id.org/edaphon/source/progress-report/note-15")
    page = "<http://www.fao.org/soils-portal/soilex/en/>"
    assert answer(graph, with_value(example("statements-of-a-passage"), "passage_iri", str(note)))[1] == [
        ("edi:soilex", "foaf:page", page),
        ("edpr:note-15", "dcterms:references", page),
    ]


def test_another_value_of_a_text_parameter_changes_the_answer(graph: Store) -> None:
    rows = answer(graph, with_value(example("document-by-symbol"), "symbol", '"CGRFA-14/13/19"'))[1]
    assert [row[0] for row in rows] == ["edi:cgrfa-14-13-19"]


def test_another_value_of_a_number_parameter_changes_the_answer(graph: Store) -> None:
    rows = answer(graph, with_value(example("timeline"), "to_integer", "2006"))[1]
    assert {row[0][:4] for row in rows} == {"2006"}


def test_a_publication_that_draws_on_another_one_says_so(graph: Store) -> None:
    report = NamedNode("https://w3id.org/edaphon/id/progress-report")
    rows = answer(graph, with_value(example("life-of-a-publication"), "document_iri", str(report)))[1]
    earlier = "Progress on Mainstreaming Biodiversity across Agricultural Sectors"
    assert [row for row in rows if row[0] in ("4 draws on", "4 updates")] == [
        ("4 draws on", earlier, "edpr:para-2"),
        ("4 updates", earlier, "edpr:para-2"),
    ]


def test_an_unanswered_mandate_turns_the_answer_around(graph: Store) -> None:
    store = Store()
    store.bulk_extend(iter(graph))
    store.update(
        "INSERT DATA { <https://w3id.org/edaphon/id/new> a <https://w3id.org/edaphon/ontology#Mandate> }",
    )
    assert answer(store, example("is-every-mandate-answered").read_text(encoding="utf-8"))[1] == [("false",)]
