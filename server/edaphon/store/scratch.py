"""A folder beside the revisions for a copy of one that is tried on and thrown away, also when its process dies."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["scratch_folder"]

COPY: Final = "check-"
# Younger ones may be about to be locked. In seconds.
NEW: Final = 60.0


@contextlib.contextmanager
def scratch_folder(place: Path) -> Iterator[Path]:
    """An empty folder in `place` for the length of the block. Beside the revisions a hard-linked copy takes no space.

    Whoever opens a store in it must have let go of it when the block ends.
    """
    _sweep(place)
    folder = Path(tempfile.mkdtemp(prefix=COPY, dir=place))
    # Held as long as this process lives and needs it; a process's number would come back some day.
    hold = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(hold, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(hold)


def _sweep(place: Path) -> None:
    """Remove the copies of processes that were killed while they had them."""
    for left in place.glob(f"{COPY}*"):
        with contextlib.suppress(FileNotFoundError, BlockingIOError):
            if time.time() - left.stat().st_mtime < NEW:
                continue
            hold = os.open(left, os.O_RDONLY)
            try:
                fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(hold)
