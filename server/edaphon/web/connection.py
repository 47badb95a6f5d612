"""How bytes on a connection become requests: uvicorn's protocol, with limits, and with repeats answered on the spot.

A repeat needs nothing but the bytes that were sent before, so it is answered while its head is being parsed, without a
task and without ASGI messages. Measured on 2 cores with `wrk`: 40,000 requests/s in one process, half of that without.
Any other query of a plain GET is on its way to a worker by then, and a small answer goes out as it comes (`early.py`).
All other replies of `/sparql` go out in one piece, too, and its requests learn of a lost connection by a call.
"""

import asyncio
import logging
import time
from asyncio import AbstractEventLoop, BaseTransport
from collections.abc import Coroutine
from typing import Any, Final, TypeVar, cast

from uvicorn._types import HTTPScope
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from edaphon.alarm import Alarm
from edaphon.sparql.answers import Evaluation
from edaphon.web import problems
from edaphon.web.app import Application
from edaphon.web.asking import PATH, RAW_PATH
from edaphon.web.bodies import ClientGone
from edaphon.web.early import Early
from edaphon.web.exchange import EXCHANGE, Exchange, Seen
from edaphon.web.heads import Known, Wanted
from edaphon.web.replies import Reply

__all__ = ["Connection"]

logger = logging.getLogger(__name__)

# The parser takes no address longer than 64 KiB. What is cut off here is refused later for its length.
LONGEST_ADDRESS: Final = 65_000
# All header lines of one request together.
LONGEST_HEAD: Final = 65_536
# How long a connection may take over the head of a request.
PATIENCE: Final = 30.0
# Larger bodies are handed to the transport as they are; smaller ones are cheaper sent in one piece.
ONE_PIECE: Final = 65_536


T = TypeVar("T")


class HeadTooLarge(Exception):
    """The header lines of a request are more than is taken."""


class Placeholder(RequestResponseCycle):
    """Stands for a request that is answered without a task, where uvicorn looks at the state of its last request."""

    disconnected = False
    keep_alive = True
    response_started = False
    response_complete = False
    more_body = False
    # Nobody waits for it.
    message_event = asyncio.Event()

    def __init__(self, scope: HTTPScope) -> None:
        # None of uvicorn's: what that makes is for a task.
        self.scope = scope


class Direct(Exchange):
    """An exchange that knows the connection it is on."""

    def __init__(
        self,
        connection: "Connection",
        cycle: RequestResponseCycle,
        seen: Seen | None = None,
        begun: Evaluation | None = None,
    ) -> None:
        receive: Any = cycle.receive  # uvicorn has a type for each message
        send: Any = cycle.send
        super().__init__(receive, send, seen, begun)
        self._connection = connection
        self._cycle = cycle

    async def reply(self, reply: Reply) -> None:
        cycle = self._cycle
        reply.head()  # Whatever is wrong with it shows while another reply may still be sent.
        self.status, self.size = reply.status, reply.size
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if cycle.disconnected:
            return
        # What uvicorn does at the first and at the last message of a response.
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        self._connection.write(reply, body=cycle.scope["method"] != "HEAD", last=not cycle.keep_alive)
        cycle.on_response()

    async def while_there(self, work: Coroutine[Any, Any, T]) -> T:
        if self._cycle.disconnected:
            work.close()
            raise ClientGone
        # As in Connection.data_received.
        self._cycle.flow.resume_reading()
        here = self._connection.working = asyncio.current_task()
        assert here is not None
        try:
            return await work
        except asyncio.CancelledError:
            if self._cycle.disconnected and here.uncancel() == 0:
                raise ClientGone from None
            raise
        finally:
            self._connection.working = None


