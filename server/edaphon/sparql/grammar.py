"""How far a SPARQL text follows the grammar, and what could have stood where it stops."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Protocol, cast

from lark import Lark, Token, Tree, UnexpectedToken
from lark.lexer import Lexer

from edaphon.sparql.scanning import END, Scanner

__all__ = ["Reading", "read"]

_START: Final = {False: "query_unit", True: "update_unit"}


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


class _Parser(Protocol):
    """What lark's interactive parser does; its own declarations leave the types out."""

    def choices(self) -> dict[str, Any]:
        """The row of the parser's table: more types than may stand here, but never fewer."""

    def accepts(self) -> set[str]:
        """Just the types that may stand here."""

    def feed_token(self, token: Token) -> object:
        """Go on by a token; UnexpectedToken where it may not stand here."""

    def feed_eof(self) -> Tree[Token]:
        """The tree of everything that was fed."""


@cache
def _grammar() -> Lark:
    source = files("edaphon.sparql").joinpath("sparql.lark").read_text(encoding="utf-8")
    return Lark(source, parser="lalr", lexer=_Fed, start=list(_START.values()), maybe_placeholders=False)


def _parser(update: bool) -> _Parser:
    return cast(_Parser, _grammar().parse_interactive(start=_START[update]))


def read(text: str, *, update: bool = False, most: int | None = None) -> Reading:
    """Read a query, or an update, up to the first token that cannot stand there, or `most` characters of it."""
    scanner = Scanner(text)
    parser = _parser(update)
    tokens: list[Token] = []
    position = 1 if text.startswith("\ufeff") else 0
    while most is None or position < most:
        start = scanner.start(position)
        possible: Container[str] = parser.choices()
        if "LT" in possible and "IRIREF" in possible and text.startswith("<", start):
            # The table's row may name what only follows the same words elsewhere.
            possible = parser.accepts()
        token = scanner.token(start, possible)
        if token.type == END:
            if END in parser.accepts():
                return Reading(tuple(tokens), tree=parser.feed_eof())
            return Reading(tuple(tokens), stray=_end_after(tokens, position), expected=frozenset(parser.accepts()))
        try:
            parser.feed_token(token)
        except UnexpectedToken:
            # The parser may have closed some rules before it noticed, and forgotten what else could have followed.
            return Reading(tuple(tokens), stray=token, expected=_expected(tokens, update))
        tokens.append(token)
        position = int(token.end_pos or 0)
    return Reading(tuple(tokens))


def _end_after(tokens: list[Token], otherwise: int) -> Token:
    offset = int(tokens[-1].end_pos or 0) if tokens else otherwise
    return Token(END, "", start_pos=offset, end_pos=offset)


def _expected(tokens: list[Token], update: bool) -> frozenset[str]:
    parser = _parser(update)
    for token in tokens:
        parser.feed_token(token)
    return frozenset(parser.accepts())
