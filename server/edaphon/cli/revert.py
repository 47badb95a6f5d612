"""`edaphon revert`: an accepted contribution is undone by a new one."""

from typing import Any

import click

from edaphon.cli.acting import acting, token_option
from edaphon.cli.failures import answered
from edaphon.cli.options import settings_options
from edaphon.cli.states import published
from edaphon.contributions.reversal import revert as undo
from edaphon.settings import Settings

__all__ = ["revert"]


@click.command(name="revert")
@click.argument("identifier", metavar="ID")
@click.option(
    "--reason", metavar="TEXT", required=True, envvar="EDAPHON_REASON", show_envvar=True, help="Why; kept for ever."
)
@token_option
@settings_options("state", "ledger")
def revert(identifier: str, reason: str, token: str | None, **options: Any) -> None:
    """Undo the accepted contribution ID, and print the id of the one that undoes it.

    What it added goes and what it retracted comes back, but for what later contributions have changed since.
    Exit status: 0 undone, 1 the graph would not conform without it (the report says why) or it is not accepted.
    """
    with answered():
        state = published(Settings(**options))
        undone = undo(state, acting(state.ledger, token), identifier, reason)
        assert undone.reverted_by is not None, "a contribution that was undone knows by which"
        by = state.ledger.contribution(undone.reverted_by)
    click.echo(by.id)
    click.echo(f"{undone.id} is reverted: revision {by.revision} is published.", err=True)
