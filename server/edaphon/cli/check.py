"""`edaphon check`: data held against shapes, from a terminal or a build server."""

import sys
from pathlib import Path
from typing import Final

import click

from edaphon.cli.failures import told
from edaphon.cli.reports import write_report
from edaphon.conformance.change.candidate import Proposal, check_proposal
from edaphon.conformance.change.incremental import Incremental
from edaphon.conformance.check import (
    CAP,
    SUBMITTED,
    check_quads,
    corpus_quads,
    corpus_shapes,
    file_quads,
    file_shapes,
    sources,
)
from edaphon.conformance.model.findings import Report
from edaphon.corpus.layout import open_corpus
from edaphon.corpus.parsing import read_quads
from edaphon.store.state import State

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
    "--on-top-of",
    "state_folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    envvar="EDAPHON_ON_TOP_OF",
    show_envvar=True,
    help="State folder: report what FILEs would make wrong in what is published there.",
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
def check(
    files: tuple[Path, ...], shape_files: tuple[Path, ...], state_folder: Path | None, form: str, cap: int
) -> None:
    """Check FILEs against the shapes; without FILEs, the shipped graph.

    Against the shipped shapes, files are read in the light of the shipped ontology; against your own, as they stand.
    What the graph says of the things that a file mentions counts only with --on-top-of.
    Exit status: 0 the data conform, 1 they do not, 2 the data or the shapes cannot be used.
    """
    with told():
        if state_folder is not None:
            report = _on_top_of(state_folder, files, shape_files, cap or None)
        else:
            report = _alone(files, shape_files, cap or None)
    write_report(report, form)
    sys.exit(0 if report.conforms else FINDINGS)


def _alone(files: tuple[Path, ...], shape_files: tuple[Path, ...], cap: int | None) -> Report:
    shipped = open_corpus("shipped")
    shapes = file_shapes(shape_files) if shape_files else corpus_shapes(shipped)
    if files:
        quads = file_quads(files, None if shape_files else shipped)
        brought_by = sources(files)
    else:
        quads = corpus_quads(shipped)
        brought_by = sources(file.path for file in shipped.files() if file.path.suffix != ".rq")
    # Of a few statements nobody expects that they give work to all the shipped shapes.
    idle = bool(shape_files) or not files
    return check_quads(quads, shapes, brought_by=brought_by, cap=cap, idle=idle)


def _on_top_of(folder: Path, files: tuple[Path, ...], shape_files: tuple[Path, ...], cap: int | None) -> Report:
    if not files:
        raise click.UsageError("--on-top-of needs a FILE to check on top of the published graph")
    state = State.open(folder)
    shapes = file_shapes(shape_files) if shape_files else corpus_shapes(state.corpus)
    added = tuple(quad for file in files for quad in read_quads(file, graph=SUBMITTED))
    return check_proposal(
        state.current().folder,
        Proposal(added),
        Incremental(shapes),
        mode=state.default_graph,
        brought_by=sources(files),
        cap=cap,
    )
