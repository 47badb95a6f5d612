"""One query in the pool: from its place in the queue to the last frame of its answer."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edaphon.errors import DeadlineReached, EngineFailed, QueryError, ResultTooLarge, RevisionMissing
from edaphon.sparql import wire
from edaphon.sparql.failures import failure
from edaphon.sparql.handle import Handle, Published
from edaphon.sparql.query import Form, Head, Query
from edaphon.sparql.spool import Spool

if TYPE_CHECKING:
    from edaphon.sparql.pool import WorkerPool

__all__ = ["BURST", "TRIAL", "Answer", "Job"]

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
    """A query that somebody waits for. As a context it gives the answer, once its head is known.

    `worker` and `published` are set from when the query has been sent to a worker; `young` while it runs and is within
    its burst; `slow` once it has outgrown its trial; `turn` while it waits.
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
        self.turn: asyncio.Future[None] | None = None
        self._pool = pool
        self._revision = revision
        self._seen = seen
        self._loop = asyncio.get_running_loop()
        self.deadline = self._loop.time() + query.seconds
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._spool: Spool | None = None

    async def __aenter__(self) -> Answer:
        try:
            return await self._answer()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave()

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

    def begin(self) -> None:
        """Start the clock: the worker has nothing else to do any more."""
        if self.turn is not None:
            self.stop_clock()
            self.settle(None)
        # Not slow, however long an earlier worker, which ended before it began, has kept it waiting.
        self.young, self.slow = True, False
        self._began = self._loop.time()
        # Hardly a query lives to see its first alarm, so there is one alarm at a time.
        self._timer = self._loop.call_at(min(self.deadline, self._began + BURST), self._alarm)

    def wait(self) -> "asyncio.Future[None]":
        """Wait for a worker, until the deadline at most."""
        self.turn = self._loop.create_future()
        self._timer = self._loop.call_at(self.deadline, self._pool.expire, self)
        return self.turn

    def settle(self, error: Exception | None) -> None:
        """End the waiting for a worker: there is one, or there will be none."""
        if self.turn is not None and not self.turn.done():
            if error is None:
                self.turn.set_result(None)
            else:
                self.stop_clock()
                self.turn.set_exception(error)

    @property
    def given_up(self) -> bool:
        """Whether nobody waits for a worker with it any more."""
        return self.turn is not None and self.turn.done()

    def stop_clock(self) -> None:
        """Let no alarm go off any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _alarm(self) -> None:
        """The query has outgrown its burst, its trial, or its time."""
        if self.slow or self.deadline - self._loop.time() < ALMOST:
            self.worker.kill(DeadlineReached(self.query.seconds))
        elif self.young:
            self.young = False
            self._timer = self._loop.call_at(min(self.deadline, self._began + TRIAL), self._alarm)
            self._pool.outgrown(self)
        else:
            self.slow = True
            self.worker.step_back()
            self._timer = self._loop.call_at(self.deadline, self._alarm)
            self._pool.make_room()

    async def _answer(self) -> Answer:
        """Wait for a worker, the head of its answer, and all of a small one."""
        pool = self._pool
        attempt = 1
        while True:
            await pool.turn(self)
            try:
                kind, payload = await self.worker.receive()
            except QueryError:
                # What ended a worker that had not begun yet was no query: the system was short of memory, say.
                if not pool.innocent(self):
                    raise
                continue
            if kind == wire.WHOLE:
                form, packed, retire, body = wire.read_whole(payload)
                pool.finish(self, retire=retire)
                return Answer(self._head(form, packed=packed), body)
            if kind == wire.HEAD:
                form, packed = wire.read_head(payload)
                self._spool = Spool()
                pool.run(self._pump(self._spool))
                return Answer(self._head(form, packed=packed), None, self._spool)
            message = wire.decode(payload)
            pool.finish(self, retire=message["retire"])
            error = failure(message)
            if not isinstance(error, RevisionMissing) or self._revision is not None or attempt == ATTEMPTS:
                raise error
            attempt += 1

    def _head(self, form: Form, *, packed: bool) -> Head:
        media_type = self.query.graph if form == "graph" else self.query.solutions
        assert media_type is not None, "a worker gives no answer in a format that was not asked for"
        return Head(form, media_type, "gzip" if packed else None, self.published.number)

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
