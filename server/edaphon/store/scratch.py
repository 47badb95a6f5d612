"""A folder beside the revisions for a copy of one that is tried on and thrown away, also when its process dies."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["scratch_folder"]

COPY: Final = "check-"


@contextlib.contextmanager
def scratch_folder(place: Path) -> Iterator[Path]:
    """An empty folder in `place` for the length of the block. Beside the revisions a hard-linked copy takes no space.

    Whoever opens a store in it must have let go of it when the block ends.
    """
    _sweep(place)
    folder = Path(tempfile.mkdtemp(prefix=f"{COPY}{os.getpid()}-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Remove the copies of processes that were killed during a check."""
    for left in place.glob(f"{COPY}*-*"):
        owner = left.name.removeprefix(COPY).partition("-")[0]
        try:
            os.kill(int(owner), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except (ValueError, PermissionError):
            continue
