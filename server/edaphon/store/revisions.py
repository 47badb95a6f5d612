"""Revisions: folders that never change again, made beside the last one and published by one rename."""

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import Store

from edaphon.errors import RevisionMissing, StateError
from edaphon.store.durable import sync

__all__ = ["CORPUS_DIGEST", "CORPUS_QUADS", "NUMBER", "Candidate", "Revision", "Revisions", "in_use"]

# The newest ones are kept, and any that a process still has open (it holds a shared lock on the folder).
KEPT: Final = 5
NUMBER: Final = re.compile(r"[0-9]{6,}")
# The engine adds an ending of its own while it clones.
UNFINISHED: Final = ".unfinished"
# What lies in a revision's folder beside the engine's files: from which corpus it was made.
CORPUS_DIGEST: Final = "corpus.digest"
CORPUS_QUADS: Final = "corpus.nq.gz"


@dataclass(frozen=True, slots=True)
class Revision:
    """A published state of the dataset. `folder` is an on-disk store to be opened for reading only."""

    number: int
    folder: Path

    def identity(self) -> tuple[int, int]:
        """What tells it from every other, also from one of its number that a rebuild has put in its place.

        Raises RevisionMissing when it has been tidied away.
        """
        try:
            return self.number, self.folder.stat().st_ino
        except FileNotFoundError:
            raise RevisionMissing(f"revision {self.number} is not kept any more") from None


@dataclass(slots=True)
class Candidate:
    """The next revision while it is being made: a store to write to, seen by nobody else.

    `commit` is called when the folder is safely on the disk, right before it is published: what has to be true of
    every published revision, such as its entry in the ledger, is made true there. When it raises, nothing is published.
    """

    number: int
    folder: Path
    store: Store
    commit: Callable[[], None] = lambda: None


