"""Small worlds for Hypothesis: shapes of every kind, data that they are about, and changes of the data."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from edaphon.conformance.engine.spelling import Spelling
from edaphon.conformance.model.findings import Finding
from edaphon.conformance.model.triples import Term
from edaphon.conformance.model.vocabulary import SHACL, rdf, rdfs, sh, xsd

EX = "http://example.org/"
VALUES = Spelling()


def ex(name: str) -> NamedNode:
    return NamedNode(EX + name)


CLASSES = [ex(name) for name in "ABC"]
PROPERTIES = [ex(name) for name in "pqr"]
NODES: list[Term] = [*(ex(f"n{number}") for number in range(5)), BlankNode("b0"), BlankNode("b1")]
INTEGERS = [Literal(text, datatype=xsd("integer")) for text in ("1", "2", "3", "10")]
LITERALS: list[Term] = [
    *INTEGERS,
    Literal("02", datatype=xsd("integer")),
    Literal("2", datatype=xsd("int")),
    Literal("2.0", datatype=xsd("decimal")),
    Literal("300", datatype=xsd("byte")),
    Literal("x", datatype=xsd("integer")),
    Literal("2020-01-31", datatype=xsd("date")),
    Literal("2020-02-31", datatype=xsd("date")),
    Literal("true", datatype=xsd("boolean")),
    Literal("a"),
    Literal("ab"),
    Literal("abc"),
    Literal("a", language="en"),
    Literal("b", language="en"),
    Literal("a", language="fr"),
]
# Literals that pySHACL compares as SPARQL does. Others it orders by type or not at all, where SPARQL knows no order
# and the specification so has them fail; worlds have either these or no constraint that compares.
COMPARABLE = [
    one
    for one in LITERALS
    if isinstance(one, Literal) and one.value not in ("300", "x", "2020-01-31", "2020-02-31", "true")
]
COMPARING = {
    "minInclusive",
    "maxExclusive",
    "maxInclusive",
    "minExclusive",
    "lessThan",
    "lessThanOrEquals",
}
# What pySHACL says instead of a result when sh:lessThan meets a blank node; the specification has it fail.
REFUSED = "Cannot use sh:lessThan"
SUBCLASS = rdfs("subClassOf")

# A triple of the shapes graph; `None` subjects never occur.
Statement = tuple[Term, NamedNode, Term]


@dataclass(frozen=True)
class World:
    shapes: tuple[Quad, ...]
    data: frozenset[Quad]
    literals: tuple[Term, ...]


def data_quads(literals: list[Term]) -> st.SearchStrategy[Quad]:
    subjects = st.sampled_from(NODES)
    values = st.builds(
        Quad, subjects, st.sampled_from(PROPERTIES), st.one_of(st.sampled_from(NODES), st.sampled_from(literals))
    )
    types = st.builds(Quad, subjects, st.just(rdf("type")), st.sampled_from(CLASSES))
    subclasses = st.builds(Quad, st.sampled_from(CLASSES), st.just(SUBCLASS), st.sampled_from(CLASSES))
    return st.one_of(values, values, values, types, types, subclasses)


def data(literals: list[Term]) -> st.SearchStrategy[frozenset[Quad]]:
    return st.frozensets(data_quads(literals), min_size=1, max_size=24)


class _Writer:
    """Draws a shapes graph; shapes refer only to those written before them, so that none is recursive."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.comparing = draw(st.booleans())
        self.literals: list[Term] = list(COMPARABLE) if self.comparing else LITERALS
        self.statements: list[Statement] = []
        self.shapes: list[tuple[NamedNode, bool]] = []
        self.blanks = 0

    def pick(self, options: Iterable[object]) -> object:
        return self.draw(st.sampled_from(list(options)))

    def say(self, subject: Term, predicate: str, object: Term) -> None:
        self.statements.append((subject, sh(predicate), object))

    def blank(self) -> BlankNode:
        self.blanks += 1
        return BlankNode(f"s{self.blanks}")

    def list(self, members: "list[Term]") -> Term:
        head: Term = rdf("nil")
        for member in reversed(members):
            cell = self.blank()
            self.statements += [(cell, rdf("first"), member), (cell, rdf("rest"), head)]
            head = cell
        return head

    def number(self, value: int) -> Literal:
        return Literal(str(value), datatype=xsd("integer"))

    def path(self, depth: int = 2) -> Term:
        simple: Term = self.draw(st.sampled_from(PROPERTIES))
        if depth == 0:
            return simple
        kind = self.pick(("plain",) * 5 + ("inverse", "sequence", "alternative", "star", "plus", "maybe"))
        if kind == "plain":
            return simple
        if kind == "sequence":
            return self.list([self.path(depth - 1), self.path(depth - 1)])
        node = self.blank()
        if kind == "alternative":
            self.say(node, "alternativePath", self.list([self.path(depth - 1), self.path(depth - 1)]))
        else:
            words = {"inverse": "inverse", "star": "zeroOrMore", "plus": "oneOrMore", "maybe": "zeroOrOne"}
            self.say(node, words[str(kind)] + "Path", self.path(depth - 1))
        return node

    def shape(self, number: int) -> NamedNode:
        name = ex(f"Shape{number}")
        has_path = self.draw(st.booleans())
        self.statements.append((name, rdf("type"), sh("PropertyShape" if has_path else "NodeShape")))
        if has_path:
            self.say(name, "path", self.path())
        kinds = [*VALUE_KINDS, *(PATH_KINDS if has_path else ())]
        if not self.comparing:
            kinds = [kind for kind in kinds if kind not in COMPARING]
        if self.shapes:
            kinds += [*SHAPE_KINDS, *SHAPE_KINDS]
            if has_path:
                kinds += ["qualified", "qualified"]
        for kind in self.draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=3, unique=True)):
            self.constraint(name, kind)
        if self.draw(st.integers(0, 9)) == 0:
            self.say(name, "severity", sh("Warning"))
        self.shapes.append((name, has_path))
        return name

    def some_shape(self) -> NamedNode:
        return self.draw(st.sampled_from([name for name, _ in self.shapes]))

    def constraint(self, name: NamedNode, kind: str) -> None:
        draw = self.draw
        match kind:
            case "class":
                self.say(name, kind, draw(st.sampled_from(CLASSES)))
            case "datatype":
                self.say(
                    name, kind, xsd(draw(st.sampled_from(["integer", "int", "byte", "string", "date", "decimal"])))
                )
            case "nodeKind":
                kinds = ["IRI", "BlankNode", "Literal", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral"]
                self.say(name, kind, sh(draw(st.sampled_from(kinds))))
            case "minCount" | "maxCount":
                self.say(name, kind, self.number(draw(st.integers(0, 3))))
            case "minInclusive" | "maxInclusive" | "minExclusive" | "maxExclusive":
                self.say(name, kind, draw(st.sampled_from(INTEGERS)))
            case "minLength" | "maxLength":
                self.say(name, kind, self.number(draw(st.integers(1, 4))))
            case "pattern":
                self.say(name, kind, Literal(draw(st.sampled_from(["^a", "b$", "^[0-9]+$", "n[0-2]"]))))
            case "languageIn":
                self.say(name, kind, self.list([Literal(draw(st.sampled_from(["en", "fr"])))]))
            case "uniqueLang":
                self.say(name, kind, Literal("true", datatype=xsd("boolean")))
            case "equals" | "disjoint" | "lessThan" | "lessThanOrEquals":
                self.say(name, kind, draw(st.sampled_from(PROPERTIES)))
            case "hasValue":
                self.say(name, kind, draw(st.sampled_from([*NODES[:5], *LITERALS])))
            case "in":
                members = draw(st.lists(st.sampled_from([*NODES[:5], *LITERALS]), max_size=6, unique=True))
                self.say(name, kind, self.list(members))
            case "closed":
                self.say(name, kind, Literal("true", datatype=xsd("boolean")))
                ignored = draw(st.lists(st.sampled_from([rdf("type"), *PROPERTIES]), unique=True))
                self.say(name, "ignoredProperties", self.list(list(ignored)))
            case "not":
                self.say(name, kind, self.some_shape())
            case "node":
                without_path = [shape for shape, has_path in self.shapes if not has_path]
                if without_path:
                    self.say(name, kind, draw(st.sampled_from(without_path)))
            case "property":
                with_path = [shape for shape, has_path in self.shapes if has_path]
                if with_path:
                    self.say(name, kind, draw(st.sampled_from(with_path)))
            case "and" | "or" | "xone":
                members = draw(st.lists(st.sampled_from([one for one, _ in self.shapes]), min_size=1, max_size=3))
                self.say(name, kind, self.list(list(members)))
            case "qualified":
                self.say(name, "qualifiedValueShape", self.some_shape())
                bound = draw(st.sampled_from(["qualifiedMinCount", "qualifiedMaxCount"]))
                self.say(name, bound, self.number(draw(st.integers(0, 2))))
                if draw(st.booleans()):
                    self.say(name, "qualifiedValueShapesDisjoint", Literal("true", datatype=xsd("boolean")))
            case "sparql":
                node = self.blank()
                self.say(name, kind, node)
                self.say(node, "select", Literal(draw(st.sampled_from(QUERIES))))

    def target(self, name: NamedNode) -> None:
        draw = self.draw
        for kind in draw(st.lists(st.sampled_from(TARGET_KINDS), min_size=1, max_size=2, unique=True)):
            match kind:
                case "targetNode":
                    self.say(name, kind, draw(st.sampled_from([*NODES[:5], *self.literals])))
                case "targetClass":
                    self.say(name, kind, draw(st.sampled_from(CLASSES)))
                case _:
                    self.say(name, kind, draw(st.sampled_from(PROPERTIES)))


VALUE_KINDS = [
    "class",
    "datatype",
    "nodeKind",
    "minInclusive",
    "maxExclusive",
    "maxInclusive",
    "minExclusive",
    "minLength",
    "maxLength",
    "pattern",
    "languageIn",
    "equals",
    "disjoint",
    "hasValue",
    "in",
    "closed",
    "sparql",
]
DATATYPES = ["integer", "int", "byte", "string", "date", "decimal"]
PATH_KINDS = ["minCount", "maxCount", "minCount", "maxCount", "uniqueLang", "lessThan", "lessThanOrEquals"]
SHAPE_KINDS = ["not", "node", "property", "and", "or", "xone"]
TARGET_KINDS = ["targetNode", "targetClass", "targetClass", "targetSubjectsOf", "targetObjectsOf"]
P, Q, R = (str(property) for property in PROPERTIES)
QUERIES = (
    f"SELECT $this ?value WHERE {{ $this {P} ?value . ?value {Q} ?other }}",
    f"SELECT $this ?value WHERE {{ $this {P}/{Q} ?value . FILTER NOT EXISTS {{ ?value {R} ?other }} }}",
    f"SELECT $this WHERE {{ {{ ?x {P} $this }} UNION {{ $this {Q} ?x . ?x a <{EX}A> }} }}",
    f"SELECT $this (?x AS ?value) WHERE {{ $this {R} ?x . OPTIONAL {{ ?x {P} ?y . ?y {Q} ?z }} FILTER (!BOUND(?z)) }}",
    f"SELECT $this WHERE {{ $this {P} ?x . ?x ({Q}|^{R})* ?y . ?y a <{EX}B> . FILTER (?y != $this) }}",
    f"SELECT $this WHERE {{ {{ $this {P} ?x }} UNION {{ ?x {Q} $this }} ?x {R} ?y . OPTIONAL {{ ?y {Q} ?z }} }}",
    f"SELECT $this ?value WHERE {{ $this ?any ?value . FILTER (isIRI(?value) && EXISTS {{ ?value {P} $this }}) }}",
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Shapes, at least one of them with targets, and data."""
    writer = _Writer(draw)
    names = [writer.shape(number) for number in range(draw(st.integers(1, 4)))]
    for name in dict.fromkeys([names[-1], *draw(st.lists(st.sampled_from(names), max_size=1))]):
        writer.target(name)
    shapes = tuple(Quad(*statement) for statement in writer.statements)  # type: ignore[arg-type]
    return World(shapes, draw(data(writer.literals)), tuple(writer.literals))


@dataclass(frozen=True)
class Changed:
    """A world and a change of its data: what is added and what is removed."""

    world: World
    added: frozenset[Quad]
    removed: frozenset[Quad]


@st.composite
def changes(draw: st.DrawFn) -> Changed:
    world = draw(worlds())
    removed = draw(st.frozensets(st.sampled_from(sorted(world.data, key=str)), max_size=3))
    added = draw(st.frozensets(data_quads(list(world.literals)), max_size=3)) - world.data
    return Changed(world, added, removed)


def key(finding: Finding) -> tuple[object, ...]:
    """What engines agree on. Queries of the shapes graph see values, so what they return is compared as such."""
    value: object = finding.value
    if finding.component == sh("SPARQLConstraintComponent") and isinstance(finding.value, Literal):
        value = VALUES.canonical(finding.value)
    return (finding.focus, finding.shape, finding.component, finding.severity, finding.path, value)


def keys(findings: Iterable[Finding]) -> "Counter[tuple[object, ...]]":
    return Counter(map(key, findings))


def unexplained(more: "Counter[tuple[object, ...]]") -> "Counter[tuple[object, ...]]":
    """What the engine finds and pySHACL does not, but for IRIs, which pySHACL orders, among strings even."""
    pairs = (sh("LessThanConstraintComponent"), sh("LessThanOrEqualsConstraintComponent"))
    known = {one for one in more if one[2] in pairs and not (isinstance(one[5], Literal) and one[5] in INTEGERS)}
    return Counter({one: count for one, count in more.items() if one not in known})


def turtle(quads: Iterable[Quad]) -> str:
    """The quads one a line, for the message of a test that fails."""
    return "\n".join(
        f"{quad.subject} {quad.predicate} {quad.object} .".replace(SHACL, "sh:") for quad in sorted(quads, key=str)
    )
