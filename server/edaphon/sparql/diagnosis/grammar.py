"""How far a SPARQL text follows the grammar, and what could have stood where it stops."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from lark import Lark, Token, Tree
from lark.lexer import Lexer
from lark.parsers.lalr_analysis import Shift

from edaphon.sparql.diagnosis.scanning import END, Scanner

__all__ = ["Reading", "group_end", "read"]

_QUERY: Final = "query_unit"
_UPDATE: Final = "update_unit"
_GROUP: Final = "group"


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as far as it follows the grammar.

    `tokens` are those that may stand where they stand. `tree` is there when they are all; otherwise `stray` is the
    first that may not, and `expected` the types of those that might have stood in its place, END included. A text
    that was read in part only has neither.
    """

    tokens: tuple[Token, ...]
    tree: Tree[Token] | None = None
    stray: Token | None = None
    expected: frozenset[str] = frozenset()


class _Fed(Lexer):
    """A lexer that gives nothing: the parser is fed token by token."""

    def __init__(self, _configuration: object) -> None:
        pass

    def lex(self, _state: object) -> Iterator[Token]:  # type: ignore[override]  # the base class is untyped here
        return iter(())


@cache
def _grammar() -> Lark:
    source = files("edaphon.sparql.diagnosis").joinpath("sparql.lark").read_text(encoding="utf-8")
    return Lark(source, parser="lalr", lexer=_Fed, start=[_QUERY, _UPDATE, _GROUP], maybe_placeholders=False)


class _Parser:
    """Lark's parser, asked before it is fed.

    Fed a token that cannot stand there, lark closes some rules before it notices, and forgets what else could have
    followed. And its table's rows name more than may stand there: also what follows the same words elsewhere.
    """

    def __init__(self, start: str) -> None:
        self._parser = _grammar().parse_interactive(start=start)
        self._stack: list[Any] = self._parser.parser_state.state_stack
        self._table: dict[Any, dict[str, tuple[Any, Any]]] = self._parser.parser_state.parse_conf.states

    @property
    def row(self) -> dict[str, tuple[Any, Any]]:
        """The types that may stand here are among these keys."""
        return self._table[self._stack[-1]]

    def takes(self, kind: str) -> bool:
        """Whether a token of this type may stand here."""
        standing = len(self._stack)
        # States that the closing of rules would put on top of those that are left standing.
        added: list[Any] = []
        while True:
            state = added[-1] if added else self._stack[standing - 1]
            step = self._table[state].get(kind)
            if step is None:
                return False
            action, rule = step
            if action is Shift:
                return True
            closed = len(rule.expansion)
            if closed > len(added):
                standing -= closed - len(added)
                added.clear()
            elif closed:
                del added[-closed:]
            state = added[-1] if added else self._stack[standing - 1]
            added.append(self._table[state][rule.origin.name][1])
            if added[-1] == self._parser.parser_state.parse_conf.end_state:
                return True

    def next(self, scanner: Scanner, position: int) -> Token:
        """The token that comes at or after an offset, read as what may stand there."""
        start = scanner.start(position)
        possible: Container[str] = self.row
        if scanner.text.startswith("<", start) and "LT" in possible and "IRIREF" in possible:
            possible = ("LT", "LE") if self.takes("LT") else ("IRIREF",)
        return scanner.token(start, possible)

    def expected(self) -> frozenset[str]:
        """All types of tokens that may stand here."""
        return frozenset(kind for kind in self.row if kind.isupper() and self.takes(kind))

    def feed(self, token: Token) -> None:
        """Go on by a token that may stand here."""
        self._parser.feed_token(token)

    def finish(self) -> Tree[Token]:
        """The tree of all that was fed, where the text may end."""
        tree = self._parser.parser_state.feed_token(Token(END, ""), is_end=True)
        assert isinstance(tree, Tree)
        return tree


def read(text: str, *, update: bool = False, most: int | None = None) -> Reading:
    """Read a query, or an update, up to the first token that cannot stand there, or `most` characters of it."""
    scanner = Scanner(text)
    parser = _Parser(_UPDATE if update else _QUERY)
    tokens: list[Token] = []
    position = 1 if text.startswith("\ufeff") else 0
    while most is None or position < most:
        token = parser.next(scanner, position)
        if not parser.takes(token.type):
            if token.type == END:
                # Right behind the last token, not behind the spaces and comments that follow it.
                token = Token(END, "", start_pos=position, end_pos=position)
            return Reading(tuple(tokens), stray=token, expected=parser.expected())
        if token.type == END:
            return Reading(tuple(tokens), tree=parser.finish())
        parser.feed(token)
        if token.type == "PNAME_NS" and tokens[-1].type == "PREFIX":
            scanner.declared.add(token[:-1])
        tokens.append(token)
        position = int(token.end_pos or 0)
    return Reading(tuple(tokens))


def group_end(text: str, start: int, declared: frozenset[str]) -> int | None:
    """Where the group pattern that opens at the offset `start` has closed; None where the grammar is not followed.

    `declared` are the prefixes that the prologue declares.
    """
    scanner = Scanner(text)
    scanner.declared |= declared
    parser = _Parser(_GROUP)
    position, depth = start, 0
    while True:
        token = parser.next(scanner, position)
        if not parser.takes(token.type):
            return None
        parser.feed(token)
        position = int(token.end_pos or 0)
        depth += {"LBRACE": 1, "RBRACE": -1}.get(token.type, 0)
        if depth == 0:
            return position
