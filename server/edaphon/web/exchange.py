"""One request and its response, as the code that answers it sees them: what came in, what goes out, who is still there.

Over ASGI's two functions a reply takes two messages, and to notice that a client goes away takes a task of its own.
`connection.py` knows better ways for its own requests, and leaves them in a request's scope under EXCHANGE.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, NamedTuple, TypeVar

from edaphon.sparql.answers import Evaluation
from edaphon.sparql.pool import Published
from edaphon.web.bodies import ClientGone
from edaphon.web.replies import Message, Receive, Reply, Scope, Send

__all__ = ["EXCHANGE", "Exchange", "Seen", "Spelling", "Watched", "exchange"]

T = TypeVar("T")

EXCHANGE: Final = "edaphon.exchange"


class Spelling(NamedTuple):
    """How a GET of the endpoint is spelt, as far as its answer depends on it; headers of several lines joined."""

    query_string: bytes
    accept: bytes | None
    accept_encoding: bytes | None


class Seen(NamedTuple):
    """What looking for a repeat has shown: how the request is spelt, whether it is conditional, and the revision that
    is published just now, None where that cannot be read.
    """

    spelling: Spelling
    conditional: bool
    revision: Published | None


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


class Exchange(Watched):
    """An exchange over ASGI. `seen` is set where somebody has looked for a repeat of the request already, `begun` where
    its query has been begun: whoever takes that answers for it.
    """

    def __init__(self, receive: Receive, send: Send, seen: Seen | None = None, begun: Evaluation | None = None) -> None:
        super().__init__(send)
        self.receive = receive
        self.seen = seen
        self.begun = begun

    async def reply(self, reply: Reply) -> None:
        """Send a whole response; for HEAD the server below leaves the body out."""
        await reply.send(self)

    async def while_there(self, work: Coroutine[Any, Any, T]) -> T:
        """Work until it is done or the client is gone; then it is cancelled, and ClientGone raised."""
        here = asyncio.current_task()
        assert here is not None
        gone = asyncio.create_task(self._watch(here))
        try:
            return await work
        except asyncio.CancelledError:
            if gone.done() and here.uncancel() == 0:
                raise ClientGone from None
            raise
        finally:
            gone.cancel()

    async def _watch(self, task: "asyncio.Task[Any]") -> None:
        """Cancel a task when the client goes away."""
        while (await self.receive())["type"] != "http.disconnect":
            pass
        task.cancel()


def exchange(scope: Scope, receive: Receive, send: Send) -> Exchange:
    """The exchange that the connection has prepared, or one over ASGI."""
    # Taken out, since it leads back to the scope: what is done with should go at once, without a collector.
    prepared: Exchange | None = scope.pop(EXCHANGE, None)
    return Exchange(receive, send) if prepared is None else prepared
