"""The graph's own files and their statements, read once for all tests that look at them."""

from functools import cache
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from edaphon.namespaces import BASE, PREFIXES

__all__ = [
    "BASE",
    "DATA",
    "ONTOLOGY",
    "RDF_FILES",
    "ROOT",
    "catalogue",
    "document",
    "iri",
    "ontology",
    "read",
    "schemes",
    "statements",
    "value",
]

ROOT = Path(__file__).resolve().parents[1]
ONTOLOGY = ROOT / "ontology"
DATA = ROOT / "data"
RDF_FILES = sorted([*ONTOLOGY.rglob("*.ttl"), *DATA.rglob("*.ttl"), *DATA.rglob("*.trig")])
assert RDF_FILES, "no files must not pass for good files"


@cache
def read(path: Path) -> tuple[Quad, ...]:
    """The quads of one file; a Turtle file's are in the default graph."""
    return tuple(parse(path=str(path), format=RdfFormat.from_extension(path.suffix[1:])))


@cache
def statements() -> tuple[Quad, ...]:
    """The quads of every file together."""
    return tuple(quad for path in RDF_FILES for quad in read(path))


@cache
def ontology() -> tuple[Quad, ...]:
    """The quads of the vocabulary: own terms, alignments, slices of others."""
    return tuple(quad for path in RDF_FILES if path.is_relative_to(ONTOLOGY) for quad in read(path))


@cache
def schemes() -> tuple[Quad, ...]:
    """The quads of the concept schemes."""
    return tuple(quad for path in sorted((ONTOLOGY / "schemes").glob("*.ttl")) for quad in read(path))


@cache
def document(slug: str) -> dict[str, tuple[Quad, ...]]:
    """The passages of one document: the last part of the passage's IRI → what it states."""
    passages: dict[str, list[Quad]] = {}
    start = f"{BASE}source/{slug}/"
    for quad in read(DATA / "documents" / f"{slug}.trig"):
        graph = quad.graph_name
        if isinstance(graph, NamedNode) and graph.value.startswith(start):
            passages.setdefault(graph.value.removeprefix(start), []).append(quad)
    return {name: tuple(quads) for name, quads in passages.items()}


@cache
def catalogue() -> tuple[Quad, ...]:
    """The quads that describe documents, passages and graphs."""
    described = NamedNode(BASE + "graph/catalogue")
    return (*read(DATA / "catalogue.ttl"), *(quad for quad in statements() if quad.graph_name == described))


def iri(name: str) -> NamedNode:
    """`edi:fao`, `dcterms:date` … → the IRI, by the project's one list of prefixes."""
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local)


def value(term: object) -> str:
    """The IRI or the lexical form."""
    assert isinstance(term, NamedNode | Literal)
    return term.value
