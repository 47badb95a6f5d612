"""An update's operations change a dataset as SPARQL 1.1 Update says, and what cannot be done says so."""

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

from edaphon.errors import ContributionRefused, EngineRefused, GraphProtected, MalformedRequest, QuerySyntax
from edaphon.namespaces import GRAPH_IMPLIED, SERVICE_QUERIES
from edaphon.sparql.update.evaluation import evaluate
from edaphon.store.delta import Delta

EX = "http://example.org/"
PREFIX = f"PREFIX : <{EX}> "
A, B, C, P, Q, G, H = (NamedNode(EX + name) for name in "abcpqgh")
DEFAULT = DefaultGraph()


def update(text: str, *before: Quad, using: tuple[str, ...] = (), using_named: tuple[str, ...] = ()) -> Delta:
    store = Store()
    store.extend(before)
    return evaluate(store, PREFIX + text, mode="plain", using=using, using_named=using_named)


def added(*quads: Quad) -> Delta:
    return Delta(frozenset(quads))


def removed(*quads: Quad) -> Delta:
    return Delta(removed=frozenset(quads))


def test_nothing_asked_is_nothing_done() -> None:
    assert not update("")
    assert not update(" # nothing\n")
    assert not update("INSERT DATA { } ; ")


def test_only_what_changes_counts() -> None:
    change = update("INSERT DATA { :a :p :b, :c }; DELETE DATA { :a :p :a, :b }", Quad(A, P, B))
    assert change == Delta(frozenset({Quad(A, P, C)}), frozenset({Quad(A, P, B)}))


def test_what_comes_and_goes_again_leaves_no_trace() -> None:
    assert not update("INSERT DATA { :a :p :b }; DELETE DATA { :a :p :b }")
    assert not update("DELETE DATA { :a :p :b }; INSERT DATA { :a :p :b }", Quad(A, P, B))
    assert not update("DROP ALL; INSERT DATA { GRAPH :g { :a :p :b } }", Quad(A, P, B, G))


def test_quads_are_compared_as_the_engine_keeps_them() -> None:
    assert not update("INSERT DATA { :a :p 01 }", Quad(A, P, Literal(1)))
    assert update("DELETE DATA { :a :p 01 }", Quad(A, P, Literal(1))) == removed(Quad(A, P, Literal(1)))
    assert update("INSERT DATA { :a :p 007 }") == added(Quad(A, P, Literal(7)))


def test_deletions_come_before_insertions() -> None:
    change = update(
        "DELETE { ?s :p ?o } INSERT { ?s :p ?n } WHERE { ?s :p ?o BIND(?o + 1 AS ?n) }",
        *(Quad(A, P, Literal(number)) for number in (1, 2)),
    )
    assert change == Delta(frozenset({Quad(A, P, Literal(3))}), frozenset({Quad(A, P, Literal(1))}))


def test_a_quad_without_a_value_or_with_one_that_cannot_stand_there_is_left_out() -> None:
    text = (
        "INSERT { ?o :q 1 . :a ?o 2 . GRAPH ?o { :a :q 3 } ?unbound :q 4 . :b :q ?o . :c :q <<( ?o :p 5 )>> }"
        " WHERE { ?s :p ?o }"
    )
    assert update(text, Quad(A, P, Literal("x"))) == added(Quad(B, Q, Literal("x")))


def test_a_graph_can_come_from_a_solution() -> None:
    change = update(
        "DELETE { GRAPH ?g { ?s ?p ?o } } INSERT { GRAPH :h { ?s ?p ?g } } WHERE { GRAPH ?g { ?s ?p ?o } }",
        Quad(A, P, B, G),
    )
    assert change == Delta(frozenset({Quad(A, P, G, H)}), frozenset({Quad(A, P, B, G)}))


def test_each_solution_makes_new_blank_nodes_even_without_variables_in_the_template() -> None:
    change = update("INSERT { [] :q 1 } WHERE { ?s :p ?o }", *(Quad(A, P, Literal(number)) for number in range(3)))
    assert len({quad.subject for quad in change.added}) == 3
    assert all(isinstance(quad.subject, BlankNode) for quad in change.added)


