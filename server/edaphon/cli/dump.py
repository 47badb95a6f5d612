"""`edaphon dump`: what a state folder states, as N-Quads."""

import os
import sys
from typing import Any

import click
from pyoxigraph import RdfFormat, serialize

from edaphon.cli.failures import told
from edaphon.cli.options import settings_options
from edaphon.cli.states import existing
from edaphon.settings import Settings
from edaphon.store.dumping import stated
from edaphon.store.past import past

__all__ = ["dump"]


@click.command(name="dump")
@click.option(
    "--revision",
    type=click.IntRange(min=1),
    metavar="N",
    envvar="EDAPHON_REVISION",
    show_envvar=True,
    help="An older revision, made again if it is not kept any more [default: the published one].",
)
@settings_options("state", "ledger")
def dump(revision: int | None, **options: Any) -> None:
    """Write N-Quads to standard output.

    What the server itself keeps is left out: the implied triples, the default graph where it is the merge of the
    others, and the graphs in which the service speaks about itself. So the dump can be loaded elsewhere. Nothing is
    written to the state folder, unless an older revision has to be made again: that is kept there for a while.
    """
    with told():
        state = existing(Settings(**options))
        chosen = state.current() if revision is None else past(state, revision)
        try:
            serialize(stated(chosen, state.default_graph), sys.stdout.buffer, RdfFormat.N_QUADS)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            # Whoever read has seen enough. Python must not try to write the rest on its way out.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
