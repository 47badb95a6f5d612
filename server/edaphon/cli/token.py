"""`edaphon token`: who may contribute to a state folder, and in which role."""

from typing import Any

import click

from edaphon.cli.acting import system_user
from edaphon.cli.failures import answered
from edaphon.cli.options import settings_options
from edaphon.cli.states import known
from edaphon.cli.tables import moment, write_table
from edaphon.contributions import tokens
from edaphon.contributions.roles import Role
from edaphon.settings import Settings

__all__ = ["token"]


@click.group(name="token")
def token() -> None:
    """Tokens of those who contribute, while a server runs or not.

    Roles, each including the one before: contributor (propose), reviewer (decide on others' proposals, revert), editor
    (SPARQL Update, Graph Store writes), admin (own proposals).
    """


@token.command(name="create")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.spelt for role in Role]),
    required=True,
    envvar="EDAPHON_ROLE",
    show_envvar=True,
    help="What its holder may do.",
)
@settings_options("state", "ledger")
def create(name: str, role: str, **options: Any) -> None:
    """Make a token for NAME and print it. It is shown this once; only its hash is kept."""
    with answered():
        made = tokens.make(known(Settings(**options)).ledger, name, role, system_user())
    click.echo(made.secret)
    click.echo(f"This is the token of {made.token.name}, {made.token.role}. It cannot be shown again.", err=True)


@token.command(name="list")
@settings_options("state", "ledger")
def listing(**options: Any) -> None:
    """List the tokens that were ever made: name, role, when it was made, when it was revoked."""
    with answered():
        found = known(Settings(**options)).ledger.tokens()
    write_table(
        ("name", "role", "created", "revoked"),
        [(one.name, one.role, moment(one.created), moment(one.revoked)) for one in found],
    )


@token.command(name="revoke")
@click.argument("name")
@settings_options("state", "ledger")
def revoke(name: str, **options: Any) -> None:
    """Make the token of NAME worthless, at once. Its name is not given again."""
    with answered():
        gone = tokens.revoke(known(Settings(**options)).ledger, name, system_user())
    click.echo(f"The token of {gone.name} is revoked.", err=True)
