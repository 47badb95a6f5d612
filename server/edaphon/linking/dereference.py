"""An IRI becomes the statements that describe it, each with its evidence and the names of what it speaks of."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryResultsFormat,
    QuerySolution,
    QuerySolutions,
    Triple,
    parse_query_results,
)

from edaphon.linking.addresses import SPELLABLE
from edaphon.namespaces import GRAPH_IMPLIED, PREFIXES, SERVICE
from edaphon.settings import DefaultGraph as Mode
from edaphon.sparql.answers import Answers
from edaphon.sparql.pool import Published
from edaphon.sparql.query import Query

__all__ = ["Description", "Label", "Statement", "Term", "describe", "spoken"]

Term = NamedNode | BlankNode | Literal | Triple

# What one description holds of each kind of statement.
MOST: Final = 1_000
# The properties that name a thing, the preferred one first.
NAMING: Final = tuple(
    PREFIXES[prefix] + name
    for prefix, name in (
        ("rdfs", "label"),
        ("skos", "prefLabel"),
        ("dcterms", "title"),
        ("foaf", "name"),
        ("schema", "name"),
        ("sh", "name"),
    )
)
LANGUAGE: Final = "en"
# Labels are asked for so many terms at a time.
BATCH: Final = 1_000

# Each part is cut after one row more than is shown, which tells that there is more. %(iri)s stands for an IRI that has
# been held against SPARQL's own grammar.
DESCRIPTION: Final = """\
SELECT ?part ?subject ?predicate ?object ?evidence WHERE {
  {
    { SELECT ?subject ?predicate ?object { VALUES ?subject { <%(iri)s> } ?subject ?predicate ?object }
      ORDER BY ?predicate ?object LIMIT %(most)d }
    BIND ("about" AS ?part)
  } UNION {
    { SELECT ?subject ?predicate ?object { VALUES ?object { <%(iri)s> } ?subject ?predicate ?object
      FILTER (?subject != ?object) }
      ORDER BY ?predicate ?subject LIMIT %(most)d }
    BIND ("mentions" AS ?part)
  } UNION {
    { SELECT ?subject ?predicate ?object { GRAPH <%(iri)s> { ?subject ?predicate ?object } }
      ORDER BY ?subject ?predicate ?object LIMIT %(most)d }
    BIND ("states" AS ?part)
  }
  OPTIONAL {
    GRAPH ?evidence { ?subject ?predicate ?object }
    FILTER (!STRSTARTS(STR(?evidence), "%(service)s"))
  }
}"""
# Every quad that speaks of the IRI once, as `store.mentions` counts them.
SPOKEN: Final = """\
SELECT (COUNT(*) AS ?quads) WHERE {
  {
    GRAPH <%(iri)s> { ?s ?p ?o }
    FILTER (<%(iri)s> != <%(implied)s>)
  } UNION {
    GRAPH ?graph { VALUES ?resource { <%(iri)s> } ?resource ?p ?o }
    FILTER (%(counted)s)
  } UNION {
    GRAPH ?graph { VALUES ?resource { <%(iri)s> } ?s ?p ?resource FILTER (?s != ?resource) }
    FILTER (%(counted)s)
  }%(plain)s
}"""
COUNTED: Final = '?graph != <%(iri)s> && ?graph != <%(implied)s> && !STRSTARTS(STR(?graph), "%(service)s")'
IN_DEFAULT: Final = """ UNION {
    VALUES ?resource { <%(iri)s> } ?resource ?p ?o
  } UNION {
    VALUES ?resource { <%(iri)s> } ?s ?p ?resource FILTER (?s != ?resource)
  }"""


@dataclass(frozen=True, slots=True)
class Label:
    """What a thing is called, and in which language, if that is known."""

    text: str
    language: str | None = None


# A term's label, and how it ranks among its labels: the least is the best.
Ranked = dict[str, tuple[tuple[bool, bool, int, str], Label]]


@dataclass(frozen=True, slots=True)
class Statement:
    """A triple and the graphs that state it; none where the default graph alone does."""

    subject: Term
    predicate: NamedNode
    object: Term
    evidence: tuple[NamedNode | BlankNode, ...]

    @property
    def triple(self) -> Triple:
        """The statement without its evidence."""
        assert not isinstance(self.subject, Literal)
        return Triple(self.subject, self.predicate, self.object)


@dataclass(frozen=True, slots=True)
class Description:
    """What a revision says of a resource.

    `about` has it as their subject, `mentions` as their object, `states` are in the graph of that name. `cut` names
    the parts of which there is more than that.
    """

    iri: str
    revision: int
    about: tuple[Statement, ...] = ()
    mentions: tuple[Statement, ...] = ()
    states: tuple[Statement, ...] = ()
    cut: frozenset[str] = frozenset()
    labels: Mapping[str, Label] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.about or self.mentions or self.states)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All of them."""
        return (*self.about, *self.mentions, *self.states)

    def triples(self) -> Iterator[Triple]:
        """Each triple once, and where some are left out, a remark that says so."""
        yield from dict.fromkeys(one.triple for one in self.statements)
        for part in sorted(self.cut):
            text = f"Of the statements that {REMARKS[part]}, only the first {MOST} are given here."
            yield Triple(NamedNode(self.iri), NamedNode(PREFIXES["rdfs"] + "comment"), Literal(text, language=LANGUAGE))


REMARKS: Final = {
    "about": "are made about this",
    "mentions": "mention this as their object",
    "states": "this states",
}


