"""What the endpoint says about itself: SPARQL 1.1 Service Description, from what is published and what is allowed."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse_query_results,
    serialize,
)

from edaphon.errors import QueryError, RevisionMissing
from edaphon.namespaces import PREFIXES, SERVICE
from edaphon.settings import DefaultGraph
from edaphon.sparql.answers import Answers
from edaphon.sparql.handle import Published
from edaphon.sparql.query import Query

__all__ = ["Census", "Extent", "describe"]

logger = logging.getLogger(__name__)

# One pass over the named graphs, one over the default graph.
NAMED: Final = "SELECT ?graph (COUNT(*) AS ?triples) { GRAPH ?graph { ?s ?p ?o } } GROUP BY ?graph ORDER BY ?graph"
DEFAULT: Final = "SELECT (COUNT(*) AS ?triples) { ?s ?p ?o }"

SD: Final = PREFIXES["sd"]
VOID: Final = PREFIXES["void"]
RDF_TYPE: Final = NamedNode(PREFIXES["rdf"] + "type")
XSD_INTEGER: Final = NamedNode(PREFIXES["xsd"] + "integer")
# https://www.w3.org/ns/formats/ names the formats that SPARQL services give out.
FORMATS: Final = tuple(
    "http://www.w3.org/ns/formats/" + name
    for name in (
        "SPARQL_Results_JSON",
        "SPARQL_Results_XML",
        "SPARQL_Results_CSV",
        "SPARQL_Results_TSV",
        "Turtle",
        "N-Triples",
        "JSON-LD",
        "RDF_XML",
        "TriG",
        "N-Quads",
    )
)
SYNTAXES: Final = {
    "text/turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/ld+json": RdfFormat.JSON_LD,
    "application/rdf+xml": RdfFormat.RDF_XML,
}


@dataclass(frozen=True, slots=True)
class Extent:
    """How much one revision holds: triples of the default graph and of each named graph."""

    revision: int
    triples: int
    graphs: Mapping[str, int]


class Census:
    """Counts what is published, once for each revision."""

    def __init__(self, pool: Answers, current: Callable[[], Published], seconds: float) -> None:
        self._pool = pool
        self._current = current
        self._seconds = seconds
        self._counted: Extent | None = None
        self._counting: asyncio.Task[Extent | None] | None = None

    async def extent(self, patience: float | None = None) -> Extent | None:
        """The extent of the current revision; None when it cannot be counted, or not within `patience` seconds.

        Counting goes on when it takes longer than that, for those who ask later.
        """
        revision = self._current()
        if self._counted is not None and self._counted.revision == revision.number:
            return self._counted
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._try(revision))
        # Not awaited: whoever gives up waiting must not stop the count for the others.
        done, _ = await asyncio.wait((self._counting,), timeout=patience)
        return self._counting.result() if done else None

    async def _try(self, revision: Published) -> Extent | None:
        try:
            self._counted = await self._count(revision)
        except (QueryError, RevisionMissing) as error:
            logger.warning("revision %d could not be counted: %s", revision.number, error)
            return None
        return self._counted

    async def _count(self, revision: Published) -> Extent:
        graphs = {}
        for solution in await self._ask(NAMED, revision):
            graph, triples = solution["graph"], solution["triples"]
            assert isinstance(triples, Literal)
            # A graph may be named by a blank node, which nobody outside can name.
            if isinstance(graph, NamedNode):
                graphs[graph.value] = int(triples.value)
        (total,) = await self._ask(DEFAULT, revision)
        count = total["triples"]
        assert isinstance(count, Literal)
        return Extent(revision.number, int(count.value), graphs)

    async def _ask(self, text: str, revision: Published) -> QuerySolutions:
        async with self._pool.answer(Query(text, seconds=self._seconds), revision) as answer:
            table = b"".join([part async for part in answer])
        found = parse_query_results(table, QueryResultsFormat.JSON)
        assert isinstance(found, QuerySolutions)
        return found


def describe(
    endpoint: str,
    media_type: str,
    extent: Extent | None,
    *,
    default_graph: DefaultGraph,
    allow_service: tuple[str, ...] = (),
    updates: bool = False,
) -> bytes:
    """The description of the service at `endpoint` in one of the four syntaxes of `negotiation.DESCRIPTION`."""
    triples = statements(endpoint, extent, default_graph, allow_service, updates=updates)
    wanted = ("rdfs", "sd", "void", "xsd")
    prefixes = {prefix: PREFIXES[prefix] for prefix in wanted}
    document = serialize(triples, format=SYNTAXES[media_type], prefixes=prefixes)
    assert document is not None
    return document


def statements(
    endpoint: str,
    extent: Extent | None,
    default_graph: DefaultGraph,
    allow_service: tuple[str, ...],
    *,
    updates: bool,
) -> Iterator[Triple]:
    service, dataset, default = (NamedNode(endpoint + part) for part in ("#service", "#dataset", "#default-graph"))

    def say(subject: NamedNode | BlankNode, predicate: str, value: str | NamedNode | BlankNode | Literal) -> Triple:
        return Triple(subject, NamedNode(predicate), NamedNode(value) if isinstance(value, str) else value)

    def english(text: str) -> Literal:
        return Literal(text, language="en")

    def count(number: int) -> Literal:
        return Literal(str(number), datatype=XSD_INTEGER)

    comment = PREFIXES["rdfs"] + "comment"
    yield say(service, RDF_TYPE.value, SD + "Service")
    yield say(service, SD + "endpoint", endpoint)
    yield say(service, SD + "supportedLanguage", SD + "SPARQL11Query")
    if updates:
        yield say(service, SD + "supportedLanguage", SD + "SPARQL11Update")
        yield say(service, comment, english("Updates take a token with the role editor."))
    for format_ in FORMATS:
        yield say(service, SD + "resultFormat", format_)
    if default_graph == "merge":
        yield say(service, SD + "feature", SD + "UnionDefaultGraph")
    if allow_service:
        yield say(service, SD + "feature", SD + "BasicFederatedQuery")
        yield say(service, comment, english(f"SERVICE reaches {', '.join(allow_service)}, and nothing else."))
    yield say(service, SD + "defaultDataset", dataset)

    yield say(dataset, RDF_TYPE.value, SD + "Dataset")
    yield say(dataset, SD + "defaultGraph", default)
    yield say(default, RDF_TYPE.value, SD + "Graph")
    if default_graph == "merge":
        text = (
            "The merge of the named graphs: each triple once, however many graphs state it. The graphs below "
            f"{SERVICE}, in which the service speaks about itself, are left out of it."
        )
        yield say(default, comment, english(text))
    if extent is None:
        return
    yield say(default, VOID + "triples", count(extent.triples))
    for index, (name, triples) in enumerate(extent.graphs.items()):
        named, graph = BlankNode(f"n{index}"), BlankNode(f"g{index}")
        yield say(dataset, SD + "namedGraph", named)
        yield say(named, RDF_TYPE.value, SD + "NamedGraph")
        yield say(named, SD + "name", name)
        yield say(named, SD + "graph", graph)
        yield say(graph, RDF_TYPE.value, SD + "Graph")
        yield say(graph, VOID + "triples", count(triples))
