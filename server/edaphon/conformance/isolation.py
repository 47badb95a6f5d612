"""A check in a process of its own, which may run out of time, memory or stack without harming anyone.

    checker = Checker(memory=1024)
    report = checker.run(check_submission, submission, shapes, seconds=10)

The process stays for the next check, so that compiled shapes can be kept in it; one that had to be killed is replaced.
"""

import contextlib
import os
import pickle
import resource
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from edaphon.errors import DeadlineReached, EngineFailed, MemoryReached

__all__ = ["LENGTH", "Checker", "Failure", "without_files"]

T = TypeVar("T")

LENGTH: Final = struct.Struct(">Q")
# With which the interpreter ends when nothing catches an error.
UNEXPECTED: Final = 1
STACK: Final = (signal.SIGSEGV, signal.SIGBUS)


@dataclass(frozen=True, slots=True)
class Failure:
    """An error on its way between processes: pickle would call its class again, with the wrong arguments."""

    kind: type[Exception]
    arguments: tuple[object, ...]
    attributes: dict[str, object]

    def error(self) -> Exception:
        """The error as it was raised."""
        error = self.kind.__new__(self.kind)
        error.args = self.arguments
        vars(error).update(self.attributes)
        return error


class Checker:
    """One process for checks, one at a time. `memory` is in megabytes. Safe to share between threads."""

    def __init__(self, *, memory: int = 1024) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, task: Callable[..., T], *arguments: object, seconds: float) -> T:
        """Call a function of a module there. Raises what it raises of the EdaphonError family.

        DeadlineReached when it took too long, MemoryReached when it needed too much; then the process is gone.
        EngineFailed when it ended by an error that nobody expected, of which the log has the trace.
        """
        with self._lock:
            process = self._ready()
            try:
                outcome = _exchange(process, pickle.dumps((task, arguments)), time.monotonic() + seconds)
            except TimeoutError:
                self._stop()
                raise DeadlineReached(seconds, "the work on what was sent", "send it in smaller parts") from None
            except EOFError:
                code = process.wait()
                self._stop()
                if code == UNEXPECTED:
                    raise EngineFailed("the work on what was sent broke off; the server's log says more") from None
                limit = "stack" if -code in STACK else "heap"
                detail = f"the work on what was sent needed more than {self._memory} MB or too much stack"
                if -code == signal.SIGKILL:
                    detail = "the process that worked on what was sent was killed, as happens where memory is short"
                raise MemoryReached(detail, limit=limit) from None
            if isinstance(outcome, Failure) and outcome.kind is MemoryError:
                self._stop()
                raise MemoryReached(f"the work on what was sent needed more than {self._memory} MB", limit="heap")
            if isinstance(outcome, Failure):
                raise outcome.error()
            assert isinstance(outcome, tuple)
            value: T = outcome[0]
            return value

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._stop()

    def __enter__(self) -> "Checker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ready(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self._stop()
            command = [sys.executable, "-m", "edaphon.conformance.checking", str(self._memory)]
            # Each thread of the engine would reserve an arena of its own, and what is reserved counts as memory.
            environment = {"MALLOC_ARENA_MAX": "2", **os.environ}
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def _exchange(process: "subprocess.Popen[bytes]", message: bytes, until: float) -> object:
    """Send a message and wait for the answer. Raises TimeoutError, or EOFError when the process ends."""
    assert process.stdin is not None and process.stdout is not None
    try:
        # The process reads all before it works, so this waits for nothing but the reading.
        process.stdin.write(LENGTH.pack(len(message)) + message)
        process.stdin.flush()
    except BrokenPipeError:
        raise EOFError from None
    descriptor = process.stdout.fileno()
    (length,) = LENGTH.unpack(_read(descriptor, LENGTH.size, until))
    return pickle.loads(_read(descriptor, length, until))


def _read(descriptor: int, length: int, until: float) -> bytes:
    parts: list[bytes] = []
    while length:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimeoutError
        part = os.read(descriptor, min(length, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


@contextlib.contextmanager
def without_files() -> Iterator[None]:
    """While inside, the process can open neither file nor socket: the second wall behind the refusal of SERVICE."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
