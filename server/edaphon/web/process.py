"""One HTTP process: its event loop, its query workers, its share of the connections."""

import asyncio
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from edaphon.sparql.pool import WorkerPool
from edaphon.web.access import AccessLog
from edaphon.web.app import Contributing, create_app
from edaphon.web.authorization import Gate
from edaphon.web.clerk import Clerk
from edaphon.web.connection import Connection
from edaphon.web.pages.examples import examples
from edaphon.web.plan import Plan

__all__ = ["run"]

# How long connections may outlive the last query on shutdown.
AFTERGLOW: Final = 2


class Server(uvicorn.Server):
    """uvicorn's server, which leaves signals to its owner and says when it accepts connections."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


class CutsAreIntended(logging.Filter):
    """Drops uvicorn's remark on a response without an end: so is a cut answer told, and the access log says it."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "without completing response" not in record.getMessage()


def run(plan: Plan, sockets: list[socket.socket], workers: int, ready: int, lifeline: int) -> None:
    """Serve on these sockets until SIGTERM, or until the other end of `lifeline` is closed.

    One byte goes to the descriptor `ready` once connections are accepted.
    """
    logging.getLogger("uvicorn.error").addFilter(CutsAreIntended())
    # Every connection, every worker and every answer that waits on disk is an open file.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(plan, sockets, workers, ready, lifeline))


def _processors() -> int:
    """How many processors there are for this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    return uvicorn.Config("", log_config=None).get_loop_factory()


async def _serve(plan: Plan, sockets: list[socket.socket], workers: int, ready: int, lifeline: int) -> None:
    settings = plan.settings
    loop = asyncio.get_running_loop()
    state = plan.state
    pool = WorkerPool(
        state.current,
        workers=workers,
        # Not one of each process's own: connections are not spread evenly.
        at_once=max(2, -(-_processors() // settings.processes)),
        memory=settings.memory,
        result=settings.result,
        queue=settings.queue,
        allow_service=settings.allow_service,
    )
    log = AccessLog(sys.stderr.fileno(), queries=settings.log_queries)
    known = () if plan.queries is None else examples(plan.queries)
    contributing = None
    if plan.contributions is not None:
        clerk = Clerk(settings, plan.contributions)
        contributing = Contributing(clerk, Gate(settings, clerk, plan.tally))
    app = create_app(settings, state.current, pool, log, known, contributing)
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        # `connection.py` relies on nothing being wrapped around the application.
        proxy_headers=False,
        server_header=False,
        # Longer than proxies keep their idle connections, so that they never reuse one that we have just closed.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=round(settings.grace) + AFTERGLOW,
    )
    server = Server(config, lambda: _tell(ready))
    closing: list[asyncio.Task[None]] = []

    def stop() -> None:
        loop.remove_reader(lifeline)
        if not closing:
            server.should_exit = True
            # At once, and not after the last connection: it ends queries, on which connections wait.
            closing.append(loop.create_task(pool.close(settings.grace)))

    loop.add_signal_handler(signal.SIGTERM, stop)
    loop.add_reader(lifeline, stop)
    await pool.start()
    following = None if contributing is None else loop.create_task(contributing.clerk.follow())
    await server.serve(sockets)
    if following is not None:
        following.cancel()
    stop()
    await closing[0]
    app.close()
    log.flush()


def _tell(ready: int) -> None:
    os.write(ready, b"1")
    os.close(ready)
