"""The body of a request, read within limits: how large, packed how, arriving how fast."""

import asyncio
import zlib
from typing import Final

from edaphon.errors import BodyTimeout, BodyTooLarge, MalformedRequest, PoolBusy, UnsupportedMedia
from edaphon.web.replies import Receive

__all__ = ["Arriving", "ClientGone", "read"]

# How long a body may pause before it counts as one that stopped arriving.
PATIENCE: Final = 30.0
# A client that sends more than it may is heard out this far, so that it is ready to read why it was refused.
HEARD_OUT: Final = 64_000_000
PIECE: Final = 65_536
# Bytes that all bodies on their way to one process may have together. The first of each do not count, so that a small
# one always gets in.
MOST: Final = 512_000_000
SMALL: Final = 200_000
# Seconds after which one may try again when there is no room.
AGAIN: Final = 10


class ClientGone(Exception):
    """The client closed the connection; nobody is there to be answered."""


class Arriving:
    """How much of bodies that are still on their way a process holds."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    def grow(self, by: int) -> None:
        """Hold more. Raises PoolBusy where that would be too much: many may send at once, and slowly."""
        if by > 0 and self._held + by > self._most:
            raise PoolBusy("too many large bodies are arriving at this server", retry_after=AGAIN)
        self._held += by

    def shrink(self, by: int) -> None:
        """Hold less."""
        self._held -= by


# Of this process.
ARRIVING: Final = Arriving(MOST)


class Plain:
    """A body as it is."""

    def feed(self, part: bytes, room: int) -> bytes:
        return part[: room + 1]

    def end(self) -> None:
        """Nothing can be missing."""


class Gzip:
    """A gzipped body, of one member or several; unpacks no more than there is room for, plus one byte to tell."""

    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj(wbits=31)
        self._begun = False

    def feed(self, part: bytes, room: int) -> bytes:
        out = bytearray()
        try:
            while part and len(out) <= room:
                if self._unpacker.eof:
                    self._unpacker = zlib.decompressobj(wbits=31)
                self._begun = True
                out += self._unpacker.decompress(part, room + 1 - len(out))
                part = self._unpacker.unconsumed_tail or self._unpacker.unused_data
        except zlib.error as error:
            raise MalformedRequest(f"the body is not gzip, as its Content-Encoding says: {error}") from error
        return bytes(out)

    def end(self) -> None:
        if self._begun and not self._unpacker.eof:
            raise MalformedRequest("the gzipped body ends too early")


async def read(
    receive: Receive,
    coding: str | None,
    declared: str | None,
    limit: int,
    patience: float = PATIENCE,
    arriving: Arriving = ARRIVING,
) -> bytes:
    """The unpacked body of a request with this Content-Encoding and Content-Length; `limit` is in bytes.

    Raises UnsupportedMedia, BodyTooLarge, BodyTimeout, MalformedRequest; PoolBusy when too much is `arriving` already;
    ClientGone when there is nobody left.
    """
    unpacker: Plain | Gzip
    match (coding or "identity").strip().lower():
        case "identity":
            unpacker = Plain()
        case "gzip" | "x-gzip":
            unpacker = Gzip()
        case other:
            raise UnsupportedMedia(f"the Content-Encoding {other} is not taken here; send gzip or none")
    if declared is not None and declared.isdecimal() and int(declared) > max(limit, HEARD_OUT):
        raise _too_large(limit)
    body = bytearray()
    heard = counted = 0
    more = True
    try:
        while more:
            try:
                async with asyncio.timeout(patience):
                    message = await receive()
            except TimeoutError:
                raise BodyTimeout(f"the body stopped arriving for {patience:g} s") from None
            if message["type"] == "http.disconnect":
                raise ClientGone
            part = message.get("body", b"")
            more = message.get("more_body", False)
            heard += len(part)
            if len(body) <= limit:
                body += unpacker.feed(part, limit - len(body))
                large = max(0, len(body) - SMALL)
                arriving.grow(large - counted)
                counted = large
            elif heard > HEARD_OUT:
                break
    finally:
        arriving.shrink(counted)
    if len(body) > limit:
        raise _too_large(limit)
    unpacker.end()
    return bytes(body)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body has more than {limit:,} bytes, unpacked, which is the most that is taken here")