def test_a_template_without_variables_needs_one_solution() -> None:
    assert update("INSERT { :a :q 1 } WHERE { ?s :p ?o }", Quad(A, P, B)) == added(Quad(A, Q, Literal(1)))
    assert not update("INSERT { :a :q 1 } WHERE { ?s :p ?o }")


def test_with_says_where_the_pattern_looks_and_the_template_writes() -> None:
    data = Quad(A, P, B), Quad(C, P, B, G)
    assert update("WITH :g INSERT { ?s :q 1 } WHERE { ?s :p ?o }", *data) == added(Quad(C, Q, Literal(1), G))
    assert update("WITH :g DELETE { ?s :p ?o } WHERE { GRAPH ?h { ?s :p ?o } }", *data) == removed(data[1])


def test_using_says_where_the_pattern_looks_instead_of_with() -> None:
    data = Quad(A, P, B), Quad(B, P, B, G), Quad(C, P, B, H)
    change = update("WITH :g INSERT { ?s :q 1 } USING :h WHERE { ?s :p ?o }", *data)
    assert change == added(Quad(C, Q, Literal(1), G))
    # With USING NAMED alone the default graph of the pattern is empty.
    assert not update("WITH :g INSERT { ?s :q 1 } USING NAMED :h WHERE { ?s :p ?o }", *data)
    change = update("INSERT { ?s :q 1 } USING NAMED :h WHERE { GRAPH ?g { ?s :p ?o } }", *data)
    assert change == added(Quad(C, Q, Literal(1)))


def test_several_graphs_after_using_are_merged() -> None:
    data = Quad(A, P, B, G), Quad(A, P, B, H)
    text = "INSERT { :c :q ?n } USING :g USING :h WHERE { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } }"
    assert update(text, *data) == added(Quad(C, Q, Literal(1)))


def test_the_protocol_s_dataset_is_used_where_the_update_names_none() -> None:
    data = Quad(A, P, B), Quad(B, P, B, G), Quad(C, P, B, H)
    text = "INSERT { ?s :q 1 } WHERE { ?s :p ?o }"
    assert update(text, *data, using=(G.value,)) == added(Quad(B, Q, Literal(1)))
    assert update("DELETE WHERE { ?s :p ?o }; INSERT DATA { :a :q 2 }", *data, using=(H.value,)) == added(
        Quad(A, Q, Literal(2))
    )
    text = "INSERT { ?s :q 1 } WHERE { GRAPH ?g { ?s :p ?o } }"
    assert update(text, *data, using_named=(H.value,)) == added(Quad(C, Q, Literal(1)))


@pytest.mark.parametrize(
    "clause", ["WITH :g DELETE { ?s ?p ?o }", "DELETE { ?s ?p ?o } USING :g", "DELETE { ?s ?p ?o } USING NAMED :g"]
)
def test_the_protocol_s_dataset_does_not_go_with_using_or_with(clause: str) -> None:
    with pytest.raises(MalformedRequest, match="using-graph-uri"):
        update(f"INSERT DATA {{ }}; {clause} WHERE {{ ?s ?p ?o }}", using=(G.value,))


def test_whole_graphs_are_cleared_dropped_and_transferred() -> None:
    data = Quad(A, P, B), Quad(B, P, B, G), Quad(C, P, B, H)
    assert update("CLEAR DEFAULT", *data) == removed(data[0])
    assert update("DROP NAMED", *data) == removed(*data[1:])
    assert update("CLEAR ALL", *data) == removed(*data)
    assert update("DROP GRAPH :g", *data) == removed(data[1])
    assert update("ADD :g TO :h", *data) == added(Quad(B, P, B, H))
    assert update("COPY :g TO :h", *data) == Delta(frozenset({Quad(B, P, B, H)}), frozenset({data[2]}))
    assert update("MOVE GRAPH :g TO DEFAULT", *data) == Delta(frozenset({Quad(B, P, B)}), frozenset(data[:2]))
    assert not update("MOVE :g TO :g", *data)


