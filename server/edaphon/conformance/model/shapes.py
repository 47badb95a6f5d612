"""What a shapes graph demands, once read: its shapes by name, with their targets and constraints."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode

from edaphon.conformance.model.constraints import Constraint, nested
from edaphon.conformance.model.findings import VIOLATION, Remark
from edaphon.conformance.model.paths import Path
from edaphon.conformance.model.triples import Term, Triples

__all__ = ["Shape", "ShapeName", "Shapes", "Targets"]

ShapeName = NamedNode | BlankNode


@dataclass(frozen=True, slots=True)
class Targets:
    """Which nodes a shape is about, SHACL section 2.1.3; implicit class targets are among the classes."""

    nodes: tuple[Term, ...] = ()
    classes: tuple[Term, ...] = ()
    subjects_of: tuple[NamedNode, ...] = ()
    objects_of: tuple[NamedNode, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.nodes or self.classes or self.subjects_of or self.objects_of)


@dataclass(frozen=True, slots=True)
class Shape:
    """A node shape, or, with a path, a property shape. A deactivated one has no constraints and no targets."""

    name: ShapeName
    path: Path | None = None
    targets: Targets = Targets()
    constraints: tuple[Constraint, ...] = ()
    severity: NamedNode = VIOLATION
    messages: tuple[Literal, ...] = ()
    labels: tuple[Literal, ...] = ()
    deactivated: bool = False


@dataclass(frozen=True, slots=True)
class Shapes:
    """All shapes of a shapes graph, what is worth remarking on it, and the graph itself."""

    by_name: dict[ShapeName, Shape]
    graph: Triples
    remarks: tuple[Remark, ...] = ()

    def __getitem__(self, name: ShapeName) -> Shape:
        return self.by_name[name]

    def targeted(self) -> list[Shape]:
        """The shapes with targets: those from which validation starts."""
        return [shape for shape in self.by_name.values() if shape.targets]

    def walk(self, start: Iterable[ShapeName]) -> Iterator[Shape]:
        """The shapes named and all they refer to, each once."""
        waiting, seen = list(start), set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            shape = self.by_name[name]
            yield shape
            waiting += [other for constraint in shape.constraints for other in nested(constraint)]