async def describe(
    pool: Answers, revision: Published, iri: str, *, seconds: float, client: str = "", names: bool = True
) -> Description:
    """The description of an IRI in a revision, empty when nothing is said of it.

    With `names` it has the labels of all terms, as far as they are known. Raises QueryError when it takes longer than
    `seconds`, and RevisionMissing when the revision has been tidied away.
    """
    assert SPELLABLE.fullmatch(iri), iri
    text = DESCRIPTION % {"iri": iri, "most": MOST + 1, "service": SERVICE}
    table = await _ask(pool, revision, text, seconds, client)
    # Thousands of rows take a while, in which others want to be answered.
    described = await asyncio.to_thread(_read, iri, revision.number, table)
    if not (described and names):
        return described
    return replace(described, labels=await _labels(pool, revision, _terms(described), seconds, client))


async def spoken(pool: Answers, revision: Published, iri: str, mode: Mode, *, seconds: float, client: str = "") -> int:
    """How many stated quads of a revision have the IRI as their subject or object, or are in the graph of that name."""
    assert SPELLABLE.fullmatch(iri), iri
    # A plain default graph states for itself; a merged one only repeats.
    plain = IN_DEFAULT % {"iri": iri} if mode == "plain" else ""
    known = {"iri": iri, "implied": GRAPH_IMPLIED, "service": SERVICE}
    text = SPOKEN % {**known, "plain": plain, "counted": COUNTED % known}
    (row,) = _rows(await _ask(pool, revision, text, seconds, client))
    quads = row["quads"]
    assert isinstance(quads, Literal)
    return int(quads.value)


async def _labels(
    pool: Answers, revision: Published, terms: Iterable[str], seconds: float, client: str
) -> dict[str, Label]:
    """What the terms are called, as far as it is known: in English if there is a choice."""
    asked = sorted(term for term in terms if SPELLABLE.fullmatch(term))
    known: Ranked = {}
    naming = " ".join(f"<{one}>" for one in NAMING)
    for start in range(0, len(asked), BATCH):
        values = " ".join(f"<{term}>" for term in asked[start : start + BATCH])
        text = (
            f"SELECT ?term ?naming ?label {{ VALUES ?term {{ {values} }} VALUES ?naming {{ {naming} }} "
            "?term ?naming ?label FILTER (isLiteral(?label)) }"
        )
        table = await _ask(pool, revision, text, seconds, client)
        await asyncio.to_thread(_choose, table, known)
    return {term: label for term, (_, label) in known.items()}


def _terms(description: Description) -> set[str]:
    """The IRIs in a description."""
    terms = {description.iri}
    for one in description.statements:
        for term in (one.subject, one.predicate, one.object, *one.evidence):
            if isinstance(term, NamedNode):
                terms.add(term.value)
    return terms


async def _ask(pool: Answers, revision: Published, text: str, seconds: float, client: str) -> bytes:
    async with pool.answer(Query(text, seconds=seconds), revision, client=client) as answer:
        return b"".join([part async for part in answer])


def _rows(table: bytes) -> Iterable[QuerySolution]:
    found = parse_query_results(table, QueryResultsFormat.JSON)
    assert isinstance(found, QuerySolutions)
    return found


def _read(iri: str, revision: int, table: bytes) -> Description:
    """The description, without labels, that the answer to DESCRIPTION tells."""
    evidence: dict[str, dict[tuple[Term, NamedNode, Term], list[NamedNode | BlankNode]]]
    evidence = {"about": defaultdict(list), "mentions": defaultdict(list), "states": defaultdict(list)}
    for row in _rows(table):
        part, predicate = row["part"], row["predicate"]
        assert isinstance(part, Literal) and isinstance(predicate, NamedNode)
        graphs = evidence[part.value][row["subject"], predicate, row["object"]]
        graph = row["evidence"]
        if isinstance(graph, NamedNode | BlankNode):
            graphs.append(graph)
    parts = {
        part: sorted(
            (Statement(*triple, tuple(sorted(graphs, key=_last_the_implied))) for triple, graphs in found.items()),
            key=_by_subject if part == "states" else _order,
        )
        for part, found in evidence.items()
    }
    cut = frozenset(part for part, found in parts.items() if len(found) > MOST)
    about, mentions, states = (tuple(parts[part][:MOST]) for part in ("about", "mentions", "states"))
    return Description(iri, revision, about, mentions, states, cut)


def _choose(table: bytes, known: Ranked) -> None:
    """Add the labels in a table to those that are known, the better one of each term staying."""
    for row in _rows(table):
        term, by, label = row["term"], row["naming"], row["label"]
        assert isinstance(term, NamedNode) and isinstance(by, NamedNode) and isinstance(label, Literal)
        tag = label.language
        rank = (tag != LANGUAGE, tag is not None, NAMING.index(by.value), label.value)
        if term.value not in known or rank < known[term.value][0]:
            known[term.value] = (rank, Label(label.value, tag))


def _last_the_implied(graph: NamedNode | BlankNode) -> tuple[bool, str]:
    return graph.value == GRAPH_IMPLIED, graph.value


def _by_subject(statement: Statement) -> tuple[str, tuple[bool, str, str, str, str]]:
    return str(statement.subject), _order(statement)


def _order(statement: Statement) -> tuple[bool, str, str, str, str]:
    """What a thing is comes first, then what it is called, in a fixed order."""
    predicate = statement.predicate.value
    rank = "0" if predicate == PREFIXES["rdf"] + "type" else "1" if predicate in NAMING else "2"
    named = isinstance(statement.object, NamedNode)
    return named and rank == "2", rank, predicate, str(statement.subject), str(statement.object)
