"""Whether a text is a SPARQL update, and which operations it has. Nothing is evaluated."""

import re
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Store

from edaphon.errors import EngineFailed, EngineRefused
from edaphon.sparql.diagnosis.diagnose import diagnose, locate
from edaphon.sparql.update.declarations import moved
from edaphon.sparql.update.operations import Operation
from edaphon.sparql.update.splitting import Unclear, prologue_end, split

__all__ = ["Request", "parses", "read"]

# The engine parses an update whole and then evaluates it. With this operation first, evaluation ends where it begins:
# a store without data has no such graph.
_STOP: Final = "\nCLEAR GRAPH <urn:x-edaphon:no-such-graph>;\n"
_STOPPED: Final = "<urn:x-edaphon:no-such-graph> does not exist"
_POSITION: Final = re.compile(r"error at (\d+):(\d+)")


@dataclass(frozen=True, slots=True)
class Request:
    """An update: its declarations, and its operations in order, as they stand in `text`.

    That is what was `written`, or where declarations had to be moved to its start, the same with them there.
    """

    text: str
    prologue: str
    operations: tuple[Operation, ...]
    written: str

    def place(self, start: int) -> str:
        """The line and column of the offset of an operation, in words."""
        return _place(self.written, start - (len(self.text) - len(self.written)))


def read(text: str) -> Request:
    """The request that the text is. Raises QuerySyntax where it is none, or the engine's parser does not take it."""
    taken, message = text, _refusal(text)
    if message is not None:
        left, declarations = moved(text)
        start = prologue_end(left)
        taken = left[:start] + declarations + left[start:]
        message = _refusal(left, declarations) if declarations else message
    if message is not None:
        raise diagnose(text, message, update=True)
    try:
        prologue, operations = split(taken)
    except Unclear as unclear:
        where = _place(text, unclear.start - (len(taken) - len(text)))
        raise EngineRefused(
            f"the update can be read in more than one way near {where}; put spaces around keywords and signs there"
        ) from unclear
    return Request(taken, prologue, operations, text)


def parses(text: str) -> bool:
    """Whether the engine's parser takes the text for an update."""
    return _refusal(text) is None


def _place(text: str, offset: int) -> str:
    line, column = locate(text, offset)
    return f"line {line}, column {column}"


def _refusal(text: str, declarations: str = "") -> str | None:
    """What the engine's parser says against the text with more declarations at its start; None when it takes it."""
    start = prologue_end(text)
    put_in = declarations + _STOP
    stopped = text[:start] + put_in + text[start:]
    try:
        Store().update(stopped)
    except SyntaxError as error:
        return _moved(str(error), stopped, start, len(put_in))
    except RuntimeError as error:
        if _STOPPED in str(error):
            return None
        raise
    raise EngineFailed("the engine did not stop where an update is only to be read")


def _moved(message: str, stopped: str, start: int, length: int) -> str:
    """The engine's message with the place as it is without what was put in at `start`. It counts lines by \\n."""
    match = _POSITION.search(message)
    if match is None:
        return message
    line, column = int(match[1]), int(match[2])
    offset = sum(len(part) + 1 for part in stopped.split("\n", line - 1)[: line - 1]) + column - 1
    if offset > start:
        offset = max(start, offset - length)
    text = stopped[:start] + stopped[start + length :]
    before = text[:offset]
    place = f"error at {before.count(chr(10)) + 1}:{offset - (before.rfind(chr(10)) + 1) + 1}"
    return message[: match.start()] + place + message[match.end() :]
