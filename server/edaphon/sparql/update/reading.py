"""Whether a text is a SPARQL update, and which operations it has. Nothing is evaluated."""

import re
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Store

from edaphon.errors import EngineFailed, EngineRefused
from edaphon.sparql.diagnosis.diagnose import diagnose, locate
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
    """An update: its declarations as written, and its operations in order."""

    text: str
    prologue: str
    operations: tuple[Operation, ...]

    def place(self, start: int) -> str:
        """The line and column of an offset, in words."""
        line, column = locate(self.text, start)
        return f"line {line}, column {column}"


def read(text: str) -> Request:
    """The request that the text is. Raises QuerySyntax where the engine's parser does not take it."""
    message = _refusal(text)
    if message is not None:
        raise diagnose(text, message, update=True)
    try:
        prologue, operations = split(text)
    except Unclear as unclear:
        line, column = locate(text, unclear.start)
        raise EngineRefused(
            f"the update can be read in more than one way near line {line}, column {column}; "
            "put spaces around keywords and signs there"
        ) from unclear
    return Request(text, prologue, operations)


def parses(text: str) -> bool:
    """Whether the engine's parser takes the text for an update."""
    return _refusal(text) is None


def _refusal(text: str) -> str | None:
    """What the engine's parser says against the text; None when it takes it."""
    start = prologue_end(text)
    stopped = text[:start] + _STOP + text[start:]
    try:
        Store().update(stopped)
    except SyntaxError as error:
        return _moved(str(error), stopped, start)
    except RuntimeError as error:
        if _STOPPED in str(error):
            return None
        raise
    raise EngineFailed("the engine did not stop where an update is only to be read")


def _moved(message: str, stopped: str, start: int) -> str:
    """The engine's message with the place as it is without the operation put in at `start`. It counts lines by \\n."""
    match = _POSITION.search(message)
    if match is None:
        return message
    line, column = int(match[1]), int(match[2])
    offset = sum(len(part) + 1 for part in stopped.split("\n", line - 1)[: line - 1]) + column - 1
    if offset > start:
        offset = max(start, offset - len(_STOP))
    text = stopped[:start] + stopped[start + len(_STOP) :]
    before = text[:offset]
    place = f"error at {before.count(chr(10)) + 1}:{offset - (before.rfind(chr(10)) + 1) + 1}"
    return message[: match.start()] + place + message[match.end() :]
