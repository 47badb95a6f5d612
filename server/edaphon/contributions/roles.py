"""Who may do what: the roles, each including the one before, and the rule that nobody decides on their own proposal."""

from dataclasses import dataclass
from enum import IntEnum

from edaphon.errors import Forbidden, TokenError
from edaphon.store.ledger.records import Contribution

__all__ = ["Actor", "Role", "may_decide", "may_revert", "may_withdraw", "require", "role_called"]


class Role(IntEnum):
    """The higher may do all that the lower may."""

    CONTRIBUTOR = 1
    REVIEWER = 2
    EDITOR = 3
    ADMIN = 4

    @property
    def spelt(self) -> str:
        """The name under which people and programs know it."""
        return self.name.lower()


def role_called(name: str) -> Role:
    """The role of that name. Raises TokenError for another word."""
    try:
        return Role[name.upper()]
    except KeyError:
        raise TokenError(f"{name!r} is no role; roles are {', '.join(role.spelt for role in Role)}") from None


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who holds a token, or works on the state folder itself."""

    name: str
    role: Role


def require(actor: Actor, role: Role, to: str) -> None:
    """Raise Forbidden unless the actor's role suffices `to` do something."""
    if actor.role < role:
        raise Forbidden(f"to {to} takes the role {role.spelt}; {actor.name} is {actor.role.spelt}")


def may_decide(actor: Actor, contribution: Contribution) -> None:
    """Raise Forbidden unless the actor may accept or reject it: four eyes see each proposal, but for an admin's own."""
    require(actor, Role.REVIEWER, "decide on a contribution")
    if contribution.contributor == actor.name and actor.role < Role.ADMIN:
        raise Forbidden(f"{actor.name} proposed {contribution.id}; somebody else has to decide on it")


def may_revert(actor: Actor, contribution: Contribution) -> None:
    """Raise Forbidden unless the actor may undo it. Who may write without a proposal may undo what they wrote."""
    require(actor, Role.REVIEWER, "revert a contribution")
    if contribution.contributor == actor.name and actor.role < Role.EDITOR:
        raise Forbidden(f"{actor.name} made {contribution.id}; somebody else has to revert it")


def may_withdraw(actor: Actor, contribution: Contribution) -> None:
    """Raise Forbidden unless it is the actor's own."""
    if contribution.contributor != actor.name and actor.role < Role.ADMIN:
        raise Forbidden(f"{contribution.id} can be withdrawn by {contribution.contributor} only; it can be rejected")
