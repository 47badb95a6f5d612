"""What a shape depends on is told by its paths, nested shapes and queries."""

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from edaphon.conformance.change.affected import Dependencies, Occurrence, dependencies
from edaphon.conformance.model.paths import Inverse, Predicate, ZeroOrMore
from edaphon.conformance.reading.graph import read_shapes

PREFIXES = """
PREFIX ex: <http://example.org/>
PREFIX sh: <http://www.w3.org/ns/shacl#>
ex:prefixes sh:declare [ sh:prefix "ex" ; sh:namespace "http://example.org/" ] .
"""


def ex(name: str) -> NamedNode:
    return NamedNode("http://example.org/" + name)


P, Q = Predicate(ex("p")), Predicate(ex("q"))


def needs(shapes: str) -> Dependencies:
    read = read_shapes(parse(PREFIXES + shapes, RdfFormat.TURTLE))
    (shape,) = read.targeted()
    return dependencies(read, shape)


def of_query(query: str) -> Dependencies:
    return needs(f"ex:S sh:targetNode ex:a ; sh:sparql [ sh:prefixes ex:prefixes ; sh:select '''{query}''' ] .")


def test_steps_of_a_path_are_reached_over_those_before() -> None:
    found = needs("ex:S sh:targetNode ex:a ; sh:path ( ex:p [ sh:inversePath ex:q ] ) ; sh:minCount 1 .")
    assert found.occurrences == {Occurrence((), P.iri, False), Occurrence((P,), Q.iri, True)}


def test_a_repeated_step_is_reached_over_itself() -> None:
    found = needs("ex:S sh:targetNode ex:a ; sh:path [ sh:inversePath [ sh:oneOrMorePath ex:p ] ] ; sh:minCount 1 .")
    assert found.occurrences == {Occurrence((ZeroOrMore(Inverse(P)),), P.iri, True)}


def test_nested_shapes_are_reached_over_the_path_to_them() -> None:
    found = needs(
        """
        ex:S sh:targetNode ex:a ; sh:path ex:p ; sh:or ( ex:T [ sh:nodeKind sh:IRI ] ) .
        ex:T sh:property [ sh:path ex:q ; sh:minCount 1 ] .
        """
    )
    assert found.occurrences == {Occurrence((), P.iri, False), Occurrence((P,), Q.iri, False)}


def test_a_closed_shape_depends_on_every_property_of_its_value_nodes() -> None:
    assert Occurrence((), None, False) in needs("ex:S sh:targetNode ex:a ; sh:closed true .").occurrences


def test_a_pattern_of_a_query_is_reached_from_this() -> None:
    found = of_query("SELECT $this WHERE { $this ex:p ?x . FILTER NOT EXISTS { ?y ex:q ?x } }")
    assert not found.everything
    assert found.occurrences == {Occurrence((), P.iri, False), Occurrence((P,), Q.iri, True)}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT $this WHERE { $this ex:p ?x . ?y ex:q ?z . FILTER (?z > ?x) }",
        "SELECT $this WHERE { OPTIONAL { $this ex:p ?x } ?x ex:q ?y }",
        "SELECT $this WHERE { $this ex:p ?x { SELECT (MAX(?z) AS ?m) WHERE { ?y ex:q ?z } } FILTER (?x > ?m) }",
        "SELECT $this WHERE { $this ?any ?x . ?x ex:q ?y }",
        "SELECT $this WHERE { GRAPH ?g { $this ex:p ?x } }",
    ],
)
def test_a_query_whose_patterns_do_not_all_hang_on_this_depends_on_everything(query: str) -> None:
    assert of_query(query).everything


def test_a_pattern_may_hang_on_a_union_if_it_hangs_on_every_branch() -> None:
    union = "{ $this ex:p ?x } UNION { ?x ex:r $this }"
    found = of_query(f"SELECT $this WHERE {{ {union} ?x ex:q ?y }}")
    assert {one.way for one in found.occurrences if one.predicate == Q.iri} == {(P,), (Inverse(Predicate(ex("r"))),)}
    broken = union.replace("?x ex:r $this", "$this ex:r ?z")
    assert of_query(f"SELECT $this WHERE {{ {broken} ?x ex:q ?y }}").everything
