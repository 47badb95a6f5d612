"""Links go only to what was checked against a public source, and by a property that fits the target."""

import csv
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad
from rdf_files import DATA, iri, read, schemes, statements, value
from shared import shared

LINKS = sorted((DATA / "links").glob("*.ttl"))
assert LINKS

MATCHES = {iri(f"skos:{name}") for name in ("exactMatch", "closeMatch", "relatedMatch", "broadMatch", "narrowMatch")}

# What may be said of a body, a place or a document by a link, in each file.
THINGS = {
    "agrovoc": "rdfs:seeAlso",
    "dbpedia": "owl:sameAs",
    "doi": "dcterms:identifier",
    "geonames": "owl:sameAs",
    "publications-office": "rdfs:seeAlso",
    "ror": "schema:sameAs",
    "web-pages": "foaf:page",
    "wikidata": "owl:sameAs",
}

COPIES = ("scribd.", "fdocuments.", "vdocument", "5y1.org", "studylib", "detailedpedia", "pdfslide", "documents.pub")

every_file = pytest.mark.parametrize("path", LINKS, ids=lambda path: path.stem)


def is_concept(quad: Quad) -> bool:
    return quad.subject.value.startswith(iri("edc:").value)


def plain(label: str) -> str:
    return label.lower().replace("-", " ")


@every_file
def test_concepts_are_matched_and_things_are_linked(path: Path) -> None:
    for quad in read(path):
        if is_concept(quad):
            assert quad.predicate in MATCHES
        else:
            assert quad.predicate == iri(THINGS[path.stem])


@every_file
def test_what_is_linked_is_in_the_graph(path: Path) -> None:
    elsewhere = {quad.subject for other in statements() for quad in [other] if quad not in set(read(path))}
    assert {quad.subject for quad in read(path)} <= elsewhere


@every_file
def test_every_link_was_checked(path: Path) -> None:
    with shared("facts/links.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    verified = {row["target_iri"] for row in rows if row["status"] == "verified"}
    unverified = {row["target_iri"] for row in rows} - verified
    with shared("facts/agrovoc-labels.csv").open(encoding="utf-8", newline="") as file:
        agrovoc = {row["concept"]: plain(row["prefLabel"]) for row in csv.DictReader(file)}
    names = {quad.subject: plain(value(quad.object)) for quad in schemes() if quad.predicate == iri("skos:prefLabel")}
    for quad in read(path):
        target = value(quad.object)
        assert target not in unverified
        same_name = quad.predicate == iri("skos:exactMatch") and agrovoc.get(target) == names[quad.subject]
        assert target in verified or same_name, target


def test_no_link_goes_to_a_copy_on_a_document_sharing_site() -> None:
    for path in LINKS:
        for quad in read(path):
            assert not any(site in value(quad.object) for site in COPIES), value(quad.object)


def test_no_concept_matches_one_target_in_two_ways() -> None:
    seen: dict[tuple[NamedNode, str], NamedNode] = {}
    for path in LINKS:
        for quad in filter(is_concept, read(path)):
            key = (quad.subject, value(quad.object))
            assert seen.setdefault(key, quad.predicate) == quad.predicate
