"""Which worker answers a query, for how long, and what becomes of it when it cannot."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from edaphon.errors import (
    DeadlineReached,
    EdaphonError,
    EgressRefused,
    EngineFailed,
    EngineRefused,
    MemoryReached,
    NotAcceptable,
    PoolBusy,
    QueryError,
    QuerySyntax,
    RemoteFailed,
    RequestError,
    ResultTooLarge,
    RevisionMissing,
)
from edaphon.sparql import wire
from edaphon.sparql.channel import Channel
from edaphon.sparql.query import Head, Query
from edaphon.sparql.spool import Spool

__all__ = ["Answer", "Published", "WorkerPool"]

logger = logging.getLogger(__name__)

MODULE: Final = "edaphon.sparql.worker"
# A query that runs longer than this is slow: it steps back in favour of the others, and while anyone waits, one worker
# is kept from slow queries. So a client's first query waits for about this long at most, whatever the others ask.
TRIAL: Final = 0.5
# How far a slow query steps back (the nice value of its worker).
STEP_BACK: Final = 10
# Once workers have failed this often each, before they answered anything, the next ones are started with a pause.
STILLBORN: Final = 3
# That pause, and the one before a worker that could not be started is tried again.
PAUSE: Final = 1.0


class Published(Protocol):
    """A published revision, as `store.state` gives it."""

    @property
    def number(self) -> int: ...
    @property
    def folder(self) -> Path: ...


@dataclass(slots=True)
class Answer:
    """An answer whose head is known. Iterating gives its bytes, once; a QueryError in the middle means it is cut.

    `whole` is all of its bytes where they came in one piece, which small answers do.
    """

    head: Head
    whole: bytes | None
    _spool: Spool | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._spool is None:
            yield self.whole or b""
            return
        while (part := await self._spool.take()) is not None:
            yield part


class Worker:
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

    def send(self, kind: bytes, message: dict[str, Any]) -> None:
        assert self._channel is not None
        self._channel.send(wire.frame(kind, message))

    def prepare(self, revision: Published) -> None:
        """Have the worker open a revision before a query needs it."""
        if self._folder != revision.folder:
            self._folder = revision.folder
            self.send(wire.OPEN, {"folder": str(revision.folder)})

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


class Job:
    """One query on its worker, from the first frame to the last."""

    def __init__(
        self, query: Query, client: str, worker: Worker, deadline: float, grown_slow: Callable[["Job"], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        self.query = query
        self.client = client
        self.worker = worker
        self.slow = False
        self._timers = (
            loop.call_at(deadline, worker.kill, DeadlineReached(query.seconds)),
            loop.call_later(TRIAL, grown_slow, self),
        )

    def stop(self) -> None:
        """Stop the clocks."""
        for timer in self._timers:
            timer.cancel()


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A place in the queue for a worker."""

    client: str
    granted: "asyncio.Future[Worker]"


