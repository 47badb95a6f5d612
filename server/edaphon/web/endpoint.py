"""The SPARQL endpoint as a plain ASGI application, reached before any router: a repeat costs next to nothing."""

import asyncio
import logging
import time
from collections.abc import Callable
from urllib.parse import parse_qs

from edaphon.errors import EdaphonError
from edaphon.web.answering import Cut
from edaphon.web.asking import PATH, RAW_PATH, Asking, Service
from edaphon.web.bodies import ClientGone
from edaphon.web.early import Early
from edaphon.web.exchange import Exchange, Seen, Spelling, exchange
from edaphon.web.heads import Wanted
from edaphon.web.replies import Receive, Reply, Scope, Send
from edaphon.web.requests import Request

__all__ = ["PATH", "RAW_PATH", "Endpoint"]

logger = logging.getLogger(__name__)


class Endpoint:
    """`/sparql`: SPARQL 1.1 Protocol for queries; updates need a token, which nobody holds yet."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        asked = exchange(scope, receive, send)
        if asked.seen is None and scope["method"] in ("GET", "HEAD"):
            asked.seen, reply = self._again(scope["query_string"], Wanted.of(scope["headers"]))
            if reply is not None:
                await asked.reply(reply)
                self._note(scope["method"], scope["query_string"], reply, started)
                return
        await self._ask(Request(scope), asked, started)

    def repeat(self, query_string: bytes, wanted: Wanted, started: float) -> Reply | Seen:
        """The reply to a GET that was answered before, already in the log; the caller has to send it now.

        Where there is none, what the search for it has shown.
        """
        seen, reply = self._again(query_string, wanted)
        if reply is None:
            return seen
        self._note("GET", query_string, reply, started)
        return reply

    def begin(self, seen: Seen, client: str, started: float, then: Callable[[], None]) -> Early | None:
        """Begin the query of such a GET, where that is all it asks for (see `Early.begin`)."""
        return Early.begin(self._service, seen, client, started, then)

    def _again(self, query_string: bytes, wanted: Wanted) -> tuple[Seen, Reply | None]:
        """What is seen of this request, and the reply to an earlier one that was spelt the same."""
        spelling = Spelling(query_string, wanted.accept, wanted.accept_encoding)
        known = wanted.if_none_match
        try:
            revision = self._service.current()
        except EdaphonError:
            # It will be met again, and told, when the query is asked.
            return Seen(spelling, known is not None, None), None
        reply = self._service.cache.again(spelling, revision.number)
        if reply is not None and known is not None and reply.known_to(known.decode("latin-1")):
            reply = reply.not_modified()
        return Seen(spelling, known is not None, revision), reply

    def _note(self, method: str, query_string: bytes, reply: Reply, started: float) -> None:
        """Log a repeat."""
        log = self._service.log
        text = parse_qs(query_string.decode())["query"][0] if log.queries else None
        size = reply.size if method == "GET" else 0
        log.request(method, RAW_PATH, reply.status, time.perf_counter() - started, size, reply.revision, "repeat", text)

    async def _ask(self, request: Request, exchange: Exchange, started: float) -> None:
        """Answer a request that is not a repeat, and log it."""
        asking = Asking(self._service, request, exchange)
        try:
            reply = await asking.reply()
            if reply is not None:
                await exchange.reply(reply)
        except ClientGone:
            asking.source = "gone"
        except Cut:
            # Returning now, the body unfinished, makes the server close the connection: the client can tell.
            asking.source = "cut"
        except asyncio.CancelledError:
            # Only a shutdown whose grace period is over cancels requests; what is left is a client that reads slowly.
            asking.source = "cut"
        except Exception as error:  # The last resort: a defect of ours, of which the client learns that it was ours.
            logger.error("a defect in answering %s %s", request.method, PATH, exc_info=error)
            if exchange.status == 0:
                await exchange.reply(asking.trouble(error))
        finally:
            if exchange.begun is not None:
                exchange.begun.leave()
            self._service.log.request(
                request.method,
                request.raw_path,
                exchange.status,
                time.perf_counter() - started,
                0 if request.method == "HEAD" else exchange.size,
                asking.revision,
                asking.source,
                asking.query,
            )
