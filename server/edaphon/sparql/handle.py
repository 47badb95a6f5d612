"""The pool's end of one worker process: how it is started, told what to do, and buried."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
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
        # For each order there is a ticket in this pipe. Whoever takes it has the order: the worker, when it begins with
        # it, or this side, to take it back.
        self._tickets = os.pipe()
        for end in self._tickets:
            os.set_blocking(end, False)
        with theirs, contextlib.ExitStack() as undo:
            undo.callback(ours.close)
            undo.callback(self._close_tickets)
            passed = (theirs.fileno(), lifeline, self._tickets[0])
            self.process = subprocess.Popen(
                # -P: a file called pyoxigraph.py in the current folder is not ours to run.
                [sys.executable, "-P", "-m", MODULE, *map(str, passed), *allow_service],
                pass_fds=passed,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            undo.pop_all()
        self._channel: Channel | None = None
        # Why we killed it, if we did; how many queries it has answered; the revision it was last told of, 0 for none.
        self.reason: QueryError | None = None
        self.answered = 0
        self.stepped_back = False
        # The orders that it has, one or two, the number of the last one, and how many it had not begun with at its end.
        self._orders: deque[wire.Order] = deque()
        self._number = 0
        self._left = 0
        self._reaped = False
        self.revision = 0
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

    def order(self, order: wire.Order) -> None:
        """Send an order, with which the worker begins once it is done with the one before."""
        self._number += 1
        self._orders.append(order)
        if not self._reaped:
            os.write(self._tickets[1], wire.NUMBER.pack(self._number))
        self.send(wire.ask(self._number, order))

    def recall(self) -> bool:
        """Take the last order back; False when the worker has begun with it."""
        if self._reaped:
            self._left -= 1
            self._orders.pop()
            return True
        taken = self._take_tickets()
        if taken == 0:
            return False
        self._orders.pop()
        if taken == 2:
            # It has not even begun with the one before, whose ticket stood in the way.
            self.order(self._orders.pop())
        return True

    def done(self) -> None:
        """Note that the first of its orders is answered."""
        self.answered += 1
        self._orders.popleft()

    @property
    def untouched(self) -> bool:
        """Whether it has ended, by nobody's will, before it began with an order."""
        return self._reaped and self.reason is None and self._left == len(self._orders)

    def _take_tickets(self) -> int:
        """Take all tickets that are left; how many these were."""
        try:
            return len(os.read(self._tickets[0], 2 * wire.NUMBER.size)) // wire.NUMBER.size
        except BlockingIOError:
            return 0

    def prepare(self, revision: Published) -> bool:
        """Have the worker open a revision before a query needs it; False when it has been told before."""
        if self.revision == revision.number:
            return False
        self.revision = revision.number
        self.send(wire.frame(wire.OPEN, os.fsencode(revision.folder)))
        return True

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` once, from the event loop, when the worker has sent something, or has ended."""
        assert self._channel is not None
        self._channel.listen(listener)

    def take(self) -> tuple[bytes, bytes]:
        """What the worker has sent. Raises EOFError when it has ended and all is taken."""
        assert self._channel is not None
        return self._channel.take()

    async def receive(self) -> tuple[bytes, bytes]:
        """The worker's next frame. Raises what ended the worker when there is none."""
        assert self._channel is not None
        try:
            return await self._channel.receive()
        except EOFError:
            raise await self.post_mortem() from None

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
        status = await asyncio.get_running_loop().run_in_executor(None, self.process.wait)
        if not self._reaped:
            self._reaped = True
            self._left = self._take_tickets()
            self._close_tickets()
        return status

    def _close_tickets(self) -> None:
        for end in self._tickets:
            os.close(end)

    async def post_mortem(self) -> QueryError:
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
