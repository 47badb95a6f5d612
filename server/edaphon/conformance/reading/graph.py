"""How a shapes graph becomes shapes: every ill-formed one is an error that says what is wrong and where."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, Triple

from edaphon.conformance.model import constraints as c
from edaphon.conformance.model.findings import VIOLATION, Remark
from edaphon.conformance.model.paths import Path, PathError, parse_path
from edaphon.conformance.model.shapes import Shape, ShapeName, Shapes, Targets
from edaphon.conformance.model.triples import BrokenList, Term, Triples
from edaphon.conformance.model.vocabulary import CONSTRAINT_TERMS, DERIVED_INTEGERS, rdf, rdfs, sh, xsd
from edaphon.conformance.reading import guards
from edaphon.conformance.reading.components import Components
from edaphon.conformance.reading.queries import QueryRefused, check_query
from edaphon.errors import ShapesError

__all__ = ["read_shapes"]

INTEGERS: Final = frozenset(map(xsd, DERIVED_INTEGERS | {"integer"}))
KINDS: Final = {
    sh("IRI"): {"IRI"},
    sh("BlankNode"): {"BlankNode"},
    sh("Literal"): {"Literal"},
    sh("BlankNodeOrIRI"): {"BlankNode", "IRI"},
    sh("BlankNodeOrLiteral"): {"BlankNode", "Literal"},
    sh("IRIOrLiteral"): {"IRI", "Literal"},
}
COMPARISONS: Final = {"minExclusive": ">", "minInclusive": ">=", "maxExclusive": "<", "maxInclusive": "<="}
TARGETS: Final = tuple(sh(name) for name in ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf"))
# Properties whose subjects are shapes, and those whose values (or the members of them) are.
PARAMETERS: Final = tuple(map(sh, sorted(CONSTRAINT_TERMS)))
EXPECTING: Final = tuple(sh(name) for name in ("property", "node", "not", "qualifiedValueShape"))
LISTING: Final = tuple(sh(name) for name in ("and", "or", "xone"))
NEEDS_PATH: Final = (
    "minCount",
    "maxCount",
    "uniqueLang",
    "lessThan",
    "lessThanOrEquals",
    "qualifiedValueShape",
)

# Shapes refer to shapes no deeper than this: every level is one of the engine's own calls, and of its queries.
DEEPEST: Final = 100

PATH = sh("path")


def read_shapes(triples: Iterable[Triple | Quad]) -> Shapes:
    """Read a shapes graph. Raises ShapesError naming everything that makes it unusable."""
    graph = triples if isinstance(triples, Triples) else Triples(triples)
    reader = _Reader(graph)
    shapes = reader.read()
    if reader.problems:
        raise ShapesError("\n".join(dict.fromkeys(reader.problems)))
    return shapes


class _Reader:
    """One reading of one graph; `problems` gathers what is wrong, so that the author sees all of it at once."""

    def __init__(self, graph: Triples) -> None:
        self.graph = graph
        self.problems: list[str] = []
        self.remarks: list[Remark] = []
        self.components = Components(graph, self.problems)
        self.subclasses_of_class = graph.closure(rdfs("Class"), rdfs("subClassOf"))

    def read(self) -> Shapes:
        shapes = {name: self.shape(name) for name in self.names()}
        problems, remarks = guards.inspect(self.graph, shapes.keys())
        self.problems[:0] = problems
        self.remarks += remarks
        for name in [other for shape in shapes.values() for one in shape.constraints for other in c.nested(one)]:
            shapes.setdefault(name, Shape(name))
        self.refuse_cycles(shapes)
        if not self.remarks and not any(shape.targets for shape in shapes.values()):
            self.remarks.append(Remark("No shape here has a target, so nothing is checked: everything conforms."))
        return Shapes(shapes, self.graph, tuple(self.remarks))

    def names(self) -> list[ShapeName]:
        """Everything that SHACL section 2.1 calls a shape."""
        graph, found = self.graph, dict[Term, None]()
        for kind in ("NodeShape", "PropertyShape"):
            for cls in graph.closure(sh(kind), rdfs("subClassOf")):
                found.update(dict.fromkeys(graph.subjects(rdf("type"), cls)))
        for property in (*TARGETS, *PARAMETERS, *self.components.mandatory()):
            found.update(dict.fromkeys(graph.subjects(property)))
        for property in EXPECTING:
            for subject in graph.subjects(property):
                found.update(dict.fromkeys(graph.objects(subject, property)))
        for property in LISTING:
            for subject in graph.subjects(property):
                for head in graph.objects(subject, property):
                    found.update(dict.fromkeys(self.members(subject, property, head)))
        # A parameter of a custom component describes itself with the same properties, but is no shape.
        skip = {sh("Parameter")}
        return [
            name
            for name in found
            if not isinstance(name, Literal)
            and skip.isdisjoint(graph.objects(name, rdf("type")))
            and name != NIL
            and not self.components.is_parameter(name)
        ]

    # One shape -----------------------------------------------------------------------------------------------

    def shape(self, name: ShapeName) -> Shape:
        graph = self.graph
        path = self.path(name)
        severities = graph.objects(name, sh("severity"))
        if len(severities) > 1 or any(not isinstance(one, NamedNode) for one in severities):
            self.wrong(name, "sh:severity must be one IRI")
        severity = next((one for one in severities if isinstance(one, NamedNode)), VIOLATION)
        messages = tuple(self.literals(name, sh("message")))
        labels = tuple(self.literals(name, sh("name"))) + tuple(self.literals(name, rdfs("label")))
        shape = Shape(name, path, Targets(), (), severity, messages, labels)
        if self.flag(name, "deactivated"):
            return replace(shape, deactivated=True)
        constraints = tuple(self.constraints(name, path))
        return replace(shape, targets=self.targets(name), constraints=constraints)

    def path(self, name: ShapeName) -> Path | None:
        nodes = self.graph.objects(name, PATH)
        if not nodes:
            if sh("PropertyShape") in self.graph.objects(name, rdf("type")):
                self.wrong(name, "a property shape needs sh:path")
            elif self.graph.subjects(sh("property"), name):
                self.wrong(name, "a value of sh:property must be a property shape; it has no sh:path")
            return None
        if len(nodes) > 1:
            self.wrong(name, "a property shape has exactly one sh:path")
            return None
        if sh("NodeShape") in self.graph.objects(name, rdf("type")):
            self.wrong(name, "a node shape cannot have sh:path")
        try:
            return parse_path(self.graph, nodes[0])
        except PathError as error:
            self.wrong(name, f"sh:path is not well-formed: {error}")
            return None

    def targets(self, name: ShapeName) -> Targets:
        graph = self.graph
        nodes = tuple(graph.objects(name, sh("targetNode")))
        classes = dict.fromkeys(graph.objects(name, sh("targetClass")))
        types = graph.objects(name, rdf("type"))
        if any(cls in types for cls in self.subclasses_of_class):
            classes[name] = None
        for cls in classes:
            if isinstance(cls, Literal):
                self.wrong(name, f"sh:targetClass must be an IRI, not {cls}")
        return Targets(
            nodes,
            tuple(cls for cls in classes if not isinstance(cls, Literal)),
            tuple(self.iris(name, "targetSubjectsOf")),
            tuple(self.iris(name, "targetObjectsOf")),
        )

    def constraints(self, name: ShapeName, path: Path | None) -> Iterable[c.Constraint]:
        if path is None:
            for word in NEEDS_PATH:
                if self.graph.objects(name, sh(word)):
                    self.wrong(name, f"sh:{word} needs a property shape, that is sh:path")
                    return
        yield from self.value_types(name)
        yield from self.cardinalities(name)
        yield from self.strings(name)
        yield from self.pairs(name)
        yield from self.logic(name)
        yield from self.others(name)
        yield from self.sparql(name, path)
        yield from self.components.applied(name, path)

    def value_types(self, name: ShapeName) -> Iterable[c.Constraint]:
        for cls in self.graph.objects(name, sh("class")):
            if isinstance(cls, Literal):
                self.wrong(name, f"sh:class must be an IRI, not {cls}")
            else:
                yield c.Class(cls)
        for datatype in self.iris(name, "datatype", single=True):
            if problem := guards.unknown_datatype(datatype):
                self.wrong(name, problem)
            yield c.Datatype(datatype)
        for kind in self.iris(name, "nodeKind", single=True):
            if kind in KINDS:
                yield c.NodeKind(frozenset(KINDS[kind]), kind)
            else:
                self.wrong(
                    name, f"sh:nodeKind cannot be {kind}; it is sh:IRI, sh:Literal, sh:BlankNode or one of their pairs"
                )

    def cardinalities(self, name: ShapeName) -> Iterable[c.Constraint]:
        if (least := self.integer(name, "minCount")) is not None:
            yield c.MinCount(least)
        if (most := self.integer(name, "maxCount")) is not None:
            yield c.MaxCount(most)
        for word, operator in COMPARISONS.items():
            for bound in self.graph.objects(name, sh(word)):
                if isinstance(bound, Literal):
                    yield c.Comparison(_component(word), operator, bound)
                else:
                    self.wrong(name, f"sh:{word} must be a literal, not {bound}")

    def strings(self, name: ShapeName) -> Iterable[c.Constraint]:
        if (least := self.integer(name, "minLength")) is not None:
            yield c.MinLength(least)
        if (most := self.integer(name, "maxLength")) is not None:
            yield c.MaxLength(most)
        flags = self.one_string(name, "flags")
        for pattern in self.graph.objects(name, sh("pattern")):
            if not isinstance(pattern, Literal):
                self.wrong(name, f"sh:pattern must be a string, not {pattern}")
            elif problem := guards.unusable_pattern(pattern.value, flags or ""):
                self.wrong(name, problem)
            else:
                yield c.Pattern(pattern.value, flags or "")
        for head in self.single(name, "languageIn"):
            ranges = self.members(name, sh("languageIn"), head)
            if any(not isinstance(one, Literal) for one in ranges):
                self.wrong(name, "sh:languageIn is a list of strings")
            yield c.LanguageIn(tuple(one.value for one in ranges if isinstance(one, Literal)))
        if self.flag(name, "uniqueLang"):
            yield c.UniqueLang()

    def pairs(self, name: ShapeName) -> Iterable[c.Constraint]:
        yield from map(c.Equals, self.iris(name, "equals"))
        yield from map(c.Disjoint, self.iris(name, "disjoint"))
        yield from (c.LessThan(one, False) for one in self.iris(name, "lessThan"))
        yield from (c.LessThan(one, True) for one in self.iris(name, "lessThanOrEquals"))

    def logic(self, name: ShapeName) -> Iterable[c.Constraint]:
        yield from map(c.Not, self.shapes(name, "not"))
        for word, kind in (("and", c.And), ("or", c.Or), ("xone", c.Xone)):
            for head in self.graph.objects(name, sh(word)):
                members = self.members(name, sh(word), head)
                if any(isinstance(one, Literal) for one in members):
                    self.wrong(name, f"sh:{word} is a list of shapes")
                yield kind(tuple(one for one in members if not isinstance(one, Literal)))
        for other in self.shapes(name, "node"):
            if self.graph.objects(other, PATH):
                self.wrong(name, f"sh:node must be a node shape; {other} has sh:path, so use sh:property")
            yield c.Node(other)
        yield from map(c.Property, self.shapes(name, "property"))
        yield from self.qualified(name)

    def qualified(self, name: ShapeName) -> Iterable[c.Constraint]:
        for shape in self.shapes(name, "qualifiedValueShape", single=True):
            least, most = self.integer(name, "qualifiedMinCount"), self.integer(name, "qualifiedMaxCount")
            if least is None and most is None:
                self.wrong(name, "sh:qualifiedValueShape needs sh:qualifiedMinCount or sh:qualifiedMaxCount")
            siblings: dict[ShapeName, None] = {}
            if self.flag(name, "qualifiedValueShapesDisjoint"):
                for parent in self.graph.subjects(sh("property"), name):
                    for sister in self.graph.objects(parent, sh("property")):
                        for other in self.graph.objects(sister, sh("qualifiedValueShape")):
                            if other != shape and not isinstance(other, Literal):
                                siblings[other] = None
            # One value for each bound, since each has a component of its own.
            if least is not None:
                yield c.Qualified(shape, tuple(siblings), least, None)
            if most is not None:
                yield c.Qualified(shape, tuple(siblings), None, most)

    def others(self, name: ShapeName) -> Iterable[c.Constraint]:
        ignored = self.single(name, "ignoredProperties")
        if self.flag(name, "closed"):
            allowed: dict[NamedNode, None] = {}
            for property in self.graph.objects(name, sh("property")):
                for node in self.graph.objects(property, PATH):
                    if isinstance(node, NamedNode):
                        allowed[node] = None
            for head in ignored:
                for member in self.members(name, sh("ignoredProperties"), head):
                    if isinstance(member, NamedNode):
                        allowed[member] = None
                    else:
                        self.wrong(name, "sh:ignoredProperties is a list of IRIs")
            yield c.Closed(tuple(allowed))
        yield from map(c.HasValue, self.graph.objects(name, sh("hasValue")))
        for head in self.single(name, "in"):
            yield c.In(tuple(self.members(name, sh("in"), head)))

    def sparql(self, name: ShapeName, path: Path | None) -> Iterable[c.Constraint]:
        for node in self.graph.objects(name, sh("sparql")):
            if isinstance(node, Literal):
                self.wrong(name, "sh:sparql must be a node with sh:select")
                continue
            if self.flag(node, "deactivated"):
                continue
            texts = list(self.literals(node, sh("select")))
            if len(texts) != 1:
                self.wrong(node, "a SPARQL-based constraint has exactly one sh:select")
                continue
            query = c.Query(texts[0].value, self.components.prefixes(node))
            try:
                check_query(query, ask=False, property=path is not None)
            except QueryRefused as error:
                self.wrong(node, f"sh:select: {error}")
                continue
            yield c.Sparql(node, query, tuple(self.literals(node, sh("message"))))

    # Values of properties --------------------------------------------------------------------------------------

    def single(self, name: ShapeName, word: str) -> list[Term]:
        values = self.graph.objects(name, sh(word))
        if len(values) > 1:
            self.wrong(name, f"sh:{word} has {len(values)} values; it may have one")
        return values[:1]

    def iris(self, name: ShapeName, word: str, *, single: bool = False) -> Iterable[NamedNode]:
        values = self.single(name, word) if single else self.graph.objects(name, sh(word))
        for value in values:
            if isinstance(value, NamedNode):
                yield value
            else:
                self.wrong(name, f"sh:{word} must be an IRI, not {value}")

    def shapes(self, name: ShapeName, word: str, *, single: bool = False) -> Iterable[ShapeName]:
        values = self.single(name, word) if single else self.graph.objects(name, sh(word))
        for value in values:
            if isinstance(value, Literal):
                self.wrong(name, f"sh:{word} must be a shape, not {value}")
                continue
            if not self.graph.predicates(value):
                known = [one.value for one in self.graph.subjects() if isinstance(one, NamedNode)]
                hint = guards.meant_iri(value, known)
                self.remarks.append(Remark(f"{name} refers to {value}, which is not described.{hint}", name))
            yield value

    def literals(self, name: ShapeName, property: NamedNode) -> Iterable[Literal]:
        return (one for one in self.graph.objects(name, property) if isinstance(one, Literal))

    def one_string(self, name: ShapeName, word: str) -> str | None:
        return next((one.value for one in self.single(name, word) if isinstance(one, Literal)), None)

    def integer(self, name: ShapeName, word: str) -> int | None:
        for value in self.single(name, word):
            if (
                isinstance(value, Literal)
                and value.datatype in INTEGERS
                and value.value.strip().lstrip("+").isdecimal()
            ):
                return int(value.value)
            self.wrong(name, f"sh:{word} must be a whole number, not {value}")
        return None

    def flag(self, name: ShapeName, word: str) -> bool:
        for value in self.single(name, word):
            if isinstance(value, Literal) and value.datatype == xsd("boolean"):
                if value.value == "1":
                    # Another term than true, and the specification asks for that term (W3C test uniqueLang-002).
                    text = f"{guards.spell(self.graph, name)}: sh:{word} 1 has no effect; write true."
                    self.remarks.append(Remark(text, name))
                return value.value == "true"
            self.wrong(name, f"sh:{word} must be true or false, not {value}")
        return False

    def members(self, name: Term, property: NamedNode, head: Term) -> list[Term]:
        try:
            return self.graph.items(head)
        except BrokenList:
            self.wrong(name, f"sh:{property.value.partition('#')[2]} must be a well-formed list")
            return []

    def wrong(self, name: Term, what: str) -> None:
        self.problems.append(f"{guards.spell(self.graph, name)}: {what}.")

    def refuse_cycles(self, shapes: dict[ShapeName, Shape]) -> None:
        """Recursive shapes have no defined meaning (SHACL section 3.4.3); name the first cycle of each."""
        done: set[ShapeName] = set()

        def visit(name: ShapeName, trail: list[ShapeName]) -> None:
            if name in trail:
                circle = [*trail[trail.index(name) :], name]
                chain = " → ".join(guards.spell(self.graph, one) for one in circle)
                self.problems.append(f"recursive shapes cannot be used: {chain}.")
            elif len(trail) >= DEEPEST:
                self.problems.append(
                    f"{guards.spell(self.graph, trail[0])}: shapes in shapes more than {DEEPEST} deep."
                )
            elif name not in done:
                trail.append(name)
                for constraint in shapes[name].constraints:
                    for other in c.nested(constraint):
                        visit(other, trail)
                trail.pop()
                done.add(name)

        for name in shapes:
            visit(name, [])


def _component(word: str) -> NamedNode:
    return sh(word[0].upper() + word[1:] + "ConstraintComponent")


NIL = rdf("nil")
