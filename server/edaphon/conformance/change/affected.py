"""Which focus nodes a change of the data can concern: those that reach a changed triple along a path of their shape.

A shape looks at the data along paths that start at its focus node: its own, those of the shapes it refers to joined to
them, and the path to a class where it asks for one. A change matters to a focus node only if one of these paths runs
over a changed triple. Up to the first such triple the path runs over triples that are there before and after, so
walking back from the changed triple in the new state finds every such node, whether the triple came or went.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import prod
from typing import Final, assert_never

from pyoxigraph import NamedNode, Quad, Triple

from edaphon.conformance.change.patterns import Edge, Scope, Unclear, scopes
from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.engine.prebinding import prepare_select
from edaphon.conformance.engine.sources import listed
from edaphon.conformance.model import constraints as c
from edaphon.conformance.model.paths import (
    Alternative,
    Inverse,
    OneOrMore,
    Path,
    Predicate,
    Sequence,
    ZeroOrMore,
    ZeroOrOne,
    as_sparql,
    inverse,
    simplified,
)
from edaphon.conformance.model.shapes import Shape, ShapeName, Shapes, Targets
from edaphon.conformance.model.triples import Term
from edaphon.conformance.model.vocabulary import rdf, rdfs

__all__ = ["Dependencies", "Occurrence", "affected", "dependencies"]

log = logging.getLogger(__name__)

TO_CLASS: Final = Sequence((Predicate(rdf("type")), ZeroOrMore(Predicate(rdfs("subClassOf")))))
# With more ways than this from $this to a pattern, the whole of the targets is checked.
WAYS: Final = 64


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place where a path of a shape crosses a triple: the way to it from the focus node, and its predicate.

    The triple's subject is at the end of the way, or its object when the triple is crossed in the `inverse` direction;
    None stands for any predicate.
    """

    way: tuple[Path, ...]
    predicate: NamedNode | None
    inverse: bool


@dataclass(frozen=True, slots=True)
class Dependencies:
    """All that the validity of a shape's focus nodes depends on; `everything` if it cannot be told."""

    occurrences: frozenset[Occurrence]
    everything: bool = False


def dependencies(shapes: Shapes, shape: Shape) -> Dependencies:
    """What a shape with targets depends on, its targets included."""
    found: set[Occurrence] = set()
    try:
        found.update(_of_targets(shape.targets))
        found.update(_of_shape(shapes, shape.name, (), set()))
    except Unclear as reason:
        log.info("%s is checked whole after every change: its query has %s", shape.name, reason)
        return Dependencies(frozenset(), everything=True)
    return Dependencies(frozenset(found))


def _of_targets(targets: Targets) -> Iterator[Occurrence]:
    if targets.classes:
        yield from _crossings(TO_CLASS, ())
    for property in targets.subjects_of:
        yield Occurrence((), property, False)
    for property in targets.objects_of:
        yield Occurrence((), property, True)


def _of_shape(
    shapes: Shapes, name: ShapeName, way: tuple[Path, ...], seen: set[tuple[ShapeName, tuple[Path, ...]]]
) -> Iterator[Occurrence]:
    """What the shape depends on when its focus nodes are at the end of a way; nothing more when that was `seen`."""
    if (name, way) in seen:
        return
    seen.add((name, way))
    shape = shapes[name]
    values = way
    if shape.path is not None:
        yield from _crossings(simplified(shape.path), way)
        values = (*way, simplified(shape.path))
    for constraint in shape.constraints:
        match constraint:
            case c.Class():
                yield from _crossings(TO_CLASS, values)
            case c.Equals(property) | c.Disjoint(property) | c.LessThan(property):
                yield Occurrence(way, property, False)
            case c.Closed():
                yield Occurrence(values, None, False)
            case c.Sparql():
                path = None if shape.path is None else as_sparql(shape.path)
                yield from _of_query(prepare_select(constraint.query, path, {}).text, {"?this": way})
            case c.Custom():
                path = None if shape.path is None else as_sparql(shape.path)
                constants: dict[str, str | None] = {key: str(term) for key, term in constraint.arguments}
                text = prepare_select(constraint.query, path, constants).text
                yield from _of_query(text, {"?this": way, "?value": values} if constraint.ask else {"?this": way})
            case _:
                for other in c.nested(constraint):
                    yield from _of_shape(shapes, other, values, seen)