class Connection(HttpToolsProtocol):
    """One connection of a client."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        # `cast` for what nothing may come between: no middleware wraps the application (web/server.py).
        self._endpoint = cast("Application", self.app).endpoint
        self._length = 0
        # Whether the request that is being parsed has been answered already.
        self._answered = False
        # How many bytes have come since the parser last made something of them: it keeps a line until its end is there.
        self._unread = 0
        self._progress = False
        # Whether all that has come was whole requests; the head that the next one may be like; what made it plain.
        self._between = True
        self._known: Known | None = None
        self._wanted: Wanted | None = None
        # Since when the head of a request is awaited, though part of it is there, and how long it is waited for.
        self._begun: float | None = None
        self._patience = Alarm(self.timeout_keep_alive_handler)
        # The request that is being answered; `cycle` is the last that has arrived.
        self._running: RequestResponseCycle | None = None
        # Its query, while it has no task, and whether reading will go on once although requests were sent ahead.
        self._early: Early | None = None
        self._attentive = True
        # What works for that request and should stop when the client goes away.
        self.working: asyncio.Task[Any] | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]  # asyncio gives protocols their own transports
        self._limit_head()

    def connection_lost(self, exc: Exception | None) -> None:
        # uvicorn tells only the last request; the one that is being answered may have others waiting behind it.
        for cycle in (self._running, *(waiting for waiting, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self._patience.end()
        if self._early is not None:
            self._early.leave()
            self._early = None
        if self.working is not None:
            self.working.cancel()
        self.pipeline.clear()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def data_received(self, data: bytes) -> None:
        between = self._between
        if between and self._known is not None and self._ready():
            query_string = self._known.query(data)
            if query_string is not None:
                started = time.perf_counter()
                self._unset_keepalive_if_required()
                self._begun, self._unread = None, 0
                self._get(query_string, self._known.wanted, self._known.scope, started)
                return
        self._progress = False
        self._wanted = None
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._wanted is not None:
            self._known = Known.by(data, self.scope, self._wanted) if between and self._between else None
        if self._early is not None and self._attentive and self.flow.read_paused:
            # Paused where requests were sent ahead; but a connection that is not read does not tell of its end.
            self._attentive = False
            self.flow.resume_reading()
        self._unread = 0 if self._progress else self._unread + len(data)
        if self._unread > LONGEST_HEAD:
            self.send_400_response("")
        elif self._patience.due is None and (self.cycle is None or self.cycle.response_complete):
            self._limit_head()

    def _ready(self) -> bool:
        """Whether a request can be answered while it is read: none is before it, and a reply would go out."""
        return (self.cycle is None or self.cycle.response_complete) and not self.flow.write_paused

    def _limit_head(self) -> None:
        """Part of a head has arrived, and the rest should not take for ever, however busily it trickles in."""
        if self._begun is None:
            self._begun = self.loop.time()
        self._patience.set(self._begun + PATIENCE)

    def _unset_keepalive_if_required(self) -> None:
        self._patience.unset()

    def on_response_complete(self) -> None:
        """As uvicorn has it, but with a timer that is not made anew for every response."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._patience.unset()
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._patience.set(self.loop.time() + self.timeout_keep_alive)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._length = 0
        self._answered = False
        self._progress = True
        self._between = False

    def on_url(self, url: bytes) -> None:
        self._progress = True
        self.url = (self.url + url)[:LONGEST_ADDRESS]

    def on_header(self, name: bytes, value: bytes) -> None:
        self._progress = True
        self._length += len(name) + len(value)
        if self._length > LONGEST_HEAD:
            raise HeadTooLarge
        # What uvicorn does, one call less for each line.
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        started = time.perf_counter()
        self._begun = None
        path, _, query_string = self.url.partition(b"?")
        if (
            path == RAW_PATH
            and self._ready()
            and not self.expect_100_continue
            # What stands behind a # is no part of the query; uvicorn cuts it off.
            and b"#" not in query_string
            and self.parser.get_method() == b"GET"
            and self.parser.should_keep_alive()
            and self.parser.get_http_version() == "1.1"
            and not self.parser.should_upgrade()
        ):
            # What its body says, if it has one, does not matter.
            self._answered = True
            self._wanted = Wanted.of(self.headers)
            self._get(query_string, self._wanted, self.scope, started)
            return
        super().on_headers_complete()
        if self.scope["path"] == PATH:
            # The task that answers has been made, but has not begun.
            self.scope[EXCHANGE] = Direct(self, self.cycle)  # type: ignore[typeddict-unknown-key]  # no key of ASGI's

    def _get(self, query_string: bytes, wanted: Wanted, scope: HTTPScope, started: float) -> None:
        """Answer a plain GET of the endpoint, and without a task as far as that goes."""
        found = self._endpoint.repeat(query_string, wanted, started)
        if isinstance(found, Reply):
            self.write(found)
            self.on_response_complete()
            return
        cycle = Placeholder(scope)
        client = "" if self.client is None else self.client[0]
        early = self._endpoint.begin(found, client, started, self._hear)
        if early is None:
            self.cycle = self._task(cycle, found, None)
        else:
            self.cycle = self._running = cycle
            self._early, self._attentive = early, True

    def _hear(self) -> None:
        """The query that was begun without a task has come to an answer, or will have none."""
        early, cycle = self._early, self._running
        assert early is not None
        assert cycle is not None
        self._early = None
        try:
            reply = early.reply()
            if reply is None:
                task = self._task(cycle, early.seen, early.evaluation)
                if self.cycle is cycle:
                    self.cycle = task
                return
            cycle.response_started = cycle.response_complete = True
            self.write(reply, last=not cycle.keep_alive)
            early.sent(reply)
            self.on_response_complete()
        except Exception as error:  # A defect of ours must not reach the worker's connection, which has called this.
            logger.error("a defect in answering GET %s", PATH, exc_info=error)
            self.transport.abort()

    def _task(self, stood_for: RequestResponseCycle, seen: Seen, begun: Evaluation | None) -> RequestResponseCycle:
        """Have a task answer a query: what uvicorn does, for a request whose head is read already."""
        # Other requests may have the same scope but for these.
        scope = stood_for.scope.copy()
        scope["method"], scope["path"], scope["raw_path"] = "GET", PATH, RAW_PATH
        scope["query_string"] = seen.spelling.query_string
        cycle = RequestResponseCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=stood_for.keep_alive,
            on_response=self.on_response_complete,
        )
        cycle.more_body = False
        scope[EXCHANGE] = Direct(self, cycle, seen, begun)  # type: ignore[typeddict-unknown-key]  # no key of ASGI's
        self._start_asgi_task(cycle, self.app)
        return cycle

    def on_body(self, body: bytes) -> None:
        self._progress = True
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._progress = True
        self._between = True
        if not self._answered:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are not ours
        """Refuse what cannot be parsed, in the form of all other problems, and end the connection."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                # Nonsense behind a request that is being answered: the answer still goes out, and nothing after it.
                cycle.keep_alive = False
                return
            if cycle.response_started or self.pipeline:
                # Whatever would be sent now would be taken for part of another response.
                self.transport.abort()
                return
        if max(self._length, self._unread) > LONGEST_HEAD:
            problem = problems.of_status(431, f"the header lines have more than {LONGEST_HEAD:,} bytes")
        else:
            problem = problems.of_status(400, "this is not HTTP/1.1")
        self.write(problems.reply(problem), last=True)

    def write(self, reply: Reply, *, body: bool = True, last: bool = False) -> None:
        """Send a reply, without its body if need be, and end the connection after the last one."""
        parts = [reply.head()]
        for name, value in self.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        parts.append(b"connection: close\r\n\r\n" if last else b"\r\n")
        if not body:
            self.transport.write(b"".join(parts))
        elif len(reply.body) <= ONE_PIECE:
            parts.append(reply.body)
            self.transport.write(b"".join(parts))
        else:
            self.transport.write(b"".join(parts))
            self.transport.write(reply.body)
        if last:
            self.transport.close()
