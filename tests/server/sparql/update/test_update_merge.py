"""In `merge` mode an update states what it inserts in its own graph and retracts what it deletes wherever it stands."""

from collections.abc import Callable, Iterable

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

from edaphon.errors import ContributionRefused, GraphProtected
from edaphon.namespaces import CONTRIBUTION, GENID, GRAPH_IMPLIED, GRAPH_ONTOLOGY, SERVICE_SHAPES
from edaphon.sparql.update.evaluation import evaluate
from edaphon.store.delta import Delta
from edaphon.store.merge import apply, counts

EX = "http://example.org/"
PREFIX = f"PREFIX : <{EX}> "
A, B, C, P, Q, LEFT, RIGHT = (NamedNode(EX + name) for name in ("a", "b", "c", "p", "q", "left", "right"))
HOME = NamedNode(CONTRIBUTION + "2026-01-01-test")
ONTOLOGY, IMPLIED, SHAPES = NamedNode(GRAPH_ONTOLOGY), NamedNode(GRAPH_IMPLIED), NamedNode(SERVICE_SHAPES)
SUBPROPERTY = NamedNode("http://www.w3.org/2000/01/rdf-schema#subPropertyOf")
DEFAULT = DefaultGraph()


def stated(*quads: Quad) -> Store:
    """A store of these stated quads, with what follows from them. `:q` is a subproperty of `:p`."""
    store = Store()
    apply(store, [Quad(Q, SUBPROPERTY, P, ONTOLOGY), *quads], (), "merge")
    return store


def skolem() -> Callable[[], NamedNode]:
    made: list[NamedNode] = []

    def name() -> NamedNode:
        made.append(NamedNode(f"{GENID}test/b{len(made)}"))
        return made[-1]

    return name


def update(store: Store, text: str) -> Delta:
    before = {quad for quad in store if counts(quad.graph_name)}
    change = evaluate(
        store, PREFIX + text, mode="merge", home=HOME, skolem=skolem(), protected=lambda graph: graph == ONTOLOGY
    )
    # Whatever is asked for, the change is effective, and the candidate is what would be published.
    assert change.removed <= before
    assert not change.added & before
    after = (before - change.removed) | change.added
    assert set(store) == set(rebuilt(after))
    return change


def rebuilt(quads: Iterable[Quad]) -> Store:
    store = Store()
    apply(store, quads, (), "merge")
    return store


def test_what_is_inserted_is_stated_in_the_update_s_own_graph() -> None:
    change = update(stated(), "INSERT DATA { :a :p :b . GRAPH :left { :a :p :c } }")
    assert change == Delta(frozenset({Quad(A, P, B, HOME), Quad(A, P, C, LEFT)}))


def test_what_is_stated_somewhere_is_not_stated_again() -> None:
    assert not update(stated(Quad(A, P, B, LEFT)), "INSERT DATA { :a :p :b }")


def test_what_is_only_implied_can_be_stated() -> None:
    assert update(stated(Quad(A, Q, B, LEFT)), "INSERT DATA { :a :p :b }").added == {Quad(A, P, B, HOME)}


def test_what_is_deleted_is_retracted_from_every_graph_that_states_it() -> None:
    store = stated(Quad(A, P, B, LEFT), Quad(A, P, B, RIGHT), Quad(A, P, C, RIGHT))
    assert update(store, "DELETE DATA { :a :p :b }") == Delta(
        removed=frozenset({Quad(A, P, B, LEFT), Quad(A, P, B, RIGHT)})
    )


def test_a_named_graph_s_statement_goes_from_there_alone() -> None:
    store = stated(Quad(A, P, B, LEFT), Quad(A, P, B, RIGHT))
    assert update(store, "DELETE DATA { GRAPH :left { :a :p :b } }").removed == {Quad(A, P, B, LEFT)}
    assert Quad(A, P, B) in store


def test_what_is_only_implied_cannot_be_deleted() -> None:
    assert not update(stated(Quad(A, Q, B, LEFT)), "DELETE DATA { :a :p :b }")


def test_patterns_see_each_triple_of_all_graphs_once() -> None:
    store = stated(Quad(A, P, B, LEFT), Quad(A, P, B, RIGHT), Quad(B, Q, C, RIGHT))
    change = update(store, "INSERT { :c :p ?n } WHERE { SELECT (COUNT(*) AS ?n) { ?s :p ?o } }")
    assert change.added == {Quad(C, P, Literal(2), HOME)}


def test_what_is_replaced_by_itself_stays_where_it_is() -> None:
    assert not update(stated(Quad(A, P, B, LEFT)), "DELETE { ?s :p ?o } INSERT { ?s :p ?o } WHERE { ?s :p ?o }")


