"""The default graph and the implied triples after a change are those that the whole would give."""

from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from edaphon.namespaces import GRAPH_IMPLIED, GRAPH_ONTOLOGY, SERVICE_SHAPES
from edaphon.settings import DefaultGraph as Mode
from edaphon.store import merge

EX = "http://example.org/"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
INVERSE = "http://www.w3.org/2002/07/owl#inverseOf"


def node(name: str) -> NamedNode:
    return NamedNode(name if ":" in name else EX + name)


def quad(subject: str, predicate: str, object_: str | int, graph: str) -> Quad:
    value = Literal(object_) if isinstance(object_, int) else node(object_)
    return Quad(node(subject), node(predicate), value, node(graph))


SPELLINGS = [Literal("5", datatype=node("http://www.w3.org/2001/XMLSchema#int")), Literal(5)]
GRAPHS = st.sampled_from(["para-1", "para-2", SERVICE_SHAPES])
THINGS, CLASSES, PROPERTIES = st.sampled_from("xyz"), st.sampled_from("AB"), st.sampled_from("pq")
ONTOLOGY = st.just(GRAPH_ONTOLOGY)
stated = st.one_of(
    st.builds(quad, THINGS, st.just(TYPE), CLASSES, GRAPHS),
    st.builds(quad, THINGS, PROPERTIES, st.sampled_from(["x", "y", 1]), GRAPHS),
    st.builds(quad, CLASSES, st.just(RDFS + "subClassOf"), st.sampled_from("BC"), ONTOLOGY),
    st.builds(quad, PROPERTIES, st.just(RDFS + "subPropertyOf"), st.sampled_from("qr"), ONTOLOGY),
    st.builds(quad, PROPERTIES, st.just(INVERSE), st.sampled_from("pr"), ONTOLOGY),
)
deltas = st.lists(st.tuples(st.sets(stated, max_size=4), st.sets(stated, max_size=4)), max_size=4)


def from_scratch(quads: set[Quad], mode: Mode) -> set[Quad]:
    store = Store()
    store.extend(quads)
    return quads | set(merge.derived(quads, merge.ontology_of(store), mode))


@given(st.sets(stated, max_size=12), deltas, st.sampled_from(["merge", "plain"]))
@settings(deadline=None)
def test_a_change_gives_what_the_whole_would_give(
    start: set[Quad], changes: list[tuple[set[Quad], set[Quad]]], mode: Mode
) -> None:
    store = Store()
    store.extend(from_scratch(start, mode))
    expected = set(start)
    for added, removed in changes:
        merge.apply(store, added, removed, mode)
        expected = (expected - removed) | added
        assert set(store) == from_scratch(expected, mode)


def test_a_triple_of_two_graphs_is_in_the_default_graph_once_and_until_both_are_gone() -> None:
    one, two = quad("x", "p", "y", "para-1"), quad("x", "p", "y", "para-2")
    merged = Quad(one.subject, one.predicate, one.object, DefaultGraph())
    store = Store()
    merge.apply(store, [one, two], [], "merge")
    assert list(store.quads_for_pattern(None, None, None, DefaultGraph())) == [merged]
    merge.apply(store, [], [one], "merge")
    assert merged in store
    merge.apply(store, [], [two], "merge")
    assert merged not in store


def test_what_the_service_says_of_itself_is_in_no_answer_about_the_subject() -> None:
    store = Store()
    merge.apply(store, [quad("x", "p", "y", SERVICE_SHAPES)], [], "merge")
    assert list(store.quads_for_pattern(None, None, None, DefaultGraph())) == []


def test_what_moves_to_the_service_s_own_graph_is_stated_no_more() -> None:
    store = Store()
    here, there = quad("x", TYPE, "A", "para-1"), quad("x", TYPE, "A", SERVICE_SHAPES)
    merge.apply(store, {here}, set(), "merge")
    merge.apply(store, {there}, {here}, "merge")
    assert set(store) == {there}


def test_plain_mode_leaves_the_default_graph_alone() -> None:
    store = Store()
    own = Quad(node("x"), node("p"), node("y"), DefaultGraph())
    merge.apply(store, [own, quad("x", "q", "y", "para-1")], [], "plain")
    assert list(store.quads_for_pattern(None, None, None, DefaultGraph())) == [own]
    merge.apply(store, [], [own], "plain")
    assert len(store) == 1


def test_an_implied_triple_stays_while_another_statement_implies_it() -> None:
    store = Store()
    implied = Quad(node("x"), node(TYPE), node("C"), node(GRAPH_IMPLIED))
    below = [quad(name, RDFS + "subClassOf", "C", GRAPH_ONTOLOGY) for name in "AB"]
    merge.apply(store, [*below, quad("x", TYPE, "A", "para-1"), quad("x", TYPE, "B", "para-2")], [], "merge")
    merge.apply(store, [], [quad("x", TYPE, "A", "para-1")], "merge")
    assert implied in store
    merge.apply(store, [], [quad("x", TYPE, "B", "para-2")], "merge")
    assert implied not in store


def test_a_literal_that_is_only_spelt_anew_stays() -> None:
    store = Store()
    one, two = (Quad(node("x"), node("p"), literal, node("para-1")) for literal in SPELLINGS)
    merge.apply(store, [one], [], "merge")
    merge.apply(store, [two], [one], "merge")
    assert len(list(store.quads_for_pattern(node("x"), node("p"), None, None))) == 2
