"""The W3C SHACL test suite as cases: data, shapes, and the results that the suite expects."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, parse

from edaphon.conformance.model.findings import Finding
from edaphon.conformance.model.paths import Path as PropertyPath
from edaphon.conformance.model.paths import parse_path
from edaphon.conformance.model.triples import Term, Triples
from edaphon.conformance.model.vocabulary import rdf, sh

MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
SHT = "http://www.w3.org/ns/shacl-test#"

# What two engines must agree on; messages and details are each engine's own.
Key = tuple[Term | None, PropertyPath | None, Term | None, NamedNode, NamedNode, Term | None, Term | None]


@dataclass(frozen=True)
class Case:
    name: str
    data: Path
    shapes: Path
    conforms: bool
    failure: bool
    expected: "Counter[Key]"


def triples(path: Path) -> list[Quad]:
    return list(parse(path=path, base_iri=path.as_uri()))


def cases(folder: Path) -> list[Case]:
    return [
        case
        for path in sorted(folder.rglob("*.ttl"))
        if path.name != "manifest.ttl" and not path.stem.endswith(("-data", "-shapes"))
        for case in read(folder, path)
    ]


def read(folder: Path, path: Path) -> list[Case]:
    graph = Triples(triples(path))
    found = []
    for test in graph.subjects(rdf("type"), NamedNode(SHT + "Validate")):
        action = graph.value(test, NamedNode(MF + "action"))
        result = graph.value(test, NamedNode(MF + "result"))
        assert action is not None and result is not None
        data, shapes = (graph.value(action, NamedNode(SHT + word)) for word in ("dataGraph", "shapesGraph"))
        assert isinstance(data, NamedNode) and isinstance(shapes, NamedNode)
        failure = result == NamedNode(SHT + "Failure")
        conforms = graph.value(result, sh("conforms"))
        expected = Counter(described(graph, one) for one in graph.objects(result, sh("result")))
        found.append(
            Case(
                f"{path.parent.relative_to(folder)}/{path.stem}",
                Path(data.value.removeprefix("file://")),
                Path(shapes.value.removeprefix("file://")),
                isinstance(conforms, Literal) and conforms.value == "true",
                failure,
                expected,
            )
        )
    return found


def described(graph: Triples, result: Term) -> Key:
    def one(word: str) -> Term | None:
        return graph.value(result, sh(word))

    path = one("resultPath")
    component, severity = one("sourceConstraintComponent"), one("resultSeverity")
    assert isinstance(component, NamedNode) and isinstance(severity, NamedNode)
    return (
        blind(one("focusNode")),
        None if path is None else parse_path(graph, path),
        blind(one("value")),
        component,
        severity,
        blind(one("sourceShape")),
        blind(one("sourceConstraint")),
    )


def key(finding: Finding) -> Key:
    return (
        blind(finding.focus),
        finding.path,
        blind(finding.value),
        finding.component,
        finding.severity,
        blind(finding.shape),
        blind(finding.constraint),
    )


def blind(term: Term | None) -> Term | None:
    """Blank nodes have other labels in each reading of a file, so one stands for all."""
    return BlankNode("any") if isinstance(term, BlankNode) else term
