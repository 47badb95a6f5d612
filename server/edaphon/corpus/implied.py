"""What one statement implies by the ontology: superclasses, superproperties, inverses, symmetry, equivalences.

Each implied triple follows from a single statement and the closure compiled here, never from two statements together.
So a change of some statements changes only what these imply, and what might still imply a triple is a finite list.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

__all__ = ["ALIGNING", "RDF_TYPE", "Alignments"]

RDF_TYPE: Final = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
SUBCLASS: Final = RDFS + "subClassOf"
SUBPROPERTY: Final = RDFS + "subPropertyOf"
INVERSE: Final = OWL + "inverseOf"
SAME_CLASS: Final = OWL + "equivalentClass"
SAME_PROPERTY: Final = OWL + "equivalentProperty"
SYMMETRIC: Final = OWL + "SymmetricProperty"

# All statements that align anything: their predicate, and their object where only one counts.
ALIGNING: Final[tuple[tuple[NamedNode, NamedNode | None], ...]] = (
    *((NamedNode(name), None) for name in (SUBCLASS, SAME_CLASS, SUBPROPERTY, SAME_PROPERTY, INVERSE)),
    (RDF_TYPE, NamedNode(SYMMETRIC)),
)

T = TypeVar("T")

# A property, and whether its subject and object change places.
Reading = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Alignments:
    """The closure of an ontology, and the same read backwards."""

    superclasses: Mapping[str, frozenset[str]]
    subclasses: Mapping[str, frozenset[str]]
    readings: Mapping[str, frozenset[Reading]]
    sources: Mapping[str, frozenset[Reading]]
    # The same for statements about a literal, which can be no subject: no step of theirs may turn them round.
    literal_readings: Mapping[str, frozenset[Reading]]
    literal_sources: Mapping[str, frozenset[Reading]]

    @classmethod
    def of(cls, ontology: Iterable[Triple]) -> "Alignments":
        """Compile the alignments that these triples state; all others of their triples are passed over."""
        above: dict[str, set[str]] = defaultdict(set)
        steps: dict[Reading, set[Reading]] = defaultdict(set)

        def step(start: str, end: str, *, turned: bool = False) -> None:
            steps[start, False].add((end, turned))
            steps[start, True].add((end, not turned))

        for triple in ontology:
            subject, predicate, object_ = triple.subject, triple.predicate.value, triple.object
            if not isinstance(subject, NamedNode) or not isinstance(object_, NamedNode):
                continue
            a, b = subject.value, object_.value
            if predicate == SUBCLASS:
                above[a].add(b)
            elif predicate == SAME_CLASS:
                above[a].add(b)
                above[b].add(a)
            elif predicate == SUBPROPERTY:
                step(a, b)
            elif predicate == SAME_PROPERTY:
                step(a, b)
                step(b, a)
            elif predicate == INVERSE:
                step(a, b, turned=True)
                step(b, a, turned=True)
            elif predicate == RDF_TYPE.value and b == SYMMETRIC:
                step(a, a, turned=True)
        superclasses = {name: _reachable(name, above) - {name} for name in above}
        straight = {start: {end for end in ends if end[1] == start[1]} for start, ends in steps.items()}
        readings, literal_readings = _readings(steps), _readings(straight)
        return cls(
            superclasses,
            _turned_over(superclasses),
            readings,
            _backwards(readings),
            literal_readings,
            _backwards(literal_readings),
        )

    def implied(self, statement: Triple) -> frozenset[Triple]:
        """The triples that a statement implies, itself not among them."""
        about_literal = isinstance(statement.object, Literal)
        return _read(statement, self.superclasses, self.literal_readings if about_literal else self.readings)

    def sources_of(self, triple: Triple) -> frozenset[Triple]:
        """All statements that would imply this triple; it stays implied while one of them is stated."""
        about_literal = isinstance(triple.object, Literal)
        return _read(triple, self.subclasses, self.literal_sources if about_literal else self.sources)


def _read(
    triple: Triple, classes: Mapping[str, frozenset[str]], properties: Mapping[str, frozenset[Reading]]
) -> frozenset[Triple]:
    found: set[Triple] = set()
    ahead = [triple]
    while ahead:
        one = ahead.pop()
        subject, object_ = one.subject, one.object
        new: set[Triple] = set()
        # Each table is closed in itself; only over rdf:type does one lead on to the other.
        leads_on = True
        if one.predicate == RDF_TYPE and isinstance(object_, NamedNode):
            new |= {Triple(subject, RDF_TYPE, NamedNode(name)) for name in classes.get(object_.value, ())}
            leads_on = RDF_TYPE.value in properties
        for name, turned in properties.get(one.predicate.value, ()):
            if not turned:
                new.add(Triple(subject, NamedNode(name), object_))
            elif isinstance(object_, NamedNode | BlankNode):
                new.add(Triple(object_, NamedNode(name), subject))
        if leads_on:
            ahead += [each for each in new - found if each.predicate == RDF_TYPE]
        found |= new
    return frozenset(found - {triple})


def _readings(steps: Mapping[Reading, set[Reading]]) -> dict[str, frozenset[Reading]]:
    """For each property all its readings but itself."""
    properties = [name for name, turned in steps if not turned]
    return {name: _reachable((name, False), steps) - {(name, False)} for name in properties}


def _turned_over(above: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    below: dict[str, set[str]] = defaultdict(set)
    for name, found in above.items():
        for one in found:
            below[one].add(name)
    return {name: frozenset(found) for name, found in below.items()}


def _backwards(readings: Mapping[str, Iterable[Reading]]) -> dict[str, frozenset[Reading]]:
    found: dict[str, set[Reading]] = defaultdict(set)
    for name, reached in readings.items():
        for one, turned in reached:
            found[one].add((name, turned))
    return {name: frozenset(sources) for name, sources in found.items()}


def _reachable(start: T, steps: Mapping[T, set[T]]) -> frozenset[T]:
    found: set[T] = set()
    ahead = [start]
    while ahead:
        here = ahead.pop()
        if here not in found:
            found.add(here)
            ahead += steps.get(here, ())
    return frozenset(found)
