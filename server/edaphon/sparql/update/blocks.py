"""What stands between the braces of INSERT and DELETE, as quads: data, or a template with holes for variables.

A block differs from TriG in punctuation alone, so it is read as TriG, which keeps literals as they are spelt. Holes are
IRIs that nobody can guess, put in place of the variables before the block is read.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from edaphon.errors import EngineRefused
from edaphon.sparql.diagnosis.scanning import GAP, IRIREF, PATTERNS

__all__ = ["Template", "iri", "quads", "template"]

Term = NamedNode | BlankNode | Literal | Triple
GraphName = NamedNode | BlankNode | DefaultGraph

_KNOWN: Final = "|".join(
    PATTERNS[kind] for kind in ("VAR", "BLANK_NODE_LABEL", "PNAME_LN", "PNAME_NS", "LANGTAG", "LONG_STRING", "STRING")
)
_OPENING: Final = rf"(?i:GRAPH){GAP}({IRIREF}|{PATTERNS['PNAME_LN']}|{PATTERNS['PNAME_NS']}){GAP}{{(?!\|)"
_GRAPH: Final = re.compile(_OPENING)
# The triples of one graph: all tokens but braces, those of annotations apart, and GRAPH. Without a space behind it that
# could be a prefix as well; then the brace tells.
_TRIPLES: Final = re.compile(
    rf"(?:[ \t\r\n]++|#[^\r\n]*+|<<|{IRIREF}|(?!{_OPENING})(?:{_KNOWN}|(?:true|false|a)(?![\w:]))|{{\||\|}}"
    rf"|{PATTERNS['DOUBLE']}|{PATTERNS['DECIMAL']}|{PATTERNS['INTEGER']}|[.,;()\[\]^~>+-])*+"
)
_GRAPH_ENDS: Final = re.compile(rf"}}{GAP}\.?+")
# Whatever might hide or hold a variable's sign, and variables.
_VARIABLE: Final = re.compile(
    rf"#[^\r\n]*+|<<|{IRIREF}|{PATTERNS['LONG_STRING']}|{PATTERNS['STRING']}|\\.|({PATTERNS['VAR']})"
)


@dataclass(frozen=True, slots=True)
class _Hole:
    """Where the value of a variable goes: its place among the template's variables."""

    index: int


# A term of a template. A blank node stands for a new one in each solution; a tuple for a triple term.
_Part = NamedNode | Literal | BlankNode | DefaultGraph | _Hole | tuple["_Part", ...]


@dataclass(frozen=True, slots=True)
class Template:
    """Quads with holes. `variables` are the names of the variables that go there, without `?`."""

    variables: tuple[str, ...]
    _patterns: tuple[tuple[_Part, _Part, _Part, _Part], ...]

    @property
    def blank(self) -> bool:
        """Whether it makes new blank nodes, so that equal solutions make different quads."""
        return any(_blank(part) for pattern in self._patterns for part in pattern)

    def quads(self, values: Sequence[Term | None]) -> Iterator[Quad]:
        """The quads of one solution, which has a value or None for each variable.

        Those that lack a value, or would have one where it may not stand, are left out (SPARQL 1.1 Update section
        4.3.1, as CONSTRUCT does).
        """
        new: dict[BlankNode, BlankNode] = {}
        for pattern in self._patterns:
            subject, predicate, object_, graph = (_filled(part, values, new) for part in pattern)
            if (
                isinstance(subject, NamedNode | BlankNode)
                and isinstance(predicate, NamedNode)
                and object_ is not None
                and not isinstance(object_, DefaultGraph)
                and isinstance(graph, NamedNode | BlankNode | DefaultGraph)
            ):
                yield Quad(subject, predicate, object_, graph)


def quads(prologue: str, block: str) -> list[Quad]:
    """The quads of an INSERT DATA or DELETE DATA block, in its order; its blank nodes are new ones.

    Raises EngineRefused for the few spellings that SPARQL has and TriG has not.
    """
    text = f"{prologue}\n{_trig(block)}"
    try:
        return list(parse(text, RdfFormat.TRIG, rename_blank_nodes=True))
    except SyntaxError as error:
        raise _spelling(block) from error


def template(prologue: str, *blocks: str | None) -> tuple[tuple[str, ...], list[Template]]:
    """The templates of blocks that get their values from the same solutions, and the variables of all.

    A block that is None gives an empty template.
    """
    mark = f"urn:x-edaphon:{os.urandom(16).hex()}:"
    names: dict[str, int] = {}

    def hole(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        return f"<{mark}{names.setdefault(match[1][1:], len(names))}>"

    filled = [quads(prologue, _VARIABLE.sub(hole, block)) if block else [] for block in blocks]

    def part(term: Term | GraphName) -> _Part:
        if isinstance(term, Triple):
            return part(term.subject), part(term.predicate), part(term.object)
        if isinstance(term, NamedNode) and term.value.startswith(mark):
            return _Hole(int(term.value.removeprefix(mark)))
        return term

    variables = tuple(names)
    return variables, [
        Template(
            variables,
            tuple((part(one.subject), part(one.predicate), part(one.object), part(one.graph_name)) for one in made),
        )
        for made in filled
    ]


def iri(prologue: str, written: str) -> NamedNode:
    """The IRI that one of an update means, which may be relative or a prefixed name."""
    (quad,) = quads(prologue, f"{{ {written} {written} {written} }}")
    return quad.predicate


def _trig(block: str) -> str:
    """The block as TriG: triples outside GRAPH get braces of their own, dots behind GRAPH groups go."""
    parts: list[str] = []
    position = 1
    while True:
        position = _add(parts, block, position, "{")
        if block.startswith("}", position):
            return "".join(parts)
        graph = _GRAPH.match(block, position)
        if graph is None:
            raise _spelling(block[position:])
        position = _add(parts, block, graph.end(), f"GRAPH {graph[1]} {{")
        end = _GRAPH_ENDS.match(block, position)
        if end is None:
            raise _spelling(block[position:])
        position = end.end()


def _add(parts: list[str], block: str, start: int, opening: str) -> int:
    """Add the triples that begin at `start`; return where they end."""
    match = _TRIPLES.match(block, start)
    end = match.end() if match else start
    # The line end keeps a comment from hiding the brace.
    parts.append(f"{opening}{block[start:end]}\n}}\n")
    return end


def _spelling(block: str) -> EngineRefused:
    return EngineRefused(
        f"near `{' '.join(block[:60].split())}` the update can only be read as SPARQL, not as TriG; "
        "leave no space between a sign and its number, and put spaces around GRAPH"
    )


def _filled(part: _Part, values: Sequence[Term | None], new: dict[BlankNode, BlankNode]) -> Term | DefaultGraph | None:
    if isinstance(part, _Hole):
        return values[part.index]
    if isinstance(part, BlankNode):
        return new.setdefault(part, BlankNode())
    if isinstance(part, tuple):
        subject, predicate, object_ = (_filled(one, values, new) for one in part)
        if (
            isinstance(subject, NamedNode | BlankNode)
            and isinstance(predicate, NamedNode)
            and object_ is not None
            and not isinstance(object_, DefaultGraph)
        ):
            return Triple(subject, predicate, object_)
        return None
    return part


def _blank(part: _Part) -> bool:
    return any(map(_blank, part)) if isinstance(part, tuple) else isinstance(part, BlankNode)
