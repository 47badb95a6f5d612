"""The examples answer with what the source document prints: symbols, addresses, years of issue, numbers."""

import re
from calendar import month_name
from collections import Counter
from itertools import combinations

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


def test_authors_are_those_that_the_footnotes_begin_with(graph: Store, source: str) -> None:
    found = [re.match(r"([A-Z][\w, -]+?)[.,]? (20\d\d)[. ]", text) for text in notes(source).values()]
    printed = Counter((hit[2], frozenset(re.findall(r"[A-Z]{2,}", hit[1]))) for hit in found if hit and "FAO" in hit[1])
    assert printed.total() == 7
    acronyms = {row["label"]: row["acronym"] for row in acronyms_of_bodies(graph)}
    authors: dict[tuple[str, str], set[str]] = {}
    for row in rows(graph, "documents-by-publisher-and-year"):
        authors.setdefault((row["year"], row["document"]), set()).add(acronyms[row["author"]])
    assert Counter((year, frozenset(names)) for (year, _), names in authors.items()) == printed
    pairs = Counter(frozenset(pair) for names in authors.values() for pair in combinations(sorted(names), 2))
    network = {
        frozenset({acronyms[row["author"]], acronyms[row["coauthor"]]}): int(row["documents"])
        for row in rows(graph, "network-of-co-authors")
    }
    assert network == pairs


def acronyms_of_bodies(graph: Store) -> list[dict[str, str]]:
    """Each body by the first of its names that footnotes use."""
    columns, found = answer(
        graph,
        """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT ?label ?acronym WHERE {
          ?body a <http://www.w3.org/ns/org#Organization> ; rdfs:label ?label ; rdfs:label|skos:altLabel ?acronym .
          FILTER(LANG(?label) = "en" && REGEX(?acronym, "^[A-Z]{2,5}$"))
        }""",
    )
    return [dict(zip(columns, row, strict=True)) for row in found]


WORDS = {
    "invitation": r"Decision {symbol} of [^.]*? invited FAO",
    "request": r"Decision {symbol} also requested a review",
    "mandate": r"in response to Resolution {symbol} of the United Nations Environment Assembly",
}


def test_mandates_are_of_the_kind_that_the_document_s_words_give_them(graph: Store, source: str) -> None:
    text = re.sub(r"\s+", " ", source)
    found = {(row["kind"], row["symbol"]) for row in rows(graph, "mandates-and-their-answers")}
    assert {kind for kind, _ in found} == set(WORDS)
    for kind, symbol in found:
        assert re.search(WORDS[kind].format(symbol=re.escape(symbol)), text), (kind, symbol)


def test_what_was_launched_in_a_month_was_launched_in_the_month_that_the_document_names(
    graph: Store, source: str
) -> None:
    text = re.sub(r"\s+", " ", source)
    printed = Counter(re.findall(r"launched in (\w+ 20\d\d)", text))
    dates = [row["date"] for row in rows(graph, "launches-and-the-day-they-coincided-with") if len(row["date"]) > 4]
    assert Counter(f"{month_name[int(date[5:7])]} {date[:4]}" for date in dates) == printed


def test_launches_on_a_day_were_on_a_day_that_the_document_names(graph: Store, source: str) -> None:
    text = re.sub(r"\s+", " ", source)
    launches = rows(graph, "launches-and-the-day-they-coincided-with")
    occasions = {row["occasion"] for row in launches if row["calendarDay"]}
    assert occasions == {"World Soil Day 2020 celebrations", "World Environment Day 2021"}
    assert re.search("launched during the World Soil Day 2020 celebrations", text)
    assert re.search("To coincide with World Environment Day 2021[^.]*UNEP/EA.3/Res.6[^.]*launched the report", text)
