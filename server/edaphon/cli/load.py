"""`edaphon load`: large files into a state folder, all or nothing."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
from pyoxigraph import Store
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

from edaphon.cli.acting import system_user
from edaphon.cli.failures import told
from edaphon.cli.options import settings_options
from edaphon.cli.states import opened
from edaphon.conformance.check import check_store, corpus_shapes
from edaphon.conformance.model.findings import Report
from edaphon.conformance.report import WRITERS
from edaphon.errors import CorpusError
from edaphon.namespaces import CONTRIBUTION, GRAPH_PROVENANCE
from edaphon.settings import Settings
from edaphon.store.loading import load as load_files
from edaphon.store.state import State

__all__ = ["load"]


FINDINGS: Final = 1


class NotConforming(Exception):
    """What would be published does not conform to the shapes."""

    def __init__(self, report: Report) -> None:
        super().__init__("the files do not conform")
        self.report = report


@click.command(name="load")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--graph", metavar="IRI", envvar="EDAPHON_GRAPH", show_envvar=True, help="Graph for triples.")
@click.option(
    "--check",
    is_flag=True,
    envvar="EDAPHON_CHECK",
    show_envvar=True,
    help="Publish only what conforms to the shapes; otherwise report, exit 1, and leave all as it was.",
)
@settings_options("state", "corpus", "default_graph")
def load(files: tuple[Path, ...], graph: str | None, check: bool, **options: Any) -> None:
    """Load FILE… into a state folder while no server runs on it.

    The format is told by the name (.ttl .nt .nq .trig .rdf .jsonld), packed or not (.gz .zst). N-Quads and TriG keep
    their graphs; triples go to --graph, which may be left out only where the default graph is plain. All files become
    one new revision; when anything goes wrong, what was published stays as it was.
    """
    console = Console(stderr=True)
    columns = (
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with told():
        _guard(graph)
        state = opened(Settings(**options))
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("loading", total=sum(path.stat().st_size for path in files))
            accept = _conforming(state) if check else _anything
            try:
                revision = load_files(
                    state,
                    files,
                    graph=graph,
                    progress=lambda count: bar.advance(task, count),
                    accept=accept,
                    by=system_user(),
                )
            except NotConforming as refused:
                bar.stop()
                click.echo(WRITERS["text"](refused.report), nl=False)
                console.print("Nothing was loaded: the files do not conform", highlight=False)
                sys.exit(FINDINGS)
    console.print(f"Revision {revision.number} is published in {state.folder}", highlight=False, soft_wrap=True)


def _guard(graph: str | None) -> None:
    """Raise CorpusError for a graph of the server's records. In a file they are taken: so a dump is restored."""
    if graph is not None and (graph == GRAPH_PROVENANCE or graph.startswith(CONTRIBUTION)):
        raise CorpusError(
            f"<{graph}> records what was contributed, and is written by the server alone; load into another graph"
        )


def _anything(_: Store) -> None:
    """Any content will do."""


def _conforming(state: State) -> Callable[[Store], None]:
    """Refuse a store whose default graph does not conform to the shapes of the state's corpus."""
    shapes = corpus_shapes(state.corpus)

    def accept(store: Store) -> None:
        report = check_store(store, shapes)
        if not report.conforms:
            raise NotConforming(report)

    return accept
