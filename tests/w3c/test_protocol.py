"""SPARQL 1.1 Protocol section 2, clause by clause over real connections, with what the W3C's protocol tests ask."""

from collections.abc import Iterator
from urllib.parse import quote_plus, urlencode

import httpx
import pytest
from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, parse
from serving import publish, serving
from w3c.results import Solutions
from w3c.results import parse as parse_results

from edaphon.store.state import State

EX = "http://example.org/"
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
JSON = "application/sparql-results+json"
ASK = "ASK {}"
EVERYTHING = "SELECT ?s { ?s ?p ?o }"
EVERYWHERE = "SELECT ?g ?s { GRAPH ?g { ?s ?p ?o } }"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server with one triple in the default graph, whose subject is `default`, and one in each of three graphs,
    whose subjects are the graphs themselves.
    """
    state = State.open(tmp_path_factory.mktemp("protocol") / "state", corpus="none", default_graph="plain")
    kind = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), NamedNode(EX + "Document")
    graphs = [NamedNode(f"{EX}{name}") for name in ("one", "two", "three")]
    publish(
        state,
        [Quad(NamedNode(EX + "default"), *kind, DefaultGraph()), *(Quad(graph, *kind, graph) for graph in graphs)],
    )
    with (
        serving(state, "--processes", "1", "--workers", "2") as server,
        httpx.Client(base_url=server.url) as client,
    ):
        yield client


def ways(client: httpx.Client, query: str, *more: tuple[str, str]) -> dict[str, httpx.Response]:
    """The answers to one query with further parameters, asked in each of the three ways of section 2.1."""
    named = [("query", query), *more]
    return {
        "GET": client.get("/sparql?" + urlencode(named)),
        "form": client.post("/sparql", content=urlencode(named), headers={"Content-Type": FORM}),
        "direct": client.post("/sparql?" + urlencode(more), content=query, headers={"Content-Type": DIRECT}),
    }


def rows(answer: httpx.Response) -> list[tuple[str, ...]]:
    """The rows of an answer as local names, sorted."""
    assert answer.status_code == 200, answer.text
    found = parse_results(answer.content, ".srj", EX)
    assert isinstance(found, Solutions)
    return sorted(tuple(str(row[name]).strip("<>").removeprefix(EX) for name in found.variables) for row in found.rows)


def problem(answer: httpx.Response) -> int:
    """The status of an answer that must be a problem document (RFC 9457) saying the same."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert {"type", "title", "detail"} <= document.keys()
    return answer.status_code


# 2.1.1 to 2.1.3: three ways to send a query


def test_a_query_is_answered_alike_by_get_by_form_and_directly(client: httpx.Client) -> None:
    for way, answer in ways(client, EVERYTHING).items():
        assert rows(answer) == [("default",)], way


def test_a_form_s_parameters_are_percent_encoded_utf_8(client: httpx.Client) -> None:
    query = "SELECT ('Müller + 50 % ≥ 中' AS ?text) {}"
    for way, answer in ways(client, query).items():
        assert answer.json()["results"]["bindings"][0]["text"]["value"] == "Müller + 50 % ≥ 中", way


def test_a_direct_query_may_state_its_charset(client: httpx.Client) -> None:
    answer = client.post("/sparql", content=ASK, headers={"Content-Type": f"{DIRECT}; charset=UTF-8"})
    assert answer.json()["boolean"] is True


# 2.1.4: the dataset


def test_default_graph_uri_makes_a_graph_the_default_graph(client: httpx.Client) -> None:
    for way, answer in ways(client, EVERYTHING, ("default-graph-uri", EX + "one")).items():
        assert rows(answer) == [("one",)], way


def test_several_default_graph_uri_are_merged(client: httpx.Client) -> None:
    both = [("default-graph-uri", EX + "one"), ("default-graph-uri", EX + "two")]
    for way, answer in ways(client, EVERYTHING, *both).items():
        assert rows(answer) == [("one",), ("two",)], way


def test_named_graph_uri_lists_the_named_graphs_and_leaves_the_default_graph_empty(client: httpx.Client) -> None:
    both = [("named-graph-uri", EX + "one"), ("named-graph-uri", EX + "two")]
    for way, answer in ways(client, EVERYWHERE, *both).items():
        assert rows(answer) == [("one", "one"), ("two", "two")], way
    for way, answer in ways(client, EVERYTHING, *both).items():
        assert rows(answer) == [], way


