"""`edaphon serve`: the graph over HTTP, until told to stop."""

import logging
import sys
import time
from dataclasses import replace
from typing import Any, Final

import click

from edaphon.cli.options import settings_options
from edaphon.cli.states import opened
from edaphon.errors import EdaphonError
from edaphon.settings import Settings
from edaphon.web.server import Plan
from edaphon.web.server import serve as run

__all__ = ["serve"]

# Below these, nothing could be served.
LEAST: Final = {
    "workers": 1,
    "processes": 1,
    "memory": 1,
    "result": 0,
    "queue": 0,
    "cache": 0,
    "grace": 0,
    "max_body": 1,
}


@click.command(name="serve")
@settings_options(
    "host",
    "port",
    "state",
    "corpus",
    "default_graph",
    "workers",
    "processes",
    "timeout",
    "memory",
    "result",
    "queue",
    "cache",
    "grace",
    "max_body",
    "allow_service",
    "log_queries",
)
def serve(**options: Any) -> None:
    """Serve a state folder over HTTP: SPARQL at /sparql, pages for people, until SIGTERM or Ctrl-C.

    One line with the address goes to standard output once queries are answered; a line for each request, and remarks,
    go to standard error.
    """
    settings = Settings(**options)
    for name, least in LEAST.items():
        if getattr(settings, name) < least:
            raise click.BadParameter(f"must be at least {least}", param_hint=f"--{name.replace('_', '-')}")
    if not settings.timeout > 0:
        raise click.BadParameter("must be more than 0", param_hint="--timeout")
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)sZ %(levelname)s %(name)s: %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    # What uvicorn does when it starts and stops is said once for all processes, by us.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        state = opened(settings)
        settled = replace(settings, corpus=state.corpus.name, default_graph=state.default_graph)
        queries = state.corpus.folder("queries")
        with state.serving():
            status = run(Plan(settled, state, queries and queries / "examples"))
    except EdaphonError as error:
        raise click.UsageError(str(error)) from error
    sys.exit(status)
