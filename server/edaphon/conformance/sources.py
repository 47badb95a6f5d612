"""Which nodes a query is about: a pattern that binds them, all targets of a shape at once or a list."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyoxigraph import NamedNode

from edaphon.conformance.dataset import TERM, Dataset
from edaphon.conformance.paths import Path, Sequence, as_sparql
from edaphon.conformance.shapes import Targets
from edaphon.conformance.triples import Term

__all__ = ["Source", "instances", "listed", "targeted", "within"]


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
        chain = f"{self.chain}{self.node} {as_sparql(path)} ?s{self.depth + 1} . "
        return Source(self.head, self.lateral, chain, self.depth + 1)

    def where(self, body: str) -> str:
        """A group that binds the nodes and goes on with `body`."""
        if self.lateral:
            return f"{{ {self.head} LATERAL {{ {self.chain}{body} }} }}"
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


def targeted(targets: Targets, dataset: Dataset) -> Source:
    """All nodes of the dataset that the targets name."""
    groups: list[str] = []
    if targets.nodes:
        if not (targets.classes or targets.subjects_of or targets.objects_of):
            return listed(map(dataset.encode, targets.nodes), dataset)
        groups.append(_numbered(dataset.number(map(dataset.encode, targets.nodes))))
    classes = {other for cls in targets.classes for other in dataset.subclasses(cls) if isinstance(other, NamedNode)}
    if classes:
        groups.append(instances("?s0", classes, "?c0"))
    groups += [f"?s0 {property} ?o0 ." for property in targets.subjects_of]
    groups += [f"?o0 {property} ?s0 ." for property in targets.objects_of]
    if not groups:
        # Classes that only blank nodes name: nothing outside the shapes graph can be an instance of them.
        return listed((), dataset)
    return Source(groups[0] if len(groups) == 1 else " UNION ".join(f"{{ {group} }}" for group in groups))


def instances(variable: str, classes: Iterable[Term], type: str) -> str:
    """A pattern that binds the variable to the instances of any of the classes; more than once for several types.

    `type` is a variable for the class that no pattern around uses.
    """
    names = sorted(str(cls) for cls in classes if isinstance(cls, NamedNode))
    if len(names) == 1:
        return f"{variable} a {names[0]} ."
    return f"VALUES {type} {{ {' '.join(names)} }} {variable} a {type} ."


def within(node: str, path: Path, value: str) -> str:
    """The pattern `node path value` for the inside of an EXISTS, where the node is bound.

    The engine plans an EXISTS as if nothing were bound and would join the steps of a sequence over all of the data,
    once for each node; LATERAL makes it go from one step to the next.
    """
    if not isinstance(path, Sequence):
        return f"{node} {as_sparql(path)} {value} ."
    first, *rest = path.paths
    onward = rest[0] if len(rest) == 1 else Sequence(tuple(rest))
    via = f"{value}_{len(rest)}"
    return f"{within(node, first, via)} LATERAL {{ {within(via, onward, value)} }}"
