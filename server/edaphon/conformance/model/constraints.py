"""What a shape can demand: one frozen value for each kind of constraint, already read and checked."""

from dataclasses import dataclass, field

from pyoxigraph import BlankNode, Literal, NamedNode

from edaphon.conformance.model.paths import Path
from edaphon.conformance.model.triples import Term
from edaphon.conformance.model.vocabulary import sh

__all__ = [
    "And",
    "Class",
    "Closed",
    "Comparison",
    "Constraint",
    "Custom",
    "Datatype",
    "Disjoint",
    "Equals",
    "HasValue",
    "In",
    "LanguageIn",
    "LessThan",
    "MaxCount",
    "MaxLength",
    "MinCount",
    "MinLength",
    "Node",
    "NodeKind",
    "Not",
    "Or",
    "Pattern",
    "Property",
    "Qualified",
    "Query",
    "Sparql",
    "UniqueLang",
    "Xone",
    "component",
    "nested",
]

ShapeName = NamedNode | BlankNode


@dataclass(frozen=True, slots=True)
class Class:
    """Value nodes are instances of the class or of a subclass."""

    cls: NamedNode | BlankNode


@dataclass(frozen=True, slots=True)
class Datatype:
    """Value nodes are well-formed literals of the datatype."""

    datatype: NamedNode


@dataclass(frozen=True, slots=True)
class NodeKind:
    """Value nodes are of one of the kinds: of `IRI`, `BlankNode`, `Literal`."""

    kinds: frozenset[str]
    term: NamedNode


@dataclass(frozen=True, slots=True)
class MinCount:
    """There are at least so many value nodes."""

    count: int


@dataclass(frozen=True, slots=True)
class MaxCount:
    """There are at most so many value nodes."""

    count: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Value nodes stand in the relation `operator` to the bound, as SPARQL compares."""

    component: NamedNode
    operator: str
    bound: Literal


@dataclass(frozen=True, slots=True)
class MinLength:
    """Value nodes have at least so many characters."""

    length: int


@dataclass(frozen=True, slots=True)
class MaxLength:
    """Value nodes have at most so many characters."""

    length: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """Value nodes match the regular expression, as SPARQL's REGEX does."""

    pattern: str
    flags: str


@dataclass(frozen=True, slots=True)
class LanguageIn:
    """Value nodes have a language tag that matches one of the ranges."""

    ranges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UniqueLang:
    """No two value nodes share a language tag."""


@dataclass(frozen=True, slots=True)
class Equals:
    """The value nodes are exactly the values of the other property."""

    property: NamedNode


@dataclass(frozen=True, slots=True)
class Disjoint:
    """No value node is a value of the other property."""

    property: NamedNode


@dataclass(frozen=True, slots=True)
class LessThan:
    """Each value node is less than (or equal to) each value of the other property."""

    property: NamedNode
    or_equal: bool


@dataclass(frozen=True, slots=True)
class Not:
    """Value nodes do not conform to the shape."""

    shape: ShapeName


@dataclass(frozen=True, slots=True)
class And:
    """Value nodes conform to all of the shapes."""

    shapes: tuple[ShapeName, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Value nodes conform to at least one of the shapes."""

    shapes: tuple[ShapeName, ...]


@dataclass(frozen=True, slots=True)
class Xone:
    """Value nodes conform to exactly one of the shapes."""

    shapes: tuple[ShapeName, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """Value nodes conform to the node shape."""

    shape: ShapeName


@dataclass(frozen=True, slots=True)
class Property:
    """Value nodes are focus nodes of the property shape."""

    shape: ShapeName


@dataclass(frozen=True, slots=True)
class Qualified:
    """So many value nodes conform to the shape and, where disjointness is asked for, to none of its siblings."""

    shape: ShapeName
    siblings: tuple[ShapeName, ...]
    minimum: int | None
    maximum: int | None


@dataclass(frozen=True, slots=True)
class Closed:
    """Value nodes have no property but these."""

    allowed: tuple[NamedNode, ...]


@dataclass(frozen=True, slots=True)
class HasValue:
    """The term is among the value nodes."""

    term: Term


@dataclass(frozen=True, slots=True)
class In:
    """Value nodes are members of the list."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT or ASK of the shapes graph with the prefixes it needs."""

    text: str
    prefixes: tuple[tuple[str, str], ...]

    @property
    def source(self) -> str:
        """The query with its prefix declarations in front."""
        return "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in self.prefixes) + self.text


@dataclass(frozen=True, slots=True)
class Sparql:
    """A SPARQL-based constraint, SHACL section 5."""

    node: ShapeName
    query: Query
    messages: tuple[Literal, ...] = ()


@dataclass(frozen=True, slots=True)
class Custom:
    """A constraint component of the shapes graph's own, SHACL section 6, with the values of its parameters."""

    component: NamedNode | BlankNode
    validator: ShapeName
    query: Query
    ask: bool
    arguments: tuple[tuple[str, Term], ...]
    optional: tuple[str, ...] = ()
    messages: tuple[Literal, ...] = field(default=())
    path: Path | None = None


Constraint = (
    Class
    | Datatype
    | NodeKind
    | MinCount
    | MaxCount
    | Comparison
    | MinLength
    | MaxLength
    | Pattern
    | LanguageIn
    | UniqueLang
    | Equals
    | Disjoint
    | LessThan
    | Not
    | And
    | Or
    | Xone
    | Node
    | Property
    | Qualified
    | Closed
    | HasValue
    | In
    | Sparql
    | Custom
)


def component(constraint: Constraint) -> NamedNode:
    """The IRI that a result gives as sh:sourceConstraintComponent. Qualified has two; the engine knows which."""
    match constraint:
        case Comparison() | Custom():
            iri = constraint.component
            return iri if isinstance(iri, NamedNode) else sh("ConstraintComponent")
        case LessThan(or_equal=True):
            return sh("LessThanOrEqualsConstraintComponent")
        case Sparql():
            return sh("SPARQLConstraintComponent")
        case Qualified(minimum=None):
            return sh("QualifiedMaxCountConstraintComponent")
        case Qualified():
            return sh("QualifiedMinCountConstraintComponent")
        case _:
            return sh(type(constraint).__name__ + "ConstraintComponent")


def nested(constraint: Constraint) -> tuple[ShapeName, ...]:
    """The shapes that the constraint refers to."""
    match constraint:
        case Not(shape) | Node(shape) | Property(shape):
            return (shape,)
        case And(shapes) | Or(shapes) | Xone(shapes):
            return shapes
        case Qualified(shape, siblings):
            return (shape, *siblings)
        case _:
            return ()
