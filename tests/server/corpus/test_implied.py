"""What a statement implies, held against a reasoner that applies the rules until nothing new comes."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Triple

from edaphon.corpus.implied import Alignments

EX = "http://example.org/"
TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
SUBCLASS, SUBPROPERTY = NamedNode(RDFS + "subClassOf"), NamedNode(RDFS + "subPropertyOf")
INVERSE, SYMMETRIC = NamedNode(OWL + "inverseOf"), NamedNode(OWL + "SymmetricProperty")
SAME_CLASS, SAME_PROPERTY = NamedNode(OWL + "equivalentClass"), NamedNode(OWL + "equivalentProperty")


def node(name: str) -> NamedNode:
    return NamedNode(EX + name)


CLASSES = [node(name) for name in "ABCD"]
PROPERTIES = [node(name) for name in "pqrs"]
THINGS = [node(name) for name in "xyz"]
OBJECTS = [*THINGS, Literal("a"), Literal(1)]

class_axioms = st.builds(
    Triple, st.sampled_from(CLASSES), st.sampled_from([SUBCLASS, SAME_CLASS]), st.sampled_from(CLASSES)
)
# An alignment may say that a property of ours tells the class.
ENDS = st.sampled_from([*PROPERTIES, TYPE])
property_axioms = st.one_of(
    st.builds(Triple, ENDS, st.sampled_from([SUBPROPERTY, SAME_PROPERTY, INVERSE]), ENDS),
    st.builds(Triple, ENDS, st.just(TYPE), st.just(SYMMETRIC)),
)
statements = st.one_of(
    st.builds(Triple, st.sampled_from(THINGS), st.just(TYPE), st.sampled_from(CLASSES)),
    st.builds(
        Triple,
        st.sampled_from(THINGS),
        st.sampled_from(PROPERTIES),
        st.sampled_from([*OBJECTS, *CLASSES]),
    ),
)
axioms = st.lists(st.one_of(class_axioms, property_axioms), max_size=8)


def naive(ontology: Iterable[Triple], statement: Triple) -> set[Triple]:
    """The rules one by one, again and again, on a growing set that began with one statement."""
    known = {statement}
    while True:
        new = set()
        for triple in known:
            s, p, o = triple.subject, triple.predicate, triple.object
            for axiom in ontology:
                a, kind, b = axiom.subject, axiom.predicate, axiom.object
                if kind in (SUBCLASS, SAME_CLASS) and p == TYPE and o == a:
                    new.add(Triple(s, TYPE, b))
                if kind == SAME_CLASS and p == TYPE and o == b:
                    new.add(Triple(s, TYPE, a))
                if kind in (SUBPROPERTY, SAME_PROPERTY) and p == a:
                    new.add(Triple(s, b, o))
                if kind == SAME_PROPERTY and p == b:
                    new.add(Triple(s, a, o))
                if isinstance(o, NamedNode):
                    if kind == INVERSE and p == a:
                        new.add(Triple(o, b, s))
                    if kind == INVERSE and p == b:
                        new.add(Triple(o, a, s))
                    if kind == TYPE and p == a:
                        new.add(Triple(o, a, s))
        if new <= known:
            return known - {statement}
        known |= new


@given(axioms, statements)
def test_all_and_only_what_the_rules_give_is_implied(ontology: list[Triple], statement: Triple) -> None:
    assert Alignments.of(ontology).implied(statement) == naive(ontology, statement)


@given(axioms, statements, statements)
def test_sources_are_read_backwards_without_a_loss(ontology: list[Triple], statement: Triple, other: Triple) -> None:
    compiled = Alignments.of(ontology)
    for implied in compiled.implied(statement):
        assert statement in compiled.sources_of(implied)
    assert all(other in compiled.implied(source) for source in compiled.sources_of(other))


def test_a_literal_becomes_no_subject() -> None:
    compiled = Alignments.of([Triple(node("p"), INVERSE, node("q"))])
    assert compiled.implied(Triple(node("x"), node("p"), Literal("a"))) == frozenset()


def test_what_is_no_alignment_implies_nothing() -> None:
    compiled = Alignments.of([Triple(node("p"), NamedNode(RDFS + "seeAlso"), node("q"))])
    assert compiled.implied(Triple(node("x"), node("p"), node("y"))) == frozenset()


def test_what_a_property_says_of_the_class_implies_its_superclasses() -> None:
    compiled = Alignments.of([Triple(node("p"), SUBPROPERTY, TYPE), Triple(node("A"), SUBCLASS, node("B"))])
    assert Triple(node("x"), TYPE, node("B")) in compiled.implied(Triple(node("x"), node("p"), node("A")))
