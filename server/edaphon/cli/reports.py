"""A report of a check on standard output: with colours on a terminal, in any of the formats otherwise."""

import sys

import click

from edaphon.conformance.model.findings import Report

__all__ = ["write_report"]


def write_report(report: Report, form: str = "text") -> None:
    """The report to standard output, remarks to standard error."""
    from edaphon.conformance.report import WRITERS
    from edaphon.conformance.report.text import print_text

    for remark in report.remarks:
        click.echo(f"remark: {remark.text}", err=True)
    if form == "text" and sys.stdout.isatty():
        from rich.console import Console

        print_text(report, Console(highlight=False))
    else:
        click.echo(WRITERS[form](report), nl=False)
