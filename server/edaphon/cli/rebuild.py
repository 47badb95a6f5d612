"""`edaphon rebuild`: the published revision is made anew from the corpus and the ledger."""

import sys
from typing import Any, Final

import click

from edaphon.cli.failures import answered
from edaphon.cli.options import settings_options
from edaphon.cli.states import existing
from edaphon.settings import Settings
from edaphon.store.rebuilding import rebuild as make_anew

__all__ = ["rebuild"]

DIFFERENT: Final = 1


@click.command(name="rebuild")
@settings_options("state", "ledger")
def rebuild(**options: Any) -> None:
    """Make what is published anew from the corpus and the ledger, while no server runs.

    For a state folder whose revisions are lost or damaged, and to see that the ledger has all that is published.
    Exit status: 0 done, 1 done, but what was published before was something else (it is kept aside), 2 not done, and
    all is as it was.
    """
    settings = Settings(**options)
    with answered():
        done = make_anew(existing(settings))
    click.echo(f"Revision {done.revision.number} is published in {settings.state_folder}", err=True)
    match done.same:
        case True:
            click.echo("the same quads as before")
        case None:
            click.echo("what was published before could not be read")
        case False:
            click.echo("other quads than before")
    if done.aside is not None:
        click.echo(f"What was there before is in {done.aside}; remove it when you need it no more.", err=True)
    sys.exit(DIFFERENT if done.same is False else 0)
