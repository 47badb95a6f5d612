"""Which format a client gets for the Accept header that it sends."""

import pytest

from edaphon.errors import NotAcceptable
from edaphon.sparql.negotiation import DESCRIPTION, HTML, SOLUTIONS, choose, formats, prefers_page, takes_gzip

JSON = "application/sparql-results+json"
XML = "application/sparql-results+xml"
CSV = "text/csv"
TSV = "text/tab-separated-values"
TURTLE = "text/turtle"
NT = "application/n-triples"
JSON_LD = "application/ld+json"
RDF_XML = "application/rdf+xml"

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
OLD_JAVA = "text/turtle, *; q=.2, */*; q=.2"

# Accept, format of a result set, format of a graph.
TABLE = [
    (None, JSON, TURTLE),
    ("", JSON, TURTLE),
    ("*/*", JSON, TURTLE),
    (JSON, JSON, None),
    (XML, XML, None),
    (CSV, CSV, None),
    (TSV, TSV, None),
    (TURTLE, None, TURTLE),
    (NT, None, NT),
    (JSON_LD, None, JSON_LD),
    (RDF_XML, None, RDF_XML),
    ("application/trig", None, "application/trig"),
    ("application/n-quads", None, "application/n-quads"),
    ("application/json", JSON, JSON_LD),
    ("application/xml", XML, RDF_XML),
    ("text/xml", XML, RDF_XML),
    ("application/*", JSON, NT),
    ("text/*", CSV, TURTLE),
    ("TEXT/CSV", CSV, None),
    ("text/csv; charset=utf-8", CSV, None),
    ("text/csv;header=present;q=0.5", CSV, None),
    ('application/ld+json;profile="http://www.w3.org/ns/json-ld#expanded, or;q=0"', None, JSON_LD),
    # Quality decides before everything else.
    (f"{JSON};q=0.5, {CSV};q=0.9", CSV, None),
    (f"{CSV};q=0.1, */*;q=0.9", JSON, TURTLE),
    (f"{JSON};q=0, */*", XML, TURTLE),
    (f"{CSV};q=0", None, None),
    ("*/*;q=0", None, None),
    # The most specific range decides about a format, wherever it stands.
    ("text/*;q=0.9, text/csv;q=0.1", TSV, TURTLE),
    ("*/*;q=0.1, application/*;q=0.9, application/sparql-results+json;q=0.2", XML, NT),
    # Between equals: by name before by wildcard, then in the client's order.
    ("*/*, text/csv", CSV, TURTLE),
    (f"{XML}, {JSON}", XML, None),
    (f"{TURTLE}, application/json", JSON, TURTLE),
    ("application/json, text/plain, */*", JSON, JSON_LD),
    # A format's own name goes before its alias.
    (f"application/json;q=0.1, {JSON};q=0.9, {CSV};q=0.5", JSON, JSON_LD),
    # What cannot be read is passed over.
    ("nonsense, text/csv", CSV, None),
    ("text/csv;q=often, text/tab-separated-values", TSV, None),
    ("*/csv, text/csv", CSV, None),
    (",, ,text/csv,", CSV, None),
    ("text/csv;q=7", None, None),
    (OLD_JAVA, JSON, TURTLE),
    # Pages are for those who ask for them by name.
    (FIREFOX, HTML, HTML),
    ("text/html", HTML, HTML),
    ("application/xhtml+xml", HTML, HTML),
    (f"{TURTLE}, text/html;q=0.9", HTML, TURTLE),
    ("text/html;q=0.5, application/json", JSON, JSON_LD),
]


@pytest.mark.parametrize(("accept", "solutions", "graph"), TABLE, ids=[str(row[0]) for row in TABLE])
def test_the_accept_header_decides_both_formats(accept: str | None, solutions: str | None, graph: str | None) -> None:
    if solutions is None and graph is None:
        with pytest.raises(NotAcceptable):
            formats(accept)
    else:
        both = formats(accept)
        assert (both.solutions, both.graph) == (solutions, graph)


def test_a_client_that_takes_nothing_learns_what_is_on_offer() -> None:
    with pytest.raises(NotAcceptable) as caught:
        formats("image/png")
    assert {JSON, XML, CSV, TSV, TURTLE, NT, JSON_LD, RDF_XML} < set(caught.value.offered)
    assert HTML not in caught.value.offered


@pytest.mark.parametrize("accept", [FIREFOX, "text/html", "text/html, application/problem+json;q=0.9"])
def test_a_browser_prefers_a_page(accept: str) -> None:
    assert prefers_page(accept)


@pytest.mark.parametrize("accept", [None, "*/*", "text/turtle", "application/json", "text/*", "image/png"])
def test_a_program_does_not_prefer_a_page(accept: str | None) -> None:
    assert not prefers_page(accept)


def test_a_page_is_weighed_against_the_formats_at_hand() -> None:
    assert not prefers_page("text/html;q=0.5, text/turtle", DESCRIPTION)
    assert prefers_page("text/html;q=0.5, text/csv", DESCRIPTION)


def test_the_first_offer_is_what_anything_means() -> None:
    assert choose("*/*", SOLUTIONS[2:]) == CSV


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("deflate, gzip;q=0.5, br", True),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("*", True),
        ("*;q=0", False),
        ("identity", False),
        ("br, zstd", False),
        ("gzip;q=x", False),
    ],
)
def test_gzip_goes_to_those_who_take_it(header: str | None, taken: bool) -> None:
    assert takes_gzip(header) is taken


def test_a_header_without_end_is_read_so_far_and_no_further() -> None:
    harmless = "a/b, " * 99
    assert choose(harmless + "text/csv", SOLUTIONS) == "text/csv"
    assert choose(harmless + "a/b, text/csv", SOLUTIONS) is None
