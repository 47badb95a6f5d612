"""The pool's end of one worker process: how it is started, told what to do, and buried."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final, Protocol

from edaphon.errors import EngineFailed, MemoryReached, QueryError
from edaphon.sparql import wire
from edaphon.sparql.channel import Channel

__all__ = ["Handle", "Published"]

logger = logging.getLogger(__name__)

MODULE: Final = "edaphon.sparql.worker"
# How far a slow query steps back (the nice value of its worker).
STEP_BACK: Final = 10
# The engine makes and drops thousands of small things for each query. As glibc's malloc comes, it keeps seven of a size
# at hand and searches lists for all others; with more at hand, and a heap of large pages, the engine takes 36 ms for a
# mix of BSBM instead of 42. What an operator sets himself comes after ours and wins; other C libraries do not look.
TUNABLES: Final = ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=500:glibc.malloc.hugetlb=1")


class Published(Protocol):
    """A published revision, as `store.state` gives it."""

    @property
    def number(self) -> int: ...
    @property
    def folder(self) -> Path: ...


class Handle:
    """The pool's end of one worker process."""

    def __init__(self, lifeline: int, allow_service: tuple[str, ...], revision: Published | None) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._end = ours
        with theirs, contextlib.ExitStack() as undo:
            undo.callback(ours.close)
            self.process = subprocess.Popen(
                # -P: a file called pyoxigraph.py in the current folder is not ours to run.
                [sys.executable, "-P", "-m", MODULE, str(theirs.fileno()), str(lifeline), *allow_service],
                pass_fds=(theirs.fileno(), lifeline),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            undo.pop_all()
        self._channel: Channel | None = None
        # Why we killed it, if we did; how many queries it has answered; the revision it was last told to open.
        self.reason: QueryError | None = None
        self.answered = 0
        self.stepped_back = False
        self._folder: Path | None = None
        self._first = revision

    async def connect(self) -> None:
        """Open the channel to the process; it need not be ready yet."""
        self._channel = await Channel.over(self._end)
        if self._first is not None:
            self.prepare(self._first)

    def send(self, frame: bytes) -> None:
        """Tell the worker something; what it does not read yet waits."""
        assert self._channel is not None
        self._channel.send(frame)

    def prepare(self, revision: Published) -> None:
        """Have the worker open a revision before a query needs it."""
        if self._folder != revision.folder:
            self._folder = revision.folder
            self.send(wire.frame(wire.OPEN, os.fsencode(revision.folder)))

    async def receive(self) -> tuple[bytes, bytes]:
        """The worker's next frame. Raises what ended the worker when there is none."""
        assert self._channel is not None
        try:
            return await self._channel.receive()
        except EOFError:
            raise await self._post_mortem() from None

    @property
    def dead(self) -> bool:
        """Whether the process has ended, by whose hand ever."""
        return self.process.poll() is not None

    def kill(self, reason: QueryError | None = None) -> None:
        """End the process now, whatever it does; `reason` is what its query is told."""
        if self.reason is None:
            self.reason = reason
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    def step_back(self) -> None:
        """Let the operating system prefer the other workers."""
        self.stepped_back = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.setpriority(os.PRIO_PROCESS, self.process.pid, STEP_BACK)

    async def reap(self) -> int:
        """Wait for the killed or closed process and return its exit status."""
        if self._channel is not None:
            self._channel.close()
        else:
            self._end.close()
        return await asyncio.get_running_loop().run_in_executor(None, self.process.wait)

    async def _post_mortem(self) -> QueryError:
        """Why the process ended, in words for the one whose query it ran."""
        status = await self.reap()
        if self.reason is not None:
            return self.reason
        logger.info("query worker %d ended with status %d", self.process.pid, status)
        if status in (-signal.SIGSEGV, -signal.SIGBUS):
            return MemoryReached(
                "the query is nested so deeply that the engine's stack overflowed; nest it less deeply", limit="stack"
            )
        if status in (-signal.SIGABRT, -signal.SIGKILL):
            return MemoryReached("the query needed more memory than one query may take", limit="heap")
        return EngineFailed("the engine broke on this query")


def _environment() -> dict[str, str]:
    name, ours = TUNABLES
    theirs = os.environ.get(name)
    return {**os.environ, name: f"{ours}:{theirs}" if theirs else ours}
