"""A report as the RDF graph that SHACL section 3.6 defines."""

import json
from collections.abc import Iterator
from typing import Any, Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from edaphon.conformance.model.findings import Finding, Report
from edaphon.conformance.model.paths import as_rdf
from edaphon.conformance.model.vocabulary import SHACL, rdf, sh, xsd
from edaphon.namespaces import PREFIXES

__all__ = ["report_triples", "write_jsonld", "write_ntriples", "write_rdfxml", "write_turtle"]

SHOWN_PREFIXES: Final = {"sh": SHACL, "xsd": PREFIXES["xsd"], "edi": PREFIXES["edi"], "eds": PREFIXES["eds"]}


def report_triples(report: Report) -> list[Triple]:
    """The report graph. A cap that left results out is told in sh:resultMessage of the report itself."""
    node = BlankNode("report")
    triples = [
        Triple(node, rdf("type"), sh("ValidationReport")),
        Triple(node, sh("conforms"), Literal(str(report.conforms).lower(), datatype=xsd("boolean"))),
    ]
    for number, finding in enumerate(report.findings):
        result = BlankNode(f"result{number}")
        triples.append(Triple(node, sh("result"), result))
        triples += _result(result, finding)
    for capped in report.capped:
        text = f"{capped.shown} of {capped.total} results of {capped.component} at {capped.shape} are shown."
        triples.append(Triple(node, sh("resultMessage"), Literal(text, language="en")))
    return triples


def _result(node: BlankNode, finding: Finding) -> Iterator[Triple]:
    yield Triple(node, rdf("type"), sh("ValidationResult"))
    yield Triple(node, sh("focusNode"), finding.focus)
    if finding.path is not None:
        path, described = as_rdf(finding.path)
        yield Triple(node, sh("resultPath"), path)
        for subject, predicate, object in described:
            yield Triple(subject, predicate, object)
    if finding.value is not None:
        yield Triple(node, sh("value"), finding.value)
    yield Triple(node, sh("resultSeverity"), finding.severity)
    yield Triple(node, sh("sourceConstraintComponent"), finding.component)
    yield Triple(node, sh("sourceShape"), finding.shape)
    if finding.constraint is not None:
        yield Triple(node, sh("sourceConstraint"), finding.constraint)
    for message in finding.messages:
        yield Triple(node, sh("resultMessage"), message)
    for number, detail in enumerate(finding.details):
        inner = BlankNode(f"{node.value}detail{number}")
        yield Triple(node, sh("detail"), inner)
        yield from _result(inner, detail)


def _serialise(report: Report, format: RdfFormat) -> str:
    written = serialize(report_triples(report), format=format, prefixes=SHOWN_PREFIXES)
    return (written or b"").decode("utf-8")


def write_turtle(report: Report) -> str:
    """The report graph in Turtle."""
    return _serialise(report, RdfFormat.TURTLE)


def write_ntriples(report: Report) -> str:
    """The report graph in N-Triples."""
    return _serialise(report, RdfFormat.N_TRIPLES)


def write_rdfxml(report: Report) -> str:
    """The report graph in RDF/XML."""
    return _serialise(report, RdfFormat.RDF_XML)


def write_jsonld(report: Report) -> str:
    """The report graph in JSON-LD, each result one object in the report."""
    conforms = {"@value": report.conforms}
    document: dict[str, Any] = {
        "@context": {"sh": SHACL, "xsd": PREFIXES["xsd"]},
        "@id": "_:report",
        "@type": "sh:ValidationReport",
        "sh:conforms": conforms,
    }
    if report.findings:
        document["sh:result"] = [_object(finding) for finding in report.findings]
    messages = [one for one in report_triples(Report(capped=report.capped)) if one.predicate == sh("resultMessage")]
    if messages:
        document["sh:resultMessage"] = [_value(one.object) for one in messages]
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _object(finding: Finding) -> dict[str, Any]:
    entry: dict[str, Any] = {"@type": "sh:ValidationResult", "sh:focusNode": _value(finding.focus)}
    if finding.path is not None:
        node, described = as_rdf(finding.path)
        entry["sh:resultPath"] = _nest(node, described)
    if finding.value is not None:
        entry["sh:value"] = _value(finding.value)
    entry["sh:resultSeverity"] = _value(finding.severity)
    entry["sh:sourceConstraintComponent"] = _value(finding.component)
    entry["sh:sourceShape"] = _value(finding.shape)
    if finding.constraint is not None:
        entry["sh:sourceConstraint"] = _value(finding.constraint)
    if finding.messages:
        entry["sh:resultMessage"] = [_value(message) for message in finding.messages]
    if finding.details:
        entry["sh:detail"] = [_object(detail) for detail in finding.details]
    return entry


def _nest(node: NamedNode | BlankNode, triples: list[Any]) -> dict[str, Any]:
    if isinstance(node, NamedNode):
        return {"@id": node.value}
    found = {predicate: object for subject, predicate, object in triples if subject == node}
    if rdf("first") in found:
        members = []
        while isinstance(node, BlankNode):
            cell = {predicate: object for subject, predicate, object in triples if subject == node}
            members.append(_nest(cell[rdf("first")], triples))
            node = cell[rdf("rest")]
        return {"@list": members}
    return {"sh:" + predicate.value.removeprefix(SHACL): _nest(object, triples) for predicate, object in found.items()}


def _value(term: Any) -> dict[str, Any]:
    if isinstance(term, NamedNode):
        return {"@id": "sh:" + term.value.removeprefix(SHACL) if term.value.startswith(SHACL) else term.value}
    if isinstance(term, BlankNode):
        return {"@id": str(term)}
    if term.language:
        return {"@value": term.value, "@language": term.language}
    if term.datatype == xsd("string"):
        return {"@value": term.value}
    return {"@value": term.value, "@type": term.datatype.value}
