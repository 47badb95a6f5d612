"""Queries that are begun while the head of their request is read, and answered without a task where that can be.

Most queries come by a plain GET and have a small answer. For these, what a task, ASGI's messages and their turns of the
loop take is as much as all the rest of this process's work. Whatever else may come of such a query, a failure or a
large answer, is told by a task as of any other request (`asking.py`), which finds the evaluation begun.
"""

import contextlib
import logging
import time
from collections.abc import Callable
from typing import Final

from edaphon.errors import EdaphonError
from edaphon.sparql import negotiation, protocol
from edaphon.sparql.answers import Evaluation
from edaphon.sparql.negotiation import HTML
from edaphon.sparql.query import Form, Head, Query
from edaphon.web import answering
from edaphon.web.answering import Asked
from edaphon.web.asking import LONGEST_URL, RAW_PATH, Service
from edaphon.web.exchange import Seen
from edaphon.web.replies import Reply

__all__ = ["Early"]

logger = logging.getLogger(__name__)

LONGEST: Final = LONGEST_URL - len(RAW_PATH)


class Early:
    """One such query. `evaluation` has been begun; `seen` is what the look for a repeat has shown."""

    __slots__ = ("_asked", "_expected", "_repeatable", "_service", "_started", "evaluation", "seen")

    def __init__(
        self, service: Service, asked: Asked, query: Query, evaluation: Evaluation, seen: Seen, started: float
    ) -> None:
        self._service = service
        self._asked = asked
        self._started = started
        self.evaluation = evaluation
        self.seen = seen
        # From here on a worker is at work, most likely.
        self._repeatable = query.repeatable
        self._expected = self._prepared()

    @classmethod
    def begin(
        cls, service: Service, seen: Seen, client: str, started: float, then: Callable[[], None]
    ) -> "Early | None":
        """Begin the query of a GET that is no repeat; `then` is called once its outcome is there, never within this.

        None, and nothing begun, where the request asks for something else or needs another look.
        """
        spelling, published = seen.spelling, seen.revision
        if published is None or seen.conditional or len(spelling.query_string) > LONGEST:
            return None
        try:
            operation = protocol.in_url(spelling.query_string)
            if operation is None or operation.revision is not None:
                return None
            formats = negotiation.formats(_text(spelling.accept))
            if HTML in (formats.solutions, formats.graph):
                return None
            asked = Asked(operation, formats, negotiation.takes_gzip(_text(spelling.accept_encoding)), published)
            if service.cache.find(asked.key, published.number, spelling) is not None:
                # Asked before in other words; from now on these are known.
                return None
            query = asked.query(service.settings.timeout)
            evaluation = service.pool.answer(query, client=client, seen=published)
            evaluation.begin(then)
        except (EdaphonError, OSError):
            # It will be met again, and told.
            return None
        return cls(service, asked, query, evaluation, seen, started)

    def _prepared(self) -> tuple[Head, Reply] | None:
        """The reply as it will most likely be, but for its body: that of a small answer, not packed."""
        text, formats = self._asked.operation.query, self._asked.formats
        form: Form = "graph" if "CONSTRUCT" in text or "DESCRIBE" in text else "solutions"
        media_type = formats.graph if form == "graph" else formats.solutions
        if media_type is None:
            return None
        head = Head(form, media_type, None, self._asked.revision.number)
        reply = answering.stored(self._asked, head, b"", steady=self._repeatable)
        with contextlib.suppress(ValueError):
            # What is wrong with it is told where it is sent.
            reply.start()
        return head, reply

    def reply(self) -> Reply | None:
        """The reply, its head ready to be sent; None where it takes a task."""
        try:
            answer = self.evaluation.outcome()
            if answer.whole is None:
                return None
            reply = self._reply(answer.head, answer.whole)
            reply.head()
        except Exception as error:  # Whatever it is, it will be met again by the task, and told there.
            logger.debug("a query needs a task: %s", error)
            return None
        return reply

    def _reply(self, head: Head, body: bytes) -> Reply:
        if self._expected is not None:
            expected, reply = self._expected
            # A yes or no comes in the formats of solutions.
            if (head.media_type, head.encoding, head.revision) == (
                expected.media_type,
                expected.encoding,
                expected.revision,
            ):
                reply.body = body
                return reply
        # A revision may have been published between our looking and the pool's.
        steady = self._repeatable and head.revision == self._asked.revision.number
        return answering.stored(self._asked, head, body, steady=steady)

    def sent(self, reply: Reply) -> None:
        """Keep a reply that is on its way, to be given again, and log it."""
        asked = self._asked
        if reply.etag is not None:
            self._service.cache.keep(asked.key, asked.revision.number, reply, self.seen.spelling)
        self._note(reply.status, reply.size, reply.revision, "fresh")

    def leave(self) -> None:
        """Stop the query: its client has gone."""
        self.evaluation.leave()
        self._note(0, 0, None, "gone")

    def _note(self, status: int, size: int, revision: int | None, source: str) -> None:
        seconds = time.perf_counter() - self._started
        text = self._asked.operation.query
        self._service.log.request("GET", RAW_PATH, status, seconds, size, revision, source, text)


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")
