"""The SPARQL endpoint as a plain ASGI application, reached before any router: a repeat costs next to nothing."""

import asyncio
import logging
import time
from collections.abc import Hashable
from typing import Final
from urllib.parse import parse_qs

from edaphon.errors import EdaphonError
from edaphon.web.answering import Cut
from edaphon.web.asking import Asking, Service
from edaphon.web.bodies import ClientGone
from edaphon.web.replies import Headers, Message, Receive, Reply, Scope, Send
from edaphon.web.requests import read_head

__all__ = ["PATH", "RAW_PATH", "Endpoint", "Watched"]

logger = logging.getLogger(__name__)

PATH: Final = "/sparql"
RAW_PATH: Final = PATH.encode()


class Watched:
    """A `send` that remembers what went through it, for the log."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.size = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)


class Endpoint:
    """`/sparql`: SPARQL 1.1 Protocol for queries; updates need a token, which nobody holds yet."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        spelling = None
        if scope["method"] in ("GET", "HEAD"):
            spelling, reply = self._again(scope["query_string"], scope["headers"])
            if reply is not None:
                await reply.send(send)
                self._note(scope["method"], scope["query_string"], reply, started)
                return
        await self._ask(scope, receive, send, spelling, started)

    def repeat(self, query_string: bytes, headers: Headers, started: float) -> Reply | None:
        """The reply to a GET that was answered before, already in the log; the caller has to send it now."""
        _, reply = self._again(query_string, headers)
        if reply is not None:
            self._note("GET", query_string, reply, started)
        return reply

    def _again(self, query_string: bytes, headers: Headers) -> tuple[Hashable, Reply | None]:
        """How this request is spelt, and the reply to an earlier one that was spelt the same."""
        accept = accept_encoding = if_none_match = None
        for name, value in headers:
            if name == b"accept":
                accept = value if accept is None else accept + b", " + value
            elif name == b"accept-encoding":
                accept_encoding = value if accept_encoding is None else accept_encoding + b", " + value
            elif name == b"if-none-match":
                if_none_match = value if if_none_match is None else if_none_match + b", " + value
        spelling = (query_string, accept, accept_encoding)
        try:
            reply = self._service.cache.again(spelling, self._service.current().number)
        except EdaphonError:
            # It will be met again, and told, when the query is asked.
            return spelling, None
        if reply is not None and if_none_match is not None and reply.known_to(if_none_match.decode("latin-1")):
            reply = reply.not_modified()
        return spelling, reply

    def _note(self, method: str, query_string: bytes, reply: Reply, started: float) -> None:
        """Log a repeat."""
        log = self._service.log
        text = parse_qs(query_string.decode())["query"][0] if log.queries else None
        size = reply.size if method == "GET" else 0
        log.request(method, RAW_PATH, reply.status, time.perf_counter() - started, size, reply.revision, "repeat", text)

    async def _ask(self, scope: Scope, receive: Receive, send: Send, spelling: Hashable, started: float) -> None:
        """Answer a request that is not a repeat, and log it."""
        watched = Watched(send)
        asking = Asking(self._service, read_head(scope), receive, watched, spelling)
        try:
            reply = await asking.reply()
            if reply is not None:
                await reply.send(watched)
        except ClientGone:
            asking.source = "gone"
        except Cut:
            # Returning now, the body unfinished, makes the server close the connection: the client can tell.
            asking.source = "cut"
        except asyncio.CancelledError:
            # Only a shutdown whose grace period is over cancels requests; what is left is a client that reads slowly.
            asking.source = "cut"
        except Exception as error:  # The last resort: a defect of ours, of which the client learns that it was ours.
            logger.error("a defect in answering %s %s", scope["method"], scope["path"], exc_info=error)
            if watched.status == 0:
                await asking.trouble(error).send(watched)
        finally:
            self._service.log.request(
                scope["method"],
                scope["raw_path"],
                watched.status,
                time.perf_counter() - started,
                0 if scope["method"] == "HEAD" else watched.size,
                asking.revision,
                asking.source,
                asking.query,
            )