class WorkerPool:
    """The query workers of one HTTP process. Every method runs on that process's event loop.

    `current` gives the revision to answer from and is asked for every query. `memory` and `result` are megabytes per
    query, `queue` how many queries may wait.
    """

    def __init__(
        self,
        current: Callable[[], Published],
        *,
        workers: int,
        memory: int,
        result: int,
        queue: int,
        allow_service: tuple[str, ...] = (),
    ) -> None:
        self._current = current
        self._size = workers
        self._limits = {"memory": memory, "result": result}
        self._allow_service = allow_service
        self._queue = queue
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._jobs: dict[Job, None] = {}
        self._waiting: list[Place] = []
        self._stillborn = 0
        self._closing = False
        self._drained = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._lifeline: tuple[int, int] | None = None
        self._number: int | None = None

    async def start(self) -> None:
        """Start the workers. They come up side by side; a query sent meanwhile waits in its worker's socket."""
        self._lifeline = os.pipe()
        for _ in range(self._size):
            await self._add_worker()

    async def close(self, grace: float) -> None:
        """Refuse new queries, give the running ones `grace` seconds, end all workers."""
        self._closing = True
        self._drop_waiting()
        if self._jobs:
            self._drained.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), grace)
        for worker in list(self._all):
            worker.kill(PoolBusy("the server is shutting down", retry_after=10))
        for task in list(self._tasks):
            await asyncio.wait([task])
        for worker in list(self._all):
            await worker.reap()
        self._all.clear()
        if self._lifeline is not None:
            for end in self._lifeline:
                os.close(end)
            self._lifeline = None

    @property
    def running(self) -> int:
        """How many queries are being evaluated now."""
        return len(self._jobs)

    @property
    def waiting(self) -> int:
        """How many queries wait for a worker now."""
        return len(self._waiting)

    @contextlib.asynccontextmanager
    async def answer(
        self, query: Query, revision: Published | None = None, *, client: str = ""
    ) -> AsyncIterator[Answer]:
        """Evaluate a query on the published revision, or on the one given.

        `client` names who asks: where queries wait, those of the client with the fewest running ones come first.
        Raises QueryError, NotAcceptable or RevisionMissing where there is no answer. Leaving the context before the
        answer's end stops the query: its worker is killed and replaced.
        """
        deadline = asyncio.get_running_loop().time() + query.seconds
        worker = await self._acquire(client, deadline, query.seconds)
        job = Job(query, client, worker, deadline, self._grown_slow)
        self._jobs[job] = None
        pump: asyncio.Task[None] | None = None
        spool: Spool | None = None
        try:
            answer = await self._begin(job, revision)
            if answer.whole is None:
                spool = answer._spool = Spool()
                pump = asyncio.create_task(self._pump(job, spool))
                self._tasks.add(pump)
                pump.add_done_callback(self._tasks.discard)
            yield answer
        finally:
            if job in self._jobs:
                worker.kill(QueryError("the client went away"))
                if pump is None:
                    self._finish(job, broken=True)
            if spool is not None:
                spool.close()

    async def _begin(self, job: Job, revision: Published | None) -> Answer:
        """Send the job to its worker and wait for the head of its answer, and for all of a small one."""
        worker, query = job.worker, job.query
        # A revision may be retired between being read and being opened; the next reading finds its successor.
        for attempt in range(3):
            published = revision or self._current()
            self._announce(published)
            worker.send(wire.ASK, self._order(query, published))
            kind, payload = await worker.receive()
            if kind == wire.WHOLE:
                message, body = wire.parted(payload)
                self._finish(job, retire=message["retire"])
                return Answer(_head(message), body)
            message = wire.decode(payload)
            if kind == wire.HEAD:
                break
            failure = _failure(message)
            if isinstance(failure, RevisionMissing) and revision is None and attempt < 2 and not message["retire"]:
                continue
            self._finish(job, retire=message["retire"])
            raise failure
        return Answer(_head(message), None)

    async def _pump(self, job: Job, spool: Spool) -> None:
        """Move the answer from the worker to the spool, and free the worker as soon as it is done."""
        worker = job.worker
        retire, failure = True, None
        try:
            while True:
                kind, payload = await worker.receive()
                if kind == wire.DATA:
                    spool.put(payload)
                    continue
                message = wire.decode(payload)
                retire = message["retire"]
                if kind == wire.FAILED:
                    told = _failure(message)
                    failure = told if isinstance(told, QueryError) else EngineFailed(str(told))
                break
        except QueryError as error:
            failure = error
        except OSError as error:
            logger.warning("an answer could not be kept for a slow client: %s", error)
            failure = ResultTooLarge("the server has no room for the rest of this result")
        spool.end(failure)
        self._finish(job, retire=retire, broken=failure is not None and retire)

    def _order(self, query: Query, revision: Published) -> dict[str, Any]:
        return {
            "text": query.text,
            "default_graphs": query.default_graphs,
            "named_graphs": query.named_graphs,
            "solutions": query.solutions,
            "graph": query.graph,
            "gzip": query.gzip,
            "folder": str(revision.folder),
            "revision": revision.number,
            **self._limits,
        }

    def _announce(self, revision: Published) -> None:
        """Have the idle workers open a new revision before they are asked."""
        if revision.number != self._number:
            self._number = revision.number
            for worker in self._idle:
                worker.prepare(revision)

    async def _acquire(self, client: str, deadline: float, seconds: float) -> Worker:
        if self._closing:
            raise PoolBusy("the server is shutting down", retry_after=10)
        while self._idle:
            worker = self._idle.pop()
            if not worker.dead:
                return worker
            # What ended it was no query: the system was short of memory, say. This one must not be blamed for it.
            logger.warning("query worker %d ended while it had nothing to do", worker.process.pid)
            self._replace(worker)
        if len(self._waiting) >= self._queue:
            raise PoolBusy("too many queries are waiting for an answer", retry_after=_later(seconds))
        place = Place(client, asyncio.get_running_loop().create_future())
        self._waiting.append(place)
        self._make_room()
        try:
            async with asyncio.timeout_at(deadline):
                return await place.granted
        except (TimeoutError, asyncio.CancelledError) as error:
            if place in self._waiting:
                self._waiting.remove(place)
            elif not place.granted.cancelled():
                # Granted and given up in the same turn of the loop: the worker must not be lost.
                self._grant(place.granted.result())
            if isinstance(error, TimeoutError):
                raise PoolBusy(f"no worker became free within {seconds:g} s", retry_after=_later(seconds)) from None
            raise

    def _grant(self, worker: Worker) -> None:
        """Give a free worker to the next in the queue, or let it idle."""
        running = Counter(job.client for job in self._jobs) if self._waiting else Counter()
        while self._waiting:
            place = min(self._waiting, key=lambda place: running[place.client])
            self._waiting.remove(place)
            if not place.granted.done():
                place.granted.set_result(worker)
                return
        self._idle.append(worker)

    def _drop_waiting(self) -> None:
        for place in self._waiting:
            if not place.granted.done():
                place.granted.set_exception(PoolBusy("the server is shutting down", retry_after=10))
        self._waiting.clear()

    def _grown_slow(self, job: Job) -> None:
        job.slow = True
        job.worker.step_back()
        self._make_room()

    def _make_room(self) -> None:
        """Keep one worker from being held by a slow query while others wait (see TRIAL)."""
        slow = [job for job in self._jobs if job.slow]
        if not self._waiting or self._size == 1 or len(slow) < self._size:
            return
        running = Counter(job.client for job in slow)
        # The newest query of the client that holds the most workers.
        newest = max(reversed(slow), key=lambda job: running[job.client])
        newest.worker.kill(
            PoolBusy(
                f"the query ran for more than {TRIAL:g} s while all other workers were busy with long queries, "
                "and one worker is kept free for short ones",
                retry_after=_later(newest.query.seconds),
            )
        )

    def _finish(self, job: Job, *, retire: bool = False, broken: bool = False) -> None:
        """Take the job off its worker, and give the worker to the next one or replace it."""
        job.stop()
        if self._jobs.pop(job, 0) == 0:
            return
        worker = job.worker
        if not self._jobs:
            self._drained.set()
        if broken or retire or worker.stepped_back or worker.reason is not None:
            self._replace(worker)
        else:
            worker.answered += 1
            self._stillborn = 0
            self._grant(worker)

    def _replace(self, worker: Worker) -> None:
        worker.kill()
        task = asyncio.create_task(self._succeed(worker))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _succeed(self, worker: Worker) -> None:
        """Bury a worker and start its successor."""
        status = await worker.reap()
        self._all.discard(worker)
        if self._closing:
            return
        # A query can end its worker by a signal at most; one that exits with an error could not even start.
        self._stillborn = self._stillborn + 1 if status > 0 and not worker.answered else 0
        if self._stillborn > STILLBORN * self._size:
            logger.error("query workers end before they answer anything; waiting before starting another")
            await asyncio.sleep(PAUSE)
        while not self._closing:
            try:
                await self._add_worker()
            except OSError as error:
                # Too many open files or processes, say; without another attempt the pool would be smaller for ever.
                logger.error("no query worker can be started (%s); trying again", error)
                await asyncio.sleep(PAUSE)
            else:
                return

    async def _add_worker(self) -> None:
        assert self._lifeline is not None
        try:
            revision = self._current()
        except (EdaphonError, OSError):
            # Whoever asks a query is told.
            revision = None
        worker = Worker(self._lifeline[0], self._allow_service, revision)
        self._all.add(worker)
        await worker.connect()
        self._grant(worker)


