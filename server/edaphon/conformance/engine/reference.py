"""What pySHACL, the reference, finds in the same triples: the oracle that the compiled engine is held against."""

import logging
import warnings
from collections.abc import Iterable
from typing import Final

import pyshacl
import rdflib.plugins.sparql
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple
from pyshacl.errors import ReportableRuntimeError
from rdflib import RDF, SH, BNode, Graph, URIRef
from rdflib import Literal as RdflibLiteral
from rdflib.term import Node

from edaphon.conformance.model.constraints import Custom, Sparql
from edaphon.conformance.model.findings import VIOLATION, Finding
from edaphon.conformance.model.paths import Path, PathError, parse_path
from edaphon.conformance.model.shapes import Shapes
from edaphon.conformance.model.triples import Term, Triples
from edaphon.conformance.model.vocabulary import XSD, sh
from edaphon.errors import ShapesError

__all__ = ["from_rdflib", "reference_findings", "to_rdflib"]

# pySHACL counts shapes and constraints alike and stops at 15, which honest shapes reach.
DEPTH: Final = 200
STRING: Final = XSD + "string"
LANG_STRING: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"

log = logging.getLogger(__name__)


def reference_findings(triples: Iterable[Triple | Quad], shapes: Shapes) -> list[Finding]:
    """Validate the merge of the triples with pySHACL. Nothing is fetched, no file is read, no import followed.

    Raises ShapesError where pySHACL cannot use the shapes.
    """
    # A FROM in a query of the shapes graph would otherwise read any file or address.
    rdflib.plugins.sparql.SPARQL_LOAD_GRAPHS = False
    data = Graph()
    for triple in triples:
        if not isinstance(triple.subject, Triple) and not isinstance(triple.object, Triple):
            data.add((to_rdflib(triple.subject), to_rdflib(triple.predicate), to_rdflib(triple.object)))
    demands = _demands(shapes)
    # Ill-typed literals are what the shapes are there to find; rdflib's remarks on them would come twice.
    logging.getLogger("rdflib.term").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _, report, _ = pyshacl.validate(
                data, shacl_graph=demands, inplace=True, do_owl_imports=False, max_validation_depth=DEPTH
            )
    except ReportableRuntimeError as error:
        raise ShapesError(f"the shapes cannot be used: {error}") from error
    if not isinstance(report, Graph):
        raise ShapesError(f"the shapes cannot be used: {report}")
    return [
        _finding(report, demands, result)
        for holder in report.subjects(RDF.type, SH.ValidationReport)
        for result in report.objects(holder, SH.result)
    ]


def _demands(shapes: Shapes) -> Graph:
    """The shapes graph, each query with its prefixes in front: pySHACL does not follow imports to declarations."""
    sources: dict[Term, str] = {}
    for shape in shapes.by_name.values():
        for constraint in shape.constraints:
            if isinstance(constraint, Sparql):
                sources[constraint.node] = constraint.query.source
            elif isinstance(constraint, Custom):
                sources[constraint.validator] = constraint.query.source
    demands = Graph()
    for subject, predicate, object in shapes.graph:
        if subject in sources and predicate in (sh("select"), sh("ask")):
            object = Literal(sources[subject])
        demands.add((to_rdflib(subject), to_rdflib(predicate), to_rdflib(object)))
    return demands


def _finding(report: Graph, shapes: Graph, result: Node) -> Finding:
    def one(property: URIRef) -> Term | None:
        value = report.value(result, property)
        return None if value is None else from_rdflib(value)

    focus, shape, component, severity = map(
        one, (SH.focusNode, SH.sourceShape, SH.sourceConstraintComponent, SH.resultSeverity)
    )
    assert focus is not None and isinstance(component, NamedNode)
    constraint = one(SH.sourceConstraint)
    return Finding(
        focus,
        shape if isinstance(shape, NamedNode | BlankNode) else BlankNode(),
        component,
        severity if isinstance(severity, NamedNode) else VIOLATION,
        _path(report, shapes, result),
        one(SH.value),
        tuple(
            message
            for message in map(from_rdflib, report.objects(result, SH.resultMessage))
            if isinstance(message, Literal)
        ),
        constraint if isinstance(constraint, NamedNode | BlankNode) else None,
        tuple(_finding(report, shapes, detail) for detail in report.objects(result, SH.detail)),
    )


def _path(report: Graph, shapes: Graph, result: Node) -> Path | None:
    node = report.value(result, SH.resultPath)
    if node is None:
        return None
    for graph in (report, shapes):
        described = Triples(_reachable(graph, node))
        try:
            return parse_path(described, from_rdflib(node))
        except PathError:
            continue
    log.warning("pySHACL returned a path that is none: %s", node)
    return None


def _reachable(graph: Graph, start: Node) -> Iterable[Triple]:
    """The triples about a blank node and about the blank nodes that it leads to."""
    waiting, seen = [start], set()
    while waiting:
        node = waiting.pop()
        if node in seen or not isinstance(node, BNode):
            continue
        seen.add(node)
        for predicate, object in graph.predicate_objects(node):
            subject, property = from_rdflib(node), from_rdflib(predicate)
            assert isinstance(subject, BlankNode) and isinstance(property, NamedNode)
            yield Triple(subject, property, from_rdflib(object))
            waiting.append(object)


def to_rdflib(term: Term) -> URIRef | BNode | RdflibLiteral:
    """The same term for rdflib, its lexical form kept as it is."""
    if isinstance(term, NamedNode):
        return URIRef(term.value)
    if isinstance(term, BlankNode):
        return BNode(term.value)
    if term.language:
        return RdflibLiteral(term.value, lang=term.language)
    if term.datatype.value == STRING:
        return RdflibLiteral(term.value)
    return RdflibLiteral(term.value, datatype=URIRef(term.datatype.value), normalize=False)


def from_rdflib(term: Node) -> Term:
    """The same term for pyoxigraph."""
    if isinstance(term, URIRef):
        return NamedNode(str(term))
    if isinstance(term, BNode):
        return BlankNode(str(term))
    assert isinstance(term, RdflibLiteral)
    if term.language:
        return Literal(str(term), language=term.language)
    return Literal(str(term), datatype=NamedNode(str(term.datatype or STRING)))