def test_default_and_named_graphs_make_a_dataset_together(client: httpx.Client) -> None:
    query = "SELECT ?s ?g ?t { ?s ?p ?o GRAPH ?g { ?t ?q ?r } }"
    dataset = [("default-graph-uri", EX + "three"), ("named-graph-uri", EX + "one"), ("named-graph-uri", EX + "two")]
    for way, answer in ways(client, query, *dataset).items():
        assert rows(answer) == [("three", "one", "one"), ("three", "two", "two")], way


def test_the_request_s_dataset_wins_over_the_query_s(client: httpx.Client) -> None:
    query = f"SELECT ?s FROM <{EX}two> {{ ?s ?p ?o }}"
    for way, answer in ways(client, query).items():
        assert rows(answer) == [("two",)], way
    for way, answer in ways(client, query, ("default-graph-uri", EX + "one")).items():
        assert rows(answer) == [("one",)], way


def test_a_graph_that_does_not_exist_is_empty(client: httpx.Client) -> None:
    for way, answer in ways(client, EVERYTHING, ("default-graph-uri", EX + "nothing")).items():
        assert rows(answer) == [], way


# 2.1.5 and 2.1.6: formats and answers

SOLUTIONS = {
    "application/sparql-results+json": ".srj",
    "application/sparql-results+xml": ".srx",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
}
GRAPHS = {
    "text/turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/ld+json": RdfFormat.JSON_LD,
    "application/rdf+xml": RdfFormat.RDF_XML,
    "application/trig": RdfFormat.TRIG,
    "application/n-quads": RdfFormat.N_QUADS,
}


def content_type(answer: httpx.Response) -> str:
    media_type: str = answer.headers["Content-Type"]
    return media_type.partition(";")[0]


@pytest.mark.parametrize("media_type", SOLUTIONS)
def test_select_and_ask_come_in_every_result_format(client: httpx.Client, media_type: str) -> None:
    for query, expected in ((ASK, True), ("SELECT ?s { ?s ?p ?o }", 1)):
        answer = client.get("/sparql", params={"query": query}, headers={"Accept": media_type})
        assert content_type(answer) == media_type
        found = parse_results(answer.content, SOLUTIONS[media_type], EX)
        assert (len(found.rows) if isinstance(found, Solutions) else found) == expected


@pytest.mark.parametrize("media_type", GRAPHS)
@pytest.mark.parametrize("query", ["CONSTRUCT WHERE { ?s ?p ?o }", f"DESCRIBE <{EX}default>"])
def test_construct_and_describe_come_in_every_rdf_format(client: httpx.Client, media_type: str, query: str) -> None:
    answer = client.get("/sparql", params={"query": query}, headers={"Accept": media_type})
    assert content_type(answer) == media_type
    (quad,) = parse(answer.content, format=GRAPHS[media_type])
    assert quad.subject == NamedNode(EX + "default")


def test_without_accept_answers_come_in_the_default_formats(client: httpx.Client) -> None:
    request = client.build_request("GET", "/sparql", params={"query": ASK})
    del request.headers["Accept"]
    assert content_type(client.send(request)) == JSON
    request = client.build_request("GET", "/sparql", params={"query": "CONSTRUCT WHERE { ?s ?p ?o }"})
    del request.headers["Accept"]
    assert content_type(client.send(request)) == "text/turtle"


def test_quality_values_decide_between_formats(client: httpx.Client) -> None:
    accept = f"{JSON};q=0.5, text/csv;q=0.8, application/sparql-results+xml;q=0"
    answer = client.get("/sparql", params={"query": EVERYTHING}, headers={"Accept": accept})
    assert content_type(answer) == "text/csv"


def test_a_format_that_is_not_on_offer_is_not_acceptable(client: httpx.Client) -> None:
    for query, accept in (
        (EVERYTHING, "text/turtle"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "text/csv"),
        (ASK, "image/png"),
    ):
        assert problem(client.get("/sparql", params={"query": query}, headers={"Accept": accept})) == 406


# 2.1.7: failures


def test_a_query_that_does_not_parse_is_a_bad_request(client: httpx.Client) -> None:
    for way, answer in ways(client, "SELECT ?s WHERE").items():
        assert problem(answer) == 400, way


