"""Every term that the files use exists in the vocabulary it is borrowed from."""

import pytest
from rdf_files import iri, statements, value
from rdflib import namespace as known

from edaphon.namespaces import BASE, PREFIXES

# Vocabularies that rdflib knows completely.
CLOSED: dict[str, type] = {
    "dcat": known.DCAT,
    "dcterms": known.DCTERMS,
    "foaf": known.FOAF,
    "org": known.ORG,
    "owl": known.OWL,
    "prov": known.PROV,
    "rdf": known.RDF,
    "rdfs": known.RDFS,
    "schema": known.SDO,
    "skos": known.SKOS,
    "vann": known.VANN,
}

# The others: what we use of them, looked up by hand.
LISTED = {
    "bibo": {
        "Book", "Collection", "Conference", "Document", "DocumentPart", "Image", "LegalDocument", "Manual", "Map",
        "Report", "Webpage", "locator", "status",
    },
    "lode": {"Event", "atPlace", "involvedAgent"},
}  # fmt: skip


def terms() -> set[str]:
    """Properties, classes and the terms that the hierarchy joins."""
    joins = {iri(name) for name in ("rdf:type", "rdfs:subClassOf", "rdfs:subPropertyOf", "owl:inverseOf")}
    found = {quad.predicate.value for quad in statements()}
    for quad in statements():
        if quad.predicate in joins:
            found.add(value(quad.object))
            if quad.predicate != iri("rdf:type"):
                found.add(quad.subject.value)
    return found


BORROWED = sorted(term for term in terms() if not term.startswith(BASE))
assert BORROWED


@pytest.mark.parametrize("term", BORROWED)
def test_a_borrowed_term_exists(term: str) -> None:
    prefix = next(name for name, namespace in PREFIXES.items() if term.startswith(namespace))
    local = term.removeprefix(PREFIXES[prefix])
    if prefix in CLOSED:
        assert local in CLOSED[prefix].__annotations__, term
    else:
        assert local in LISTED[prefix], term


def test_the_list_of_borrowed_terms_has_no_dead_entry() -> None:
    used = set(BORROWED)
    listed = {PREFIXES[prefix] + local for prefix, locals_ in LISTED.items() for local in locals_}
    assert listed - used == set()


def test_every_own_term_in_use_is_declared() -> None:
    own = iri("edo:x").value.removesuffix("x")
    declared = {quad.subject.value for quad in statements() if quad.predicate == iri("rdfs:isDefinedBy")}
    assert {term for term in terms() if term.startswith(own)} - declared == set()
