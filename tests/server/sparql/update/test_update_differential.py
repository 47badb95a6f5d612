"""Whatever the data and the update, our change leads to what the engine alone makes of them."""

from collections import Counter
from collections.abc import Hashable, Iterable

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

from edaphon.sparql.update.evaluation import evaluate

EX = "http://example.org/"
PREFIX = f"PREFIX : <{EX}>\n"

names = st.sampled_from(["a", "b", "c"])
graphs = st.sampled_from(["g", "h"])


def iri(name: str) -> NamedNode:
    return NamedNode(EX + name)


data = st.sets(
    st.builds(
        Quad,
        names.map(iri),
        st.sampled_from(["p", "q"]).map(iri),
        names.map(iri) | st.integers(0, 2).map(Literal) | st.just(Literal("x", language="en")),
        graphs.map(iri) | st.just(DefaultGraph()),
    ),
    max_size=6,
)

constants = names.map(":{}".format)
literals = st.sampled_from(["1", "01", "2.0", "'x'@en", "'GRAPH :g { '", "true", "<http://example.org/c#'>"])


def triples(
    subjects: st.SearchStrategy[str], predicates: st.SearchStrategy[str], objects: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(subjects, predicates, objects).map(" ".join), min_size=1, max_size=2).map(" . ".join)


def block(inner: st.SearchStrategy[str], graph: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Quads between braces: triples of the default graph, of a named one, or of both."""
    named = st.builds("GRAPH {} {{ {} }}".format, graph, inner)
    both = st.builds("{} . {} . {}".format, inner, named, inner)
    return (inner | named | both).map("{{ {} }}".format)


variables = st.sampled_from(["?s", "?p", "?o", "?g", "?n"])
named_graph = graphs.map(":{}".format)
data_block = block(triples(constants, st.sampled_from([":p", ":q", "a"]), constants | literals), named_graph)
fresh_block = block(
    triples(constants | st.just("_:x"), st.just(":p"), literals | st.sampled_from(["[]", "_:x", "(1 :a)"])), named_graph
)
template = block(
    triples(constants | variables, st.just(":p") | variables, constants | literals | variables),
    named_graph | st.just("?g"),
)
new_nodes = block(triples(variables | st.just("_:y"), st.just(":q"), variables | st.just("[ :p ?o ]")), named_graph)
matched = block(
    triples(constants | variables, st.just(":p") | variables, constants | variables), named_graph | st.just("?g")
)

patterns = st.sampled_from(
    [
        "{}",
        "{ ?s ?p ?o }",
        "{ ?s :p ?o }",
        "{ GRAPH ?g { ?s ?p ?o } }",
        "{ GRAPH :h { ?s ?p ?o } ?s ?q ?n }",
        "{ ?s ?p ?o OPTIONAL { ?o ?q ?n } }",
        "{ ?s ?p ?o GRAPH ?g { ?s ?x ?n } }",
        "{ ?s ?p ?o FILTER(?o<2&&?o>0) }",
        "{ ?s ?p ?o FILTER(?o<'it}'||?o>'}') }",
        # Comparisons that look like IRIs, behind which nothing would be read rightly.
        "{ ?s ?p ?o FILTER(?o<'a>}') }",
        "{ ?s ?p ?o FILTER(?o<3#>}\n) }",
        "{ ?s ?p ?o . BIND(?o + 1 AS ?n) # }\n }",
        "{ ?s ?p ?o . BIND(BNODE() AS ?n) }",
        "{ VALUES (?s ?o) { (:a 1) (:b UNDEF) (:a 1) } }",
        "{ SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s }",
        "{ { ?s :p ?o } UNION { ?o :q ?s } }",
        "{ ?s ?p ?o MINUS { ?s :q ?x } }",
    ]
)
using = st.sampled_from(
    ["", "USING :g", "USING NAMED :h", "USING :g USING NAMED :h", "USING :h USING NAMED :g USING NAMED :h"]
)
given_by = st.sampled_from(["", "WITH :g "])
modifications = (
    st.builds("{}DELETE {} {} WHERE {}".format, given_by, template, using, patterns)
    | st.builds("{}INSERT {} {} WHERE {}".format, given_by, template | new_nodes, using, patterns)
    | st.builds("{}DELETE {} INSERT {} {} WHERE {}".format, given_by, template, template | new_nodes, using, patterns)
    | matched.map("DELETE WHERE {}".format)
)
wholes = st.builds(
    "{} SILENT {}".format, st.sampled_from(["CLEAR", "DROP"]), st.sampled_from(["DEFAULT", "NAMED", "ALL", "GRAPH :g"])
)
# The source is made first: without one, the engine empties the target of COPY.
transfers = st.builds(
    "INSERT DATA {{ GRAPH :{0} {{ :a :p 5 }} }}; {1} :{0} TO {2}".format,
    graphs,
    st.sampled_from(["ADD", "COPY", "MOVE SILENT"]),
    named_graph | st.just("DEFAULT"),
) | st.builds("{} DEFAULT TO {}".format, st.sampled_from(["ADD", "COPY", "MOVE"]), named_graph | st.just("DEFAULT"))
operations = (
    (data_block | fresh_block).map("INSERT DATA {}".format)
    | data_block.map("DELETE DATA {}".format)
    | modifications
    | modifications
    | wholes
    | named_graph.map("CREATE SILENT GRAPH {}".format)
    | transfers
)


def outline(quads: Iterable[Quad]) -> tuple[Counter[Hashable], int]:
    """Quads without the labels of their blank nodes, and how many blank nodes there are."""
    blank = {term for quad in quads for term in (quad.subject, quad.object) if isinstance(term, BlankNode)}
    masked = [
        tuple("blank" if term in blank else term for term in (one.subject, one.predicate, one.object, one.graph_name))
        for one in quads
    ]
    return Counter(masked), len(blank)


@settings(max_examples=300, deadline=None)
@given(data, st.lists(operations, min_size=1, max_size=4))
@example(set(), ["INSERT DATA { _:x :p _:x }", "INSERT { ?s :q [] } WHERE { ?s ?p ?o }"])
def test_the_change_leads_to_what_the_engine_alone_makes_of_it(before: set[Quad], request: list[str]) -> None:
    # A label is one node, and the engine refuses it in two operations.
    numbered = [one.replace("_:x", f"_:x{place}").replace("_:y", f"_:y{place}") for place, one in enumerate(request)]
    text = PREFIX + ";\n".join(numbered)
    alone, candidate = Store(), Store()
    for store in (alone, candidate):
        store.extend(before)
    alone.update(text)
    kept = set(candidate)
    change = evaluate(candidate, text, mode="plain")
    after = (kept - change.removed) | change.added
    assert outline(after) == outline(set(alone))
    assert set(candidate) == after
    assert change.removed <= kept
    assert not change.added & kept
