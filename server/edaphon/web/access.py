"""The access log: one line per request, formatted once, written in batches."""

import asyncio
import contextlib
import json
import os
import select
import time
from typing import Final

__all__ = ["AccessLog"]

# The most that a pipe takes without mixing it with the lines of another process.
BATCH: Final = 4096
# How long a line may wait for company.
LINGER: Final = 0.25


class AccessLog:
    """Writes to a descriptor, standard error for `serve`; None keeps no log.

    A line says when, method, path, status, milliseconds, bytes of the body, the revision that answered (or -), and
    whether the answer was a repeat. The path is as it was sent, without its query.
    """

    def __init__(self, descriptor: int | None, *, queries: bool = False) -> None:
        self._descriptor = descriptor
        self._ready = select.poll()
        if descriptor is not None:
            self._ready.register(descriptor, select.POLLOUT)
        # Whether the text of queries is wanted, too.
        self.queries = queries
        self._lines: list[str] = []
        self._length = 0
        self._second = 0
        self._stamp = ""
        self._timer: asyncio.TimerHandle | None = None

    def request(
        self,
        method: str,
        path: bytes,
        status: int,
        seconds: float,
        size: int,
        revision: int | None,
        source: str,
        query: str | None = None,
    ) -> None:
        """Write the line of one request; `source` is `repeat` for an answer that was kept, else `fresh` or `cut`."""
        if self._descriptor is None:
            return
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
        text = f" {json.dumps(query)}" if query is not None and self.queries else ""
        line = (
            f"{self._stamp} {method} {path.decode('ascii', 'backslashreplace')} {status} {seconds * 1000:.2f}ms "
            f"{size}B r{'-' if revision is None else revision} {source}{text}\n"
        )
        if self._length + len(line) > BATCH:
            self.flush()
        self._lines.append(line)
        self._length += len(line)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self.flush)

    def flush(self) -> None:
        """Write what has gathered. A log that nobody reads is no reason to stop serving: its lines are lost."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch = "".join(self._lines).encode()
        self._lines.clear()
        self._length = 0
        with contextlib.suppress(OSError):
            # A pipe or a terminal whose reader has stopped would hold up every client of this process.
            while batch and self._descriptor is not None and self._ready.poll(0):
                batch = batch[os.write(self._descriptor, batch[:BATCH]) :]
