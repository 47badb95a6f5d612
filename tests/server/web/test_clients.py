"""Clients that people use get what they expect."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import serving
from pyoxigraph import DefaultGraph, NamedNode, Quad
from pyoxigraph import Literal as Stored
from rdflib import Graph, Literal, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from revisions import EX, published
from SPARQLWrapper import CSV, GET, JSON, POST, POSTDIRECTLY, TURTLE, URLENCODED, XML, SPARQLWrapper

SELECT = "SELECT ?o { ?s ?p ?o }"
CONSTRUCT = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("clients") / "000001"
    published(folder, 1, [Quad(NamedNode(EX + "a"), NamedNode(EX + "b"), Stored("é", language="fr"), DefaultGraph())])
    with serving(folder, processes=1, workers=1) as server:
        yield server.url + "/sparql"


@pytest.mark.parametrize(("method", "how"), [(GET, URLENCODED), (POST, URLENCODED), (POST, POSTDIRECTLY)])
def test_sparqlwrapper_asks_in_every_way(endpoint: str, method: str, how: str) -> None:
    client = SPARQLWrapper(endpoint)
    client.setMethod(method)
    client.setRequestMethod(how)
    client.setQuery(SELECT)
    client.setReturnFormat(JSON)
    (row,) = client.queryAndConvert()["results"]["bindings"]
    assert row["o"] == {"type": "literal", "value": "é", "xml:lang": "fr"}


def test_sparqlwrapper_reads_every_format(endpoint: str) -> None:
    client = SPARQLWrapper(endpoint)
    client.setQuery(SELECT)
    client.setReturnFormat(CSV)
    assert client.queryAndConvert().decode().split() == ["o", "é"]
    client.setReturnFormat(XML)
    assert [node.firstChild.data for node in client.queryAndConvert().getElementsByTagName("literal")] == ["é"]
    client.setQuery(CONSTRUCT)
    client.setReturnFormat(TURTLE)
    graph = Graph().parse(data=client.queryAndConvert(), format="turtle")
    assert set(graph) == {(URIRef(EX + "a"), URIRef(EX + "b"), Literal("é", lang="fr"))}


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
@pytest.mark.parametrize("returned", ["json", "xml", "csv"])
def test_rdflib_reads_the_graph_as_its_own(endpoint: str, method: str, returned: str) -> None:
    store = SPARQLStore(endpoint, method=method, returnFormat=returned)
    (row,) = Graph(store).query(SELECT)
    assert str(row[0]) == "é"  # type: ignore[index]  # a row of a SELECT


@pytest.mark.parametrize("returned", ["json", "xml"])
def test_rdflib_gets_a_boolean(endpoint: str, returned: str) -> None:
    assert Graph(SPARQLStore(endpoint, returnFormat=returned)).query("ASK { ?s ?p 'é'@fr }").askAnswer is True


def test_rdflib_gets_a_graph_that_was_constructed(endpoint: str) -> None:
    assert len(Graph(SPARQLStore(endpoint)).query(CONSTRUCT).graph or ()) == 1
