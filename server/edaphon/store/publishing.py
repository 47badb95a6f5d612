"""A change of what is stated becomes the next published revision, recorded in the ledger before it is seen."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from edaphon.errors import RevisionTaken
from edaphon.store import merge
from edaphon.store.delta import Delta
from edaphon.store.ledger.records import Acceptance, Brought, Cause, RevisionRecord
from edaphon.store.preparing import catch_up, made_from
from edaphon.store.revisions import Revision, Revisions
from edaphon.store.state import State

__all__ = ["Publication", "publish"]

# How often a change is worked out again because another one was published meanwhile, before the others have to wait.
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
    contribution: str | None = None
    title: str | None = None
    acceptance: Acceptance | None = None
    brought: Brought | None = None


def publish(state: State, work_out: Callable[[Revision], Publication]) -> Revision:
    """Publish what `work_out` makes of the published revision; it is called again when that has moved meanwhile.

    It is called without the right to publish, so that it may take its time, and at the last of several attempts with
    it. Whatever it raises ends the attempt, and nothing has happened. When this returns, the new revision is what
    queries are answered from, and neither the end of this process nor a loss of power undoes it. Raises StateBusy,
    StateFull, StateError.
    """
    for attempt in range(1, ATTEMPTS + 1):
        base = state.current()
        publication = work_out(base)
        try:
            with state.publishing() as revisions:
                catch_up(state, revisions)
                now = state.current()
                if now != base:
                    if attempt < ATTEMPTS:
                        continue
                    publication = work_out(now)
                with state.writing():
                    _publish(state, revisions, publication)
                return state.current()
        except RevisionTaken:
            # A server on another machine, with the same ledger, was faster.
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("the last attempt ends in a revision or an error")


def _publish(state: State, revisions: Revisions, publication: Publication) -> None:
    delta = publication.delta
    with revisions.next() as candidate:
        merge.apply(candidate.store, delta.added, delta.removed, state.default_graph)
        record = RevisionRecord(
            number=candidate.number,
            at=datetime.now(UTC),
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
        packed = delta.packed()
        candidate.commit = lambda: state.ledger.publish(
            record, packed, accepts=publication.acceptance, brings=publication.brought
        )
