"""Which worker answers which query, and when."""

import asyncio
import contextlib
import logging
import os
from collections import Counter
from collections.abc import Callable, Coroutine
from itertools import chain
from typing import Any, Final

from edaphon.alarm import Alarm
from edaphon.errors import EdaphonError, PoolBusy, QueryError
from edaphon.sparql.handle import Handle, Published
from edaphon.sparql.job import TRIAL, Job
from edaphon.sparql.query import Query

__all__ = ["Published", "WorkerPool"]

logger = logging.getLogger(__name__)

# Once workers have failed this often each, before they answered anything, the next ones are started with a pause.
STILLBORN: Final = 3
# That pause, and the one before a worker that could not be started is tried again.
PAUSE: Final = 1.0
# How exactly the loop's clocks go off.
TICK: Final = 0.002
# Seconds between two idle workers that open a new revision.
STAGGER: Final = 0.1


class WorkerPool:
    """The query workers of one HTTP process. Every method runs on that process's event loop.

    `current` gives the revision to answer from and is asked for every query. `memory` and `result` are megabytes per
    query, `queue` how many queries may wait. Of short queries, `at_once` run side by side: more than there are
    processors would take them from each other, and each would find another one's data in the processor's cache. So few
    workers have much to do, and have it at hand; the others are there for when queries take longer.
    """

    def __init__(
        self,
        current: Callable[[], Published],
        *,
        workers: int,
        at_once: int,
        memory: int,
        result: int,
        queue: int,
        allow_service: tuple[str, ...] = (),
    ) -> None:
        self.current = current
        self._size = workers
        self._at_once = at_once
        self.memory = memory
        self.result = result
        self._allow_service = allow_service
        self._queue = queue
        self._idle: list[Handle] = []
        self._all: set[Handle] = set()
        self.jobs: dict[Job, None] = {}
        self._waiting: list[Job] = []
        # Queries that have been sent to workers that are busy with others.
        self._ahead: dict[Handle, Job] = {}
        self._stillborn = 0
        self._closing = False
        self._drained = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._lifeline: tuple[int, int] | None = None
        # What is published, as far as queries have seen, and the next look for a worker that has not opened it.
        self._newest: Published | None = None
        self._stagger: asyncio.TimerHandle | None = None
        self._alarm: Alarm | None = None

    async def start(self) -> None:
        """Start the workers. They come up side by side; a query sent meanwhile waits in its worker's socket."""
        self._lifeline = os.pipe()
        self._alarm = Alarm(self._ring)
        for _ in range(self._size):
            await self._add_worker()

    async def close(self, grace: float) -> None:
        """Refuse new queries, give the running ones `grace` seconds, end all workers."""
        self._closing = True
        if self._stagger is not None:
            self._stagger.cancel()
        self._drop_waiting()
        if self.jobs:
            self._drained.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), grace)
        for worker in list(self._all):
            worker.kill(_closed())
        for task in list(self._tasks):
            await asyncio.wait([task])
        for worker in list(self._all):
            await worker.reap()
        self._all.clear()
        if self._alarm is not None:
            self._alarm.end()
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
        return len(self._waiting) + len(self._ahead)

    def answer(
        self, query: Query, revision: Published | None = None, *, client: str = "", seen: Published | None = None
    ) -> Job:
        """Evaluate a query on the published revision, or on the one given: an `answers.Evaluation`.

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

    def watch(self, when: float) -> None:
        """See to a job's alarm at this time at the latest."""
        assert self._alarm is not None
        if self._alarm.due is None or when < self._alarm.due:
            self._alarm.set(when)

    def _ring(self) -> None:
        now = asyncio.get_running_loop().time()
        for job in [*self.jobs, *self._ahead.values(), *self._waiting]:
            if job.alarm_at is not None:
                if job.alarm_at - now < TICK:
                    job.alarm()
                else:
                    self.watch(job.alarm_at)

    def announce(self, revision: Published) -> None:
        """Have the idle workers open a new revision before they are asked: one after another, so that they take no
        processor from the query that is the first to see it.
        """
        if self._newest is None or revision.number != self._newest.number:
            self._newest = revision
            if self._stagger is None:
                self._stagger = asyncio.get_running_loop().call_later(STAGGER, self._bring_up)

    def _bring_up(self) -> None:
        assert self._newest is not None
        self._stagger = None
        # The one that is furthest behind, so that none keeps an old revision for ever where they follow fast.
        worker = min(self._idle, key=lambda worker: worker.revision, default=None)
        if worker is not None and worker.prepare(self._newest):
            self._stagger = asyncio.get_running_loop().call_later(STAGGER, self._bring_up)

    def enter(self, job: Job) -> None:
        """Send a job to a worker that has nothing else to do, or have it wait for one.

        Raises PoolBusy when too many wait already, and what reading the published revision raises.
        """
        if self._closing:
            raise _closed()
        # A full queue is no reason to refuse a query while workers are idle.
        if self._idle and (not self._crowded() or self.waiting >= self._queue):
            job.send(self._idle[-1])
            self._idle.pop()
            self._begin(job)
            return
        if self.waiting >= self._queue:
            raise PoolBusy("too many queries are waiting for an answer", retry_after=_later(job.query.seconds))
        job.wait()
        self._waiting.append(job)
        self.make_room()
        self._fill()

    def withdraw(self, job: Job) -> None:
        """Take a job that has not begun out of the queue, or back from the worker that it has gone ahead to."""
        job.alarm_at = None
        if job in self._waiting:
            self._waiting.remove(job)
            return
        for worker in [worker for worker, ahead in self._ahead.items() if ahead is job]:
            del self._ahead[worker]
            if not worker.recall():
                # The answer to the query before it is on its way here, and arrives all the same.
                worker.kill(QueryError("the client went away"))

    def expire(self, job: Job) -> None:
        """Let a job that waits for a worker wait no longer."""
        self.withdraw(job)
        seconds = job.query.seconds
        job.fail(PoolBusy(f"no worker became free within {seconds:g} s", retry_after=_later(seconds)))

    def outgrown(self, job: Job) -> None:
        """Let others begin beside a job that is not young any more, first of all the one that waits for its worker."""
        ahead = self._ahead.get(job.worker)
        if ahead is not None and job.worker.recall():
            del self._ahead[job.worker]
            self._waiting.insert(0, ahead)
        self._fill()

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

    def innocent(self, job: Job) -> bool:
        """Whether a job's worker has ended before it began with the job, which then is off it and may have another."""
        if not job.worker.untouched:
            return False
        logger.warning("query worker %d ended while it had nothing to do", job.worker.process.pid)
        self.finish(job, broken=True)
        return True

    def finish(self, job: Job, *, retire: bool = False, broken: bool = False) -> None:
        """Take the job off its worker, and give the worker to the next one or replace it."""
        job.alarm_at = None
        job.young = False
        if self.jobs.pop(job, 0) == 0:
            return
        worker = job.worker
        ahead = self._ahead.pop(worker, None)
        if broken or retire or worker.stepped_back or worker.reason is not None:
            if ahead is not None:
                self._waiting.insert(0, ahead)
                if self._closing:
                    self._drop_waiting()
            self._replace(worker)
        else:
            worker.done()
            self._stillborn = 0
            if ahead is None:
                self._idle.append(worker)
            else:
                self._begin(ahead)
        if not self.jobs:
            self._drained.set()
        if self._waiting:
            self._fill()

    # Whose turn it is.

    def _crowded(self) -> bool:
        """Whether as many young queries run as should at once."""
        # The young ones are counted only where that may make a difference.
        return len(self.jobs) >= self._at_once and sum(job.young for job in self.jobs) >= self._at_once

    def _begin(self, job: Job) -> None:
        self.jobs[job] = None
        job.start()

    def _fill(self) -> None:
        """Give the workers that are free, or will be soon, to those who wait.

        A query goes ahead to a worker that is busy with a young one: what the worker would wait for it, and for this
        process, is a tenth of the time that small queries take. It comes back when the young one grows old.
        """
        while self._waiting:
            begins = bool(self._idle) and not self._crowded()
            worker = self._idle[-1] if begins else self._soon_free()
            job = None if worker is None else self._next()
            if worker is None or job is None:
                return
            try:
                job.send(worker)
            except (EdaphonError, OSError) as error:
                # The published revision cannot be read.
                job.fail(error)
                continue
            if begins:
                self._idle.pop()
                self._begin(job)
            else:
                self._ahead[worker] = job

    def _soon_free(self) -> Handle | None:
        """A worker that is busy with a young query and has no other waiting."""
        for job in self.jobs:
            worker = job.worker
            # Not one that is being killed: an order that finds it gone would close the socket, where an answer may be.
            if job.young and worker.reason is None and worker not in self._ahead:
                return worker
        return None

    def _next(self) -> Job | None:
        """The job whose turn it is, out of the queue: the oldest one of a client with the fewest running queries."""
        if not self._waiting:
            return None
        return self._waiting.pop(self._fairest() if len(self._waiting) > 1 else 0)

    def _fairest(self) -> int:
        running = Counter(job.client for job in chain(self.jobs, self._ahead.values()))
        return min(range(len(self._waiting)), key=lambda place: running[self._waiting[place].client])

    def _drop_waiting(self) -> None:
        """Refuse all who wait, because the server is shutting down."""
        for worker, job in list(self._ahead.items()):
            if worker.recall():
                del self._ahead[worker]
                self._waiting.append(job)
        for job in self._waiting:
            job.fail(_closed())
        self._waiting.clear()

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
        self._idle.append(worker)
        self._fill()


def _closed() -> PoolBusy:
    return PoolBusy("the server is shutting down", retry_after=10)


def _later(seconds: float) -> int:
    """When to try again, in whole seconds, where queries may take `seconds` each."""
    return 1 + round(seconds / 4)
