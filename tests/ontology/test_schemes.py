"""The concept schemes are sound SKOS: every concept is defined, placed and reachable."""

from collections import defaultdict

import pytest
from pyoxigraph import Literal, NamedNode
from rdf_files import iri, schemes, statements, value

CONCEPTS = sorted({quad.subject.value for quad in schemes() if quad.object == iri("skos:Concept")})
SCHEMES = sorted({quad.subject.value for quad in schemes() if quad.object == iri("skos:ConceptScheme")})
assert CONCEPTS
assert SCHEMES


def name(concept: str) -> str:
    return concept.rpartition("/")[2]


def objects(subject: str, predicate: str) -> list[NamedNode | Literal]:
    return [quad.object for quad in schemes() if quad.subject.value == subject and quad.predicate == iri(predicate)]


def broader() -> dict[str, set[str]]:
    up = defaultdict(set)
    for quad in schemes():
        if quad.predicate == iri("skos:broader"):
            up[quad.subject.value].add(value(quad.object))
    return up


def all_broader(concept: str) -> set[str]:
    up, found, waiting = broader(), set[str](), [concept]
    while waiting:
        for above in up[waiting.pop()] - found:
            found.add(above)
            waiting.append(above)
    return found


@pytest.mark.parametrize("concept", CONCEPTS, ids=name)
def test_a_concept_has_one_english_name_and_one_definition(concept: str) -> None:
    for predicate in ("skos:prefLabel", "skos:definition"):
        (text,) = objects(concept, predicate)
        assert isinstance(text, Literal) and text.language == "en"


@pytest.mark.parametrize("concept", CONCEPTS, ids=name)
def test_a_concept_is_in_one_scheme_at_its_top_or_below_a_concept_of_it(concept: str) -> None:
    (scheme,) = objects(concept, "skos:inScheme")
    assert value(scheme) in SCHEMES
    above = objects(concept, "skos:broader")
    assert bool(above) != (objects(concept, "skos:topConceptOf") == [scheme])
    assert all(objects(value(one), "skos:inScheme") == [scheme] for one in above)


@pytest.mark.parametrize("concept", CONCEPTS, ids=name)
def test_no_concept_is_broader_than_itself_or_related_to_one_above_it(concept: str) -> None:
    above = all_broader(concept)
    assert concept not in above
    related = {value(one) for one in objects(concept, "skos:related")}
    assert related <= set(CONCEPTS)
    assert not related & above
    assert not any(concept in all_broader(other) for other in related)


def test_no_two_concepts_of_a_scheme_share_a_name() -> None:
    seen = defaultdict(list)
    for concept in CONCEPTS:
        (scheme,) = objects(concept, "skos:inScheme")
        labels = objects(concept, "skos:prefLabel") + objects(concept, "skos:altLabel")
        for label in {value(label).lower() for label in labels}:
            seen[value(scheme), label].append(concept)
    assert [clash for clash in seen.items() if len(clash[1]) > 1] == []


@pytest.mark.parametrize("scheme", SCHEMES, ids=name)
def test_a_scheme_is_described(scheme: str) -> None:
    for predicate in ("rdfs:label", "dcterms:title", "dcterms:description", "dcterms:license"):
        assert len(objects(scheme, predicate)) == 1, predicate


def test_every_concept_in_use_is_in_a_scheme() -> None:
    start = iri("edc:x").value.removesuffix("x")
    used = {
        term.value
        for quad in statements()
        for term in (quad.subject, quad.object)
        if isinstance(term, NamedNode) and term.value.startswith(start)
    }
    assert used == set(CONCEPTS) | set(SCHEMES)


def test_a_concept_has_at_most_one_name_in_each_language() -> None:
    names = defaultdict(set)
    for quad in statements():
        if quad.predicate == iri("skos:prefLabel") and isinstance(quad.object, Literal):
            names[quad.subject.value, quad.object.language].add(quad.object.value)
    assert [key for key, labels in names.items() if len(labels) > 1] == []
