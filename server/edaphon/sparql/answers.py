"""What asking a query gives: an evaluation that may be waited for, and the answer that comes of it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from edaphon.sparql.handle import Published
from edaphon.sparql.query import Head, Query
from edaphon.sparql.spool import Spool

__all__ = ["Answer", "Answers", "Evaluation"]


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


class Evaluation(Protocol):
    """A query that somebody waits for: by a call, with `begin`, or as a context that gives its answer."""

    def begin(self, then: Callable[[], None]) -> None:
        """Have the query answered; `then` is called once `outcome` is there, and not before this has returned.

        Raises PoolBusy where there is no room for it, and what reading the published revision raises.
        """

    def outcome(self) -> Answer:
        """The answer, once its head is known, and all of a small one. Raises QueryError, NotAcceptable, PoolBusy or
        RevisionMissing where there is none.
        """

    def leave(self) -> None:
        """Stop the query if it has not come to its end: nobody waits for it any more."""

    async def __aenter__(self) -> Answer:
        """Begin, unless that has been done and led to an outcome; wait for the outcome."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Leave."""


class Answers(Protocol):
    """What evaluates queries: the worker pool."""

    def answer(
        self, query: Query, revision: Published | None = None, *, client: str = "", seen: Published | None = None
    ) -> Evaluation:
        """Evaluate a query on the published revision, or on the one given (see `WorkerPool.answer`)."""
