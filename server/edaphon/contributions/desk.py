"""The tasks of the processes in which contributions are worked on, and the state folder that such a process keeps open.

Reading a large body, holding it against the shapes and making the next revision take time and memory that belong to
other requests, and may take more than they should; in a process of their own they can be stopped at any moment, since
at any moment either nothing has happened or all of it is in the ledger.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from edaphon.contributions import direct, display, graph_store, proposal, reversal, review
from edaphon.contributions.payload import Payload
from edaphon.contributions.proposal import About
from edaphon.contributions.roles import Actor
from edaphon.store import mentions
from edaphon.store import past as remaking
from edaphon.store.agreement import must_agree
from edaphon.store.ledger.records import Contribution
from edaphon.store.preparing import catch_up
from edaphon.store.revisions import Revision
from edaphon.store.state import State
from edaphon.store.working import stand_by

__all__ = [
    "Place",
    "accept",
    "catch_up_with",
    "change",
    "change_shown",
    "changes",
    "past",
    "propose",
    "reject",
    "represented",
    "revert",
    "shown",
    "state_at",
    "update",
    "withdraw",
    "write_graph",
]


@dataclass(frozen=True, slots=True)
class Place:
    """Which state folder is worked on, and the URL of its ledger where that is not in the folder."""

    folder: Path
    ledger: str | None = None


@lru_cache(maxsize=1)
def state_at(place: Place) -> State:
    """The state folder of a place, kept open, with the copies on which changes are tried and made."""
    state = State.open(place.folder, ledger=place.ledger)
    stand_by(state)
    return state


def propose(place: Place, actor: Actor, said: About, payload: Payload) -> Contribution:
    """See `proposal.propose`."""
    return proposal.propose(state_at(place), actor, said, payload)


def accept(place: Place, actor: Actor, identifier: str, reason: str | None) -> Contribution:
    """See `review.accept`."""
    return review.accept(state_at(place), actor, identifier, reason)


def reject(place: Place, actor: Actor, identifier: str, reason: str | None) -> Contribution:
    """See `review.reject`."""
    return review.reject(state_at(place), actor, identifier, reason)


def withdraw(place: Place, actor: Actor, identifier: str, reason: str | None) -> Contribution:
    """See `review.withdraw`."""
    return review.withdraw(state_at(place), actor, identifier, reason)


def revert(place: Place, actor: Actor, identifier: str, reason: str | None) -> Contribution:
    """See `reversal.revert`."""
    return reversal.revert(state_at(place), actor, identifier, reason)


def update(place: Place, actor: Actor, one: direct.Update) -> Contribution | None:
    """See `direct.update`."""
    return direct.update(state_at(place), actor, one)


def write_graph(place: Place, actor: Actor, one: graph_store.Write) -> graph_store.Outcome:
    """See `graph_store.write`."""
    return graph_store.write(state_at(place), actor, one)


def shown(place: Place, identifier: str) -> display.Shown:
    """See `display.shown`."""
    return display.shown(state_at(place), identifier)


def represented(place: Place, identifier: str, what: display.Part, media_type: str) -> bytes:
    """See `display.represented`."""
    return display.represented(state_at(place), identifier, what, media_type)


def change(place: Place, start: int, end: int, media_type: str, part: display.Side) -> bytes:
    """See `display.change`."""
    return display.change(state_at(place), start, end, media_type, part)


def change_shown(place: Place, start: int, end: int) -> display.Change:
    """See `display.change_shown`."""
    return display.change_shown(state_at(place), start, end)


def past(place: Place, number: int) -> Revision:
    """See `store.past.past`."""
    return remaking.past(state_at(place), number)


def changes(place: Place, iri: str, number: int, quads: int, most: int) -> mentions.Changes:
    """See `store.mentions.changes`."""
    return mentions.changes(state_at(place), iri, number, quads, most)


def catch_up_with(place: Place) -> None:
    """Publish what servers on other machines, with the same ledger, have published. Raises LedgerError where they have
    another corpus.
    """
    state = state_at(place)
    with state.publishing() as revisions:
        must_agree(state)
        catch_up(state, revisions)