@pytest.mark.parametrize(
    "operation", ["CLEAR GRAPH :g", "DROP GRAPH :g", "COPY :g TO :h", "MOVE :g TO DEFAULT", "ADD :g TO :h"]
)
def test_a_graph_that_is_not_there_is_told_of_unless_silenced(operation: str) -> None:
    there = Quad(A, P, B), Quad(A, P, B, H)
    with pytest.raises(ContributionRefused, match=r"there is no graph <http://example\.org/g>"):
        update(operation, *there)
    verb, rest = operation.split(" ", 1)
    assert not update(f"{verb} SILENT {rest}", *there)


def test_a_graph_that_is_there_is_not_created_anew_unless_silenced() -> None:
    with pytest.raises(ContributionRefused, match="is there already"):
        update("CREATE GRAPH :g", Quad(A, P, B, G))
    assert not update("CREATE SILENT GRAPH :g", Quad(A, P, B, G))


def test_a_graph_is_there_once_it_was_made_or_emptied() -> None:
    assert not update("CREATE GRAPH :g; CLEAR GRAPH :g; COPY :g TO :h; DROP GRAPH :h")
    assert update("DELETE WHERE { GRAPH :g { ?s ?p ?o } }; DROP GRAPH :g", Quad(A, P, B, G)) == removed(
        Quad(A, P, B, G)
    )
    for twice in ("CREATE GRAPH :g; CREATE GRAPH :g", "CREATE GRAPH :g; DROP GRAPH :g; DROP GRAPH :g"):
        with pytest.raises(ContributionRefused):
            update(twice)


def test_what_the_server_keeps_by_itself_is_no_part_of_all() -> None:
    kept = Quad(A, P, B, NamedNode(SERVICE_QUERIES))
    assert update("CLEAR ALL", kept, Quad(A, P, B, G)) == removed(Quad(A, P, B, G))
    for graph in (SERVICE_QUERIES, GRAPH_IMPLIED):
        with pytest.raises(GraphProtected):
            update(f"INSERT DATA {{ GRAPH <{graph}> {{ :a :p :b }} }}")


@pytest.mark.parametrize(
    "text",
    [
        "INSERTDATA{:a:p:b}",
        "INSERT DATA{GRAPH:g{}};CREATEGRAPH<a:g>;CLEARSILENTGRAPH<a:g>;DROPALL",
        "WITH<a:g>DELETE{?s?p?o}INSERT{?s?p?o}USINGNAMED<a:h>WHERE{?s?p?o}",
        "WITH:gDELETE{?s?p?o}WHERE{?s?p?o}",
        "DELETEWHERE{?s?p?o}",
        "DELETE{?s?p?o}{?s?p?o}",
        "COPYSILENTGRAPH<a:g>TOGRAPH<a:h>;ADDDEFAULTTO<a:h>;MOVESILENT<a:g>TODEFAULT",
        "insert data { } ; delete where { ?s a ?o } ; Clear Default",
        "INSERT # {\n { } # }\n WHERE # }\n { # }\n }",
        "DELETE { ?s ?p '''}''' } WHERE { ?s ?p \"\"\"{\"\"\" . ?s ?p '\\'}' FILTER(?o<'a>}') }",
        "INSERT { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(?s<?p&&?p>?o||?o<3#>}\n) }",
    ],
)
def test_any_spelling_that_the_engine_takes_is_taken(text: str) -> None:
    try:
        Store().update(PREFIX + text)
    except SyntaxError:
        with pytest.raises(QuerySyntax):
            update(text)
    else:
        update(text)


def test_a_syntax_error_has_a_place() -> None:
    with pytest.raises(QuerySyntax) as refused:
        update("\nINSERT { ?s ?p ?o }\nWHERE { ?s ?p }")
    assert (refused.value.line, refused.value.column) == (3, 15)


def test_a_pattern_that_the_engine_cannot_evaluate_is_told_of() -> None:
    with pytest.raises(EngineRefused, match="custom function"):
        update("INSERT { ?s :q ?n } WHERE { ?s :p ?o BIND(:no-such-function(?o) AS ?n) }", Quad(A, P, B))
