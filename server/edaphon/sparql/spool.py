"""Bytes that arrive faster than they are taken: a window in memory, then an unnamed file.

A slow client must not hold a query worker, and must not fill the HTTP process: past the window the rest of the answer
waits on disk and the worker is free.
"""

import asyncio
import contextlib
import errno
import os
import tempfile
from collections import deque
from typing import IO, Final

from edaphon.errors import QueryError

__all__ = ["Spool"]

WINDOW: Final = 1024 * 1024
PIECE: Final = 256 * 1024
# What answers leave free of the disk that they wait on: this many bytes, or this share of a small one.
RESERVE: Final = 1_000_000_000
SHARE: Final = 10


class Spool:
    """A queue of bytes with one writer and one reader on the same event loop. Order is kept; nothing is dropped."""

    def __init__(self) -> None:
        self._window: deque[bytes] = deque()
        self._held = 0
        self._file: IO[bytes] | None = None
        self._written = 0
        self._read = 0
        self._ended = False
        self._closed = False
        self._failure: QueryError | None = None
        self._arrival = asyncio.Event()

    def put(self, part: bytes) -> None:
        """Add bytes. OSError when they have to go to disk and there is no room. Ignored once the reader has closed."""
        if self._closed:
            return
        if self._written == self._read and self._held < WINDOW:
            self._window.append(part)
            self._held += len(part)
        else:
            # Once anything waits on disk, all that follows does, or order would be lost.
            if self._file is None:
                # Unbuffered, so that a full disk shows here and not at some later seek.
                self._file = tempfile.TemporaryFile(buffering=0, prefix="edaphon-answer-")  # noqa: SIM115 - close()
            self._file.seek(self._written)
            if _room(self._file.fileno()) < len(part) or self._file.write(part) != len(part):
                raise OSError(errno.ENOSPC, "no room on disk for the rest of an answer")
            self._written += len(part)
        self._arrival.set()

    def end(self, failure: QueryError | None = None) -> None:
        """Say that nothing more will come, because the answer is complete or because it failed."""
        self._ended = True
        self._failure = failure
        self._arrival.set()

    async def take(self) -> bytes | None:
        """The next bytes, waiting for them; None when the answer is complete. Raises the failure that ended it."""
        while True:
            if self._window:
                part = self._window.popleft()
                self._held -= len(part)
                return part
            if self._file is not None and self._read < self._written:
                self._file.seek(self._read)
                part = self._file.read(min(PIECE, self._written - self._read))
                self._read += len(part)
                if self._read == self._written:
                    self._file.truncate(0)
                    self._read = self._written = 0
                return part
            if self._failure is not None:
                raise self._failure
            if self._ended:
                return None
            self._arrival.clear()
            await self._arrival.wait()

    def close(self) -> None:
        """Let go of what is kept, read or not; the reader's last act."""
        self._closed = True
        self._window.clear()
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()


def _room(descriptor: int) -> int:
    """How many bytes answers may still take of the disk that this file is on."""
    disk = os.fstatvfs(descriptor)
    return disk.f_bavail * disk.f_frsize - min(RESERVE, disk.f_blocks * disk.f_frsize // SHARE)
