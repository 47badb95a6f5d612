"""How the pool and a query worker talk: frames of one kind byte, four length bytes and a payload over a socket.

What every query needs is packed, not spelt: reading and writing JSON took a tenth of a small query's time. The pool's
orders are marshalled, which only a worker has to believe; from workers, expendable and possibly upset, the pool reads
structures of fixed size, and JSON where a failure has to be told.
"""

import json
import marshal
import struct
from typing import IO, Any, Final, NamedTuple

from edaphon.sparql.query import Form

__all__ = [
    "ANSWERED",
    "ASK",
    "DATA",
    "FAILED",
    "HEAD",
    "HEADER",
    "HOLD",
    "NUMBER",
    "OPEN",
    "WHOLE",
    "Garbled",
    "Order",
    "answered",
    "ask",
    "decode",
    "failed",
    "frame",
    "head",
    "order",
    "read_answered",
    "read_head",
    "read_whole",
    "receive",
    "whole",
]

HEADER: Final = struct.Struct("!cI")
# A ticket, as it goes through its pipe: the number of an order.
NUMBER: Final = struct.Struct("!Q")

# Pool → worker.
ASK: Final = b"Q"  # the number of its ticket; an Order
OPEN: Final = b"O"  # the folder of a revision to open ahead of the next query; not answered

# Worker → pool: WHOLE for a small answer; for a large one HEAD, any number of DATA, and ANSWERED, in this order; FAILED
# in place of any of them.
WHOLE: Final = b"W"  # its form, whether it is packed, whether the worker retires; then all bytes of the answer
HEAD: Final = b"H"  # its form, whether it is packed
DATA: Final = b"D"  # bytes of the answer
ANSWERED: Final = b"E"  # whether the worker retires
FAILED: Final = b"X"  # JSON: the failure's name and what its exception needs; whether the worker retires

# An answer up to this size travels as one piece, so that a failure before its end still gets a status of its own.
HOLD: Final = 64 * 1024

_FORMS: Final[dict[bytes, Form]] = {b"s": "solutions", b"b": "boolean", b"g": "graph"}
_LETTERS: Final = {form: letter for letter, form in _FORMS.items()}
_WHOLE: Final = struct.Struct("!c??")
_HEAD: Final = struct.Struct("!c?")
_ANSWERED: Final = struct.Struct("!?")


class Garbled(Exception):
    """A frame from a worker that makes no sense."""


class Order(NamedTuple):
    """A query as a worker is asked it: `query.Query` without its time, the revision's folder, and the limits in MB."""

    text: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    solutions: str | None
    graph: str | None
    gzip: bool
    folder: str
    memory: int
    result: int


def frame(kind: bytes, payload: bytes) -> bytes:
    """One frame."""
    return HEADER.pack(kind, len(payload)) + payload


def ask(number: int, given: Order) -> bytes:
    """The ASK frame of an order."""
    return frame(ASK, NUMBER.pack(number) + marshal.dumps(tuple(given)))


def order(payload: bytes) -> tuple[int, Order]:
    """The number and the order that `ask` put in."""
    (number,) = NUMBER.unpack_from(payload)
    return number, Order(*marshal.loads(memoryview(payload)[NUMBER.size :]))


def whole(form: Form, body: bytes | bytearray, *, packed: bool, retire: bool) -> bytes:
    """The WHOLE frame of a small answer."""
    return b"".join(
        (HEADER.pack(WHOLE, _WHOLE.size + len(body)), _WHOLE.pack(_LETTERS[form], packed, retire), body),
    )


def read_whole(payload: bytes) -> tuple[Form, bool, bool, bytes]:
    """Form, packed, retire and the body that `whole` put in. Raises Garbled."""
    try:
        letter, packed, retire = _WHOLE.unpack_from(payload)
        return _FORMS[letter], packed, retire, payload[_WHOLE.size :]
    except (struct.error, KeyError) as error:
        raise Garbled from error


def head(form: Form, *, packed: bool) -> bytes:
    """The HEAD frame of a large answer."""
    return frame(HEAD, _HEAD.pack(_LETTERS[form], packed))


def read_head(payload: bytes) -> tuple[Form, bool]:
    """Form and packed, as `head` put them in. Raises Garbled."""
    try:
        letter, packed = _HEAD.unpack(payload)
        return _FORMS[letter], packed
    except (struct.error, KeyError) as error:
        raise Garbled from error


def answered(*, retire: bool) -> bytes:
    """The ANSWERED frame."""
    return frame(ANSWERED, _ANSWERED.pack(retire))


def read_answered(payload: bytes) -> bool:
    """Whether the worker retires. Raises Garbled."""
    try:
        retire: bool = _ANSWERED.unpack(payload)[0]
    except struct.error as error:
        raise Garbled from error
    return retire


def failed(message: dict[str, Any]) -> bytes:
    """The FAILED frame that tells of a failure."""
    return frame(FAILED, json.dumps(message).encode())


def decode(payload: bytes) -> dict[str, Any]:
    """The message that `failed` put in. Raises Garbled."""
    try:
        message = json.loads(payload)
    except ValueError as error:
        raise Garbled from error
    if not isinstance(message, dict):
        raise Garbled
    return message


def receive(source: IO[bytes]) -> tuple[bytes, bytes] | None:
    """Block until the next frame is here: its kind and payload, or None once the other side has closed."""
    header = source.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    kind, length = HEADER.unpack(header)
    payload = source.read(length)
    return (kind, payload) if len(payload) == length else None
