"""`edaphon history`: the published revisions, and what brought each about."""

from typing import Any

import click

from edaphon.cli.failures import answered
from edaphon.cli.options import limit_option, settings_options
from edaphon.cli.states import existing
from edaphon.cli.tables import moment, write_table
from edaphon.settings import Settings

__all__ = ["history"]


@click.command(name="history")
@limit_option
@click.option(
    "--before",
    type=click.IntRange(min=1),
    metavar="N",
    envvar="EDAPHON_BEFORE",
    show_envvar=True,
    help="Only those before revision N.",
)
@settings_options("state", "ledger")
def history(limit: int, before: int | None, **options: Any) -> None:
    """List revisions, the newest first: number, time, cause, who, quads added, quads removed, contribution, title.

    Of bulk loads the ledger keeps the files and does not count the quads.
    """
    with answered():
        found = existing(Settings(**options)).ledger.revisions(limit=limit, before=before)
    write_table(
        ("revision", "at", "cause", "by", "added", "removed", "contribution", "title"),
        [
            (
                one.number,
                moment(one.at),
                one.cause,
                one.actor,
                "" if one.cause == "load" else one.added,
                "" if one.cause == "load" else one.removed,
                one.contribution,
                one.title,
            )
            for one in found
        ],
    )