def test_other_methods_are_not_allowed(client: httpx.Client) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        answer = client.request(method, "/sparql", params={"query": ASK})
        assert problem(answer) == 405
        assert {"GET", "POST"} <= {one.strip() for one in answer.headers["Allow"].split(",")}


def test_two_queries_in_one_request_are_refused(client: httpx.Client) -> None:
    twice = f"query={quote_plus(ASK)}&query={quote_plus(EVERYTHING)}"
    assert problem(client.get(f"/sparql?{twice}")) == 400
    assert problem(client.post("/sparql", content=twice, headers={"Content-Type": FORM})) == 400
    both = client.post(f"/sparql?query={quote_plus(ASK)}", content=ASK, headers={"Content-Type": DIRECT})
    assert problem(both) == 400


def test_a_body_of_another_type_is_refused(client: httpx.Client) -> None:
    for media_type in ("text/plain", "application/json", "text/turtle"):
        assert problem(client.post("/sparql", content=ASK, headers={"Content-Type": media_type})) == 415


def test_a_body_without_a_type_is_refused(client: httpx.Client) -> None:
    assert problem(client.post("/sparql", content=ASK)) in (400, 415)
    assert problem(client.post("/sparql", content=urlencode({"query": ASK}))) in (400, 415)


def test_a_form_without_a_query_is_refused(client: httpx.Client) -> None:
    assert problem(client.post("/sparql", content="other=1", headers={"Content-Type": FORM})) == 400


def test_a_body_that_is_not_utf_8_is_refused(client: httpx.Client) -> None:
    query = "ASK { ?s ?p 'Müller' }"
    assert problem(client.post("/sparql", content=query.encode("utf-16"), headers={"Content-Type": DIRECT})) == 400
    assert problem(client.get("/sparql?query=" + quote_plus(query, encoding="latin-1"))) == 400


def test_a_graph_named_by_a_relative_iri_is_refused(client: httpx.Client) -> None:
    for name in ("default-graph-uri", "named-graph-uri"):
        for way, answer in ways(client, ASK, (name, "one")).items():
            assert problem(answer) == 400, way


# 2.2: updates need a token, which nobody holds yet


def test_an_update_without_a_token_is_unauthorized(client: httpx.Client) -> None:
    update = f"INSERT DATA {{ <{EX}new> a <{EX}Document> }}"
    for answer in (
        client.post("/sparql", content=urlencode({"update": update}), headers={"Content-Type": FORM}),
        client.post("/sparql", content=update, headers={"Content-Type": "application/sparql-update"}),
    ):
        assert problem(answer) == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert problem(client.get("/sparql", params={"update": update})) == 400
    assert rows(client.get("/sparql", params={"query": EVERYTHING})) == [("default",)]


# Service description, section 2 and the W3C's tests of it

SD = "http://www.w3.org/ns/sparql-service-description#"
RDF_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


@pytest.mark.parametrize("media_type", ["text/turtle", "application/rdf+xml", "application/ld+json"])
def test_the_endpoint_without_a_query_describes_itself(client: httpx.Client, media_type: str) -> None:
    answer = client.get("/sparql", headers={"Accept": media_type})
    assert answer.status_code == 200
    assert content_type(answer) == media_type
    triples = {quad.triple for quad in parse(answer.content, format=GRAPHS[media_type], base_iri=str(answer.url))}
    services = [one.subject for one in triples if (one.predicate, one.object) == (RDF_TYPE, NamedNode(SD + "Service"))]
    assert len(services) == 1
    stated = {(one.predicate.value.removeprefix(SD), one.object) for one in triples if one.subject == services[0]}
    assert ("endpoint", NamedNode(str(answer.url))) in stated
    # Section 3: what may stand behind these properties.
    ranges = {
        "supportedLanguage": {"SPARQL10Query", "SPARQL11Query", "SPARQL11Update"},
        "feature": {"DereferencesURIs", "UnionDefaultGraph", "RequiresDataset", "EmptyGraphs", "BasicFederatedQuery"},
    }
    for name, allowed in ranges.items():
        values = {value.value.removeprefix(SD) for key, value in stated if key == name and isinstance(value, NamedNode)}
        assert values <= allowed
    assert ("supportedLanguage", NamedNode(SD + "SPARQL11Query")) in stated
