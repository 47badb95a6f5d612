"""`edaphon serve`: the graph over HTTP, until told to stop."""

import logging
import sys
import time
from dataclasses import replace
from functools import partial
from typing import Any

import click

from edaphon.cli.failures import told
from edaphon.cli.options import settings_options
from edaphon.cli.states import opened
from edaphon.settings import Settings
from edaphon.store.preparing import prepare
from edaphon.store.state import State
from edaphon.web.plan import Plan
from edaphon.web.server import serve as run

__all__ = ["serve"]

logger = logging.getLogger(__name__)


@click.command(name="serve")
@settings_options(
    "host",
    "port",
    "state",
    "corpus",
    "default_graph",
    "ledger",
    "workers",
    "processes",
    "timeout",
    "memory",
    "result",
    "queue",
    "cache",
    "grace",
    "max_body",
    "rate",
    "allow_service",
    "log_queries",
)
def serve(**options: Any) -> None:
    """Serve a state folder over HTTP: SPARQL at /sparql, pages for people, until SIGTERM or Ctrl-C.

    One line with the address goes to standard output once queries are answered; a line for each request, and remarks,
    go to standard error.
    """
    settings = Settings(**options)
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)sZ %(levelname)s %(name)s: %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    # What uvicorn does when it starts and stops is said once for all processes, by us.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    with told():
        state = opened(settings)
        settled = replace(settings, corpus=state.corpus.name, default_graph=state.default_graph)
        queries = state.corpus.folder("queries")
        with state.serving():
            status = run(Plan(settled, state, partial(_bring_up, state), queries and queries / "examples", state))
    sys.exit(status)


def _bring_up(state: State) -> None:
    """Publish what is to be served; when the corpus has changed, say which contributions do not go with it."""
    prepare(state)
    last, published = state.ledger.last_revision(), state.current().number
    if last is not None and last.number < published:
        logger.warning(
            "revision %d is published, and the ledger ends at revision %d: it must be from an older backup; "
            "`edaphon rebuild` publishes what it says",
            published,
            last.number,
        )
    # Also where the process that published it did not come so far.
    if not state.ledger.recheck_due():
        return
    # Takes half a second to import, and is needed once for each version of the corpus.
    from edaphon.contributions.rebasing import recheck

    for one in recheck(state):
        logger.warning(
            "contribution %s, accepted as revision %s, conforms no longer: see `edaphon review show %s`",
            one.id,
            one.revision,
            one.id,
        )
