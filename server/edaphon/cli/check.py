"""`edaphon check`: data held against shapes, from a terminal or a build server."""

import sys
from pathlib import Path
from typing import Final

import click

from edaphon.conformance.check import (
    CAP,
    check_quads,
    corpus_quads,
    corpus_shapes,
    file_quads,
    file_shapes,
    sources,
)
from edaphon.conformance.findings import Report
from edaphon.corpus.layout import open_corpus
from edaphon.errors import EdaphonError

__all__ = ["check"]

FORMATS: Final = ("text", "turtle", "jsonld", "json", "sarif", "junit", "ntriples", "rdfxml", "csv")
FINDINGS: Final = 1
EXISTING: Final = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(name="check")
@click.argument("files", nargs=-1, type=EXISTING, metavar="[FILE]...")
@click.option(
    "--shapes",
    "shape_files",
    multiple=True,
    type=EXISTING,
    metavar="FILE",
    envvar="EDAPHON_SHAPES",
    show_envvar=True,
    help="File with shapes to use instead of the shipped ones (repeatable).",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    envvar="EDAPHON_FORMAT",
    show_envvar=True,
    help="Format of the report.",
)
@click.option(
    "--cap",
    type=click.IntRange(min=0),
    default=CAP,
    show_default=True,
    envvar="EDAPHON_CAP",
    show_envvar=True,
    metavar="N",
    help="Findings to show for each constraint; 0 shows all.",
)
def check(files: tuple[Path, ...], shape_files: tuple[Path, ...], form: str, cap: int) -> None:
    """Check FILEs against the shapes; without FILEs, the shipped graph.

    Against the shipped shapes, files are read in the light of the shipped ontology; against your own, as they stand.
    Exit status: 0 the data conform, 1 they do not, 2 the data or the shapes cannot be used.
    """
    try:
        shipped = open_corpus("shipped")
        shapes = file_shapes(shape_files) if shape_files else corpus_shapes(shipped)
        if files:
            quads = file_quads(files, None if shape_files else shipped)
            brought_by = sources(files)
        else:
            quads = corpus_quads(shipped)
            brought_by = sources(file.path for file in shipped.files() if file.path.suffix != ".rq")
        report = check_quads(quads, shapes, brought_by=brought_by, cap=cap or None)
    except EdaphonError as error:
        raise click.UsageError(str(error)) from error
    _write(report, form)
    sys.exit(0 if report.conforms else FINDINGS)


def _write(report: Report, form: str) -> None:
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
