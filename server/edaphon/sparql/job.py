"""One query in the pool: from its place in the queue to the last frame of its answer.

It goes on by calls from the event loop, not as a task: nearly every query is short, and a task, its futures and its
turns of the loop would take as long as half of them.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from edaphon.errors import DeadlineReached, EdaphonError, EngineFailed, QueryError, ResultTooLarge, RevisionMissing
from edaphon.sparql import wire
from edaphon.sparql.answers import Answer
from edaphon.sparql.failures import failure
from edaphon.sparql.handle import Handle, Published
from edaphon.sparql.query import Form, Head, Query
from edaphon.sparql.spool import Spool

if TYPE_CHECKING:
    from edaphon.sparql.pool import WorkerPool

__all__ = ["BURST", "TRIAL", "Job"]

logger = logging.getLogger(__name__)

# For so long a query has a processor to itself; then the next one may begin beside it. It is what most queries need at
# most, and what a short one waits for a longer one at most.
BURST: Final = 0.05
# A query that runs longer than this is slow: it steps back in favour of the others, and while anyone waits, one worker
# is kept from slow queries. So a client's first query waits for about this long at most, whatever the others ask.
TRIAL: Final = 0.5
# An alarm may go off this much too early.
ALMOST: Final = 0.01
# A revision may be retired between being read and being opened; the next reading finds its successor.
ATTEMPTS: Final = 3


class Job:
    """A query that somebody waits for, an `answers.Evaluation`.

    `worker` and `published` are set from when the query has been sent to a worker; `young` while it runs and is within
    its burst; `slow` once it has outgrown its trial. `alarm_at` is when the pool is to call `alarm`, None for never.
    """

    worker: Handle
    published: Published

    def __init__(
        self, pool: "WorkerPool", query: Query, revision: Published | None, client: str, seen: Published | None
    ) -> None:
        self.query = query
        self.client = client
        self.young = False
        self.slow = False
        self._pool = pool
        self._revision = revision
        self._seen = seen
        self._loop = asyncio.get_running_loop()
        self.deadline = self._loop.time() + query.seconds
        self._began = 0.0
        self._attempts = 1
        self.alarm_at: float | None = None
        self._spool: Spool | None = None
        self._then: Callable[[], None] | None = None
        self._outcome: Answer | Exception | None = None

    def begin(self, then: Callable[[], None]) -> None:
        self._then = then
        self._pool.enter(self)

    def outcome(self) -> Answer:
        if isinstance(self._outcome, Exception):
            raise self._outcome
        assert self._outcome is not None, "asked for before it was told to be there"
        return self._outcome

    def leave(self) -> None:
        self._then = None
        if self in self._pool.jobs:
            self.worker.kill(QueryError("the client went away"))
            if self._spool is None:
                self._pool.finish(self, broken=True)
        elif self._outcome is None:
            self._pool.withdraw(self)
        if self._spool is not None:
            self._spool.close()

    async def __aenter__(self) -> Answer:
        if self._outcome is None:
            told = asyncio.Event()
            try:
                self.begin(told.set)
                await told.wait()
            except BaseException:
                self.leave()
                raise
        return self.outcome()

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    # What the pool asks of a job.

    def send(self, worker: Handle) -> None:
        """Send the query to a worker, which begins with it as soon as it has nothing else to do.

        Raises what reading the published revision raises.
        """
        published = self._revision or self._seen or self._pool.current()
        # By the next time another one may have been published.
        self._seen = None
        if self._revision is None:
            # Idle workers stay with what is published when somebody looks at the past.
            self._pool.announce(published)
        self.worker, self.published = worker, published
        worker.revision = published.number
        query = self.query
        worker.order(
            wire.Order(
                query.text,
                query.default_graphs,
                query.named_graphs,
                query.solutions,
                query.graph,
                query.gzip,
                str(published.folder),
                self._pool.memory,
                self._pool.result,
            )
        )

    def start(self) -> None:
        """The worker has nothing else to do any more: what it sends from now on is this query's answer."""
        # Not slow, however long an earlier worker, which ended before it began, has kept it waiting.
        self.young, self.slow = True, False
        self._began = self._loop.time()
        self._wake_at(self._began + BURST)
        self.worker.listen(self._arrived)

    def wait(self) -> None:
        """Wait for a worker, until the deadline at most."""
        self._wake_at(self.deadline)

    def fail(self, error: Exception) -> None:
        """End without an answer."""
        self.alarm_at = None
        self._settle(error)

    def alarm(self) -> None:
        """The query has outgrown its burst, its trial, or its time, be it in the queue or at a worker."""
        self.alarm_at = None
        if self not in self._pool.jobs:
            self._pool.expire(self)
        elif self.slow or self.deadline - self._loop.time() < ALMOST:
            self.worker.kill(DeadlineReached(self.query.seconds))
        elif self.young:
            self.young = False
            self._wake_at(self._began + TRIAL)
            self._pool.outgrown(self)
        else:
            self.slow = True
            self.worker.step_back()
            self._wake_at(self.deadline)
            self._pool.make_room()

    def _wake_at(self, when: float) -> None:
        self.alarm_at = min(when, self.deadline)
        self._pool.watch(self.alarm_at)

    # What becomes of it at a worker.

    def _settle(self, outcome: Answer | Exception) -> None:
        self._outcome = outcome
        if isinstance(outcome, Exception):
            # The pool may be in the middle of something, or this within `begin`.
            self._loop.call_soon(self._tell)
        else:
            self._tell()

    def _tell(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()

    def _arrived(self) -> None:
        """The first frame is there, or will never be."""
        if self not in self._pool.jobs:
            # Left; this is the end of the worker that was killed for it.
            return
        try:
            kind, payload = self.worker.take()
            if kind == wire.WHOLE:
                form, packed, retire, body = wire.read_whole(payload)
                try:
                    # First of all: whoever waits for it is waiting, and the worker has its next query, or none comes.
                    self._settle(Answer(self._head(form, packed=packed), body))
                finally:
                    self._pool.finish(self, retire=retire)
            elif kind == wire.HEAD:
                form, packed = wire.read_head(payload)
                self._spool = Spool()
                self._pool.run(self._pump(self._spool))
                self._settle(Answer(self._head(form, packed=packed), None, self._spool))
            elif kind == wire.FAILED:
                error, retire = _told(payload)
                self._pool.finish(self, retire=retire)
                self._refused(error)
            else:
                raise wire.Garbled
        except EOFError:
            self._pool.run(self._bereaved())
        except wire.Garbled:
            self._pool.finish(self, broken=True)
            self._settle(_upset())

    def _refused(self, error: Exception) -> None:
        """The worker has told of a failure: the end, but for a revision that has gone meanwhile."""
        if isinstance(error, RevisionMissing) and self._revision is None and self._attempts < ATTEMPTS:
            self._attempts += 1
            self._again()
        else:
            self._settle(error)

    async def _bereaved(self) -> None:
        """The worker has ended before the first frame: find out why."""
        error = await self.worker.post_mortem()
        if self not in self._pool.jobs:
            return
        if self._pool.innocent(self):
            # What ended a worker that had not begun yet was no query: the system was short of memory, say.
            self._again()
        else:
            self._pool.finish(self, broken=True)
            self._settle(error)

    def _again(self) -> None:
        try:
            self._pool.enter(self)
        except (EdaphonError, OSError) as error:
            self._settle(error)

    def _head(self, form: Form, *, packed: bool) -> Head:
        media_type = self.query.graph if form == "graph" else self.query.solutions
        assert media_type is not None, "a worker gives no answer in a format that was not asked for"
        return Head(form, media_type, "gzip" if packed else None, self.published.number)

    async def _pump(self, spool: Spool) -> None:
        """Move the answer from the worker to the spool, and free the worker as soon as it is done."""
        retire = True
        error: QueryError | None = None
        try:
            while True:
                kind, payload = await self.worker.receive()
                if kind == wire.DATA:
                    spool.put(payload)
                    continue
                if kind == wire.FAILED:
                    told, retire = _told(payload)
                    error = told if isinstance(told, QueryError) else EngineFailed(str(told))
                elif kind == wire.ANSWERED:
                    retire = wire.read_answered(payload)
                else:
                    raise wire.Garbled
                break
        except QueryError as died:
            error = died
        except wire.Garbled:
            error = _upset()
        except OSError as full:
            logger.warning("an answer could not be kept for a slow client: %s", full)
            error = ResultTooLarge("the server has no room for the rest of this result")
        spool.end(error)
        self._pool.finish(self, retire=retire, broken=error is not None and retire)


def _told(payload: bytes) -> tuple[Exception, bool]:
    """The failure that a FAILED frame tells of, and whether the worker retires."""
    message = wire.decode(payload)
    try:
        return failure(message), bool(message["retire"])
    except (KeyError, TypeError) as error:
        raise wire.Garbled from error


def _upset() -> QueryError:
    return EngineFailed("the engine broke on this query")
