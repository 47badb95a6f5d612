"""Where the operations of an update, and their parts, begin and end in its text.

Only for a text that the engine's parser takes: nothing is checked here that the engine has checked. Keywords are read
as the engine reads them, which needs no space behind one (`INSERTDATA{`, `LOADSILENT<…>`).
"""

import re
from typing import Final

from edaphon.sparql.diagnosis.grammar import group_end
from edaphon.sparql.diagnosis.scanning import IRIREF, PATTERNS, Scanner
from edaphon.sparql.update.operations import Clear, Create, Data, Graphs, Load, Modify, Operation, Transfer

__all__ = ["Unclear", "prologue_end", "split"]

_IRIS: Final = ("IRIREF", "PNAME_LN", "PNAME_NS")
# All of a block but braces. `<<` opens a triple and no IRI; a backslash is that of a prefixed name.
_QUIET: Final = re.compile(
    rf"(?:[^{{}}<\"'#\\]++|<<|{IRIREF}|<|{PATTERNS['LONG_STRING']}|{PATTERNS['STRING']}|#[^\r\n]*+|\\.)*+"
)
# In a pattern, what looks like an IRI may be a comparison, `?a<?b&&?c>?d`. That matters only where the rest of the text
# would be read otherwise, and only behind something that can be compared.
_PERHAPS_COMPARED: Final = re.compile(r"[\w)?\]\"'>][ \t\r\n]*+<[^<>\"{}|^`\\\x00-\x20]*?['#]")


class Unclear(Exception):
    """A text that cannot be split. `start` is the offset of the part at which that shows."""

    def __init__(self, start: int) -> None:
        super().__init__(start)
        self.start = start


def prologue_end(text: str) -> int:
    """Where the BASE, PREFIX and VERSION declarations of the text end."""
    reader = _Reader(text)
    reader.prologue()
    return reader.position


def split(text: str) -> tuple[str, tuple[Operation, ...]]:
    """The prologue and the operations of an update that the engine's parser takes. Raises Unclear."""
    reader = _Reader(text)
    reader.prologue()
    prologue = text[: reader.position]
    operations: list[Operation] = []
    while not reader.ended():
        if operations and not reader.sign(";"):
            raise Unclear(reader.position)
        if reader.ended() or (not operations and reader.sign(";")):
            break
        operations.append(reader.operation())
    if not reader.ended():
        raise Unclear(reader.position)
    return prologue, tuple(operations)


class _Reader:
    """Reads on from a position, one part at a time."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._scanner = Scanner(text)
        self.position = 0
        self.declared: set[str] = set()

    def ended(self) -> bool:
        """Whether nothing is left but spaces and comments."""
        return self._start() == len(self._text)

    def sign(self, sign: str) -> bool:
        """Whether this sign comes next; if so, read on behind it."""
        start = self._start()
        if not self._text.startswith(sign, start):
            return False
        self.position = start + len(sign)
        return True

    def prologue(self) -> None:
        """Read on behind the declarations."""
        while True:
            before = self.position
            if self._word("PREFIX") and (name := self._token("PNAME_NS")) is not None and self._token("IRIREF"):
                self.declared.add(name[:-1])
            elif self._word("BASE") and self._token("IRIREF"):
                pass
            elif not (self._word("VERSION") and self._token("STRING", "LONG_STRING")):
                self.position = before
                return

    def operation(self) -> Operation:
        """Read on behind one operation."""
        start = self._start()
        if self._word("INSERT"):
            if self._word("DATA"):
                return Data("INSERT", self._block(), start)
            return self._modify(start, insert=self._block())
        if self._word("DELETE"):
            if self._word("DATA"):
                return Data("DELETE", self._block(), start)
            if self._word("WHERE"):
                block = self._block()
                return Modify(start, where=block, delete=block)
            return self._delete(start)
        if self._word("WITH"):
            graph = self._iri()
            if self._word("DELETE"):
                return self._delete(start, graph)
            if self._word("INSERT"):
                return self._modify(start, graph, insert=self._block())
            raise Unclear(self.position)
        return self._management(start)

    def _delete(self, start: int, graph: str | None = None) -> Modify:
        delete = self._block()
        return self._modify(start, graph, delete=delete, insert=self._block() if self._word("INSERT") else None)

    def _modify(
        self, start: int, graph: str | None = None, *, delete: str | None = None, insert: str | None = None
    ) -> Modify:
        using: list[str] = []
        named: list[str] = []
        while self._word("USING"):
            graphs = named if self._word("NAMED") else using
            graphs.append(self._iri())
        self._word("WHERE")
        return Modify(start, self._pattern(), delete, insert, graph, tuple(using), tuple(named))

    def _management(self, start: int) -> Operation:
        if self._word("LOAD"):
            silent, source = self._word("SILENT"), self._iri()
            into = self._graph() if self._word("INTO") else None
            return Load(source, into, silent, start, self.position)
        if self._word("CREATE"):
            silent = self._word("SILENT")
            return Create(self._graph(), silent, start)
        for verb in ("CLEAR", "DROP"):
            if self._word(verb):
                silent = self._word("SILENT")
                for which in ("DEFAULT", "NAMED", "ALL"):
                    if self._word(which):
                        return Clear(verb, Graphs(which), silent, start)
                return Clear(verb, Graphs("GRAPH", self._graph()), silent, start)
        for way in ("ADD", "COPY", "MOVE"):
            if self._word(way):
                silent = self._word("SILENT")
                origin = self._end_of_transfer()
                if not self._word("TO"):
                    break
                return Transfer(way, origin, self._end_of_transfer(), silent, start)
        raise Unclear(self.position)

    def _end_of_transfer(self) -> Graphs:
        if self._word("DEFAULT"):
            return Graphs("DEFAULT")
        self._word("GRAPH")
        return Graphs("GRAPH", self._iri())

    def _graph(self) -> str:
        if not self._word("GRAPH"):
            raise Unclear(self.position)
        return self._iri()

    def _iri(self) -> str:
        iri = self._token(*_IRIS)
        if iri is None:
            raise Unclear(self.position)
        return iri

    def _pattern(self) -> str:
        """The group pattern that comes next, with its braces."""
        start = self._start()
        try:
            block = self._block()
            sure = "(" not in block or not _PERHAPS_COMPARED.search(block)
        except Unclear:
            sure = False
        if not sure:
            end = group_end(self._text, start, frozenset(self.declared))
            if end is None:
                raise Unclear(start)
            self.position = end
        return self._text[start : self.position]

    def _block(self) -> str:
        """What stands between the brace that comes next and its partner, with both."""
        start = self._start()
        if not self._text.startswith("{", start):
            raise Unclear(start)
        position, depth = start + 1, 1
        while depth:
            quiet = _QUIET.match(self._text, position)
            position = quiet.end() if quiet else position
            if not self._text.startswith(("{", "}"), position):
                raise Unclear(start)
            depth += 1 if self._text[position] == "{" else -1
            position += 1
        self.position = position
        return self._text[start:position]

    def _word(self, word: str) -> bool:
        """Whether this keyword comes next, whatever stands behind it; if so, read on behind it."""
        start = self._start()
        end = start + len(word)
        if self._text[start:end].upper() != word:
            return False
        self.position = end
        return True

    def _token(self, *kinds: str) -> str | None:
        """The token that comes next, read on behind it; None when it is of no such kind."""
        token = self._scanner.token(self._start(), kinds)
        if token.type not in kinds:
            return None
        self.position = int(token.end_pos or 0)
        return str(token)

    def _start(self) -> int:
        return self._scanner.start(self.position)
