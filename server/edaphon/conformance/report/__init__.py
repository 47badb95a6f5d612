"""A report in the formats that people and programs read: each a pure function of the report."""

from collections.abc import Callable, Mapping
from typing import Final

from edaphon.conformance.model.findings import Report
from edaphon.conformance.report.csv import write_csv
from edaphon.conformance.report.json import write_json
from edaphon.conformance.report.junit import write_junit
from edaphon.conformance.report.rdf import write_jsonld, write_ntriples, write_rdfxml, write_turtle
from edaphon.conformance.report.sarif import write_sarif
from edaphon.conformance.report.text import write_text

__all__ = ["WRITERS"]

WRITERS: Final[Mapping[str, Callable[[Report], str]]] = {
    "text": write_text,
    "turtle": write_turtle,
    "jsonld": write_jsonld,
    "ntriples": write_ntriples,
    "rdfxml": write_rdfxml,
    "json": write_json,
    "sarif": write_sarif,
    "junit": write_junit,
    "csv": write_csv,
}
