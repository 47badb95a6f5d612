"""A copy of the published revision that stays open and follows it, so that a change is tried or made at once.

To copy and open a store, and to close it, takes the engine longer than a small change; and only while a store is open
for writing does the engine merge the small files that each change adds, so that one that is opened for every change
gets slower with every change. A process that works on one change after another keeps two copies: on one, changes are
tried and undone; on the other they are made, and what it holds then is cloned as the next revision.
"""

import contextlib
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from pyoxigraph import Store

from edaphon.afterwards import afterwards
from edaphon.errors import StateError
from edaphon.store import merge
from edaphon.store.delta import Delta
from edaphon.store.ledger.records import Cause
from edaphon.store.reading import keeping, reading
from edaphon.store.revisions import Revision
from edaphon.store.scratch import scratch_folder
from edaphon.store.state import State

__all__ = ["Held", "Purpose", "WorkingCopy", "stand_by", "working"]

T = TypeVar("T")
Purpose = Literal["try", "make"]

# Revisions that a copy follows change by change; to clone a later one anew is quicker.
FOLLOWED: Final = 4
# Quads of one change that are made again or undone for the same reason.
MOST_QUADS: Final = 1000
# Changes after which a copy is cloned anew, which makes it forget what it has read. Of one that is cloned for each
# revision the engine lists each change of its files, and whoever opens a clone reads the whole list; on one where
# changes are tried, what was taken away again is skipped one by one until then.
MOST_CHANGES: Final[dict[Purpose, int]] = {"make": 32, "try": 256}
# Seconds without work after which a copy is given up: it keeps files on the disk that no revision needs any more.
IDLE: Final = 30.0
# What changes stated quads, and neither corpus nor files.
FOLLOWED_CAUSES: Final[frozenset[Cause]] = frozenset({"contribution", "revert", "update", "graph-store"})


@dataclass(slots=True)
class Held:
    """A working copy in somebody's hands. `number` is the revision whose content it has; None while that is changing:
    left so, the copy is not used again.
    """

    store: Store
    number: int | None


class WorkingCopy:
    """One copy of one state's published revision, made when it is first needed. Safe to share between threads, which
    wait for each other.
    """

    def __init__(self, state: State, purpose: Purpose, idle: float | None = None) -> None:
        self._state = state
        self._purpose: Purpose = purpose
        self._idle = idle
        # Not one that its holder can take twice: the outer block would give back a copy that the inner one changed.
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._folder = contextlib.ExitStack()
        self._number: int | None = None
        # The revision that it was last brought to.
        self._last: tuple[int, int] | None = None
        self._changes = 0
        self._timer: threading.Timer | None = None

    @contextlib.contextmanager
    def at(self, revision: Revision) -> Iterator[Held]:
        """The copy with the content of that revision, for whoever has it alone until the block ends.

        Nobody may keep the store beyond that. Raises RevisionMissing when the revision has been tidied away, StateFull
        and StateError where there can be no copy.
        """
        # What the copy was made from may have to be looked at as well.
        with self._lock, keeping(revision):
            held = Held(self._brought_to(revision), revision.number)
            try:
                yield held
            except BaseException as error:
                _let_go(error)
                raise
            finally:
                self._number = held.number
                if held.number != revision.number:
                    self._changes += 1
                # Whoever had it may go on for a while, and still have this.
                del held.store
                if self._number is None:
                    self._give_up()
                self._wait()
        if self._idle is not None and self._changes >= MOST_CHANGES[self._purpose]:
            afterwards(self._renew)

    def tried(self, revision: Revision, delta: Delta, look: Callable[[Store, merge.Written | None], T]) -> T:
        """What `look` says of the copy with a change made to that revision, which is undone afterwards.

        It gets what `merge.apply` wrote, and leaves the store as it finds it.
        """
        with self.at(revision) as held:
            held.number = None
            written = merge.apply(held.store, delta.added, delta.removed, self._state.default_graph)
            said = look(held.store, written)
            if written is not None and len(delta.added) + len(delta.removed) <= MOST_QUADS:
                written.undo(held.store)
                held.number = revision.number
                self._changes += 1
        return said

    def close(self) -> None:
        """Remove the copy; the next one who needs it makes it anew."""
        with self._lock:
            self._give_up()
            if self._timer is not None:
                self._timer.cancel()

    def _renew(self) -> None:
        # What cannot be done now is tried again, and told, when the copy is needed.
        with contextlib.suppress(StateError), self._lock:
            self._brought_to(self._state.current())
            self._wait()

    def _brought_to(self, revision: Revision) -> Store:
        try:
            with self._state.writing():
                return self._followed_or_cloned(revision)
        except BaseException as error:
            # Half a copy, or half of what was to be followed.
            _let_go(error)
            self._give_up()
            raise

    def _followed_or_cloned(self, revision: Revision) -> Store:
        if self._store is None or self._changes >= MOST_CHANGES[self._purpose] or not self._follow(revision):
            self._give_up()
            folder = self._folder.enter_context(scratch_folder(self._state.folder)) / "store"
            with reading(revision) as published:
                published.backup(str(folder))
            self._store = Store(str(folder))
            self._number = revision.number
        self._last = revision.identity()
        return self._store

    def _follow(self, revision: Revision) -> bool:
        """Make here what was published since. False when the copy cannot get there so."""
        assert self._store is not None and self._number is not None
        if not 0 <= revision.number - self._number <= FOLLOWED:
            return False
        if self._last is not None and self._last[0] == revision.number and self._last != revision.identity():
            # A rebuild has mended what the copy was made from.
            return False
        missed = []
        for record, packed in self._state.ledger.deltas(self._number, revision.number):
            if packed is None or record.cause not in FOLLOWED_CAUSES or record.added + record.removed > MOST_QUADS:
                return False
            missed.append(Delta.unpacked(packed))
        if len(missed) != revision.number - self._number:
            return False
        for delta in missed:
            merge.apply(self._store, delta.added, delta.removed, self._state.default_graph)
            self._changes += 1
        return True

    def _give_up(self) -> None:
        self._store = self._number = None
        self._changes = 0
        self._folder.close()

    def _wait(self) -> None:
        """Give the copy up later, unless it is used again before."""
        if self._timer is not None:
            self._timer.cancel()
        if self._idle is not None and self._store is not None:
            self._timer = threading.Timer(self._idle, self._expire)
            self._timer.daemon = True
            self._timer.start()

    def _expire(self) -> None:
        with self._lock:
            # It may have been used while this waited for it.
            if threading.current_thread() is self._timer:
                self._give_up()


def stand_by(state: State) -> None:
    """Keep the working copies of a state open from now on: for a process that works on one change after another."""
    state.copies.update({purpose: WorkingCopy(state, purpose, IDLE) for purpose in MOST_CHANGES})


@contextlib.contextmanager
def working(state: State, purpose: Purpose) -> Iterator[WorkingCopy]:
    """The working copy to try changes on, or to make them on: the one that is kept open, or one for this block."""
    kept = state.copies.get(purpose)
    if kept is not None:
        yield kept
        return
    copy = WorkingCopy(state, purpose)
    try:
        yield copy
    finally:
        copy.close()


def _let_go(error: BaseException) -> None:
    """Clear the frames of an error, and of those that it came of: the engine writes to its folder until the last
    reference to the store is gone.
    """
    one: BaseException | None = error
    while one is not None:
        traceback.clear_frames(one.__traceback__)
        one = one.__context__
