"""An older revision is made again when it is not kept any more: from the nearest one that is, and the ledger's changes.

    state/past/000042/   revision 42, made again; like those of state/revisions it never changes

The ledger has what each revision really added and removed, so a newer revision leads back as exactly as an older one
leads forth.
"""

import contextlib
import fcntl
import os
import shutil
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import Quad, Store

from edaphon.errors import RevisionGone, RevisionMissing, RevisionUnknown, StateBusy
from edaphon.store import merge
from edaphon.store.delta import Delta, effective
from edaphon.store.durable import sync
from edaphon.store.ledger.records import RevisionRecord
from edaphon.store.reading import reading
from edaphon.store.revisions import NUMBER, Revision, in_use
from edaphon.store.state import State

__all__ = ["find", "forget", "past"]

PAST: Final = "past"
UNFINISHED: Final = ".unfinished"
LOCK: Final = "lock"
# Each shares its files with the revision that it was made from for as long as the engine does not rewrite them; after
# that it takes as much room as any revision. The least recently wanted ones go, but those that somebody reads.
KEPT: Final = 8
# To change a quad takes the engine 0.1 to 0.3 ms, with the triples that the store keeps by itself: in all less than
# what one query may usually take. Who wants to go further back can do so in steps.
MOST_QUADS: Final = 60_000
# To read what one small revision changed takes 0.4 ms, to take it into account another 0.1.
MOST_REVISIONS: Final = 10_000
# How long to wait while another process makes a revision.
PATIENCE: Final = 30.0
# How often another way is looked for when the revision to start from was tidied away meanwhile.
ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class _Way:
    """From a kept revision to the one that is wanted, over the changes of all revisions that are later than `after`,
    up to `upto`; `back` when they are to be undone. `quads` is how many quads they change at most.
    """

    base: Revision
    after: int
    upto: int
    quads: int
    back: bool


def find(state: State, number: int) -> Revision | None:
    """The revision of this number if it is kept or has been made again; None when it would have to be made.

    Costs a look at the disk. Raises RevisionUnknown for a number that nothing was published under yet.
    """
    if not 0 < number <= state.current().number:
        raise _unknown(number)
    with contextlib.suppress(RevisionMissing):
        return state.numbered(number)
    folder = state.folder / PAST / f"{number:06}"
    with contextlib.suppress(FileNotFoundError):
        # Says that it is wanted.
        os.utime(folder)
        return Revision(number, folder)
    return None


def past(state: State, number: int) -> Revision:
    """The revision of this number, made again if need be.

    Raises RevisionUnknown when there never was one, and RevisionGone when it cannot be made again, or only by more work
    than anybody should be able to cause. A process that dies over it leaves nothing that anybody takes for a revision.
    """
    known = find(state, number)
    if known is not None:
        return known
    home = state.folder / PAST
    with state.writing():
        home.mkdir(exist_ok=True)
        with _locked(home):
            for left in home.glob(f"*{UNFINISHED}"):
                shutil.rmtree(left, ignore_errors=True)
            for attempt in range(1, ATTEMPTS + 1):
                # Another process may have made it while this one waited.
                known = find(state, number)
                if known is not None:
                    return known
                way = _shortest(state, number)
                try:
                    made = _made(state, number, way)
                except (RevisionGone, RevisionUnknown):
                    raise
                except RevisionMissing:
                    if attempt == ATTEMPTS:
                        raise
                else:
                    _tidy(home, made.folder)
                    return made
    raise AssertionError("the last attempt ends in a revision or an error")


def forget(state: State) -> None:
    """Remove what was made again: for whoever gives the state another ledger, and so another past."""
    home = state.folder / PAST
    if home.is_dir():
        with _locked(home):
            for folder in [*home.glob(f"*{UNFINISHED}"), *_folders(home)]:
                _remove(folder)


def _shortest(state: State, number: int) -> _Way:
    """The way to a revision over which the fewest quads change."""
    try:
        state.ledger.revision(number)
    except RevisionMissing:
        raise _unknown(number) from None
    current = state.current()
    kept = {int(folder.name): folder for folder in _folders(state.folder / PAST)}
    kept |= {int(folder.name): folder for folder in _folders(state.folder / "revisions")}
    # A folder beyond the published revision was never published.
    newer = min((one for one in kept if number < one <= current.number), default=None)
    older = max((one for one in kept if one < number), default=None)
    ways = []
    if newer is not None:
        ways.append(_way(state, Revision(newer, kept[newer]), number, newer, back=True))
    if older is not None:
        ways.append(_way(state, Revision(older, kept[older]), older, number, back=False))
    passable = [way for way in ways if isinstance(way, _Way)]
    if passable:
        return min(passable, key=lambda way: way.quads)
    raise RevisionGone(
        f"revision {number} is not kept any more, and cannot be made again: {'; '.join(map(str, ways))}; "
        f"ask for a later one (the published one is {current.number}), or see what changed since then in /history"
    )


