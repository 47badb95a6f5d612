"""On which line of a Turtle, TriG, N-Triples or N-Quads text each triple is stated."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat

from edaphon.conformance.model.triples import Term
from edaphon.conformance.model.vocabulary import rdf, xsd

__all__ = ["Positions", "positions"]

LINE_FORMATS: Final = (RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.N_TRIPLES, RdfFormat.N_QUADS)

TOKEN: Final = re.compile(
    r"""(?P<space>\s+|\#[^\n\r]*)
      | (?P<iri><[^<>"{}|^`\x00-\x20]*>)
      | (?P<string>\"\"\"(?:[^"\\]|\\.|"(?!""))*\"\"\" | '''(?:[^'\\]|\\.|'(?!''))*'''
                 | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*')
      | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
      | (?P<typed>\^\^)
      | (?P<blank>_:[\w](?:[\w.-]*[\w-])?)
      | (?P<name>(?:[^\W\d_](?:[\w.-]*[\w-])?)?:(?:(?:[\w:%-]|\\.)(?:(?:[\w.:%-]|\\.)*(?:[\w:%-]|\\.))?)?)
      | (?P<double>[+-]?(?:\d+\.\d*|\.\d+|\d+)[eE][+-]?\d+)
      | (?P<decimal>[+-]?\d*\.\d+)
      | (?P<integer>[+-]?\d+)
      | (?P<word>[A-Za-z]+)
      | (?P<sign>[.;,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
CONTROL: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


@dataclass(frozen=True, slots=True)
class Positions:
    """Lines, counted from 1, of the first place that states a triple; nothing where no place is known.

    Triples about nodes without a label are found by property and value alone.
    """

    triples: dict[tuple[Term | None, NamedNode, Term], int] = field(default_factory=dict)
    subjects: dict[Term, int] = field(default_factory=dict)

    def line(self, subject: Term | None, predicate: NamedNode | None, object: Term | None) -> int | None:
        """The line of that triple, or of the first statement about the subject when only that is given."""
        if predicate is None or object is None:
            return None if subject is None else self.subjects.get(subject)
        return self.triples.get((subject, predicate, object))


@dataclass(slots=True)
class _Frame:
    """Where we are in one statement: `waiting` names the part that comes next."""

    subject: Term | None = None
    predicate: NamedNode | None = None
    waiting: str = "subject"


def positions(text: str, format: RdfFormat, base: str | None = None) -> Positions:
    """Scan a text that a parser has accepted. What the scanner does not understand ends the scan; it never guesses."""
    found = Positions()
    if format in LINE_FORMATS:
        for subject, predicate, object, line in _statements(text, base or ""):
            if subject is not None:
                found.subjects.setdefault(subject, line)
            if object is not None:
                found.triples.setdefault((subject, predicate, object), line)
                found.triples.setdefault((None, predicate, object), line)
    return found


@dataclass(slots=True)
class _Token:
    kind: str
    text: str
    line: int


def _tokens(text: str) -> Iterator[_Token]:
    at, line = 0, 1
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            return
        if match.lastgroup != "space":
            yield _Token(match.lastgroup, match[0], line)
        line += text.count("\n", at, match.end())
        at = match.end()


def _statements(text: str, base: str) -> Iterator[tuple[Term | None, NamedNode, Term | None, int]]:
    prefixes: dict[str, str] = {}
    stack = [_Frame()]
    tokens = list(_tokens(text))
    at = 0
    while at < len(tokens):
        token = tokens[at]
        at += 1
        frame = stack[-1]
        term: Term | None = None
        match token.kind:
            case "language" if token.text in ("@prefix", "@base"):
                base = _declare(token.text[1:], tokens[at : at + 2], prefixes, base)
                at += 3 if token.text == "@prefix" else 2
                continue
            case "word" if token.text.upper() in ("PREFIX", "BASE"):
                base = _declare(token.text.lower(), tokens[at : at + 2], prefixes, base)
                at += 2 if token.text.upper() == "PREFIX" else 1
                continue
            case "word" if token.text.upper() == "GRAPH":
                continue
            case "word" if token.text == "a" and frame.waiting == "predicate":
                term = rdf("type")
            case "word" if token.text in ("true", "false"):
                term = Literal(token.text, datatype=xsd("boolean"))
            case "iri":
                term = _iri(token.text, base)
            case "name":
                prefix, _, local = token.text.partition(":")
                if prefix not in prefixes:
                    return
                term = NamedNode(prefixes[prefix] + re.sub(r"\\(.)", r"\1", local))
            case "blank":
                term = BlankNode(token.text[2:])
            case "integer" | "decimal" | "double":
                term = Literal(token.text, datatype=xsd(token.kind))
            case "string":
                term, used = _literal(token, tokens[at : at + 2], prefixes, base)
                at += used
            case "sign":
                yield from _punctuate(token, stack)
                if not stack:
                    return
                continue
            case _:
                return
        if term is not None:
            yield from _place(frame, term, token.line)


def _place(frame: _Frame, term: Term | None, line: int) -> Iterator[tuple[Term | None, NamedNode, Term | None, int]]:
    """Put a term where the statement waits for one; None stands for a node without a label."""
    if frame.waiting == "subject":
        frame.subject, frame.waiting = term, "predicate"
    elif frame.waiting == "predicate" and isinstance(term, NamedNode):
        frame.predicate, frame.waiting = term, "object"
    elif frame.waiting == "object" and frame.predicate is not None:
        yield frame.subject, frame.predicate, term, line
        frame.waiting = "end"


def _punctuate(token: _Token, stack: list[_Frame]) -> Iterator[tuple[Term | None, NamedNode, Term | None, int]]:
    frame = stack[-1]
    match token.text:
        case "." | "{" | "}":
            del stack[1:]
            stack[0] = _Frame()
        case ";":
            frame.waiting = "predicate"
        case ",":
            frame.waiting = "object"
        case "[":
            yield from _place(frame, None, token.line)
            stack.append(_Frame(waiting="predicate"))
        case "(":
            yield from _place(frame, None, token.line)
            stack.append(_Frame(waiting="member"))
        case _:
            stack.pop()


def _declare(word: str, following: list[_Token], prefixes: dict[str, str], base: str) -> str:
    """Take in a prefix or base declaration; returns the base that holds from here on."""
    if word == "prefix" and len(following) == 2:
        prefixes[following[0].text.removesuffix(":")] = _iri(following[1].text, base).value
    elif word == "base" and following:
        return _iri(following[0].text, base).value
    return base


def _iri(token: str, base: str) -> NamedNode:
    return NamedNode(urljoin(base, _unescape(token[1:-1])) if base else _unescape(token[1:-1]))


def _literal(token: _Token, following: list[_Token], prefixes: dict[str, str], base: str) -> tuple[Literal | None, int]:
    """The literal that starts with a string token, and how many of the following tokens belong to it."""
    quotes = 3 if token.text.startswith(('"""', "'''")) else 1
    value = _unescape(token.text[quotes:-quotes])
    if following and following[0].kind == "language":
        return Literal(value, language=following[0].text[1:].lower()), 1
    if len(following) == 2 and following[0].kind == "typed":
        if following[1].kind == "iri":
            return Literal(value, datatype=_iri(following[1].text, base)), 2
        prefix, _, local = following[1].text.partition(":")
        return Literal(value, datatype=NamedNode(prefixes.get(prefix, "") + local)), 2
    return Literal(value), 0


def _unescape(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else CONTROL.get(match[3], match[3])

    return ESCAPE.sub(plain, text) if "\\" in text else text
