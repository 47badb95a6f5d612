"""The `edaphon` command: one subcommand for each step of the journey."""

from importlib import import_module
from typing import Final

import click

from edaphon import __version__

__all__ = ["main"]

# Subcommand → the module that holds it under the same name. A module is imported only when its command is
# called or listed, so that `serve` does not wait for rdflib and pySHACL.
COMMANDS: Final = {
    "serve": "edaphon.cli.serve",
    "load": "edaphon.cli.load",
    "check": "edaphon.cli.check",
    "query": "edaphon.cli.query",
    "dump": "edaphon.cli.dump",
    "propose": "edaphon.cli.propose",
    "review": "edaphon.cli.review",
    "revert": "edaphon.cli.revert",
    "history": "edaphon.cli.history",
    "token": "edaphon.cli.token",
    "backup": "edaphon.cli.backup",
    "restore": "edaphon.cli.restore",
    "rebuild": "edaphon.cli.rebuild",
}


class Journey(click.Group):
    """A group whose subcommands are imported on demand and listed in the order of the journey."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = getattr(import_module(COMMANDS[name]), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Journey)
@click.version_option(__version__, prog_name="edaphon")
def main() -> None:
    """The knowledge graph of the international soil-biodiversity policy process.

    Results go to standard output, remarks to standard error. Exit status: 0 done, 1 findings or a negative
    answer, 2 wrong usage or an input that cannot be read.
    """
