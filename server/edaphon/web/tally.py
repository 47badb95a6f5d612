"""How often something happened lately, counted in memory that a server's HTTP processes share.

Made before they are forked, it needs no file that could be full, stale or in the way, and goes with the last of them.
"""

import fcntl
import mmap
import os
import struct
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Final

__all__ = ["Tally"]

# A key's digest, when its count ends to matter (seconds since the epoch), the count.
ENTRY: Final = struct.Struct("<QdQ")
# A key has its place in one of so many rows, each with room for so many keys.
ROWS: Final = 4096
ROW: Final = 8
NOTHING: Final = (0, 0.0, 0)


class Tally:
    """Counts by key, each for a while.

    There is room for 32,768 keys. Where a row is full, the count that ends first makes room: under a flood from ever
    new addresses some are forgotten too early, and memory stays bounded. A process that dies leaves no lock behind.
    """

    def __init__(self) -> None:
        # Shared with all forks, and so is the lock on the file: it is held by a process, not by whoever has the file.
        self._file, name = tempfile.mkstemp()
        Path(name).unlink()
        os.ftruncate(self._file, ROWS * ROW * ENTRY.size)
        self._table = mmap.mmap(self._file, 0)
        weakref.finalize(self, os.close, self._file)
        self._turn = threading.Lock()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep all other threads and processes from counting; for microseconds, as event loops wait for it."""
        with self._turn:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)

    def count(self, key: str) -> int:
        """What is counted for a key."""
        _, (_, _, count) = self._find(key)
        return count

    def ends(self, key: str) -> float:
        """When the count of a key ends to matter, in seconds since the epoch; 0 where there is none."""
        _, (_, ends, _) = self._find(key)
        return ends

    def add(self, key: str, amount: int, seconds: float) -> int:
        """Add to the count of a key, which matters for so long from its first addition on; the new count."""
        place, (_, ends, count) = self._find(key)
        ENTRY.pack_into(self._table, place, _digest(key), ends or time.time() + seconds, count + amount)
        return count + amount

    def forget(self, key: str) -> None:
        """Make the count of a key 0."""
        place, (_, ends, _) = self._find(key)
        if ends:
            ENTRY.pack_into(self._table, place, *NOTHING)

    def clear(self) -> None:
        """Make all counts 0."""
        self._table[:] = bytes(len(self._table))

    def _find(self, key: str) -> tuple[int, tuple[int, float, int]]:
        """Where the count of a key is, or would be."""
        digest = _digest(key)
        start = digest % ROWS * ROW * ENTRY.size
        now = time.time()
        free, first = start, float("inf")
        for place in range(start, start + ROW * ENTRY.size, ENTRY.size):
            held, ends, count = ENTRY.unpack_from(self._table, place)
            if held == digest and ends > now:
                return place, (held, ends, count)
            if ends < first:
                free, first = place, ends
        return free, NOTHING


def _digest(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little") or 1
