"""Each triple of a text is found on the line on which it stands."""

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, parse

from edaphon.conformance.model.triples import Term
from edaphon.conformance.report.positions import positions

EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
TURTLE = '''PREFIX ex: <http://example.org/>
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@base <http://example.org/base/> .

# ex:comment ex:p 1 .
ex:a a ex:C ;
    ex:p "one" ,
        """two
        lines""" ,
        "tr\\u00E9s"@fr-CA ;
    ex:q 1, -2.5, 3e0, true, "4"^^xsd:int ; # a remark ; with "quotes"
.
<rel> ex:r [ ex:inner "nested" ;
    ex:deep ( 1 2 ) ] ; ex:s _:label .
_:label ex:p <#frag> .
'''


def n(name: str) -> NamedNode:
    return NamedNode(EX + name)


@pytest.mark.parametrize(
    ("subject", "predicate", "object", "line"),
    [
        (n("a"), "p", Literal("one"), 7),
        (n("a"), "p", Literal("two\n        lines"), 8),
        (n("a"), "p", Literal("trés", language="fr-ca"), 10),
        (n("a"), "q", Literal("1", datatype=NamedNode(XSD + "integer")), 11),
        (n("a"), "q", Literal("-2.5", datatype=NamedNode(XSD + "decimal")), 11),
        (n("a"), "q", Literal("3e0", datatype=NamedNode(XSD + "double")), 11),
        (n("a"), "q", Literal("true", datatype=NamedNode(XSD + "boolean")), 11),
        (n("a"), "q", Literal("4", datatype=NamedNode(XSD + "int")), 11),
        (None, "inner", Literal("nested"), 13),
        (n("base/rel"), "s", BlankNode("label"), 14),
        (BlankNode("label"), "p", n("base/#frag"), 15),
        (n("a"), "p", Literal("three"), None),
    ],
)
def test_a_triple_is_found(subject: Term | None, predicate: str, object: Term, line: int | None) -> None:
    assert positions(TURTLE, RdfFormat.TURTLE).line(subject, n(predicate), object) == line


def test_a_subject_is_found_where_it_is_first_described() -> None:
    assert positions(TURTLE, RdfFormat.TURTLE).line(n("a"), None, None) == 6


def test_every_labelled_triple_that_the_parser_reads_is_found() -> None:
    found = positions(TURTLE, RdfFormat.TURTLE)
    for quad in parse(TURTLE, RdfFormat.TURTLE):
        labelled = not isinstance(quad.subject, BlankNode) and not isinstance(quad.object, BlankNode)
        if labelled:
            object = quad.object
            if isinstance(object, Literal) and object.language:
                object = Literal(object.value, language=object.language.lower())
            assert found.line(quad.subject, quad.predicate, object) is not None, quad


def test_graph_blocks_of_trig_are_passed_through() -> None:
    text = "PREFIX ex: <http://example.org/>\nGRAPH ex:g {\n  ex:a ex:p 1 .\n}\nex:h {\n  ex:a ex:p 2\n}\nex:a ex:p 3 ."
    found = positions(text, RdfFormat.TRIG)
    integer = NamedNode(XSD + "integer")
    assert [found.line(n("a"), n("p"), Literal(str(one), datatype=integer)) for one in (1, 2, 3)] == [3, 6, 8]


def test_n_quads_are_read_line_by_line() -> None:
    text = f'<{EX}a> <{EX}p> "x" <{EX}g> .\n<{EX}a> <{EX}p> "y"@en .\n'
    found = positions(text, RdfFormat.N_QUADS)
    assert found.line(n("a"), n("p"), Literal("y", language="en")) == 2


def test_what_is_not_understood_ends_the_scan_without_a_guess() -> None:
    found = positions(f"<{EX}a> <{EX}p> 1 .\n<{EX}a> <{EX}p> nonsense , 2 .", RdfFormat.TURTLE)
    integer = NamedNode(XSD + "integer")
    assert found.line(n("a"), n("p"), Literal("1", datatype=integer)) == 1
    assert found.line(n("a"), n("p"), Literal("2", datatype=integer)) is None
