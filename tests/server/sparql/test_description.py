"""What the service says about itself in RDF."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, parse
from revisions import EX, Folder

from edaphon.errors import DeadlineReached
from edaphon.sparql.description import Census, Extent, describe
from edaphon.sparql.pool import WorkerPool

ENDPOINT = "http://graph.example/sparql"
SD = "http://www.w3.org/ns/sparql-service-description#"
VOID = "http://rdfs.org/ns/void#"
EXTENT = Extent(3, 30, {"urn:a": 10, "urn:b": 20})

SYNTAXES = [
    ("text/turtle", RdfFormat.TURTLE),
    ("application/n-triples", RdfFormat.N_TRIPLES),
    ("application/ld+json", RdfFormat.JSON_LD),
    ("application/rdf+xml", RdfFormat.RDF_XML),
]


def values(document: bytes, predicate: str, syntax: RdfFormat = RdfFormat.TURTLE) -> set[str]:
    """All values of one property."""
    found = parse(document, syntax)
    return {quad.object.value for quad in found if quad.predicate == NamedNode(predicate)}  # type: ignore[union-attr]  # no triple terms here


@pytest.mark.parametrize(("media_type", "syntax"), SYNTAXES)
def test_each_syntax_says_the_same(media_type: str, syntax: RdfFormat) -> None:
    document = describe(ENDPOINT, media_type, EXTENT, default_graph="merge")
    assert values(document, SD + "endpoint", syntax) == {ENDPOINT}
    assert values(document, SD + "supportedLanguage", syntax) == {SD + "SPARQL11Query"}
    assert values(document, SD + "name", syntax) == {"urn:a", "urn:b"}
    assert values(document, VOID + "triples", syntax) == {"30", "10", "20"}


def test_each_named_graph_has_its_own_count() -> None:
    quads = list(parse(describe(ENDPOINT, "text/turtle", EXTENT, default_graph="merge"), RdfFormat.TURTLE))

    def one(subject: Any, predicate: str) -> Any:
        (found,) = (quad.object for quad in quads if quad.subject == subject and quad.predicate == NamedNode(predicate))
        return found

    named = {quad.object.value: quad.subject for quad in quads if quad.predicate == NamedNode(SD + "name")}
    counts = {name: int(one(one(node, SD + "graph"), VOID + "triples").value) for name, node in named.items()}
    assert counts == {"urn:a": 10, "urn:b": 20}


def test_the_merge_is_a_union_default_graph_and_plain_is_not() -> None:
    merge = describe(ENDPOINT, "text/turtle", EXTENT, default_graph="merge")
    plain = describe(ENDPOINT, "text/turtle", EXTENT, default_graph="plain")
    assert values(merge, SD + "feature") == {SD + "UnionDefaultGraph"}
    assert values(plain, SD + "feature") == set()


def test_federation_is_claimed_only_where_it_is_allowed() -> None:
    endpoints = ("http://other.example/sparql",)
    document = describe(ENDPOINT, "text/turtle", EXTENT, default_graph="plain", allow_service=endpoints)
    assert values(document, SD + "feature") == {SD + "BasicFederatedQuery"}
    assert b"http://other.example/sparql" in document


def test_what_could_not_be_counted_is_not_claimed() -> None:
    document = describe(ENDPOINT, "text/turtle", None, default_graph="merge")
    assert values(document, VOID + "triples") == set()
    assert values(document, SD + "endpoint") == {ENDPOINT}


def test_a_revision_is_counted_once_through_the_pool(revision: Folder, with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> tuple[Extent | None, Extent | None]:
        census = Census(pool, lambda: revision, 10)
        first, second = await asyncio.gather(census.extent(), census.extent())
        return first, second

    first, second = with_pool(scenario)
    assert first is second
    assert first == Extent(1, 300, {EX + "left": 2, EX + "right": 1})


def test_a_count_that_fails_is_tried_again(revision: Folder) -> None:
    class Slow:
        asked = 0

        def answer(self, *_: Any, **__: Any) -> Any:
            self.asked += 1
            raise DeadlineReached(1)

    pool = Slow()

    async def scenario() -> None:
        census = Census(pool, lambda: revision, 1)
        assert await census.extent() is None
        assert await census.extent() is None

    asyncio.run(scenario())
    assert pool.asked == 2


def test_who_gives_up_waiting_does_not_stop_the_count(revision: Folder, with_pool: Callable[..., Any]) -> None:
    async def scenario(pool: WorkerPool) -> tuple[Extent | None, Extent | None]:
        census = Census(pool, lambda: revision, 10)
        return await census.extent(0), await census.extent()

    first, second = with_pool(scenario)
    assert first is None
    assert second == Extent(1, 300, {EX + "left": 2, EX + "right": 1})


def test_the_description_is_a_document_of_plain_integers() -> None:
    quads = parse(describe(ENDPOINT, "text/turtle", EXTENT, default_graph="merge"), RdfFormat.TURTLE)
    counts = [quad.object for quad in quads if quad.predicate == NamedNode(VOID + "triples")]
    integer = NamedNode("http://www.w3.org/2001/XMLSchema#integer")
    assert {count.datatype for count in counts if isinstance(count, Literal)} == {integer}


def test_updates_are_offered_where_they_can_be_made() -> None:
    for updates in (False, True):
        document = describe(ENDPOINT, "application/rdf+xml", EXTENT, default_graph="merge", updates=updates)
        assert (b"SPARQL11Update" in document) == updates
