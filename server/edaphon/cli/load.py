"""`edaphon load`: large files into a state folder, all or nothing."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

from edaphon.cli.failures import told
from edaphon.cli.options import settings_options
from edaphon.cli.states import opened
from edaphon.settings import Settings
from edaphon.store.loading import load as load_files

__all__ = ["load"]


@click.command(name="load")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--graph", metavar="IRI", envvar="EDAPHON_GRAPH", show_envvar=True, help="Graph for triples.")
@settings_options("state", "corpus", "default_graph")
def load(files: tuple[Path, ...], graph: str | None, **options: Any) -> None:
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
        state = opened(Settings(**options))
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("loading", total=sum(path.stat().st_size for path in files))
            revision = load_files(state, files, graph=graph, progress=lambda count: bar.advance(task, count))
    console.print(f"Revision {revision.number} is published in {state.folder}", highlight=False, soft_wrap=True)
