"""How the pool and a query worker talk: frames of one kind byte, four length bytes and a payload over a socket."""

import json
import struct
from typing import IO, Any, Final

__all__ = [
    "ANSWERED",
    "ASK",
    "DATA",
    "FAILED",
    "HEAD",
    "HEADER",
    "HOLD",
    "OPEN",
    "WHOLE",
    "decode",
    "frame",
    "parted",
    "receive",
    "whole",
]

HEADER: Final = struct.Struct("!cI")
HEAD_LENGTH: Final = struct.Struct("!H")

# Pool → worker.
ASK: Final = b"Q"  # JSON: the query, its limits, the revision to answer from
OPEN: Final = b"O"  # JSON: a revision to open ahead of the next query; not answered

# Worker → pool: WHOLE for a small answer; for a large one HEAD, any number of DATA, and ANSWERED, in this order; FAILED
# in place of any of them.
WHOLE: Final = b"W"  # a head, as long as two bytes say, then all bytes of the answer
HEAD: Final = b"H"  # JSON: form, media type, encoding
DATA: Final = b"D"  # bytes of the answer
ANSWERED: Final = b"E"  # JSON: whether the worker retires
FAILED: Final = b"X"  # JSON: the failure's name and what its exception needs

# An answer up to this size travels as one piece, so that a failure before its end still gets a status of its own.
HOLD: Final = 64 * 1024


def frame(kind: bytes, payload: bytes | dict[str, Any] = b"") -> bytes:
    """One frame; a dictionary travels as JSON."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return HEADER.pack(kind, len(body)) + body


def decode(payload: bytes) -> dict[str, Any]:
    """The dictionary that `frame` put in."""
    message = json.loads(payload)
    assert isinstance(message, dict)
    return message


def whole(head: dict[str, Any], body: bytes) -> bytes:
    """The WHOLE frame of a small answer."""
    told = json.dumps(head).encode()
    return frame(WHOLE, HEAD_LENGTH.pack(len(told)) + told + body)


def parted(payload: bytes) -> tuple[dict[str, Any], bytes]:
    """The head and the body that `whole` put in."""
    (length,) = HEAD_LENGTH.unpack_from(payload)
    start = HEAD_LENGTH.size + length
    return decode(payload[HEAD_LENGTH.size : start]), payload[start:]


def receive(source: IO[bytes]) -> tuple[bytes, bytes] | None:
    """Block until the next frame is here: its kind and payload, or None once the other side has closed."""
    header = source.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    kind, length = HEADER.unpack(header)
    payload = source.read(length)
    return (kind, payload) if len(payload) == length else None
