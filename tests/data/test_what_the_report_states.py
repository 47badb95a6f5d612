"""Facts that a careful reader finds in each passage of the report, and the graph must hold in that passage."""

from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode
from rdf_files import document, iri, value

REPORT = document("progress-report")

# passage, thing → number, qualifier, what is counted
FIGURES = {
    ("para-4", "edi:survey-among-countries"): {(57, "exact", "countries")},
    ("para-6", "edi:world-soil-day-2020-celebrations"): {(700, "exact", "events"), (100, "exact", "countries")},
    ("note-6", "edi:the-magical-world-of-soil-biodiversity"): {(10, "exact", "stories")},
    ("para-7", "edi:global-symposium-on-soil-biodiversity"): {
        (5000, "lower-bound", "participants"),
        (160, "lower-bound", "countries"),
    },
}

# Every symbol that the report prints, and where.
SYMBOLS = {
    "note-1": {"CGRFA-14/13/19", "CGRFA-16/17/Inf.23"},
    "note-2": {"VIII/23"},
    "note-3": {"CBD/SBSTTA/24/INF/14", "CBD/SBI/3/INF/6"},
    "para-4": {"14/30", "CBD/SBSTTA/24/INF/8"},
    "para-5": {"CBD/SBSTTA/24/7/Rev.1", "CBD/SBSTTA/24/L.7"},
    "para-8": {"UNEP/EA.3/Res.6"},
}

# Every address that the report prints, and where.
PAGES = {
    "note-4": "http://www.fao.org/documents/card/en/c/cb1928en/",
    "note-5": "http://www.fao.org/global-soil-partnership/resources/highlights/detail/en/c/1203945/",
    "note-6": "http://www.fao.org/documents/card/en/c/cb4185en",
    "note-7": "http://www.fao.org/3/ca9533en/ca9533en.pdf",
    "note-8": "http://www.fao.org/about/meetings/soil-biodiversity-symposium/en/",
    "note-9": "http://www.fao.org/documents/card/en/c/cb6005en",
    "note-10": "http://www.fao.org/documents/card/en/c/cb4894en",
    "note-11": "http://www.fao.org/documents/card/en/c/cb0509en",
    "note-12": "http://www.fao.org/documents/card/en/c/cb0353en/",
    "note-13": "http://www.fao.org/global-soil-partnership/resources/highlights/detail/en/c/1370578/",
    "note-14": "http://www.fao.org/global-soil-partnership/pillars-action/2-awareness-raising/soil-doctor/en/",
    "note-15": "http://www.fao.org/soils-portal/soilex/en/",
}


def term(text: str) -> NamedNode | Literal:
    if text.startswith("<"):
        return NamedNode(text[1:-1])
    if not text.startswith('"'):
        return iri(text)
    content, _, mark = text[1:].partition('"')
    if mark.startswith("@"):
        return Literal(content, language=mark[1:])
    return Literal(content, datatype=iri(mark[2:])) if mark else Literal(content)


def rows() -> list[list[str]]:
    lines = Path(__file__).with_name("what_the_report_states.txt").read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.split(" | ")] for line in lines if not line.startswith("#")]


@pytest.mark.parametrize(("passage", "subject", "predicate", "thing"), rows(), ids=lambda cell: cell)
def test_the_passage_states(passage: str, subject: str, predicate: str, thing: str) -> None:
    stated = {(quad.subject, quad.predicate, quad.object) for quad in REPORT[passage]}
    assert (iri(subject), iri(predicate), term(thing)) in stated


# What has a test of its own: kinds and labels, figures, symbols, addresses, marks of footnotes.
HELD_ELSEWHERE = {
    iri(name)
    for name in ("rdf:type", "rdfs:label", "edo:figure", "edo:number", "edo:qualifier", "edo:counted", "edo:symbol",
                 "foaf:page", "edo:footnote")
}  # fmt: skip


@pytest.mark.parametrize("passage", REPORT)
def test_the_passage_states_nothing_else(passage: str) -> None:
    read = {
        (iri(subject), iri(predicate), term(thing)) for name, subject, predicate, thing in rows() if name == passage
    }
    stated = {(q.subject, q.predicate, q.object) for q in REPORT[passage] if q.predicate not in HELD_ELSEWHERE}
    assert stated - read == set()


def figures(passage: str) -> dict[str, set[tuple[int, str, str]]]:
    quads = REPORT[passage]

    def one(subject: str, predicate: str) -> str:
        (found,) = (q.object for q in quads if q.subject.value == subject and q.predicate == iri(predicate))
        return value(found)

    found: dict[str, set[tuple[int, str, str]]] = {}
    for quad in quads:
        if quad.predicate == iri("edo:figure"):
            figure = value(quad.object)
            code = [one(figure, name).rpartition("/")[2] for name in ("edo:qualifier", "edo:counted")]
            found.setdefault(quad.subject.value, set()).add((int(one(figure, "edo:number")), code[0], code[1]))
    return found


def test_the_figures_are_the_report_s_with_their_qualifiers() -> None:
    found = {(passage, thing): numbers for passage in REPORT for thing, numbers in figures(passage).items()}
    assert found == {(passage, iri(thing).value): numbers for (passage, thing), numbers in FIGURES.items()}


def test_the_symbols_are_the_report_s() -> None:
    found: dict[str, set[str]] = {}
    for passage, quads in REPORT.items():
        for quad in quads:
            if quad.predicate == iri("edo:symbol"):
                found.setdefault(passage, set()).add(value(quad.object))
    assert found == SYMBOLS


@pytest.mark.parametrize("passage", PAGES)
def test_the_address_in_a_footnote_is_the_page_of_what_it_is_about(passage: str) -> None:
    pages = [value(quad.object) for quad in REPORT[passage] if quad.predicate == iri("foaf:page")]
    assert pages == [PAGES[passage]]


def test_the_report_s_own_symbol_is_not_asserted_because_it_is_not_known() -> None:
    report = iri("edi:progress-report")
    stated = {quad.predicate for quads in REPORT.values() for quad in quads if quad.subject == report}
    assert iri("edo:symbol") not in stated
    assert iri("dcterms:identifier") not in stated


def test_what_the_report_does_not_date_has_no_date() -> None:
    dates = {iri(name) for name in ("dcterms:date", "dcterms:created", "dcterms:issued", "schema:startDate")}
    recsoil = {quad.predicate for quads in REPORT.values() for quad in quads if quad.subject == iri("edi:recsoil")}
    assert not recsoil & dates
