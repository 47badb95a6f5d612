"""The processes of `serve`: a supervisor binds the socket, prepares the state, and keeps the HTTP processes running."""

import logging
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Final, NoReturn

from edaphon.errors import AddressUnusable, EdaphonError
from edaphon.web.plan import Plan

__all__ = ["bind", "serve"]

logger = logging.getLogger(__name__)

BACKLOG: Final = 2048
# A process that dies young is replaced after a pause that doubles from the first of these to the second.
PAUSES: Final = (0.1, 10.0)
YOUNG: Final = 10.0
# What a process may take to end, on top of the grace that its queries have.
SLACK: Final = 4.0
UNUSABLE: Final = 2


def serve(plan: Plan) -> int:
    """Serve until SIGTERM or SIGINT and return the exit status.

    Prints one line with the address to standard output once every HTTP process accepts connections. Raises
    AddressUnusable when it cannot listen.
    """
    sockets = bind(plan.settings.host, plan.settings.port)
    return Supervisor(plan, sockets).run()


def bind(host: str, port: int) -> list[socket.socket]:
    """Listening sockets on every address of a host; port 0 takes a free one. Raises AddressUnusable."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise AddressUnusable(f"no address is known for {host}: {error.strerror}") from error
    sockets: list[socket.socket] = []
    for family, _, _, _, address in dict.fromkeys(found):
        one = socket.socket(family, socket.SOCK_STREAM)
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind((address[0], sockets[0].getsockname()[1] if sockets else port, *address[2:]))
            one.listen(BACKLOG)
        except OSError as error:
            one.close()
            for other in sockets:
                other.close()
            raise AddressUnusable(
                f"cannot listen on {host} port {port}: {os.strerror(error.errno or 0)}; choose another --host or --port"
            ) from error
        sockets.append(one)
    return sockets


@dataclass(slots=True)
class Child:
    """One HTTP process. `ready` is the descriptor on which it says so, None once it has."""

    pid: int
    workers: int
    born: float
    ready: int | None


class Supervisor:
    """Runs in the process that was started; all others are forked from it while it has no threads."""

    def __init__(self, plan: Plan, sockets: list[socket.socket]) -> None:
        self._plan = plan
        self._sockets = sockets
        self._children: dict[int, Child] = {}
        # Processes to start again: when, and with how many workers.
        self._due: list[tuple[float, int]] = []
        self._pause = PAUSES[0]
        self._stopping = 0
        self._announced = False
        self._failed = False
        # Children hold the reading end; it reports the end of this process, however it ends.
        self._lifeline = os.pipe()
        self._wake = os.pipe()

    def run(self) -> int:
        """Prepare, start, watch, stop; the exit status."""
        self._listen_to_signals()
        preparing = self._fork(self._prepare)
        # Meanwhile, what every HTTP process needs and this one does not.
        import_module("edaphon.web.process")
        status = self._wait_for(preparing)
        if status != 0 or self._stopping:
            return UNUSABLE if status else 0
        settings = self._plan.settings
        processes = max(1, min(settings.processes, settings.workers))
        for index in range(processes):
            self._start(settings.workers // processes + (index < settings.workers % processes))
        while not self._stopping:
            self._turn()
        self._end()
        return UNUSABLE if self._failed else 0

    def _listen_to_signals(self) -> None:
        for end in self._wake:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)

        def stop(_number: int, _frame: object) -> None:
            self._stopping += 1

        def notice(_number: int, _frame: object) -> None:
            """The byte in the wake-up pipe says it all."""

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGCHLD, notice)

    def _prepare(self) -> None:
        # In a process of its own, since the engine starts threads, which a fork would not take along.
        self._plan.prepare()

    def _wait_for(self, pid: int) -> int:
        """The exit status of the process that prepares the state; it is killed when we are told to stop."""
        while True:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                return os.waitstatus_to_exitcode(status)
            if self._stopping:
                os.kill(pid, signal.SIGKILL)
            self._sleep(1.0)

    def _start(self, workers: int) -> None:
        """Start one HTTP process."""
        from edaphon.web.process import run

        reading, writing = os.pipe()

        def work() -> None:
            os.close(reading)
            run(self._plan, self._sockets, workers, writing, self._lifeline[0])

        pid = self._fork(work)
        os.close(writing)
        self._children[pid] = Child(pid, workers, time.monotonic(), reading)

    def _fork(self, work: Callable[[], None]) -> int:
        """Run `work` in a process of its own. It never returns here: whatever happens, that process ends."""
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._become(work)
        return pid

    def _become(self, work: Callable[[], None]) -> NoReturn:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # Ctrl-C reaches the whole group; only the supervisor acts on it.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os.close(self._lifeline[1])
            work()
            status = 0
        except EdaphonError as error:
            print(f"Error: {error}", file=sys.stderr)
            status = UNUSABLE
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _turn(self) -> None:
        """Wait for something to happen and act on it."""
        next_due = min((due for due, _ in self._due), default=time.monotonic() + 3600)
        readable = self._sleep(max(0.0, next_due - time.monotonic()))
        for child in self._children.values():
            # The end of the pipe without a byte is the end of the process; that is for `_bury` to see.
            if child.ready in readable and os.read(child.ready or 0, 1):
                os.close(child.ready or 0)
                child.ready = None
        self._bury()
        if not self._announced and self._children and all(child.ready is None for child in self._children.values()):
            self._announce()
        now = time.monotonic()
        for due, workers in [entry for entry in self._due if entry[0] <= now]:
            self._due.remove((due, workers))
            self._start(workers)

    def _sleep(self, seconds: float) -> list[int | None]:
        """Sleep until a signal comes or a child is ready, at most so long; the descriptors that can be read."""
        waited = [self._wake[0], *(child.ready for child in self._children.values() if child.ready is not None)]
        readable, _, _ = select.select(waited, [], [], seconds)
        if self._wake[0] in readable:
            os.read(self._wake[0], 4096)
        return list(readable)

    def _bury(self) -> None:
        """See which processes have ended, and plan for their successors."""
        for child in list(self._children.values()):
            found, status = os.waitpid(child.pid, os.WNOHANG)
            if not found:
                continue
            del self._children[child.pid]
            if child.ready is not None:
                os.close(child.ready)
            if self._stopping:
                continue
            if not self._announced:
                # What cannot even start will not start the next time, either; the process has said why.
                self._failed = True
                self._stopping += 1
                continue
            now = time.monotonic()
            self._pause = PAUSES[0] if now - child.born > YOUNG else min(2 * self._pause, PAUSES[1])
            code = os.waitstatus_to_exitcode(status)
            logger.warning("HTTP process %d ended with status %d; starting another", child.pid, code)
            self._due.append((now + self._pause, child.workers))

    def _announce(self) -> None:
        """Print the one line that says where."""
        self._announced = True
        host, port = self._plan.settings.host, self._sockets[0].getsockname()[1]
        name = f"[{host}]" if ":" in host else host
        print(f"Edaphon is ready on http://{name}:{port}", flush=True)

    def _end(self) -> None:
        """Tell all processes to stop, give them the grace period, then end what is left. A second signal hurries."""
        for one in self._sockets:
            one.close()
        asked = self._stopping
        self._signal(signal.SIGTERM)
        until = time.monotonic() + self._plan.settings.grace + SLACK
        while self._children and time.monotonic() < until and self._stopping == asked:
            self._sleep(until - time.monotonic())
            self._bury()
        self._signal(signal.SIGKILL)
        for child in self._children.values():
            os.waitpid(child.pid, 0)

    def _signal(self, number: signal.Signals) -> None:
        for child in self._children.values():
            with suppress(ProcessLookupError):
                os.kill(child.pid, number)
