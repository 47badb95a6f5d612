"""A report in SARIF 2.1.0, which code hosts and editors show beside the lines."""

import json
from pathlib import Path
from typing import Any, Final

from edaphon import __version__
from edaphon.conformance.model.findings import INFO, VIOLATION, WARNING, Finding, Report
from edaphon.conformance.reading.guards import shrink
from edaphon.conformance.report.explain import best
from edaphon.conformance.report.wording import show

__all__ = ["write_sarif"]

LEVELS: Final = {VIOLATION: "error", WARNING: "warning", INFO: "note"}
SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def write_sarif(report: Report) -> str:
    """One run, with a rule for each pair of shape and constraint component that was broken."""
    rules: dict[str, dict[str, Any]] = {}
    results = [_result(finding, rules) for finding in report.findings]
    notices = [
        *(remark.text for remark in report.remarks),
        *(f"{one.shown} of {one.total} findings of {show(one.shape)} are shown." for one in report.capped),
    ]
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "edaphon",
                "version": __version__,
                "rules": list(rules.values()),
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [{"level": "note", "message": {"text": text}} for text in notices],
            }
        ],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2) + "\n"


def _result(finding: Finding, rules: dict[str, dict[str, Any]]) -> dict[str, Any]:
    rule = f"{show(finding.shape)}/{shrink(finding.component)}"
    message = best(finding.messages, ("en",)) or rule
    if rule not in rules:
        rules[rule] = {
            "id": rule,
            "name": finding.shape_name or show(finding.shape),
            "shortDescription": {"text": message},
            "defaultConfiguration": {"level": LEVELS.get(finding.severity, "error")},
        }
    about = show(finding.focus)
    text = f"{about}{f' {finding.path_text}' if finding.path_text else ''}: {message}"
    if finding.value is not None:
        text += f" Found: {show(finding.value)}."
    if finding.nearest:
        text += f" Did you mean {', '.join(map(show, finding.nearest))}?"
    result: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": list(rules).index(rule),
        "level": LEVELS.get(finding.severity, "error"),
        "message": {"text": text},
    }
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": getattr(finding.focus, "value", about)}]}
    if finding.place is not None:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.place.source)}}
        if finding.place.line is not None:
            physical["region"] = {"startLine": finding.place.line}
        location["physicalLocation"] = physical
    result["locations"] = [location]
    return result


def _uri(source: Path | str) -> str:
    path = Path(source)
    return path.as_uri() if path.is_absolute() else path.as_posix()
