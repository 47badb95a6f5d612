"""A report as a JSON list of findings, for programs that know no RDF."""

import json
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode

from edaphon.conformance.model.findings import Finding, Report
from edaphon.conformance.model.triples import Term
from edaphon.conformance.model.vocabulary import SHACL
from edaphon.conformance.report.explain import best

__all__ = ["as_json", "write_json"]


def write_json(report: Report) -> str:
    """The list, one object for each finding; an empty list when the data conform."""
    return json.dumps([as_json(finding) for finding in report.findings], ensure_ascii=False, indent=2) + "\n"


def as_json(finding: Finding) -> dict[str, Any]:
    """One finding: IRIs as strings, literals as in SPARQL's JSON results, absent things as null."""
    place = finding.place
    return {
        "severity": _local(finding.severity),
        "message": best(finding.messages, ("en",)),
        "messages": [{"value": one.value, "language": one.language} for one in finding.messages],
        "focus": _term(finding.focus),
        "label": finding.focus_label,
        "path": finding.path_text,
        "value": None if finding.value is None else _term(finding.value),
        "shape": _term(finding.shape),
        "name": finding.shape_name,
        "component": finding.component.value,
        "constraint": None if finding.constraint is None else _term(finding.constraint),
        "file": None if place is None else str(place.source),
        "line": None if place is None else place.line,
        "nearest": [_term(one) for one in finding.nearest],
        "details": [as_json(one) for one in finding.details],
    }


def _local(severity: NamedNode) -> str:
    return severity.value.removeprefix(SHACL)


def _term(term: Term) -> str | dict[str, str]:
    match term:
        case NamedNode():
            return term.value
        case BlankNode():
            return str(term)
        case Literal(language=str(language)):
            return {"value": term.value, "language": language}
        case _:
            return {"value": term.value, "datatype": term.datatype.value}