class Revisions:
    """The revisions of one state folder. Writing methods need the state's exclusive lock, which the caller holds."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "revisions"
        self._pointer = state / "CURRENT"
        self._mark = str(self._pointer)
        # While it is there, the revision that it names is on its way to be published.
        self._next_pointer = state / "CURRENT.new"
        self._seen: tuple[tuple[int, int], Revision] | None = None

    def current(self) -> Revision:
        """The published revision. Costs one `stat` while it stays the same.

        Raises RevisionMissing before the first, StateError when what was published is not there any more.
        """
        try:
            # Three times as fast as asking the path object, and asked for every request.
            status = os.stat(self._mark)  # noqa: PTH116
            mark = (status.st_mtime_ns, status.st_ino)
            if self._seen is None or self._seen[0] != mark:
                number = int(self._pointer.read_text(encoding="ascii"))
                folder = self._named(number)
                if not folder.is_dir():
                    raise self._damaged(f"{folder}, the published revision, is gone")
                self._seen = (mark, Revision(number, folder))
        except FileNotFoundError:
            # A folder that never was published, because its process died or has not come so far, is no loss.
            kept = {int(folder.name) for folder in self._kept()} - {self._pending()}
            if self._pointer.exists():
                return self.current()
            if kept:
                raise self._damaged(f"{self._pointer}, which says what is published, is gone") from None
            raise RevisionMissing(f"nothing has been published in {self._folder.parent} yet") from None
        except ValueError:
            raise self._damaged(f"{self._pointer} is damaged") from None
        return self._seen[1]

    def numbered(self, number: int) -> Revision:
        """The published revision of this number. Raises RevisionMissing when its folder is not kept."""
        folder = self._named(number)
        # A folder beyond the published one was never published.
        if number > self.current().number or not folder.is_dir():
            raise RevisionMissing(f"revision {number} is not kept in {self._folder}")
        return Revision(number, folder)

    @contextlib.contextmanager
    def next(self, *, empty: bool = False, number: int | None = None) -> Iterator[Candidate]:
        """Make the next revision from a hard-linked clone of the current one, or from nothing.

        Its number is the next one unless another, higher than the current one, is given. It is published when the block
        ends, and thrown away when the block raises: then nothing has happened.
        """
        self.sweep()
        last, number, folder = self._begun(number)
        try:
            if last is not None and not empty:
                Store.read_only(str(last.folder)).backup(str(folder))
                _bring_corpus(last, folder)
            candidate = Candidate(number, folder, Store(str(folder)))
            yield candidate
            candidate.store.flush()
            # The engine closes its files when the last reference goes; only then may others open the folder.
            del candidate.store
            self._publish(number, folder, last, candidate.commit)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def publish(self, store: Store, commit: Callable[[int], None]) -> int:
        """Publish what a store holds, which stays open, as the next revision of the same corpus; its number.

        `commit` is called with that number, as `Candidate.commit` is. Whatever is raised, nothing has happened.
        """
        self._clear()
        last, number, folder = self._begun()
        try:
            # Writes what the engine has in memory to files, and links those.
            store.backup(str(folder))
            _bring_corpus(last, folder)
            self._publish(number, folder, last, lambda: commit(number))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return number

    def _begun(self, number: int | None = None) -> tuple[Revision | None, int, Path]:
        """The published revision, the number of the next one, and the folder in which to make that."""
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            last: Revision | None = self.current()
        except RevisionMissing:
            last = None
        number = number or max([last.number if last else 0, *(int(folder.name) for folder in self._kept())]) + 1
        return last, number, self._folder / f"{number:06}{UNFINISHED}"

    def sweep(self) -> None:
        """Remove what was left unfinished by a process that died, and revisions that nobody needs any more."""
        self._clear()
        with contextlib.suppress(RevisionMissing):
            current = self.current().number
            for folder in sorted(self._kept(), key=lambda folder: int(folder.name), reverse=True)[KEPT:]:
                if int(folder.name) != current and not in_use(folder):
                    # Renamed first, so that nobody takes what is half removed for a revision.
                    doomed = folder.with_name(folder.name + UNFINISHED)
                    folder.rename(doomed)
                    shutil.rmtree(doomed, ignore_errors=True)

    def _clear(self) -> None:
        """Remove what a process that died has left where the next revision is made."""
        published = self._pointer.exists() and self.current().number
        pending = self._pending()
        if pending is not None and pending != published:
            folder = self._named(pending)
            if folder.is_dir():
                folder.rename(folder.with_name(folder.name + UNFINISHED))
        self._next_pointer.unlink(missing_ok=True)
        for folder in self._folder.glob(f"*{UNFINISHED}*"):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def begun(self) -> bool:
        """Whether anything was ever published here."""
        return self._pointer.exists()

    @property
    def untidy(self) -> bool:
        """Whether a process that died has left something to sweep."""
        return self._next_pointer.exists() or any(self._folder.glob(f"*{UNFINISHED}*"))

    def _publish(self, number: int, folder: Path, last: Revision | None, commit: Callable[[], None]) -> None:
        # A clone shares only files that the engine never writes to again; what it still writes to it copies. What the
        # last revision has as well was synced when that was published.
        shared = {path.stat().st_ino for path in last.folder.iterdir()} if last is not None else set()
        for path in folder.iterdir():
            if path.stat().st_ino not in shared:
                sync(path)
        sync(folder)
        try:
            with self._next_pointer.open("w", encoding="ascii") as file:
                file.write(f"{number}\n")
                file.flush()
                os.fsync(file.fileno())
            # Before the folder has its name, so that after a crash the folder is known for what it is.
            sync(self._pointer.parent)
            folder.rename(self._named(number))
            sync(self._folder)
            commit()
            self._next_pointer.rename(self._pointer)
        except BaseException:
            # Without it the pointer is in its place already, and the revision is published.
            if self._next_pointer.exists():
                with contextlib.suppress(FileNotFoundError):
                    self._named(number).rename(folder)
                self._next_pointer.unlink()
            raise
        sync(self._pointer.parent)

    def _named(self, number: int) -> Path:
        return self._folder / f"{number:06}"

    def _pending(self) -> int | None:
        """The revision whose publication has begun and not ended; None also where its process died too early to say."""
        try:
            return int(self._next_pointer.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None

    def _damaged(self, what: str) -> StateError:
        return StateError(f"{what}; make it anew by `edaphon rebuild`, or restore the state folder from a backup")

    def _kept(self) -> list[Path]:
        return [folder for folder in self._folder.glob("*") if NUMBER.fullmatch(folder.name)]


def _bring_corpus(last: Revision | None, folder: Path) -> None:
    """Say of a folder that it rests on the corpus of that revision."""
    if last is not None:
        for name in (CORPUS_DIGEST, CORPUS_QUADS):
            if (last.folder / name).exists():
                os.link(last.folder / name, folder / name)


def in_use(folder: Path) -> bool:
    """Whether some process holds the lock that readers take on a revision's folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