def _way(state: State, base: Revision, after: int, upto: int, *, back: bool) -> _Way | str:
    """The way over those revisions, or why it cannot be gone."""
    quads = 0
    for record in _records(state, after, upto):
        if record is None:
            return f"more than {MOST_REVISIONS:,} revisions lie between it and revision {base.number}"
        if not record.complete:
            what = "a bulk load" if record.cause == "load" else "the first publication of a corpus"
            return f"revision {record.number}, {what}, lies between it and revision {base.number}"
        quads += record.added + record.removed
        if quads > MOST_QUADS:
            return f"more than {MOST_QUADS:,} statements have changed between it and revision {base.number}"
    return _Way(base, after, upto, quads, back)


def _records(state: State, after: int, upto: int) -> Iterator[RevisionRecord | None]:
    """The ledger's records of the revisions later than `after`, `upto` the first; None after so many."""
    for count, record in enumerate(state.ledger.revisions(limit=MOST_REVISIONS + 1, before=upto + 1)):
        if record.number <= after:
            return
        if count == MOST_REVISIONS:
            yield None
            return
        yield record


def _made(state: State, number: int, way: _Way) -> Revision:
    """Go a way, beside the place where the result belongs, and put it there when it is whole and on the disk."""
    folder = state.folder / PAST / f"{number:06}"
    unfinished, working = (folder.with_name(folder.name + end) for end in (UNFINISHED, f".working{UNFINISHED}"))
    change = _composed(_changes(state, way))
    try:
        with reading(way.base) as base:
            base.backup(str(working))
            del base
        _change(state, working, unfinished, change, way, number)
        shutil.rmtree(working)
        for path in unfinished.iterdir():
            # One with a second name belongs to a revision as well, and was synced when that was published.
            if path.stat().st_nlink == 1:
                sync(path)
        sync(unfinished)
        unfinished.rename(folder)
        sync(folder.parent)
    except BaseException as error:
        # The engine writes to the folder until the last reference is gone, those in the frames of the error as well.
        traceback.clear_frames(error.__traceback__)
        for left in (working, unfinished):
            shutil.rmtree(left, ignore_errors=True)
        raise
    return Revision(number, folder)


def _change(state: State, working: Path, unfinished: Path, change: Delta, way: _Way, number: int) -> None:
    """Change the clone in `working`, and clone it to `unfinished`; the engine closes both when this returns."""
    store = Store(str(working))
    change = change.inverse() if way.back else change
    if effective(store, change.added, change.removed) != change:
        raise RevisionGone(
            f"revision {number} cannot be made again: what the ledger says of the revisions {way.after + 1} to "
            f"{way.upto} does not fit what revision {way.base.number} holds"
        )
    merge.apply(store, change.added, change.removed, state.default_graph)
    store.flush()
    # A copy leaves out the engine's log of all that it has written, which may be larger than everything else.
    store.backup(str(unfinished))


def _changes(state: State, way: _Way) -> Iterator[Delta]:
    for record, packed in state.ledger.deltas(way.after, way.upto):
        if packed is None:
            raise RevisionGone(f"the ledger does not say what revision {record.number} changed")
        yield Delta.unpacked(packed)


def _composed(changes: Iterable[Delta]) -> Delta:
    """The change that effective ones, one after the other, make together; time grows with their sizes."""
    added: set[Quad] = set()
    removed: set[Quad] = set()
    for change in changes:
        # What came before and goes now, or went and comes back, is as it was.
        gone = change.removed & added
        back = change.added & removed
        added -= gone
        removed -= back
        added |= change.added - back
        removed |= change.removed - gone
    return Delta(frozenset(added), frozenset(removed))


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Hold the right to make or remove revisions here. The lock goes with its process, however that ends."""
    descriptor = os.open(home / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise StateBusy(f"other revisions are being made again in {home}; try again later") from None
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def _tidy(home: Path, newest: Path) -> None:
    """Remove the least recently wanted revisions beyond those that are kept, but for `newest` and those in use."""
    # Another process may be removing one as well: its own, with the lock; this one has it.
    wanted = sorted(_folders(home), key=lambda folder: folder.stat().st_mtime_ns, reverse=True)
    for folder in wanted[KEPT:]:
        if folder != newest and not in_use(folder):
            _remove(folder)


def _remove(folder: Path) -> None:
    # Renamed first, so that nobody takes what is half removed for a revision.
    doomed = folder if folder.name.endswith(UNFINISHED) else folder.with_name(folder.name + UNFINISHED)
    if doomed != folder:
        folder.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def _folders(home: Path) -> list[Path]:
    return [folder for folder in home.glob("*") if NUMBER.fullmatch(folder.name)]


def _unknown(number: int) -> RevisionUnknown:
    return RevisionUnknown(f"no revision {number} has been published")