def test_what_is_deleted_from_a_graph_and_inserted_anew_moves() -> None:
    change = update(
        stated(Quad(A, P, B, LEFT)), "DELETE { GRAPH :left { ?s :p ?o } } INSERT { ?s :p ?o } WHERE { ?s :p ?o }"
    )
    assert change == Delta(frozenset({Quad(A, P, B, HOME)}), frozenset({Quad(A, P, B, LEFT)}))


def test_the_next_operation_sees_what_the_last_one_did_and_what_that_implies() -> None:
    change = update(
        stated(),
        "INSERT DATA { :a :q :b }; INSERT { ?o :p :c } WHERE { :a :p ?o }; DELETE WHERE { :a :q ?o }",
    )
    assert change == Delta(frozenset({Quad(B, P, C, HOME)}))


def test_with_and_using_choose_named_graphs() -> None:
    store = stated(Quad(A, P, B, LEFT), Quad(A, P, C, RIGHT))
    change = update(store, "WITH :left DELETE { ?s :p ?o } INSERT { ?s :q ?o } USING :right WHERE { ?s :p ?o }")
    assert change == Delta(frozenset({Quad(A, Q, C, LEFT)}))


def test_new_blank_nodes_get_iris_in_order_of_appearance() -> None:
    change = update(stated(), "INSERT DATA { _:x :p 1 . _:y :p 2 . _:x :q _:y . GRAPH :left { _:y :p 3 } }")
    first, second = (NamedNode(f"{GENID}test/b{number}") for number in range(2))
    assert change.added == {
        Quad(first, P, Literal(1), HOME),
        Quad(second, P, Literal(2), HOME),
        Quad(first, Q, second, HOME),
        Quad(second, P, Literal(3), LEFT),
    }


def test_each_solution_and_each_call_of_bnode_makes_another_iri() -> None:
    store = stated(Quad(A, P, B, LEFT), Quad(C, P, B, LEFT))
    change = update(store, "INSERT { ?s :q [ :p ?n ] } WHERE { ?s :p :b BIND(BNODE() AS ?n) }")
    made = {term for quad in change.added for term in (quad.subject, quad.object)} - {A, C}
    assert made == {NamedNode(f"{GENID}test/b{number}") for number in range(4)}


def test_blank_nodes_that_are_there_stay_what_they_are() -> None:
    node = BlankNode("there")
    store = stated(Quad(node, P, B, LEFT))
    assert update(store, "INSERT { ?s :q :c } WHERE { ?s :p :b }").added == {Quad(node, Q, C, HOME)}


@pytest.mark.parametrize(
    "operation",
    [
        "CLEAR DEFAULT",
        "CLEAR ALL",
        "CLEAR SILENT NAMED",
        "DROP DEFAULT",
        "DROP SILENT ALL",
        "COPY DEFAULT TO :left",
        "COPY :left TO DEFAULT",
        "MOVE SILENT :left TO DEFAULT",
        "ADD DEFAULT TO :left",
    ],
)
def test_the_default_graph_as_a_whole_is_not_to_be_had(operation: str) -> None:
    with pytest.raises(ContributionRefused, match="the default graph is the merge of all graphs"):
        update(stated(Quad(A, P, B, LEFT)), operation)


@pytest.mark.parametrize("graph", [ONTOLOGY, IMPLIED, SHAPES])
@pytest.mark.parametrize(
    "operation",
    [
        "INSERT DATA { GRAPH <{}> { :a :p :b } }",
        "DELETE DATA { GRAPH <{}> { :a :p :b } }",
        "WITH <{}> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "INSERT { GRAPH ?g { :a :p :b } } WHERE { VALUES ?g { <{}> } }",
        "CLEAR GRAPH <{}>",
        "DROP SILENT GRAPH <{}>",
        "CREATE SILENT GRAPH <{}>",
        "COPY :left TO <{}>",
        "ADD :left TO <{}>",
        "MOVE <{}> TO :right",
    ],
)
def test_protected_graphs_are_left_alone(operation: str, graph: NamedNode) -> None:
    store = stated(Quad(A, P, B, LEFT), Quad(A, Q, B, LEFT))
    store.add(Quad(A, P, B, SHAPES))
    with pytest.raises(GraphProtected) as refused:
        evaluate(
            store,
            PREFIX + operation.replace("<{}>", str(graph)),
            mode="merge",
            home=HOME,
            skolem=skolem(),
            protected=lambda one: one == ONTOLOGY,
        )
    assert refused.value.graph == graph.value
    assert "FILTER" in str(refused.value)


def test_a_triple_that_a_protected_graph_states_cannot_be_deleted() -> None:
    with pytest.raises(GraphProtected):
        update(stated(), f"DELETE DATA {{ :q {SUBPROPERTY} :p }}")


def test_protected_graphs_can_be_read() -> None:
    change = update(stated(), f"COPY {ONTOLOGY} TO :left")
    assert change.added == {Quad(Q, SUBPROPERTY, P, LEFT)}
