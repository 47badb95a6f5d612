"""Where the document about an IRI is, and back."""

import pytest

from edaphon.linking.addresses import Address, document_of, iri_at, read_address
from edaphon.namespaces import BASE


@pytest.mark.parametrize(
    ("iri", "path"),
    [
        ("id/fao", "/doc/fao"),
        ("id/a/b", "/doc/a/b"),
        ("concept/soil-biodiversity", "/concept/soil-biodiversity"),
        ("source/progress-report/para-1", "/source/progress-report/para-1"),
        ("graph/links", "/graph/links"),
        (".well-known/genid/x/b0", "/.well-known/genid/x/b0"),
        ("ontology", "/ontology"),
        ("shapes", "/shapes"),
    ],
)
def test_an_iri_of_ours_has_a_document(iri: str, path: str) -> None:
    assert document_of(BASE + iri) == path
    assert iri_at(path) == BASE + iri


@pytest.mark.parametrize(
    ("iri", "path"),
    [
        (f"{BASE}ontology#Passage", "/ontology#Passage"),
        (f"{BASE}shapes#Passage-label", "/shapes#Passage-label"),
        (f"{BASE}contribution/one#activity", "/contribution/one#activity"),
        (f"{BASE}id/sol d'été?", "/doc/sol%20d'%C3%A9t%C3%A9%3F"),
        ("http://example.org/id/fao", None),
        (f"{BASE}service/shapes", None),
        (f"{BASE}problem/syntax", None),
    ],
)
def test_a_link_leads_to_the_document_if_there_is_one(iri: str, path: str | None) -> None:
    assert document_of(iri) == path


@pytest.mark.parametrize(
    "path",
    [
        "/doc/a b",
        "/doc/\ufffd",
        "/doc/a%zz",
        "/doc/a[",
        '/doc/a"b',
        "/doc/a>b",
        "/doc/a{b}",
        "/doc/a\\b",
        "/doc/a\nb",
        "/",
    ],
)
def test_what_cannot_be_an_iri_has_no_document(path: str) -> None:
    assert iri_at(path) is None


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/doc/fao", Address("/doc/fao", None)),
        ("/doc/fao.ttl", Address("/doc/fao", "text/turtle")),
        ("/doc/fao.jsonld", Address("/doc/fao", "application/ld+json")),
        ("/doc/v1.0.nt", Address("/doc/v1.0", "application/n-triples")),
        ("/ontology.rdf", Address("/ontology", "application/rdf+xml")),
        ("/doc/fao.html", Address("/doc/fao", "text/html")),
        ("/doc/fao.pdf", Address("/doc/fao.pdf", None)),
        ("/doc/.ttl", Address("/doc/.ttl", None)),
    ],
)
def test_a_suffix_names_a_format(path: str, address: Address) -> None:
    assert read_address(path) == address
