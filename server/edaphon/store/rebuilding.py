"""The published revision is made anew from the corpus and the ledger, and compared with the one that was there."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import Store

from edaphon.errors import LedgerError, RevisionMissing, StateError
from edaphon.store.durable import sync
from edaphon.store.past import forget
from edaphon.store.preparing import build, made_from, prepare_locked
from edaphon.store.reading import reading
from edaphon.store.revisions import Revision, Revisions
from edaphon.store.state import State

__all__ = ["Rebuilt", "rebuild"]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The revision that is published now.

    `same` says whether it holds the same quads as the one that was; None where that one was gone or could not be read.
    `aside` is the folder to which what was there has been moved, unless it was the same.
    """

    revision: Revision
    same: bool | None
    aside: Path | None


def rebuild(state: State) -> Rebuilt:
    """Make the ledger's newest revision from nothing but the corpus and the ledger, while no server runs.

    Whatever is wrong with the revisions' folder or with CURRENT does not matter. When anything fails, both are put back
    as they were. Raises LedgerError where the ledger says of no revision, StateError when the copy of a loaded file is
    gone, StateBusy, StateFull.
    """
    with state.unserved(), state.publishing() as revisions:
        if state.ledger.last_revision() is None:
            raise LedgerError(
                f"the ledger of {state.folder} knows of no revision, so there is nothing to make one from; restore it "
                "from a backup, or start with a new state folder"
            )
        old = _readable(state)
        if old is not None and _corpus_changed(state):
            # So the change of the corpus is recorded for what it is, while both are known.
            prepare_locked(state, revisions)
            old = _readable(state)
        last = state.ledger.last_revision()
        assert last is not None, "the ledger only grows"
        # Clients keep answers by the number of the revision, so none is used twice.
        beyond = old.number if old is not None else 0
        with state.writing(), _put_aside(state.folder) as aside:
            build(state, revisions, last, beyond)
            same = None if old is None else _same(aside / "revisions" / old.folder.name, revisions)
        if same:
            shutil.rmtree(aside, ignore_errors=True)
        forget(state)
        return Rebuilt(state.current(), same, None if same or not aside.exists() else aside)


def _readable(state: State) -> Revision | None:
    """The published revision, if it can be opened."""
    try:
        current = state.current()
        with reading(current):
            return current
    except StateError:
        return None


def _corpus_changed(state: State) -> bool:
    try:
        return made_from(state) != state.corpus.digest()
    except RevisionMissing:
        return False
    except StateError:
        # It does not say any more what it was made from.
        return False


@contextlib.contextmanager
def _put_aside(folder: Path) -> Iterator[Path]:
    """Have the revisions and CURRENT out of the way; back in their places when the block raises."""
    aside = folder / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    names = [name for name in ("CURRENT", "CURRENT.new", "revisions") if (folder / name).exists()]
    moved: list[str] = []
    try:
        if names:
            aside.mkdir()
        for name in names:
            (folder / name).rename(aside / name)
            moved.append(name)
        sync(folder)
        yield aside
    except BaseException:
        if (folder / "revisions").exists() and "revisions" in moved:
            shutil.rmtree(folder / "revisions")
        for name in reversed(moved):
            (aside / name).rename(folder / name)
        with contextlib.suppress(OSError):
            aside.rmdir()
        raise


def _same(old: Path, revisions: Revisions) -> bool | None:
    """Whether two revisions hold the same quads, blank nodes and all; None where the old one cannot be read."""
    try:
        before, after = Store.read_only(str(old)), Store.read_only(str(revisions.current().folder))
        return len(before) == len(after) and all(quad in after for quad in before)
    except (OSError, RuntimeError):
        # The second is what the engine raises for files that are not as it wrote them.
        return None
