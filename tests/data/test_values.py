"""Dates, figures and codes have the form that queries and shapes count on."""

import re
from collections import defaultdict

import pytest
from pyoxigraph import Literal, Quad
from rdf_files import iri, statements, value

DATES = ("dcterms:date", "dcterms:created", "dcterms:issued", "dcterms:modified", "schema:startDate", "schema:endDate",
         "dcat:startDate", "dcat:endDate")  # fmt: skip

# The datatype is the precision.
FORMS = {
    iri("xsd:date"): r"\d{4}-\d\d-\d\d",
    iri("xsd:gYearMonth"): r"\d{4}-\d\d",
    iri("xsd:gYear"): r"\d{4}",
}


def stating(*predicates: str) -> list[Quad]:
    wanted = {iri(name) for name in predicates}
    found = [quad for quad in statements() if quad.predicate in wanted]
    assert found, f"no statement with {predicates}"
    return found


def stated(subject: object, predicate: str) -> list[str]:
    return [value(quad.object) for quad in statements() if quad.subject == subject and quad.predicate == iri(predicate)]


def test_the_datatype_of_a_date_is_its_precision() -> None:
    for quad in stating(*DATES):
        assert isinstance(quad.object, Literal)
        assert quad.object.datatype in FORMS, str(quad)
        assert re.fullmatch(FORMS[quad.object.datatype], quad.object.value), str(quad)


@pytest.mark.parametrize("prefix", ["schema", "dcat"])
def test_a_span_has_a_start_and_a_later_end(prefix: str) -> None:
    for quad in stating(f"{prefix}:startDate"):
        (end,) = stated(quad.subject, f"{prefix}:endDate")
        assert value(quad.object) <= end
    starts = {quad.subject for quad in stating(f"{prefix}:startDate")}
    assert {quad.subject for quad in stating(f"{prefix}:endDate")} == starts


def test_a_yearly_day_is_a_month_and_a_day() -> None:
    for quad in stating("edo:fallsOn"):
        assert isinstance(quad.object, Literal)
        assert quad.object.datatype == iri("xsd:gMonthDay")


def test_dates_of_one_thing_agree_as_far_as_they_go() -> None:
    dates = defaultdict(set)
    for quad in stating("dcterms:date", "schema:startDate"):
        dates[quad.subject].add(value(quad.object))
    for quad in stating("dcterms:issued"):
        dates[quad.subject, "issued"].add(value(quad.object))
    for thing, found in dates.items():
        longest = max(found, key=len)
        assert all(longest.startswith(date) for date in found), f"{thing}: {found}"


def test_a_figure_has_one_number_one_qualifier_and_one_thing_counted() -> None:
    figures = [quad.subject for quad in stating("rdf:type") if quad.object == iri("edo:Figure")]
    assert figures
    lists = {"edo:qualifier": "edc:figure-qualifiers", "edo:counted": "edc:things-counted"}
    for figure in figures:
        assert len(stated(figure, "edo:number")) == 1
        for predicate, scheme in lists.items():
            (code,) = (q.object for q in statements() if q.subject == figure and q.predicate == iri(predicate))
            assert stated(code, "skos:inScheme") == [iri(scheme).value]
        assert [quad for quad in stating("edo:figure") if quad.object == figure]


def test_a_symbol_names_one_document() -> None:
    holders = defaultdict(set)
    for quad in stating("edo:symbol"):
        holders[value(quad.object)].add(quad.subject)
    assert {symbol: things for symbol, things in holders.items() if len(things) > 1} == {}


def test_a_meeting_document_has_a_symbol_and_a_session() -> None:
    for quad in stating("rdf:type"):
        if quad.object == iri("edo:MeetingDocument"):
            assert len(stated(quad.subject, "edo:symbol")) == 1
            assert len(stated(quad.subject, "edo:forSession")) == 1


def test_slugs_are_made_of_words() -> None:
    for quad in statements():
        name = quad.subject.value
        for start in (iri("edi:").value, iri("edc:").value):
            if name.startswith(start):
                assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name.removeprefix(start)), name
