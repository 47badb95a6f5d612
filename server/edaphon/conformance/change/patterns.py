"""Which triple patterns a query of the shapes graph matches, and which of them a solution can do without."""

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from pyoxigraph import NamedNode

from edaphon.conformance.model.paths import (
    Alternative,
    Inverse,
    OneOrMore,
    Path,
    Predicate,
    Sequence,
    ZeroOrMore,
    ZeroOrOne,
)
from edaphon.conformance.model.vocabulary import rdf

__all__ = ["Edge", "Scope", "Unclear", "scopes"]


class Unclear(ValueError):
    """A query of which it cannot be told which triples it depends on."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One triple pattern: variables as ?name, other terms as they are written; no path for a variable predicate."""

    start: str
    path: Path | None
    end: str


@dataclass(slots=True)
class Scope:
    """The patterns of one group; the groups inside it of which one in each list must match; and those that need not."""

    edges: list[Edge] = field(default_factory=list)
    unions: "list[list[Scope]]" = field(default_factory=list)
    inner: "list[Scope]" = field(default_factory=list)


TOKEN: Final = re.compile(
    r"""(?P<space>\s+|\#[^\n\r]*)
      | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
      | (?P<string>(?:\"\"\"(?:[^"\\]|\\.|"(?!""))*\"\"\" | '''(?:[^'\\]|\\.|'(?!''))*'''
                   | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*')
                   (?:@[A-Za-z]+(?:-[A-Za-z0-9]+)*|\^\^(?:<[^<>\s]*>|[\w.-]*:[\w.-]*))?)
      | (?P<variable>[?$]\w+)
      | (?P<blank>_:\w+)
      | (?P<name>(?:[A-Za-z][\w.-]*)?:(?:[\w:%-](?:[\w.:%-]*[\w:%-])?)?)
      | (?P<number>[+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
SKIPPED: Final = {"FILTER", "BIND"}
TERMS: Final = {"iri", "name", "variable", "blank", "string", "number"}


def scopes(text: str) -> Scope:
    """The outermost group of a SELECT or ASK that parses. Raises Unclear where the patterns do not tell all."""
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = [(m.lastgroup or "", m[0]) for m in TOKEN.finditer(text) if m.lastgroup != "space"]
        self.at = 0
        self.prefixes: dict[str, str] = {}
        self.fresh = count()

    def peek(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise Unclear("the query ends early")
        return self.tokens[self.at]

    def take(self) -> tuple[str, str]:
        token = self.peek()
        self.at += 1
        return token

    def word(self) -> str:
        """The next token in capitals if it is a word."""
        kind, text = self.peek()
        return text.upper() if kind == "word" else ""

    def query(self) -> Scope:
        while self.word() in ("PREFIX", "BASE"):
            if self.take()[1].upper() == "BASE":
                raise Unclear("BASE")
            (_, name), (_, iri) = self.take(), self.take()
            self.prefixes[name[:-1]] = iri[1:-1]
        while self.peek()[1] != "{":
            self.take()
        self.take()
        return self.group()

    def group(self) -> Scope:
        """The rest of a group whose opening brace is taken."""
        scope = Scope()
        while True:
            kind, text = self.peek()
            word = self.word()
            if text == "}":
                self.take()
                return scope
            if text == ".":
                self.take()
            elif word == "OPTIONAL":
                self.take()
                scope.inner.append(self.braced())
            elif text == "{":
                scope.unions.append(self.alternatives())
            elif word in SKIPPED:
                self.take()
                self.expression(scope)
            elif (
                word in ("TRUE", "FALSE")
                or kind in ("iri", "name", "variable", "blank", "string", "number")
                or text == "["
            ):
                self.triples(scope)
            else:
                raise Unclear(text)

    def braced(self) -> Scope:
        """A group from its opening brace on."""
        if self.take()[1] != "{":
            raise Unclear("a group without braces")
        if self.word() == "SELECT":
            raise Unclear("a sub-SELECT")
        return self.group()

    def alternatives(self) -> list[Scope]:
        """A group and those that UNION joins to it."""
        branches = [self.braced()]
        while self.word() == "UNION":
            self.take()
            branches.append(self.braced())
        return branches

    def expression(self, scope: Scope) -> None:
        """What follows FILTER or BIND; an EXISTS in it brings a group."""
        depth = 0
        while True:
            text = self.take()[1]
            if text == "(":
                depth += 1
            elif text == ")":
                depth -= 1
                if depth == 0:
                    return
            elif text == "{":
                scope.inner.append(self.group())
                if depth == 0:
                    return

    def triples(self, scope: Scope) -> None:
        bracket = self.peek()[1] == "["
        subject = self.node(scope)
        if bracket and self.peek()[1] in (".", "}"):
            return
        self.properties(scope, subject)

    def properties(self, scope: Scope, subject: str) -> None:
        while True:
            if self.peek()[1] in (".", "}", "]"):
                return
            if self.peek()[0] == "variable":
                self.take()
                path: Path | None = None
            else:
                path = self.alternative()
            scope.edges.append(Edge(subject, path, self.node(scope)))
            while self.peek()[1] == ",":
                self.take()
                scope.edges.append(Edge(subject, path, self.node(scope)))
            if self.peek()[1] != ";":
                return
            while self.peek()[1] == ";":
                self.take()

    def node(self, scope: Scope) -> str:
        kind, text = self.take()
        if kind == "variable":
            return "?" + text[1:]
        if text == "[":
            node = f"?[{next(self.fresh)}]"
            self.properties(scope, node)
            if self.take()[1] != "]":
                raise Unclear("[")
            return node
        if kind == "name":
            return str(self.iri(kind, text))
        if kind in ("iri", "string", "number") or text in ("true", "false"):
            return text
        if kind == "blank":
            return "?" + text
        raise Unclear(text)

    def alternative(self) -> Path:
        paths = [self.sequence()]
        while self.peek()[1] == "|":
            self.take()
            paths.append(self.sequence())
        return paths[0] if len(paths) == 1 else Alternative(tuple(paths))

    def sequence(self) -> Path:
        paths = [self.step()]
        while self.peek()[1] == "/":
            self.take()
            paths.append(self.step())
        return paths[0] if len(paths) == 1 else Sequence(tuple(paths))

    def step(self) -> Path:
        if self.peek()[1] == "^":
            self.take()
            return Inverse(self.step())
        kind, text = self.take()
        path: Path
        if text == "(":
            path = self.alternative()
            self.take()
        elif text == "a":
            path = Predicate(rdf("type"))
        elif kind in ("iri", "name"):
            path = Predicate(self.iri(kind, text))
        else:
            raise Unclear(text)
        match self.peek()[1]:
            case "*":
                self.take()
                return ZeroOrMore(path)
            case "+":
                self.take()
                return OneOrMore(path)
            case "?":
                self.take()
                return ZeroOrOne(path)
        return path

    def iri(self, kind: str, text: str) -> NamedNode:
        if kind == "iri":
            return NamedNode(text[1:-1])
        prefix, _, local = text.partition(":")
        if prefix not in self.prefixes:
            raise Unclear(text)
        return NamedNode(self.prefixes[prefix] + local)
