"""An application over a pool that answers from a table, asked in process or over a socket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from edaphon.errors import NotAcceptable
from edaphon.settings import Settings
from edaphon.sparql.answers import Answer
from edaphon.sparql.pool import Published
from edaphon.sparql.query import Form, Head, Query
from edaphon.sparql.spool import Spool
from edaphon.web.access import AccessLog
from edaphon.web.app import Application, create_app
from edaphon.web.connection import Connection
from edaphon.web.pages.examples import Example

__all__ = ["BROWSER", "Canned", "FakePool", "Service", "serving"]

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass(frozen=True)
class Canned:
    """What the fake pool answers: these parts, then perhaps a failure. Several parts make a stream."""

    parts: tuple[bytes, ...] = (b"{}",)
    form: Form = "solutions"
    failure: Exception | None = None
    encoding: str | None = None
    # Without an end it waits until its client goes away; without parts as well, it has not even a head.
    endless: bool = False
    # What it waits for, if anything.
    release: asyncio.Event | None = None


class FakeEvaluation:
    """What the fake pool gives for one query."""

    def __init__(self, pool: "FakePool", query: Query) -> None:
        self._pool = pool
        self._query = query
        self._outcome: Answer | Exception | None = None
        self._spool = Spool()
        # Whether to leave it is to stop it.
        self._running = False

    def begin(self, then: Callable[[], None]) -> None:
        query = self._query
        self._pool.asked.append(query)
        canned = self._pool.answers[query.text]
        media_type = query.graph if canned.form == "graph" else query.solutions
        self._running = canned.endless
        if canned.failure is not None and not canned.parts:
            self._outcome = canned.failure
        elif media_type is None:
            self._outcome = NotAcceptable("not in this form", offered=())
        elif canned.parts:
            head = Head(canned.form, media_type, canned.encoding, self._pool.revision)
            if len(canned.parts) == 1 and not canned.endless:
                self._outcome = Answer(head, canned.parts[0])
            else:
                for part in canned.parts:
                    self._spool.put(part)
                if not canned.endless:
                    self._spool.end(canned.failure)  # type: ignore[arg-type]  # tests give it QueryErrors
                self._outcome = Answer(head, None, self._spool)
        if canned.release is not None:
            self._releasing = asyncio.create_task(canned.release.wait())
            self._releasing.add_done_callback(lambda _: then())
        elif self._outcome is not None:
            asyncio.get_running_loop().call_soon(then)

    def outcome(self) -> Answer:
        if isinstance(self._outcome, Exception):
            raise self._outcome
        assert self._outcome is not None
        return self._outcome

    def leave(self) -> None:
        self._pool.given_up += self._running
        self._running = False
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


@dataclass
class FakePool:
    """Answers by the text of the query; what it does not know raises `failure`."""

    answers: dict[str, Canned]
    revision: int = 1
    asked: list[Query] = field(default_factory=list)
    given_up: int = 0

    def answer(
        self,
        query: Query,
        revision: Published | None = None,  # noqa: ARG002 - it has but one
        *,
        client: str = "",  # noqa: ARG002 - and is never full
        seen: Published | None = None,  # noqa: ARG002
    ) -> FakeEvaluation:
        return FakeEvaluation(self, query)


class Service:
    """The application over a fake pool. Each request runs in an event loop of its own."""

    def __init__(self, folder: Path, answers: dict[str, Canned], **settings: Any) -> None:
        self.pool = FakePool(answers)
        self.folder = folder
        self.settings = Settings(**settings)
        self.examples: tuple[Example, ...] = ()
        self.log = AccessLog(None)
        self._app: Application | None = None

    @property
    def number(self) -> int:
        return self.pool.revision

    def current(self) -> Published:
        return self

    @property
    def app(self) -> Application:
        if self._app is None:
            self._app = create_app(self.settings, self.current, self.pool, self.log, self.examples)
        return self._app

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request, in process."""

        async def main() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://graph.example") as client:
                # httpx adds headers of its own, which decide here.
                client.headers.clear()
                return await client.request(method, path, **more)

        return asyncio.run(main())

    def get(self, query: str | None = None, accept: str | None = None, **headers: str) -> httpx.Response:
        """Ask the endpoint by GET."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if accept is not None:
            sent["accept"] = accept
        return self.request("GET", "/sparql", params={} if query is None else {"query": query}, headers=sent)


class Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: Application) -> AsyncIterator[int]:
    """The application on a free port of this machine, which is yielded, as an HTTP process serves it."""
    config = uvicorn.Config(
        app, port=0, http=Connection, ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False
    )
    server = Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task
