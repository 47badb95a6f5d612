"""Who acts at the command line: the holder of a token, or whoever may write to the state folder anyway."""

import os
import pwd
import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from edaphon.contributions.roles import Actor, Role
from edaphon.contributions.tokens import authenticate
from edaphon.store.ledger import Ledger

__all__ = ["acting", "system_user", "token_option"]

F = TypeVar("F", bound=Callable[..., Any])

# What cannot stand in the name of a token, nor in the IRI made of it.
UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")


def token_option(command: F) -> F:
    """Give a command the option --token."""
    return click.option(
        "--token",
        metavar="TOKEN",
        envvar="EDAPHON_TOKEN",
        show_envvar=True,
        help="Act as the holder of this token [default: as the operating system's user, in the role of an admin].",
    )(command)


def acting(ledger: Ledger, token: str | None) -> Actor:
    """Whose token it is; without one the operating system's user as an admin.

    Who may write to the state folder may do anything to it, so a token restrains nobody here: it says in whose name one
    acts. Raises TokenRequired for a token that is unknown or revoked.
    """
    return Actor(system_user(), Role.ADMIN) if token is None else authenticate(ledger, token)


def system_user() -> str:
    """The name of the user that this process runs as, spelt so that it can be part of an IRI."""
    number = os.geteuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        # In a container the user need have no name.
        name = f"user-{number}"
    return UNFIT.sub("-", name).strip(".-_") or f"user-{number}"