def _crossings(path: Path, way: tuple[Path, ...]) -> Iterator[Occurrence]:
    """Where a path, inverses pushed down to its steps, crosses triples."""
    match path:
        case Predicate(iri):
            yield Occurrence(way, iri, False)
        case Inverse(Predicate(iri)):
            yield Occurrence(way, iri, True)
        case Inverse(inner):
            yield from _crossings(inverse(inner), way)
        case Sequence(paths):
            for number, one in enumerate(paths):
                yield from _crossings(one, (*way, *paths[:number]))
        case Alternative(paths):
            for one in paths:
                yield from _crossings(one, way)
        case ZeroOrMore(inner) | OneOrMore(inner):
            yield from _crossings(inner, (*way, ZeroOrMore(inner)))
        case ZeroOrOne(inner):
            yield from _crossings(inner, way)
        case _:
            assert_never(path)


# Queries of the shapes graph -------------------------------------------------------------------------------------


def _of_query(text: str, known: dict[str, tuple[Path, ...]]) -> Iterator[Occurrence]:
    """What a query depends on, by the patterns that link its triples to the variables whose way is known."""
    yield from _of_scope(scopes(text), [], known)


def _of_scope(scope: Scope, around: list[Edge], known: dict[str, tuple[Path, ...]]) -> Iterator[Occurrence]:
    # A pattern is matched together with those of its own group, of the groups around it and of one branch of each
    # union beside it; on those of a group that may match nothing no way may rely.
    if prod(map(len, scope.unions)) > WAYS:
        raise Unclear("too many unions")
    for branches in product(*scope.unions):
        edges = [*around, *scope.edges, *(edge for branch in branches for edge in branch.edges)]
        for edge in scope.edges:
            yield from _of_edge(edge, edges, known)
        for inner in scope.inner:
            yield from _of_scope(inner, edges, known)
    for union in scope.unions:
        for branch in union:
            yield from _of_scope(branch, [*around, *scope.edges], known)


def _of_edge(edge: Edge, edges: list[Edge], known: dict[str, tuple[Path, ...]]) -> Iterator[Occurrence]:
    """Where a pattern crosses triples, reached from either of its ends over the others."""
    others = [other for other in edges if other is not edge]
    forward, backward = list(_ways(edge.start, others, known)), list(_ways(edge.end, others, known))
    if not forward and not backward:
        raise Unclear(f"a pattern with no link to $this ({edge.start} … {edge.end})")
    for way in forward:
        if edge.path is None:
            yield Occurrence(way, None, False)
        else:
            yield from _crossings(simplified(edge.path), way)
    for way in backward:
        if edge.path is None:
            yield Occurrence(way, None, True)
        else:
            yield from _crossings(simplified(inverse(edge.path)), way)


def _ways(node: str, edges: list[Edge], known: dict[str, tuple[Path, ...]]) -> Iterator[tuple[Path, ...]]:
    """Every way from a known variable to a node over some of the edges, none used twice."""
    found = 0
    waiting: list[tuple[str, tuple[Path, ...], tuple[Edge, ...]]] = [(node, (), ())]
    while waiting:
        here, tail, used = waiting.pop()
        if here in known:
            found += 1
            if found > WAYS:
                raise Unclear("too many ways from $this to a pattern")
            yield (*known[here], *tail)
            continue
        if not here.startswith("?"):
            continue
        for edge in edges:
            if edge in used:
                continue
            if edge.path is None:
                if here in (edge.start, edge.end):
                    raise Unclear("a variable predicate on the way to a pattern")
                continue
            if edge.end == here:
                waiting.append((edge.start, (simplified(edge.path), *tail), (*used, edge)))
            if edge.start == here:
                waiting.append((edge.end, (simplified(inverse(edge.path)), *tail), (*used, edge)))


# From a change to focus nodes ------------------------------------------------------------------------------------


def affected(needs: Iterable[Dependencies], changed: Iterable[Quad | Triple], after: Dataset) -> list[set[Term]]:
    """For each of the dependencies the nodes that the changed triples may concern, found in the new state."""
    subjects: defaultdict[NamedNode | None, dict[Term, None]] = defaultdict(dict)
    objects: defaultdict[NamedNode | None, dict[Term, None]] = defaultdict(dict)
    for triple in changed:
        if isinstance(triple.subject, Triple) or isinstance(triple.object, Triple):
            continue
        for key in (triple.predicate, None):
            subjects[key][triple.subject] = None
            objects[key][after.encode(triple.object)] = None

    @cache
    def back(way: tuple[Path, ...], predicate: NamedNode | None, inverted: bool) -> frozenset[Term]:
        ends = (objects if inverted else subjects).get(predicate)
        if not ends:
            return frozenset()
        if not way:
            return frozenset(ends)
        source = listed(ends, after).step(inverse(way[0] if len(way) == 1 else Sequence(way)))
        return frozenset(row[0] for row in after.select(source.select("", "")))

    return [{node for one in need.occurrences for node in back(one.way, one.predicate, one.inverse)} for need in needs]
