"""A whole HTTP response, ready to be sent, and the headers that every response has."""

import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from edaphon.sparql.cache import matches

__all__ = ["CORS", "NEGOTIATED", "Headers", "Message", "Receive", "Reply", "Scope", "Send", "packed"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# Any page of any site may read what is public here, and the headers that say what it read.
CORS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Content-Location, ETag, Edaphon-Revision, Link, Location, Memento-Datetime, Retry-After",
    ),
)
NEGOTIATED: Final = (b"vary", b"Accept, Accept-Encoding")
# Below this, compressing costs more than it saves.
WORTH_PACKING: Final = 1_000
# As in Vary: what a stored response must be revalidated for, which an ETag makes cheap.
REVALIDATE: Final = (b"cache-control", b"public, no-cache")
NEVER_STORED: Final = (b"cache-control", b"no-store")
BODILESS: Final = (204, 304)
STATUS_LINES: Final = {one.value: b"HTTP/1.1 %d %s\r\n" % (one, one.phrase.encode()) for one in HTTPStatus}


@dataclass(slots=True, eq=False)
class Reply:
    """A response whose body is complete. `revision` is the published revision that it speaks of, if any."""

    status: int
    headers: Headers
    body: bytes = b""
    revision: int | None = None
    etag: str | None = None
    _start: bytes | None = None
    _head: bytes | None = None

    @property
    def all_headers(self) -> Headers:
        """The headers and, where a body may be, its length."""
        if self.status in BODILESS:
            return self.headers
        return [*self.headers, (b"content-length", b"%d" % len(self.body))]

    @property
    def size(self) -> int:
        """The bytes that its body takes."""
        return len(self.body)

    def start(self) -> bytes:
        """The status line and the headers as they go over the wire, as far as they do not depend on the body."""
        if self._start is None:
            lines = [name + b": " + value + b"\r\n" for name, value in self.headers]
            start = b"".join((STATUS_LINES[self.status], *lines))
            if start.count(b"\n") != 1 + len(lines):
                raise ValueError("a header with a line break would be two")
            self._start = start
        return self._start

    def head(self) -> bytes:
        """The status line and the headers, without those that each connection adds."""
        if self._head is None:
            length = b"" if self.status in BODILESS else b"content-length: %d\r\n" % len(self.body)
            # Built once: a kept reply is sent many times.
            self._head = self.start() + length
        return self._head

    async def send(self, send: Send) -> None:
        """Send it in ASGI's messages; for HEAD the server below leaves the body out."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.all_headers})
        await send({"type": "http.response.body", "body": self.body})

    def known_to(self, if_none_match: str) -> bool:
        """Whether a client that sends this If-None-Match has the reply already."""
        return self.etag is not None and matches(if_none_match, self.etag)

    def not_modified(self) -> "Reply":
        """The 304 that stands for this reply where the client has it already (RFC 9110 section 15.4.5)."""
        dropped = (b"content-type", b"content-encoding")
        kept = [(name, value) for name, value in self.headers if name not in dropped]
        return Reply(304, kept, revision=self.revision, etag=self.etag)


def packed(body: bytes, *, gzip: bool) -> tuple[bytes, Headers]:
    """A body and the headers that say how it is packed: gzipped where the client takes that and it is worthwhile."""
    if not gzip or len(body) <= WORTH_PACKING:
        return body, []
    packer = zlib.compressobj(6, wbits=31)
    return packer.compress(body) + packer.flush(), [(b"content-encoding", b"gzip")]
