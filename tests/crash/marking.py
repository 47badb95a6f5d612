"""Acknowledgements, noted by a program on a disk in the order in which they and the changes of the disk came."""

import fcntl
import os
from pathlib import Path

__all__ = ["mark"]


def mark(text: str) -> None:
    """Note that something has been acknowledged by now."""
    with (Path(os.environ["EDAPHON_DISK_SHADOW"]) / "log").open("a") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        log.write(f"mark\t{text}\n")
