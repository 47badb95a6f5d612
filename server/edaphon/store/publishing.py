"""A change of what is stated becomes the next published revision, recorded in the ledger before it is seen."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from pyoxigraph import Store

from edaphon.afterwards import afterwards
from edaphon.errors import RevisionTaken, StateError
from edaphon.store import merge
from edaphon.store.agreement import must_agree
from edaphon.store.delta import Delta
from edaphon.store.ledger.records import Acceptance, Brought, Cause, RevisionRecord
from edaphon.store.preparing import catch_up, made_from
from edaphon.store.revisions import Revision, Revisions
from edaphon.store.state import State
from edaphon.store.working import Held, working

__all__ = ["Publication", "publish"]

# How often a change is worked out for nothing because another one was published meanwhile, before the others must wait.
ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Publication:
    """What to publish, worked out on one revision.

    `delta` is effective there, with all that is to be stated of the change itself; `acceptance` or `brought` is what
    the ledger is to record with it.
    """

    delta: Delta
    cause: Cause
    actor: str | None
    # When it was decided on, in UTC: what the graph says of itself and what the ledger says is the same moment.
    at: datetime
    contribution: str | None = None
    title: str | None = None
    acceptance: Acceptance | None = None
    brought: Brought | None = None


def publish(state: State, work_out: Callable[[Revision, Store], Publication]) -> Revision:
    """Publish what `work_out` makes of the published revision and of a store with its content, which it only reads.

    It is called without the right to publish, so that it may take its time; again when another revision was published
    meanwhile; and after several attempts with that right. Whatever it raises ends the attempt, and nothing has
    happened. When this returns, the new revision is what queries are answered from, and neither the end of this process
    nor a loss of power undoes it. Raises StateBusy, StateFull, StateError, and LedgerError where the ledger does not go
    with what is published.
    """
    revision = _published(state, work_out)
    afterwards(partial(_tidy, state))
    return revision


def _published(state: State, work_out: Callable[[Revision, Store], Publication]) -> Revision:
    with working(state, "make") as copy:
        for _ in range(ATTEMPTS):
            base = state.current()
            worked_on = base.identity()
            with copy.at(base) as held:
                publication = work_out(base, held.store)
            # Taken is its number when a server on another machine, with the same ledger, was faster.
            with contextlib.suppress(RevisionTaken), state.publishing() as revisions:
                must_agree(state)
                catch_up(state, revisions)
                if state.current().identity() == worked_on:
                    with copy.at(base) as held:
                        return _publish(state, revisions, publication, held)
        with state.publishing() as revisions:
            must_agree(state)
            catch_up(state, revisions)
            base = state.current()
            with copy.at(base) as held:
                return _publish(state, revisions, work_out(base, held.store), held)


def _tidy(state: State) -> None:
    """Remove old revisions. What cannot be done now is left for the next time."""
    with contextlib.suppress(StateError), state.writing(), state.publishing(patience=0.0) as revisions:
        revisions.sweep()


def _publish(state: State, revisions: Revisions, publication: Publication, held: Held) -> Revision:
    delta = publication.delta
    packed = delta.packed()

    def commit(number: int) -> None:
        record = RevisionRecord(
            number=number,
            at=publication.at,
            cause=publication.cause,
            actor=publication.actor,
            contribution=publication.contribution,
            title=publication.title,
            added=len(delta.added),
            removed=len(delta.removed),
            corpus=made_from(state),
            complete=True,
            details={},
        )
        state.ledger.publish(record, packed, accepts=publication.acceptance, brings=publication.brought)

    with state.writing():
        held.number = None
        merge.apply(held.store, delta.added, delta.removed, state.default_graph)
        held.number = revisions.publish(held.store, commit)
    return state.current()
