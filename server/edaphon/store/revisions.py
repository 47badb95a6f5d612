"""Revisions: folders that never change again, made beside the last one and published by one rename."""

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import Store

from edaphon.errors import RevisionMissing, StateError

__all__ = ["Candidate", "Revision", "Revisions"]

# The newest ones are kept, and any that a process still has open (it holds a shared lock on the folder).
KEPT: Final = 5
NUMBER: Final = re.compile(r"[0-9]{6,}")
UNFINISHED: Final = ".unfinished"


@dataclass(frozen=True, slots=True)
class Revision:
    """A published state of the dataset. `folder` is an on-disk store to be opened for reading only."""

    number: int
    folder: Path


@dataclass(slots=True)
class Candidate:
    """The next revision while it is being made: a store to write to, seen by nobody else."""

    number: int
    folder: Path
    store: Store


class Revisions:
    """The revisions of one state folder. Writing methods need the state's exclusive lock, which the caller holds."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "revisions"
        self._pointer = state / "CURRENT"
        self._mark = str(self._pointer)
        self._seen: tuple[tuple[int, int], Revision] | None = None

    def current(self) -> Revision:
        """The published revision. Costs one `stat` while it stays the same. Raises RevisionMissing before the first."""
        try:
            # Three times as fast as asking the path object, and asked for every request.
            status = os.stat(self._mark)  # noqa: PTH116
            mark = (status.st_mtime_ns, status.st_ino)
            if self._seen is None or self._seen[0] != mark:
                self._seen = (mark, self.numbered(int(self._pointer.read_text(encoding="ascii"))))
        except FileNotFoundError:
            if self._kept():
                raise StateError(
                    f"{self._pointer}, which says what is published, is gone; restore the state folder from a backup"
                ) from None
            raise RevisionMissing(f"nothing has been published in {self._folder.parent} yet") from None
        except ValueError:
            raise StateError(f"{self._pointer} is damaged; restore the state folder from a backup") from None
        return self._seen[1]

    def numbered(self, number: int) -> Revision:
        """The revision of this number. Raises RevisionMissing when its folder is not kept."""
        folder = self._folder / f"{number:06}"
        if not folder.is_dir():
            raise RevisionMissing(f"revision {number} is not kept in {self._folder}")
        return Revision(number, folder)

    @contextlib.contextmanager
    def next(self, *, empty: bool = False) -> Iterator[Candidate]:
        """Make the next revision from a hard-linked clone of the current one, or from nothing.

        It is published when the block ends, and thrown away when the block raises: then nothing has happened.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self.sweep()
        try:
            last: Revision | None = self.current()
        except RevisionMissing:
            last = None
        number = max([last.number if last else 0, *(int(folder.name) for folder in self._kept())]) + 1
        folder = self._folder / f"{number:06}{UNFINISHED}"
        try:
            if last is not None and not empty:
                Store.read_only(str(last.folder)).backup(str(folder))
            candidate = Candidate(number, folder, Store(str(folder)))
            yield candidate
            candidate.store.flush()
            # The engine closes its files when the last reference goes; only then may others open the folder.
            del candidate.store
            self._publish(candidate)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def sweep(self) -> None:
        """Remove what was left unfinished by a process that died, and revisions that nobody needs any more."""
        for folder in self._folder.glob(f"*{UNFINISHED}"):
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(RevisionMissing):
            current = self.current().number
            for folder in sorted(self._kept(), reverse=True)[KEPT:]:
                if int(folder.name) != current and not _in_use(folder):
                    # Renamed first, so that nobody takes what is half removed for a revision.
                    doomed = folder.with_name(folder.name + UNFINISHED)
                    folder.rename(doomed)
                    shutil.rmtree(doomed, ignore_errors=True)

    @property
    def untidy(self) -> bool:
        """Whether a process that died has left something to sweep."""
        return any(self._folder.glob(f"*{UNFINISHED}"))

    def _publish(self, candidate: Candidate) -> None:
        for path in candidate.folder.iterdir():
            # A file with another name belongs to the last revision as well and was synced with it.
            if path.stat().st_nlink == 1:
                _sync(path)
        _sync(candidate.folder)
        pointer = self._pointer.with_suffix(".new")
        with pointer.open("w", encoding="ascii") as file:
            file.write(f"{candidate.number}\n")
            file.flush()
            os.fsync(file.fileno())
        final = self._folder / f"{candidate.number:06}"
        candidate.folder.rename(final)
        try:
            _sync(self._folder)
            pointer.rename(self._pointer)
        except OSError:
            final.rename(candidate.folder)
            raise
        _sync(self._pointer.parent)

    def _kept(self) -> list[Path]:
        return [folder for folder in self._folder.glob("*") if NUMBER.fullmatch(folder.name)]


def _sync(path: Path) -> None:
    """Have the operating system write a file, or a folder's list of names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _in_use(folder: Path) -> bool:
    """Whether some process holds the lock that readers take on a revision's folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
