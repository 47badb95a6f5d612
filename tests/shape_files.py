"""The shapes as they are written, the cases they are tried on, and what the compiled engine finds in a case."""

import re
from functools import cache
from pathlib import Path

from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from edaphon.conformance.check import SUBMITTED, check_quads, corpus_quads, corpus_shapes, vocabulary_quads
from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.model.findings import Finding
from edaphon.conformance.model.shapes import Shape, Shapes
from edaphon.conformance.model.vocabulary import rdf, sh
from edaphon.corpus.assemble import alignments
from edaphon.corpus.layout import Corpus, open_corpus
from edaphon.corpus.parsing import read_quads
from edaphon.namespaces import PREFIXES
from edaphon.store.merge import derived

__all__ = [
    "CASES",
    "SHAPES",
    "SHAPE_FILES",
    "case_nodes",
    "case_quads",
    "expected",
    "findings",
    "merged",
    "name",
    "node_shapes",
    "property_shapes",
    "published",
    "shapes",
    "shapes_graph",
    "shipped",
]

ROOT = Path(__file__).resolve().parents[1]
SHAPES = ROOT / "shapes"
SHAPE_FILES = sorted(SHAPES.glob("*.ttl"))
CASES = sorted((ROOT / "tests" / "shapes" / "cases").glob("*/*.ttl"))
assert SHAPE_FILES and CASES, "an empty folder must not pass for good shapes"

EXPECTATION = re.compile(r"# (?:conforms|trips: (?P<shapes>eds:[\w-]+(?:, eds:[\w-]+)*))")


@cache
def shipped() -> Corpus:
    return open_corpus("shipped")


@cache
def shapes() -> Shapes:
    """The shapes as the engine reads them."""
    return corpus_shapes(shipped())


@cache
def shapes_graph() -> tuple[Quad, ...]:
    """The triples of all shape files."""
    return tuple(quad for path in SHAPE_FILES for quad in parse(path=str(path), format=RdfFormat.TURTLE))


def _typed(kind: NamedNode) -> set[NamedNode]:
    return {
        quad.subject
        for quad in shapes_graph()
        if quad.predicate == rdf("type") and quad.object == kind and isinstance(quad.subject, NamedNode)
    }


@cache
def property_shapes() -> dict[str, Shape]:
    """By name, such as `eds:Mandate-addressee`."""
    return {name(iri): shapes()[iri] for iri in _typed(sh("PropertyShape"))}


@cache
def node_shapes() -> dict[str, Shape]:
    """By name, such as `eds:Mandate`."""
    return {name(iri): shapes()[iri] for iri in _typed(sh("NodeShape"))}


def name(term: object) -> str:
    """`eds:Mandate` for the shape's IRI; a nested shape without an IRI as it is."""
    return f"eds:{term.value.removeprefix(PREFIXES['eds'])}" if isinstance(term, NamedNode) else str(term)


def expected(case: Path) -> set[str]:
    """The shapes that the first line of a case says it trips; none for one that conforms."""
    with case.open(encoding="utf-8") as lines:
        first = lines.readline().rstrip("\n")
    match = EXPECTATION.fullmatch(first)
    assert match, f"{case}: the first line is `# conforms` or `# trips: eds:…, eds:…`, not {first!r}"
    return set(match["shapes"].split(", ")) if match["shapes"] else set()


@cache
def _vocabulary() -> tuple[Quad, ...]:
    return merged(vocabulary_quads(shipped()))


def merged(stated: list[Quad]) -> tuple[Quad, ...]:
    """What is stated and what it implies; since single triples imply, the parts of a whole can be merged apart."""
    implied = derived(iter(stated), alignments(shipped()), "merge")
    return tuple(Quad(quad.subject, quad.predicate, quad.object) for quad in implied)


@cache
def case_quads(case: Path) -> tuple[Quad, ...]:
    """A case in the light of the vocabulary, as `edaphon check` sees it."""
    return (*merged(list(read_quads(case, graph=SUBMITTED))), *_vocabulary())


@cache
def case_nodes(case: Path) -> frozenset[object]:
    """What a case itself says something of, and the classes that it gives."""
    quads = list(read_quads(case, graph=SUBMITTED))
    return frozenset([quad.subject for quad in quads] + [q.object for q in quads if q.predicate == rdf("type")])


@cache
def findings(case: Path) -> tuple[Finding, ...]:
    """What the compiled engine finds in a case."""
    return check_quads(case_quads(case), shapes()).findings


@cache
def published() -> Dataset:
    """The shipped graph."""
    return Dataset.of(corpus_quads(shipped()))
