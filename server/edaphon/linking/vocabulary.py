"""A vocabulary of ours, the ontology or the shapes: all its terms in one document."""

from dataclasses import dataclass, replace
from typing import Final

from pyoxigraph import Literal, NamedNode, QueryResultsFormat, QuerySolutions, parse_query_results

from edaphon.namespaces import GRAPH_ONTOLOGY, ONTOLOGY, PREFIXES, SERVICE_SHAPES, SHAPES
from edaphon.sparql.answers import Answers
from edaphon.sparql.pool import Published
from edaphon.sparql.query import Query

__all__ = ["VOCABULARIES", "Entry", "Vocabulary", "entries", "written"]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A namespace, and the graph that speaks of its terms."""

    title: str
    namespace: str
    graph: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One term: its name within the namespace, what kinds of thing it is, what it is called and what it means."""

    name: str
    kinds: tuple[str, ...] = ()
    label: str | None = None
    meaning: str | None = None
    note: str | None = None


# By their paths.
VOCABULARIES: Final = {
    "/ontology": Vocabulary("The ontology", ONTOLOGY, GRAPH_ONTOLOGY),
    "/shapes": Vocabulary("The shapes", SHAPES, SERVICE_SHAPES),
}
# Labels and texts by what they are to a reader, in whichever vocabulary they are written.
ENTRIES: Final = (
    "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in ("rdfs", "sh", "skos"))
    + """\
SELECT ?term ?role ?value WHERE {{
  GRAPH <{graph}> {{
    VALUES (?property ?role) {{
      (rdf:type "kinds") (rdfs:label "label") (sh:name "label") (skos:definition "meaning") (sh:message "meaning")
      (skos:scopeNote "note") (sh:description "note")
    }}
    ?term ?property ?value
    FILTER (STRSTARTS(STR(?term), "{namespace}"))
  }}
}}
ORDER BY ?term ?role ?value"""
).replace("rdf:type", f"<{PREFIXES['rdf']}type>")
CONSTRUCT: Final = "CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"


async def entries(
    pool: Answers, revision: Published, vocabulary: Vocabulary, *, seconds: float, client: str = ""
) -> list[Entry]:
    """The terms of a vocabulary by name; none where the revision has no such vocabulary."""
    text = ENTRIES.format(graph=vocabulary.graph, namespace=vocabulary.namespace)
    async with pool.answer(Query(text, seconds=seconds), revision, client=client) as answer:
        table = b"".join([part async for part in answer])
    found = parse_query_results(table, QueryResultsFormat.JSON)
    assert isinstance(found, QuerySolutions)
    terms: dict[str, Entry] = {}
    for row in found:
        term, role, value = row["term"], row["role"], row["value"]
        assert isinstance(term, NamedNode) and isinstance(role, Literal)
        name = term.value.removeprefix(vocabulary.namespace)
        entry = terms.setdefault(name, Entry(name))
        match role.value:
            case "kinds" if isinstance(value, NamedNode):
                terms[name] = replace(entry, kinds=(*entry.kinds, value.value))
            case "label" if isinstance(value, Literal):
                terms[name] = replace(entry, label=entry.label or value.value)
            case "meaning" if isinstance(value, Literal):
                terms[name] = replace(entry, meaning=entry.meaning or value.value)
            case "note" if isinstance(value, Literal):
                terms[name] = replace(entry, note=entry.note or value.value)
    return list(terms.values())


async def written(
    pool: Answers, revision: Published, vocabulary: Vocabulary, media_type: str, *, seconds: float, client: str = ""
) -> bytes:
    """All that the vocabulary's graph states, in a format of RDF."""
    query = Query(CONSTRUCT.format(graph=vocabulary.graph), graph=media_type, seconds=seconds)
    async with pool.answer(query, revision, client=client) as answer:
        return b"".join([part async for part in answer])
