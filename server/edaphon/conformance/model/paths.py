"""How a SHACL property path is read from shapes, written for people, in SPARQL, as RDF, and walked backwards."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from pyoxigraph import BlankNode, Literal, NamedNode

from edaphon.conformance.model.triples import BrokenList, Term, Triples
from edaphon.conformance.model.vocabulary import rdf, sh

__all__ = [
    "Alternative",
    "Inverse",
    "OneOrMore",
    "Path",
    "PathError",
    "Predicate",
    "Sequence",
    "ZeroOrMore",
    "ZeroOrOne",
    "as_rdf",
    "as_sparql",
    "inverse",
    "parse_path",
    "predicates",
    "readable",
    "simplified",
]


@dataclass(frozen=True, slots=True)
class Predicate:
    """One step along a property."""

    iri: NamedNode


@dataclass(frozen=True, slots=True)
class Inverse:
    """A path walked from its end to its start."""

    path: "Path"


@dataclass(frozen=True, slots=True)
class Sequence:
    """Two or more paths, one after the other."""

    paths: "tuple[Path, ...]"


@dataclass(frozen=True, slots=True)
class Alternative:
    """Any one of two or more paths."""

    paths: "tuple[Path, ...]"


@dataclass(frozen=True, slots=True)
class ZeroOrMore:
    """A path any number of times."""

    path: "Path"


@dataclass(frozen=True, slots=True)
class OneOrMore:
    """A path at least once."""

    path: "Path"


@dataclass(frozen=True, slots=True)
class ZeroOrOne:
    """A path once or not at all."""

    path: "Path"


Path = Predicate | Inverse | Sequence | Alternative | ZeroOrMore | OneOrMore | ZeroOrOne

# The properties that say which kind of path a blank node is, with the kind.
MODIFIERS: dict[NamedNode, Callable[[Path], Path]] = {
    sh("inversePath"): Inverse,
    sh("zeroOrMorePath"): ZeroOrMore,
    sh("oneOrMorePath"): OneOrMore,
    sh("zeroOrOnePath"): ZeroOrOne,
}
ALTERNATIVE = sh("alternativePath")
FIRST, REST, NIL = rdf("first"), rdf("rest"), rdf("nil")

# A path deeper than this is refused: no one writes it, and repeated repetitions keep the engine busy for ever.
DEEPEST = 12


class PathError(ValueError):
    """A node that is no well-formed SHACL path; the message says why."""


def parse_path(shapes: Triples, node: Term, depth: int = 0) -> Path:
    """Read the path that starts at `node` (SHACL section 2.3.1). Raises PathError where it is ill-formed."""
    if depth > DEEPEST:
        raise PathError("the path is nested too deeply, or contains itself")
    if isinstance(node, NamedNode):
        return Predicate(node)
    if isinstance(node, Literal):
        raise PathError(f"{node} is a literal")
    kinds = [kind for kind in (FIRST, ALTERNATIVE, *MODIFIERS) if shapes.objects(node, kind)]
    if FIRST in kinds and len(kinds) > 1:
        # W3C test path-strange-002: a list that also carries a modifier is read as the list.
        kinds = [FIRST]
    if len(kinds) != 1:
        raise PathError("a blank node that is neither a list nor exactly one of the SHACL path expressions")
    (kind,) = kinds
    if kind == FIRST:
        return Sequence(_members(shapes, node, depth))
    operands = shapes.objects(node, kind)
    if len(operands) != 1:
        raise PathError(f"{_local(kind)} has {len(operands)} values instead of one")
    if kind == ALTERNATIVE:
        return Alternative(_members(shapes, operands[0], depth))
    return MODIFIERS[kind](parse_path(shapes, operands[0], depth + 1))


def _members(shapes: Triples, head: Term, depth: int) -> tuple[Path, ...]:
    try:
        members = shapes.items(head)
    except BrokenList:
        raise PathError("the list of its steps is not well-formed") from None
    if len(members) < 2:
        raise PathError("a sequence or alternative needs at least two members")
    return tuple(parse_path(shapes, member, depth + 1) for member in members)


def _local(term: NamedNode) -> str:
    return "sh:" + term.value.partition("#")[2]


def as_sparql(path: Path) -> str:
    """The path in SPARQL 1.1 syntax, in parentheses where it is more than one property."""
    return _write(simplified(path), str)


def simplified(path: Path) -> Path:
    """A path that leads to the same nodes, with inverses on single steps only and no repetition of a repetition."""
    match path:
        case Predicate() | Inverse(Predicate()):
            return path
        case Inverse(inner):
            return simplified(inverse(inner))
        case Sequence(paths):
            return Sequence(tuple(map(simplified, paths)))
        case Alternative(paths):
            return Alternative(tuple(map(simplified, paths)))
        case ZeroOrMore(inner) | OneOrMore(inner) | ZeroOrOne(inner):
            inside = simplified(inner)
            if isinstance(inside, ZeroOrMore | OneOrMore | ZeroOrOne):
                return inside if type(inside) is type(path) else ZeroOrMore(inside.path)
            return type(path)(inside)
        case _:
            assert_never(path)


def readable(path: Path, shrink: Callable[[NamedNode], str]) -> str:
    """The path in SPARQL 1.1 syntax with IRIs as `shrink` writes them, without outer parentheses."""
    text = _write(path, shrink)
    return text[1:-1] if isinstance(path, Sequence | Alternative) else text


def _write(path: Path, name: Callable[[NamedNode], str]) -> str:
    match path:
        case Predicate(iri):
            return name(iri)
        case Inverse(inner):
            return f"^{_operand(inner, name)}"
        case Sequence(paths):
            return f"({'/'.join(_write(one, name) for one in paths)})"
        case Alternative(paths):
            return f"({'|'.join(_write(one, name) for one in paths)})"
        case ZeroOrMore(inner):
            return f"{_operand(inner, name)}*"
        case OneOrMore(inner):
            return f"{_operand(inner, name)}+"
        case ZeroOrOne(inner):
            return f"{_operand(inner, name)}?"
        case _:
            assert_never(path)


def _operand(path: Path, name: Callable[[NamedNode], str]) -> str:
    # SPARQL allows one modifier on a primary only, so a modified operand needs its own parentheses.
    text = _write(path, name)
    return text if isinstance(path, Predicate | Sequence | Alternative) else f"({text})"


def inverse(path: Path) -> Path:
    """The path that leads back: from each node that `path` reaches to where it started."""
    match path:
        case Predicate():
            return Inverse(path)
        case Inverse(inner):
            return inner
        case Sequence(paths):
            return Sequence(tuple(inverse(one) for one in reversed(paths)))
        case Alternative(paths):
            return Alternative(tuple(inverse(one) for one in paths))
        case ZeroOrMore(inner):
            return ZeroOrMore(inverse(inner))
        case OneOrMore(inner):
            return OneOrMore(inverse(inner))
        case ZeroOrOne(inner):
            return ZeroOrOne(inverse(inner))
        case _:
            assert_never(path)


def predicates(path: Path) -> set[NamedNode]:
    """The properties that the path uses, in either direction."""
    match path:
        case Predicate(iri):
            return {iri}
        case Sequence(paths) | Alternative(paths):
            return set().union(*map(predicates, paths))
        case Inverse(inner) | ZeroOrMore(inner) | OneOrMore(inner) | ZeroOrOne(inner):
            return predicates(inner)
        case _:
            assert_never(path)


def as_rdf(path: Path) -> tuple[NamedNode | BlankNode, list[tuple[NamedNode | BlankNode, NamedNode, Term]]]:
    """The path as SHACL writes it: the node that stands for it, and the triples that describe that node."""
    if isinstance(path, Predicate):
        return path.iri, []
    object: NamedNode | BlankNode
    match path:
        case Sequence(paths):
            return _list(paths)
        case Alternative(paths):
            property, (object, triples) = ALTERNATIVE, _list(paths)
        case Inverse(inner):
            property, (object, triples) = sh("inversePath"), as_rdf(inner)
        case ZeroOrMore(inner):
            property, (object, triples) = sh("zeroOrMorePath"), as_rdf(inner)
        case OneOrMore(inner):
            property, (object, triples) = sh("oneOrMorePath"), as_rdf(inner)
        case ZeroOrOne(inner):
            property, (object, triples) = sh("zeroOrOnePath"), as_rdf(inner)
        case _:
            assert_never(path)
    node = BlankNode()
    return node, [(node, property, object), *triples]


def _list(
    paths: tuple[Path, ...],
) -> tuple[NamedNode | BlankNode, list[tuple[NamedNode | BlankNode, NamedNode, Term]]]:
    cells = [BlankNode() for _ in paths]
    triples: list[tuple[NamedNode | BlankNode, NamedNode, Term]] = []
    rests: list[NamedNode | BlankNode] = [*cells[1:], NIL]
    for cell, path, rest in zip(cells, paths, rests, strict=True):
        member, described = as_rdf(path)
        triples += [(cell, FIRST, member), (cell, REST, rest), *described]
    return cells[0], triples
