"""`edaphon backup`: a state folder is copied while a server runs."""

from pathlib import Path
from typing import Any

import click

from edaphon.cli.failures import answered
from edaphon.cli.options import settings_options
from edaphon.cli.states import existing
from edaphon.settings import Settings
from edaphon.store.backup import back_up

__all__ = ["backup"]


@click.command(name="backup")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@settings_options("state", "ledger")
def backup(folder: Path, **options: Any) -> None:
    """Copy the state folder to DIR, which must be new or empty, while a server runs or not.

    The copy is consistent, on the disk, and complete when this ends with status 0; otherwise there is none. Of a ledger
    in PostgreSQL it has a copy in a file. A corpus in a folder of one's own is not part of it.
    """
    with answered():
        made = back_up(existing(Settings(**options)), folder)
    click.echo(folder)
    click.echo(f"Revision {made.revision} is in {folder}, {made.size / 1_000_000:.1f} MB.", err=True)
