"""A report in JUnit's XML, which build servers show as tests that failed."""

from xml.etree import ElementTree

from edaphon.conformance.model.findings import Report
from edaphon.conformance.reading.guards import shrink
from edaphon.conformance.report.explain import best
from edaphon.conformance.report.wording import show

__all__ = ["write_junit"]

# XML 1.0 has no way to write most control characters.
UNWRITABLE = {code: "\N{REPLACEMENT CHARACTER}" for code in range(32) if chr(code) not in "\t\n\r"}


def write_junit(report: Report) -> str:
    """One suite with a failed case for each finding, or one passed case when the data conform."""
    count = len(report.findings)
    totals = {"tests": str(max(count, 1)), "failures": str(count), "errors": "0"}
    root = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "edaphon check", "skipped": "0", **totals})
    if report.conforms:
        ElementTree.SubElement(suite, "testcase", {"name": "the data conform", "classname": "shapes"})
    for finding in report.findings:
        where = f" {finding.path_text}" if finding.path_text else ""
        attributes = {"name": _clean(show(finding.focus) + where), "classname": _clean(show(finding.shape))}
        if finding.place is not None:
            attributes["file"] = _clean(str(finding.place.source))
            if finding.place.line is not None:
                attributes["line"] = str(finding.place.line)
        case = ElementTree.SubElement(suite, "testcase", attributes)
        message = best(finding.messages, ("en",)) or shrink(finding.component)
        kind = shrink(finding.severity)
        failure = ElementTree.SubElement(case, "failure", {"message": _clean(message), "type": kind})
        lines = [f"{kind} of {shrink(finding.component)}"]
        if finding.value is not None:
            lines.append(f"value: {show(finding.value)}")
        if finding.nearest:
            lines.append(f"nearest: {', '.join(map(show, finding.nearest))}")
        if finding.place is not None:
            lines.append(str(finding.place))
        failure.text = _clean("\n".join(lines))
    notices = [remark.text for remark in report.remarks]
    notices += [f"{one.shown} of {one.total} findings of {show(one.shape)} are shown." for one in report.capped]
    if notices:
        ElementTree.SubElement(suite, "system-out").text = _clean("\n".join(notices))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    return text.translate(UNWRITABLE)
