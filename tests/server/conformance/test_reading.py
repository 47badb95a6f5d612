"""Shapes that would fail in silence are refused or remarked on, by name and with the nearest right term."""

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from edaphon.conformance.model.constraints import Pattern
from edaphon.conformance.model.shapes import Shapes
from edaphon.conformance.reading.graph import read_shapes
from edaphon.errors import ShapesError

PREFIXES = """
    PREFIX ex: <http://example.org/>
    PREFIX owl: <http://www.w3.org/2002/07/owl#>
    PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
    PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
    PREFIX sh: <http://www.w3.org/ns/shacl#>
    PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""


def read(text: str) -> Shapes:
    return read_shapes(parse(PREFIXES + text, RdfFormat.TURTLE))


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        (
            "ex:S a sh:NodeShape ; sh:targetclass ex:C .",
            "sh:targetclass is no SHACL term. Did you mean sh:targetClass?",
        ),
        (
            "ex:S sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:dataType xsd:string ] .",
            "sh:dataType is no SHACL term. Did you mean sh:datatype?",
        ),
        ("ex:S a sh:NodeShap ; sh:targetClass ex:C .", "sh:NodeShap is no SHACL term. Did you mean sh:NodeShape?"),
        ("ex:S sh:targetClass ex:C ; sh:nodeKind sh:Iri .", "sh:nodeKind cannot be"),
        ("ex:S sh:targetClass ex:C ; sh:datatype xsd:datetime .", "Did you mean xsd:dateTime?"),
        ("ex:S sh:targetClass ex:C ; sh:minCount 1 .", "sh:minCount needs a property shape"),
        ("ex:S sh:property ex:P . ex:P sh:minCount 1 .", "it has no sh:path"),
        ("ex:S sh:path ex:p, ex:q .  ex:S a sh:PropertyShape .", "exactly one sh:path"),
        ('ex:S sh:path ex:p ; sh:minCount "one" .', "must be a whole number"),
        ("ex:S sh:path ex:p ; sh:maxCount -1 .", "must be a whole number"),
        ("ex:S sh:path ex:p ; sh:minCount 1, 2 .", "sh:minCount has 2 values"),
        ("ex:S sh:path ex:p ; sh:in ex:list .", "sh:in must be a well-formed list"),
        (
            "ex:S sh:path [ sh:inversePath ex:p ; sh:zeroOrMorePath ex:q ] ; sh:minCount 1 .",
            "sh:path is not well-formed",
        ),
        ("ex:S sh:path ( ex:p ) ; sh:minCount 1 .", "at least two members"),
        ("ex:S sh:path ex:p ; sh:pattern '(a)\\\\1' .", "neither look-around nor back-references"),
        ("ex:S sh:path ex:p ; sh:pattern 'a' ; sh:flags 'y' .", "sh:flags has no flag y"),
        ("ex:S sh:path ex:p ; sh:qualifiedValueShape [ sh:class ex:C ] .", "needs sh:qualifiedMinCount"),
        ("ex:S sh:closed 'yes' .", "must be true or false"),
        ("ex:S sh:targetNode ex:a ; sh:sparql [ sh:message 'x' ] .", "exactly one sh:select"),
    ],
)
def test_an_ill_formed_shape_is_refused_saying_why(shapes: str, expected: str) -> None:
    with pytest.raises(ShapesError) as error:
        read(shapes)
    assert expected in str(error.value)


def test_all_errors_are_told_at_once() -> None:
    with pytest.raises(ShapesError) as error:
        read("ex:S sh:targetClass ex:C ; sh:nodeKind sh:Iri . ex:T sh:path ex:p ; sh:minCount 'x' .")
    assert len(str(error.value).splitlines()) == 2 + 1


def test_recursive_shapes_are_refused_naming_the_cycle() -> None:
    with pytest.raises(ShapesError) as error:
        read(
            """
            ex:Person sh:targetClass ex:Person ; sh:property ex:Person-knows .
            ex:Person-knows sh:path ex:knows ; sh:node ex:Friend .
            ex:Friend sh:or ( ex:Person [ sh:class ex:Dog ] ) .
            """
        )
    chain = "<http://example.org/Person> → <http://example.org/Person-knows> → <http://example.org/Friend>"
    assert "recursive shapes cannot be used" in str(error.value)
    assert f"{chain} → <http://example.org/Person>" in str(error.value)


def test_a_term_of_an_extension_is_remarked_on() -> None:
    shapes = read("ex:S sh:targetClass ex:C ; sh:rule [ sh:order 1 ] .")
    assert [remark.text for remark in shapes.remarks] == [
        "sh:rule belongs to an extension of SHACL and is not evaluated."
    ]


def test_an_unknown_term_on_a_node_that_is_no_shape_is_only_remarked_on() -> None:
    shapes = read("ex:data sh:nodeShape ex:x . ex:S sh:targetClass ex:C .")
    (remark,) = shapes.remarks
    assert "sh:nodeShape is no SHACL term" in remark.text


def test_a_shape_that_is_referred_to_but_not_described_is_remarked_on() -> None:
    shapes = read("ex:S sh:targetClass ex:C ; sh:node ex:Adress . ex:Address sh:class ex:C .")
    (remark,) = shapes.remarks
    assert "refers to <http://example.org/Adress>, which is not described" in remark.text
    assert "Did you mean http://example.org/Address?" in remark.text


def test_a_node_shape_that_is_an_owl_class_without_targets_is_remarked_on() -> None:
    (remark,) = read("ex:C a owl:Class, sh:NodeShape ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .").remarks
    assert "add rdfs:Class or sh:targetClass" in remark.text


def test_a_class_that_is_a_shape_is_the_target_of_its_instances() -> None:
    shapes = read(
        "ex:C a rdfs:Class, sh:NodeShape . ex:D a owl:Class, sh:NodeShape . owl:Class rdfs:subClassOf rdfs:Class ."
    )
    assert {shape.name.value for shape in shapes.targeted()} == {"http://example.org/C", "http://example.org/D"}


def test_a_deactivated_shape_has_neither_targets_nor_constraints() -> None:
    shapes = read("ex:S sh:targetClass ex:C ; sh:class ex:D ; sh:deactivated true .")
    assert shapes.targeted() == []
    assert shapes[NamedNode("http://example.org/S")].constraints == ()


def test_a_pattern_is_read_with_its_flags() -> None:
    shape = read("ex:S sh:path ex:p ; sh:pattern '^a+$' ; sh:flags 'i' .")[NamedNode("http://example.org/S")]
    assert shape.constraints == (Pattern("^a+$", "i"),)


def test_shapes_in_shapes_are_bounded() -> None:
    chain = " ".join(f"ex:S{number} sh:node ex:S{number + 1} ." for number in range(200))
    with pytest.raises(ShapesError, match="more than 100 deep"):
        read(chain)


@pytest.mark.parametrize("text", ["", "ex:a rdfs:label 'no shape'@en .", "ex:S sh:property [ sh:path ex:p ] ."])
def test_shapes_without_a_target_are_remarked_on(text: str) -> None:
    (remark,) = read(text).remarks
    assert "nothing is checked" in remark.text
