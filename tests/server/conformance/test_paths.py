"""Property paths are read, written and simplified as SPARQL understands them."""

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from edaphon.conformance.model.paths import (
    Alternative,
    Inverse,
    OneOrMore,
    Path,
    PathError,
    Predicate,
    Sequence,
    ZeroOrMore,
    ZeroOrOne,
    as_rdf,
    as_sparql,
    inverse,
    parse_path,
    readable,
    simplified,
)
from edaphon.conformance.model.triples import Triples

A, B = (Predicate(NamedNode(f"urn:{name}")) for name in "ab")
PATHS = [
    A,
    Inverse(A),
    Sequence((A, Inverse(B))),
    Alternative((A, Sequence((B, A)))),
    ZeroOrMore(Alternative((A, B))),
    OneOrMore(Inverse(A)),
    ZeroOrOne(Sequence((A, B))),
]


@pytest.mark.parametrize("path", PATHS, ids=as_sparql)
def test_a_path_written_as_rdf_is_read_back(path: Path) -> None:
    node, triples = as_rdf(path)
    graph = Triples()
    for subject, predicate, object in triples:
        graph.add(subject, predicate, object)
    assert parse_path(graph, node) == path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (Sequence((A, Inverse(B))), "(<urn:a>/^<urn:b>)"),
        (Inverse(Sequence((A, B))), "(^<urn:b>/^<urn:a>)"),
        (ZeroOrMore(Inverse(A)), "(^<urn:a>)*"),
        (ZeroOrMore(OneOrMore(A)), "<urn:a>*"),
        (ZeroOrOne(OneOrMore(A)), "<urn:a>*"),
        (OneOrMore(OneOrMore(A)), "<urn:a>+"),
        (ZeroOrMore(Inverse(ZeroOrMore(A))), "(^<urn:a>)*"),
    ],
)
def test_sparql_has_no_repetition_of_a_repetition(path: Path, expected: str) -> None:
    assert as_sparql(path) == expected


@pytest.mark.parametrize("path", PATHS, ids=as_sparql)
def test_the_inverse_of_the_inverse_leads_where_the_path_leads(path: Path) -> None:
    assert simplified(inverse(inverse(path))) == simplified(path)


def test_people_read_a_path_without_outer_parentheses() -> None:
    assert readable(Sequence((A, Inverse(B))), lambda iri: iri.value.removeprefix("urn:")) == "a/^b"


def test_a_path_that_contains_itself_is_refused() -> None:
    text = "PREFIX sh: <http://www.w3.org/ns/shacl#> _:p sh:inversePath _:p ."
    graph = Triples(parse(text, RdfFormat.TURTLE))
    with pytest.raises(PathError, match="contains itself"):
        parse_path(graph, graph.subjects()[0])
