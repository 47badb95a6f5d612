"""Which nodes a query is about: a pattern that binds them, all targets of a shape at once or a list."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from pyoxigraph import DefaultGraph, Literal, NamedNode

from edaphon.conformance.engine.dataset import TERM, Dataset
from edaphon.conformance.model.paths import (
    Alternative,
    Inverse,
    OneOrMore,
    Path,
    Sequence,
    ZeroOrMore,
    ZeroOrOne,
    as_sparql,
)
from edaphon.conformance.model.shapes import Targets
from edaphon.conformance.model.triples import Term

__all__ = ["Source", "instances", "is_target", "listed", "targeted", "within"]

DEFAULT: Final = DefaultGraph()


@dataclass(frozen=True, slots=True)
class Source:
    """The nodes that `head` and then the steps of `chain` lead to. A node may come more than once.

    `lateral` asks the engine to go on from each node that the head binds: a list joined in another order could make
    it read all of the data. Variables are ?s0, ?s1 …; the last one is the node.
    """

    head: str
    lateral: bool = False
    chain: str = ""
    depth: int = 0

    @property
    def node(self) -> str:
        """The variable of the nodes."""
        return f"?s{self.depth}"

    def step(self, path: Path | None) -> "Source":
        """The nodes that `path` leads to from these."""
        if path is None:
            return self
        chain = f"{self.chain}{self.reach(path, f'?s{self.depth + 1}')} "
        if self.lateral:
            chain += "LATERAL { "
        return Source(self.head, self.lateral, chain, self.depth + 1)

    def reach(self, path: Path, value: str) -> str:
        """The pattern `node path value`."""
        return _reach(self.node, path, value, may_be_absent=self.may_be_absent)

    @property
    def may_be_absent(self) -> bool:
        """Whether the nodes come from a list, and so may be none of the data's, on paths of no length neither."""
        return self.lateral

    def where(self, body: str) -> str:
        """A group that binds the nodes and goes on with `body`."""
        if self.lateral:
            return f"{{ {self.head} LATERAL {{ {self.chain}{body} }} }}" + " }" * self.depth
        return f"{{ {self.head} {self.chain}{body} }}"

    def select(self, names: str, body: str, tail: str = "") -> str:
        """A SELECT of the node and of what `names` says."""
        return f"SELECT {self.node} {names} WHERE {self.where(body)} {tail}"

    def distinct(self) -> str:
        """A group that binds ?this to each node once."""
        inner = self.where(f"BIND({self.node} AS ?this)")
        return f"{{ SELECT DISTINCT ?this WHERE {inner} }}"


def listed(nodes: Iterable[Term], dataset: Dataset) -> Source:
    """Just these nodes."""
    return Source(_numbered(dataset.number(nodes)), lateral=True)


def _numbered(numbers: range) -> str:
    # By number, since SPARQL has no way to write a blank node of the data.
    return f"VALUES ?i {{ {' '.join(map(str, numbers))} }} BIND(<{TERM.value}>(?i) AS ?s0)"


def targeted(targets: Targets, dataset: Dataset) -> list[Source]:
    """All nodes of the dataset that the targets name, in sources that have no node in common."""
    groups: list[str] = []
    classes = {other for cls in targets.classes for other in dataset.subclasses(cls) if isinstance(other, NamedNode)}
    if classes:
        groups.append(instances("?s0", classes, "?c0"))
    groups += [f"?s0 {property} ?o0 ." for property in targets.subjects_of]
    groups += [f"?o0 {property} ?s0 ." for property in targets.objects_of]
    sources = [Source(groups[0] if len(groups) == 1 else " UNION ".join(f"{{ {group} }}" for group in groups))]
    if not groups:
        sources = []
    # Nodes that are named need not be in the data, so they cannot be part of a pattern over the data.
    others = replace(targets, nodes=())
    named = [node for node in map(dataset.encode, targets.nodes) if not is_target(node, others, dataset)]
    return [*sources, listed(named, dataset)] if named else sources


def is_target(node: Term, targets: Targets, dataset: Dataset) -> bool:
    """Whether the targets name the node, as the dataset stands."""
    if node in targets.nodes or dataset.decode(node) in targets.nodes:
        return True
    if targets.objects_of and dataset.has_any(node, targets.objects_of, inverse=True):
        return True
    if targets.subjects_of and dataset.has_any(node, targets.subjects_of):
        return True
    if not targets.classes or isinstance(node, Literal):
        return False
    types = dataset.types(node)
    return any(not types.isdisjoint(dataset.subclasses(cls)) for cls in targets.classes)


def instances(variable: str, classes: Iterable[Term], type: str) -> str:
    """A pattern that binds the variable to the instances of any of the classes; more than once for several types.

    `type` is a variable for the class that no pattern around uses.
    """
    names = sorted(str(cls) for cls in classes if isinstance(cls, NamedNode))
    if len(names) == 1:
        return f"{variable} a {names[0]} ."
    return f"VALUES {type} {{ {' '.join(names)} }} {variable} a {type} ."


def within(source: Source, path: Path, value: str) -> str:
    """The pattern `node path value` for the inside of an EXISTS, where the node is bound.

    The engine plans an EXISTS as if nothing were bound and would join the steps of a sequence over all of the data,
    once for each node; LATERAL makes it go from one step to the next.
    """
    return _within(source.node, path, value, may_be_absent=source.may_be_absent)


def _within(node: str, path: Path, value: str, *, may_be_absent: bool) -> str:
    if not isinstance(path, Sequence):
        return _reach(node, path, value, may_be_absent=may_be_absent)
    first, *rest = path.paths
    onward = rest[0] if len(rest) == 1 else Sequence(tuple(rest))
    via = f"{value}_{len(rest)}"
    then = _within(via, onward, value, may_be_absent=may_be_absent)
    return f"{_within(node, first, via, may_be_absent=may_be_absent)} LATERAL {{ {then} }}"


def _reach(node: str, path: Path, value: str, *, may_be_absent: bool) -> str:
    pattern = f"{node} {as_sparql(path)} {value} ."
    if may_be_absent and _nullable(path):
        # The engine has no zero-length path for a term that is no node of the data; the specification has.
        return f"{{ {pattern} }} UNION {{ BIND({node} AS {value}) }}"
    return pattern


def _nullable(path: Path) -> bool:
    """Whether the path leads from a node to itself over no triple at all."""
    match path:
        case ZeroOrMore() | ZeroOrOne():
            return True
        case Inverse(inner) | OneOrMore(inner):
            return _nullable(inner)
        case Sequence(paths):
            return all(map(_nullable, paths))
        case Alternative(paths):
            return any(map(_nullable, paths))
        case _:
            return False
