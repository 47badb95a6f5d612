"""`edaphon restore`: a backup becomes a state folder again."""

from pathlib import Path
from typing import Any

import click

from edaphon.cli.failures import answered
from edaphon.cli.options import settings_options
from edaphon.settings import Settings
from edaphon.store.backup import restore as bring_back

__all__ = ["restore"]


@click.command(name="restore")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@settings_options("state", "ledger")
def restore(folder: Path, **options: Any) -> None:
    """Make a state folder of the backup in DIR; the state folder must be new or empty.

    Every file is held against its digest in the backup, which stays as it is. With --ledger and a PostgreSQL URL, the
    ledger goes to that database, which must hold none.
    """
    settings = Settings(**options)
    with answered():
        revision = bring_back(folder, settings.state_folder, settings.ledger).current()
    click.echo(f"Revision {revision.number} is published in {settings.state_folder}", err=True)
