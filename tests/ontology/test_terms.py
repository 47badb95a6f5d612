"""Every own term is explained, placed and of use."""

from collections import defaultdict
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse
from rdf_files import ONTOLOGY, iri, ontology, read, statements, value

from edaphon.namespaces import ONTOLOGY as NAMESPACE
from edaphon.namespaces import PREFIXES

OWN = read(ONTOLOGY / "edaphon.ttl")
HEADER = NamedNode(NAMESPACE.rstrip("#"))
RDF_TYPE = iri("rdf:type")
CLASS, OBJECT, DATATYPE = iri("owl:Class"), iri("owl:ObjectProperty"), iri("owl:DatatypeProperty")
SUBCLASS, SUBPROPERTY = iri("rdfs:subClassOf"), iri("rdfs:subPropertyOf")

TERMS = sorted({quad.subject.value for quad in OWN} - {HEADER.value})
assert TERMS

every_term = pytest.mark.parametrize("term", TERMS, ids=lambda term: term.removeprefix(NAMESPACE))


def objects(subject: str, predicate: str, quads: tuple[Quad, ...] = OWN) -> list[NamedNode | Literal]:
    return [quad.object for quad in quads if quad.subject.value == subject and quad.predicate == iri(predicate)]


def texts(subject: str, predicate: str) -> list[str]:
    found = objects(subject, predicate)
    assert all(isinstance(text, Literal) and text.language == "en" for text in found)
    return [value(text) for text in found]


def kinds(term: str) -> set[NamedNode]:
    return set(objects(term, "rdf:type"))


@every_term
def test_a_term_is_a_class_or_a_property(term: str) -> None:
    assert len(kinds(term) & {CLASS, OBJECT, DATATYPE}) == 1


@every_term
def test_a_class_is_upper_camel_and_a_property_lower_camel(term: str) -> None:
    name = term.removeprefix(NAMESPACE)
    assert name.isalnum()
    assert name[0].isupper() == (CLASS in kinds(term))


@every_term
def test_a_term_has_one_label_definition_and_scope_note_and_an_example(term: str) -> None:
    for predicate in ("rdfs:label", "skos:definition", "skos:scopeNote", "skos:example"):
        assert len(texts(term, predicate)) == 1, predicate
    assert objects(term, "rdfs:isDefinedBy") == [HEADER]


@every_term
def test_a_definition_is_one_sentence_that_does_not_begin_with_the_label(term: str) -> None:
    (definition,) = texts(term, "skos:definition")
    assert definition.endswith(".") and ". " not in definition
    (label,) = texts(term, "rdfs:label")
    assert not definition.lower().startswith((label.lower(), f"a {label.lower()} is"))


@every_term
def test_a_class_stands_below_another_class(term: str) -> None:
    if CLASS in kinds(term):
        assert objects(term, "rdfs:subClassOf")


@every_term
def test_a_property_says_where_it_is_used(term: str) -> None:
    if CLASS not in kinds(term) and not term.endswith("#figure"):
        assert objects(term, "schema:domainIncludes")
    if OBJECT in kinds(term):
        assert objects(term, "schema:rangeIncludes")


@every_term
def test_a_term_says_in_the_files_what_it_was_made_for(term: str) -> None:
    # Inverses are left to the implied statements; every other term must have a use.
    inverse = {value(quad.object) for quad in OWN if quad.predicate == iri("owl:inverseOf")}
    uses = [
        quad
        for quad in statements()
        if quad.predicate.value == term or (quad.predicate == RDF_TYPE and value(quad.object) == term)
    ]
    superclass = [quad for quad in OWN if quad.predicate == SUBCLASS and value(quad.object) == term]
    assert uses or superclass or term in inverse


@every_term
def test_the_example_names_things_that_exist(term: str) -> None:
    known = {quad.subject.value for quad in statements()}
    (example,) = texts(term, "skos:example")
    for word in example.replace(";", " ").replace(",", " ").split():
        if word.startswith(("edi:", "edc:", "edo:")):
            assert iri(word).value in known, word


@every_term
def test_the_example_of_a_property_is_a_statement_of_the_graph(term: str) -> None:
    if CLASS in kinds(term):
        return
    (example,) = texts(term, "skos:example")
    (triple,) = parse(
        "".join(f"PREFIX {name}: <{namespace}>\n" for name, namespace in PREFIXES.items()) + example + " .",
        format=RdfFormat.TURTLE,
    )
    turned = {value(quad.object): quad.subject for quad in OWN if quad.predicate == iri("owl:inverseOf")}
    stated = {(quad.subject, quad.predicate, quad.object) for quad in statements()}
    if term in turned:
        assert (triple.object, turned[term], triple.subject) in stated
    else:
        assert (triple.subject, triple.predicate, triple.object) in stated


def test_the_header_has_version_licence_and_preferred_prefix() -> None:
    for predicate in ("owl:versionIRI", "dcterms:license", "vann:preferredNamespaceUri", "dcterms:title"):
        assert len(objects(HEADER.value, predicate)) == 1, predicate
    assert [value(prefix) for prefix in objects(HEADER.value, "vann:preferredNamespacePrefix")] == ["edo"]


def test_no_two_terms_share_a_label_of_their_kind() -> None:
    seen = defaultdict(list)
    for term in TERMS:
        seen[(CLASS in kinds(term), *texts(term, "rdfs:label"))].append(term)
    assert [terms for terms in seen.values() if len(terms) > 1] == []


@pytest.mark.parametrize("predicate", [SUBCLASS, SUBPROPERTY], ids=["classes", "properties"])
def test_no_term_is_above_itself(predicate: NamedNode) -> None:
    above = defaultdict(set)
    for quad in ontology():
        if quad.predicate == predicate:
            above[quad.subject].add(quad.object)

    def reached(start: NamedNode) -> set[NamedNode]:
        found: set[NamedNode] = set()
        waiting = [start]
        while waiting:
            for term in above[waiting.pop()] - found:
                found.add(term)
                waiting.append(term)
        return found

    assert [term for term in list(above) if term in reached(term)] == []


def test_alignments_and_slices_only_speak_of_hierarchy_inverses_and_symmetry() -> None:
    spoken = {SUBCLASS, SUBPROPERTY, iri("owl:inverseOf")}
    for folder in ("alignments", "borrowed"):
        for path in (ONTOLOGY / folder).glob("*.ttl"):
            for quad in read(path):
                about_the_slice = quad.subject.value == f"{HEADER.value}/borrowed/{path.stem}"
                symmetric = quad.predicate == RDF_TYPE and quad.object == iri("owl:SymmetricProperty")
                assert quad.predicate in spoken or symmetric or about_the_slice, f"{path.name}: {quad}"


@pytest.mark.parametrize("path", sorted((ONTOLOGY / "borrowed").glob("*.ttl")), ids=lambda path: path.stem)
def test_a_slice_names_its_origin_date_and_licence(path: Path) -> None:
    header = f"{HEADER.value}/borrowed/{path.stem}"
    quads = read(path)
    assert objects(header, "dcterms:source", quads)
    assert objects(header, "dcterms:issued", quads) or objects(header, "dcterms:modified", quads)
    assert objects(header, "dcterms:license", quads) or objects(header, "dcterms:rights", quads)
