"""How the pool and a query worker talk: frames of one kind byte, four length bytes and a payload over a socket."""

import json
import socket
import struct
from typing import Any, Final

__all__ = ["ANSWERED", "ASK", "DATA", "FAILED", "HEAD", "HEADER", "HOLD", "OPEN", "decode", "frame", "receive"]

HEADER: Final = struct.Struct("!cI")

# Pool → worker.
ASK: Final = b"Q"  # JSON: the query, its limits, the revision to answer from
OPEN: Final = b"O"  # JSON: a revision to open ahead of the next query; not answered

# Worker → pool, in this order: one HEAD, any number of DATA, one ANSWERED; or FAILED in place of any of them.
HEAD: Final = b"H"  # JSON: form, media type, encoding, and whether the answer is whole in the next frame
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


def receive(end: socket.socket) -> tuple[bytes, bytes] | None:
    """Block until the next frame is here: its kind and payload, or None once the other side has closed."""
    header = _exactly(end, HEADER.size)
    if header is None:
        return None
    kind, length = HEADER.unpack(header)
    payload = _exactly(end, length)
    return None if payload is None else (kind, payload)


def _exactly(end: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = end.recv(size - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)
