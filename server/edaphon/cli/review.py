"""`edaphon review`: what is proposed is listed, shown, and decided on."""

from collections.abc import Callable
from typing import Any, Final, TypeVar, get_args

import click

from edaphon.cli.acting import acting, token_option
from edaphon.cli.failures import answered
from edaphon.cli.options import limit_option, settings_options
from edaphon.cli.states import existing, known, published
from edaphon.cli.tables import moment, write_table
from edaphon.contributions import review as decisions
from edaphon.settings import Settings
from edaphon.store.ledger.records import Status

__all__ = ["review"]

F = TypeVar("F", bound=Callable[..., Any])

STATUSES: Final = get_args(Status)


@click.group(name="review")
def review() -> None:
    """List, show and decide on contributions, while a server runs or not.

    Exit status: 0 done, 1 it is not in a status for that or no longer conforms (the report says why) or your role does
    not suffice, 2 wrong usage.
    """


def _reason(*, required: bool) -> Callable[[F], F]:
    return click.option(
        "--reason",
        metavar="TEXT",
        required=required,
        envvar="EDAPHON_REASON",
        show_envvar=True,
        help="Why; the contributor and all others can read it.",
    )


@review.command(name="list")
@click.option(
    "--status",
    type=click.Choice(STATUSES),
    envvar="EDAPHON_STATUS",
    show_envvar=True,
    help="Only those in this status [default: all].",
)
@click.option(
    "--not-conforming",
    is_flag=True,
    envvar="EDAPHON_NOT_CONFORMING",
    show_envvar=True,
    help="Only those that conform no longer, such as accepted ones since the shapes have changed.",
)
@limit_option
@settings_options("state", "ledger")
def listing(status: Status | None, not_conforming: bool, limit: int, **options: Any) -> None:
    """List contributions, the newest first: id, status, when, who, quads to add, to retract, conforms, title."""
    with answered():
        ledger = existing(Settings(**options)).ledger
        conforms = False if not_conforming else None
        found = ledger.contributions(status=status, limit=limit, conforms=conforms)
    write_table(
        ("id", "status", "created", "by", "added", "removed", "conforms", "title"),
        [
            (
                one.id,
                one.status,
                moment(one.created),
                one.contributor,
                one.added,
                one.removed,
                "yes" if one.conforms else "no",
                one.title,
            )
            for one in found
        ],
    )


@review.command(name="show")
@click.argument("identifier", metavar="ID")
@settings_options("state", "ledger")
def show(identifier: str, **options: Any) -> None:
    """Show what ID says and changes, whose statements it takes away, its report and the decision.

    The change is an RDF Patch: D a quad that goes, A one that comes. A comment after a D tells who states it.
    """
    from edaphon.cli.showing import write_contribution

    with answered():
        state = existing(Settings(**options))
        write_contribution(state, state.ledger.contribution(identifier))


@review.command(name="accept")
@click.argument("identifier", metavar="ID")
@_reason(required=False)
@token_option
@settings_options("state", "ledger")
def accept(identifier: str, reason: str | None, token: str | None, **options: Any) -> None:
    """Publish ID. It is checked again when what is published has changed since it was proposed."""
    with answered():
        state = published(Settings(**options))
        done = decisions.accept(state, acting(state.ledger, token), identifier, reason)
    click.echo(f"{done.id} is accepted: revision {done.revision} is published")


@review.command(name="reject")
@click.argument("identifier", metavar="ID")
@_reason(required=True)
@token_option
@settings_options("state", "ledger")
def reject(identifier: str, reason: str, token: str | None, **options: Any) -> None:
    """Decide that ID is not to be published."""
    with answered():
        state = known(Settings(**options))
        done = decisions.reject(state, acting(state.ledger, token), identifier, reason)
    click.echo(f"{done.id} is rejected")


@review.command(name="withdraw")
@click.argument("identifier", metavar="ID")
@_reason(required=False)
@token_option
@settings_options("state", "ledger")
def withdraw(identifier: str, reason: str | None, token: str | None, **options: Any) -> None:
    """Take one's own proposal ID back."""
    with answered():
        state = known(Settings(**options))
        done = decisions.withdraw(state, acting(state.ledger, token), identifier, reason)
    click.echo(f"{done.id} is withdrawn")
