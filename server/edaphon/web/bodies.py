"""The body of a request, read within limits: how large, packed how, arriving how fast."""

import asyncio
import zlib
from typing import Final

from edaphon.errors import BodyTimeout, BodyTooLarge, MalformedRequest, UnsupportedMedia
from edaphon.web.replies import Receive

__all__ = ["ClientGone", "read"]

# How long a body may pause before it counts as one that stopped arriving.
PATIENCE: Final = 30.0
# A client that sends more than it may is heard out this far, so that it is ready to read why it was refused.
HEARD_OUT: Final = 64_000_000
PIECE: Final = 65_536


class ClientGone(Exception):
    """The client closed the connection; nobody is there to be answered."""


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
    receive: Receive, coding: str | None, declared: str | None, limit: int, patience: float = PATIENCE
) -> bytes:
    """The unpacked body of a request with this Content-Encoding and Content-Length; `limit` is in bytes.

    Raises UnsupportedMedia, BodyTooLarge, BodyTimeout, MalformedRequest; ClientGone when there is nobody left.
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
    heard = 0
    more = True
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
        elif heard > HEARD_OUT:
            break
    if len(body) > limit:
        raise _too_large(limit)
    unpacker.end()
    return bytes(body)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body has more than {limit:,} bytes, unpacked, which is the most that is taken here")
