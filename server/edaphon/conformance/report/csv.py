"""A report as a table, one row for each finding."""

import csv
import io

from edaphon.conformance.model.findings import Report
from edaphon.conformance.model.vocabulary import SHACL
from edaphon.conformance.report.explain import best

__all__ = ["write_csv"]

COLUMNS = ("severity", "focus", "label", "path", "value", "message", "shape", "name", "component", "file", "line")


def write_csv(report: Report) -> str:
    """The table, RFC 4180, with a header."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for finding in report.findings:
        place = finding.place
        writer.writerow(
            (
                finding.severity.value.removeprefix(SHACL),
                _bare(finding.focus),
                finding.focus_label,
                finding.path_text,
                "" if finding.value is None else _bare(finding.value),
                best(finding.messages, ("en",)),
                _bare(finding.shape),
                finding.shape_name,
                finding.component.value,
                "" if place is None else place.source,
                "" if place is None else place.line,
            )
        )
    return stream.getvalue()


def _bare(term: object) -> str:
    # IRIs without angle brackets, as SPARQL's CSV results have them.
    return str(getattr(term, "value", term))
