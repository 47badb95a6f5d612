"""A report for a terminal: what is wrong, node by node, with the line to mend and what to do."""

import io
from itertools import groupby
from typing import Final

from rich.console import Console
from rich.text import Text

from edaphon.conformance.model.findings import INFO, VIOLATION, WARNING, Finding, Report, rank
from edaphon.conformance.reading.guards import shrink
from edaphon.conformance.report.explain import best
from edaphon.conformance.report.wording import show

__all__ = ["print_text", "write_text"]

STYLES: Final = {VIOLATION: "bold red", WARNING: "yellow", INFO: "cyan"}
NAMES: Final = {VIOLATION: "violation", WARNING: "warning", INFO: "info"}


def write_text(report: Report) -> str:
    """The report without colours, for a file or a pipe; lines are not wrapped."""
    stream = io.StringIO()
    print_text(report, Console(file=stream, no_color=True, width=10_000, highlight=False, markup=False, emoji=False))
    return stream.getvalue()


def print_text(report: Report, console: Console) -> None:
    """Print the report on a rich console."""
    for (_, focus), group in groupby(sorted(report.findings, key=rank), key=lambda one: (one.severity, one.focus)):
        findings = list(group)
        label = findings[0].focus_label
        console.print(Text(show(focus), "bold").append(f"  {label}" if label else "", "default"), soft_wrap=True)
        for finding in findings:
            for line in _lines(finding):
                console.print(line, soft_wrap=True)
        console.print()
    console.print(_summary(report), soft_wrap=True)


def _lines(finding: Finding, indent: str = "  ") -> list[Text]:
    style = STYLES.get(finding.severity, "bold red")
    first = Text(indent).append(NAMES.get(finding.severity, shrink(finding.severity)), style)
    if finding.place is not None:
        first.append(f"  {finding.place}")
    if finding.path_text:
        first.append(f"  {finding.path_text}", "bold")
    if finding.value is not None:
        first.append(f"  {show(finding.value)}")
    lines = [first]
    message = best(finding.messages, ("en",))
    if message:
        lines.append(Text(f"{indent}  {message}"))
    if finding.nearest:
        lines.append(Text(f"{indent}  Did you mean {', '.join(map(show, finding.nearest))}?", "green"))
    name = f"{finding.shape_name}, " if finding.shape_name else ""
    lines.append(Text(f"{indent}  {name}{show(finding.shape)} ({shrink(finding.component)})", "dim"))
    if not (message and finding.shape_name):
        # A shape of ours says in its own words what its parts would say in SHACL's.
        for detail in finding.details:
            lines += _lines(detail, indent + "    ")
    return lines


def _summary(report: Report) -> Text:
    summary = Text()
    for one in report.capped:
        summary.append(f"Only {one.shown} of {one.total} findings of {show(one.shape)} are shown.\n", "yellow")
    if report.conforms:
        return summary.append("Conforms.", "bold green")
    counts = []
    for severity, name in NAMES.items():
        if count := report.count(severity):
            counts.append(f"{count} {name}{'s' if count > 1 and severity != INFO else ''}")
    others = sum(finding.severity not in NAMES for finding in report.findings)
    if others:
        counts.append(f"{others} of other severities")
    if not others and not report.count(VIOLATION):
        # To SHACL it does not conform; but what is only advised keeps no contribution out.
        return summary.append(f"No violation, but {', '.join(counts)}.", "yellow")
    return summary.append(f"Does not conform: {', '.join(counts)}.", "bold red")
