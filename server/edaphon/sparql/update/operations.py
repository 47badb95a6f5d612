"""The operations of an update, with their parts as they stand in its text."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Clear", "Create", "Data", "Graphs", "Load", "Modify", "Operation", "Transfer"]


@dataclass(frozen=True, slots=True)
class Graphs:
    """Which graphs an operation means. `iri`, as written, is there when `which` is GRAPH."""

    which: Literal["GRAPH", "DEFAULT", "NAMED", "ALL"]
    iri: str = ""

    def __str__(self) -> str:
        return self.iri or self.which


@dataclass(frozen=True, slots=True)
class Data:
    """INSERT DATA or DELETE DATA; `block` has its braces."""

    verb: Literal["INSERT", "DELETE"]
    block: str
    start: int

    def __str__(self) -> str:
        return f"{self.verb} DATA"


@dataclass(frozen=True, slots=True)
class Modify:
    """DELETE and INSERT by a pattern. DELETE WHERE has the same block as `delete` and as `where`.

    All parts are as written: `graph` is the IRI after WITH, `using` and `using_named` are IRIs, blocks have braces.
    """

    start: int
    where: str
    delete: str | None = None
    insert: str | None = None
    graph: str | None = None
    using: tuple[str, ...] = ()
    using_named: tuple[str, ...] = ()

    @property
    def names_dataset(self) -> bool:
        """Whether it says itself, by WITH or USING, which graphs its pattern is about."""
        return bool(self.graph or self.using or self.using_named)

    def __str__(self) -> str:
        return " … ".join(word for word, part in (("DELETE", self.delete), ("INSERT", self.insert)) if part) + " WHERE"


@dataclass(frozen=True, slots=True)
class Load:
    """LOAD of an IRI into a named graph, or into the default graph when `into` is None; IRIs as written."""

    source: str
    into: str | None
    silent: bool
    start: int
    end: int

    def __str__(self) -> str:
        return "LOAD"


@dataclass(frozen=True, slots=True)
class Clear:
    """CLEAR or DROP."""

    verb: Literal["CLEAR", "DROP"]
    graphs: Graphs
    silent: bool
    start: int

    def __str__(self) -> str:
        return f"{self.verb} {self.graphs}"


@dataclass(frozen=True, slots=True)
class Create:
    """CREATE GRAPH; the IRI as written."""

    graph: str
    silent: bool
    start: int

    def __str__(self) -> str:
        return "CREATE GRAPH"


@dataclass(frozen=True, slots=True)
class Transfer:
    """ADD, COPY or MOVE from one graph to another."""

    verb: Literal["ADD", "COPY", "MOVE"]
    source: Graphs
    target: Graphs
    silent: bool
    start: int

    def __str__(self) -> str:
        return f"{self.verb} {self.source} TO {self.target}"


Operation = Data | Modify | Load | Clear | Create | Transfer
