"""The examples answer with what the source document prints: symbols, addresses, years of issue, numbers."""

import re

import pytest
from pyoxigraph import Store
from query_files import EXAMPLES, answer
from shared import shared

SYMBOL = re.compile(r"CBD/(?:SBSTTA|SBI)/[\w./]*\w|CGRFA-[\w./]*\w|UNEP/EA[\w./]*\w|(?<=Decision )[\w/]+")
ADDRESS = re.compile(r"https?://[^\s)]*[\w/]")


@pytest.fixture(scope="module")
def source() -> str:
    return shared("source/progress-report.txt").read_text(encoding="utf-8")


def rows(graph: Store, name: str) -> list[dict[str, str]]:
    (query,) = (query for query in EXAMPLES if query.stem == name)
    columns, found = answer(graph, query.read_text(encoding="utf-8"))
    return [dict(zip(columns, row, strict=True)) for row in found]


def notes(source: str) -> dict[str, str]:
    """The footnotes, which stand below a rule at the foot of each page, by number."""
    feet = re.findall(r"^ {20,}\n(.+?)(?=^ \S|\n\nhttp|\Z)", source, re.MULTILINE | re.DOTALL)
    parts = [re.split(r"^(\d{1,2}) ", foot, flags=re.MULTILINE)[1:] for foot in feet]
    return {number: text for part in parts for number, text in zip(part[::2], part[1::2], strict=True)}


def test_the_footnotes_cite_the_addresses_that_they_print(graph: Store, source: str) -> None:
    printed = {(number, page) for number, text in notes(source).items() for page in ADDRESS.findall(text)}
    assert len({number for number, _ in printed}) == 12, "all footnotes but the first three print an address"
    cited = {
        (row["note"], row["page"].strip("<>")) for row in rows(graph, "footnotes-and-what-they-cite") if row["page"]
    }
    assert cited == printed


def test_every_footnote_cites_something(graph: Store, source: str) -> None:
    assert {row["note"] for row in rows(graph, "footnotes-and-what-they-cite")} == set(notes(source))


def test_every_symbol_that_the_document_prints_names_a_document(graph: Store, source: str) -> None:
    printed = set(SYMBOL.findall(source))
    assert len(printed) >= 10
    received = {row["symbol"] for row in rows(graph, "documents-received-by-each-session")}
    decided = {row["symbol"] for row in rows(graph, "decisions-and-their-provisions")}
    assert received <= printed
    assert printed <= received | decided


def test_identifiers_and_years_of_publications_stand_in_their_footnotes(graph: Store, source: str) -> None:
    texts = notes(source).values()
    for row in rows(graph, "documents-by-publisher-and-year"):
        name = row["document"].split(" \N{EN DASH} ")[0].removeprefix("outcome document of the ")
        words = re.findall(r"[a-z]+", name.lower())
        (note,) = (text for text in texts if row["identifier"] in text and all(word in text.lower() for word in words))
        assert row["year"] in note
        assert row["place"] in note


def test_numbers_stand_in_the_document_with_their_qualifying_words(graph: Store, source: str) -> None:
    text = re.sub(r"\s+", " ", source)
    found = [row for row in rows(graph, "figures-and-their-qualifiers") if row["passage"].startswith("Progress report")]
    assert len(found) == 6
    for row in found:
        number = f"{int(row['number']):,}".replace(",", " ")
        hits = re.findall(rf"(over|more than)? ?\b{number} (?:\w+.s )?{row['counted']}", text)
        assert len(hits) == 1
        assert bool(hits[0]) == (row["qualifier"] == "lower bound")