def _head(message: dict[str, Any]) -> Head:
    return Head(message["form"], message["media_type"], message["encoding"], message["revision"])


def _later(seconds: float) -> int:
    """When to try again, in whole seconds, where queries may take `seconds` each."""
    return 1 + round(seconds / 4)


def _failure(message: dict[str, Any]) -> QueryError | RequestError | RevisionMissing:
    """The exception that a worker's FAILED frame stands for."""
    match message["name"]:
        case "QuerySyntax":
            return QuerySyntax(message["detail"], line=message["line"], column=message["column"], hint=message["hint"])
        case "EgressRefused":
            return EgressRefused(f"this server does not let queries reach {message['target']}")
        case "RemoteFailed":
            return RemoteFailed(f"a remote endpoint failed: {message['detail']}")
        case "MemoryReached":
            return MemoryReached("the query needed more memory than one query may take", limit=message["limit"])
        case "ResultTooLarge":
            return ResultTooLarge("the result is larger than this server gives out in one piece")
        case "NotAcceptable" if message["form"] == "graph":
            return NotAcceptable("the answer to this query is RDF; ask for an RDF format", offered=())
        case "NotAcceptable":
            return NotAcceptable("the answer to this query is a result set; ask for a result format", offered=())
        case "RevisionMissing":
            return RevisionMissing(message["detail"])
        case name:
            assert name == "EngineRefused", name
            return EngineRefused(f"the engine cannot evaluate this query: {message['detail']}")
