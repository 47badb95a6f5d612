"""Which worker answers a query, for how long, and what becomes of it when it cannot."""

import asyncio
import contextlib
import logging
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from edaphon.errors import (
    DeadlineReached,
    EdaphonError,
    EngineFailed,
    PoolBusy,
    QueryError,
    ResultTooLarge,
    RevisionMissing,
)
from edaphon.sparql import wire
from edaphon.sparql.failures import failure
from edaphon.sparql.handle import Handle, Published
from edaphon.sparql.query import Form, Head, Query
from edaphon.sparql.spool import Spool

__all__ = ["Answer", "Job", "Published", "WorkerPool"]

logger = logging.getLogger(__name__)

# A query that runs longer than this is slow: it steps back in favour of the others, and while anyone waits, one worker
# is kept from slow queries. So a client's first query waits for about this long at most, whatever the others ask.
TRIAL: Final = 0.5
# An alarm may go off this much too early.
ALMOST: Final = 0.01
# Once workers have failed this often each, before they answered anything, the next ones are started with a pause.
STILLBORN: Final = 3
# That pause, and the one before a worker that could not be started is tried again.
PAUSE: Final = 1.0


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


class Job:
    """One query in the pool, from its place in the queue to the last frame of its answer.

    As a context it gives the answer, once its head is known. `worker` is set from when the query has one.
    """

    worker: Handle

    def __init__(
        self, pool: "WorkerPool", query: Query, revision: Published | None, client: str, seen: Published | None
    ) -> None:
        self.query = query
        self.client = client
        self.slow = False
        self._pool = pool
        self._revision = revision
        self._seen = seen
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + query.seconds
        self._timer: asyncio.TimerHandle | None = None
        self._spool: Spool | None = None

    async def __aenter__(self) -> Answer:
        pool = self._pool
        worker = pool.idle_worker()
        if worker is None:
            worker = await pool.next_worker(self.client, self._deadline, self.query.seconds)
            self._seen = None
        self.worker = worker
        pool.jobs[self] = None
        # Hardly a query lives to see its first alarm, so there is one alarm at a time.
        self._timer = self._loop.call_at(min(self._deadline, self._loop.time() + TRIAL), self._alarm)
        try:
            return await self._begin()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def stop_clock(self) -> None:
        """Let no alarm go off any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _alarm(self) -> None:
        """The query has outgrown its trial, or its time."""
        if self.slow or self._deadline - self._loop.time() < ALMOST:
            self.worker.kill(DeadlineReached(self.query.seconds))
            return
        self.slow = True
        self.worker.step_back()
        self._timer = self._loop.call_at(self._deadline, self._alarm)
        self._pool.make_room()

    async def _begin(self) -> Answer:
        """Send the query to the worker and wait for the head of its answer, and for all of a small one."""
        pool, worker, query = self._pool, self.worker, self.query
        # A revision may be retired between being read and being opened; the next reading finds its successor.
        for attempt in range(3):
            published = self._revision or self._seen or pool.current()
            self._seen = None
            # Idle workers stay with what is published when somebody looks at the past.
            if self._revision is None:
                pool.announce(published)
            worker.send(
                wire.ask(
                    wire.Order(
                        query.text,
                        query.default_graphs,
                        query.named_graphs,
                        query.solutions,
                        query.graph,
                        query.gzip,
                        str(published.folder),
                        pool.memory,
                        pool.result,
                    )
                )
            )
            kind, payload = await worker.receive()
            if kind == wire.WHOLE:
                form, packed, retire, body = wire.read_whole(payload)
                pool.finish(self, retire=retire)
                return Answer(_head(query, published, form, packed=packed), body)
            if kind == wire.HEAD:
                form, packed = wire.read_head(payload)
                self._spool = Spool()
                pool.run(self._pump(self._spool))
                return Answer(_head(query, published, form, packed=packed), None, self._spool)
            message = wire.decode(payload)
            error = failure(message)
            if isinstance(error, RevisionMissing) and self._revision is None and attempt < 2 and not message["retire"]:
                continue
            pool.finish(self, retire=message["retire"])
            raise error
        raise AssertionError("the last attempt either answers or raises")

    async def _pump(self, spool: Spool) -> None:
        """Move the answer from the worker to the spool, and free the worker as soon as it is done."""
        retire, error = True, None
        try:
            while True:
                kind, payload = await self.worker.receive()
                if kind == wire.DATA:
                    spool.put(payload)
                    continue
                if kind == wire.FAILED:
                    message = wire.decode(payload)
                    retire = message["retire"]
                    told = failure(message)
                    error = told if isinstance(told, QueryError) else EngineFailed(str(told))
                else:
                    retire = wire.read_answered(payload)
                break
        except QueryError as died:
            error = died
        except OSError as full:
            logger.warning("an answer could not be kept for a slow client: %s", full)
            error = ResultTooLarge("the server has no room for the rest of this result")
        spool.end(error)
        self._pool.finish(self, retire=retire, broken=error is not None and retire)

    def _leave(self) -> None:
        """Stop the query if it has not come to its end: nobody waits for it any more."""
        if self in self._pool.jobs:
            self.worker.kill(QueryError("the client went away"))
            if self._spool is None:
                self._pool.finish(self, broken=True)
        if self._spool is not None:
            self._spool.close()


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A place in the queue for a worker."""

    client: str
    granted: "asyncio.Future[Handle]"


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
        self.current = current
        self._size = workers
        self.memory = memory
        self.result = result
        self._allow_service = allow_service
        self._queue = queue
        self._idle: list[Handle] = []
        self._all: set[Handle] = set()
        self.jobs: dict[Job, None] = {}
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
        if self.jobs:
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
        return len(self.jobs)

    @property
    def waiting(self) -> int:
        """How many queries wait for a worker now."""
        return len(self._waiting)

    def answer(
        self, query: Query, revision: Published | None = None, *, client: str = "", seen: Published | None = None
    ) -> Job:
        """Evaluate a query on the published revision, or on the one given; a context that gives an Answer.

        `client` names who asks: where queries wait, those of the client with the fewest running ones come first.
        `seen` is what `current` has said just now, if the caller knows; it is asked again when the query had to wait.
        Entering raises QueryError, NotAcceptable or RevisionMissing where there is no answer. Leaving before the
        answer's end stops the query: its worker is killed and replaced.
        """
        return Job(self, query, revision, client, seen)

    # What a job asks of the pool.

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the queries; closing waits for its end."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def announce(self, revision: Published) -> None:
        """Have the idle workers open a new revision before they are asked."""
        if revision.number != self._number:
            self._number = revision.number
            for worker in self._idle:
                worker.prepare(revision)

    def idle_worker(self) -> Handle | None:
        """A worker that has nothing to do, if there is one. Raises PoolBusy once the pool is closing."""
        if self._closing:
            raise PoolBusy("the server is shutting down", retry_after=10)
        while self._idle:
            worker = self._idle.pop()
            if not worker.dead:
                return worker
            # What ended it was no query: the system was short of memory, say. This one must not be blamed for it.
            logger.warning("query worker %d ended while it had nothing to do", worker.process.pid)
            self._replace(worker)
        return None

    async def next_worker(self, client: str, deadline: float, seconds: float) -> Handle:
        """The next worker that becomes free, when it is this client's turn. Raises PoolBusy when none does in time."""
        if len(self._waiting) >= self._queue:
            raise PoolBusy("too many queries are waiting for an answer", retry_after=_later(seconds))
        place = Place(client, asyncio.get_running_loop().create_future())
        self._waiting.append(place)
        self.make_room()
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

    def _grant(self, worker: Handle) -> None:
        """Give a free worker to the next in the queue, or let it idle."""
        if not self._waiting:
            self._idle.append(worker)
            return
        running = Counter(job.client for job in self.jobs)
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

    def make_room(self) -> None:
        """Keep one worker from being held by a slow query while others wait (see TRIAL)."""
        slow = [job for job in self.jobs if job.slow]
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

    def finish(self, job: Job, *, retire: bool = False, broken: bool = False) -> None:
        """Take the job off its worker, and give the worker to the next one or replace it."""
        job.stop_clock()
        if self.jobs.pop(job, 0) == 0:
            return
        worker = job.worker
        if not self.jobs:
            self._drained.set()
        if broken or retire or worker.stepped_back or worker.reason is not None:
            self._replace(worker)
        else:
            worker.answered += 1
            self._stillborn = 0
            self._grant(worker)

    def _replace(self, worker: Handle) -> None:
        worker.kill()
        self.run(self._succeed(worker))

    async def _succeed(self, worker: Handle) -> None:
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
            revision = self.current()
        except (EdaphonError, OSError):
            # Whoever asks a query is told.
            revision = None
        worker = Handle(self._lifeline[0], self._allow_service, revision)
        self._all.add(worker)
        await worker.connect()
        self._grant(worker)


def _head(query: Query, revision: Published, form: Form, *, packed: bool) -> Head:
    media_type = query.graph if form == "graph" else query.solutions
    assert media_type is not None, "a worker gives no answer in a format that was not asked for"
    return Head(form, media_type, "gzip" if packed else None, revision.number)


def _later(seconds: float) -> int:
    """When to try again, in whole seconds, where queries may take `seconds` each."""
    return 1 + round(seconds / 4)
