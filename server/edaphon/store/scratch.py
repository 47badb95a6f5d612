"""A folder beside the revisions for a copy of one that is thrown away, also when its process dies."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["COPY", "scratch_folder", "sweep"]

COPY: Final = "copy-"


@contextlib.contextmanager
def scratch_folder(place: Path) -> Iterator[Path]:
    """An empty folder in `place` for the length of the block. Beside the revisions a hard-linked copy takes no space.

    Whoever opens a store in it must have let go of it when the block ends.
    """
    sweep(place)
    folder, hold = _held(place)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(hold)


def sweep(place: Path) -> None:
    """Remove the copies of processes that ended without doing so."""
    for left in place.glob(f"{COPY}*"):
        with contextlib.suppress(FileNotFoundError, BlockingIOError):
            hold = os.open(left, os.O_RDONLY)
            try:
                fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(hold)


def _held(place: Path) -> tuple[Path, int]:
    """A new folder, and the lock on it: held as long as this process lives and needs it; a process's number would come
    back some day.
    """
    while True:
        folder = Path(tempfile.mkdtemp(prefix=COPY, dir=place))
        with contextlib.suppress(FileNotFoundError):
            hold = os.open(folder, os.O_RDONLY)
            fcntl.flock(hold, fcntl.LOCK_EX)
            if folder.exists():
                return folder, hold
            # Somebody swept before it was locked.
            os.close(hold)
