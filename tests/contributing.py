"""A small graph that contributions can be made to, and the people who make them."""

from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from edaphon.contributions import reversal, review
from edaphon.contributions.payload import Payload
from edaphon.contributions.proposal import about, propose
from edaphon.contributions.roles import Actor, Role
from edaphon.settings import DefaultGraph as Mode
from edaphon.store.delta import Delta
from edaphon.store.ledger import Contribution
from edaphon.store.preparing import prepare
from edaphon.store.state import State

__all__ = ["ADMIN", "ANN", "BEN", "EVE", "EX", "PREFIXES", "UPDATE", "Desk", "iri", "small_corpus"]

EX = "http://example.org/"
PREFIXES = f"PREFIX : <{EX}>\nPREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
UPDATE = "application/sparql-update"

ANN = Actor("ann", Role.CONTRIBUTOR)
BEN = Actor("ben", Role.REVIEWER)
EVE = Actor("eve", Role.EDITOR)
ADMIN = Actor("root", Role.ADMIN)

ONTOLOGY = """
PREFIX : <http://example.org/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
:Survey rdfs:subClassOf :Activity .
"""
DOCUMENT = """
PREFIX : <http://example.org/>
GRAPH :para-1 { :survey a :Survey ; :year 2019 . }
GRAPH :para-2 { :survey a :Survey ; :title "Survey of soils" . }
"""
SHAPES = """
PREFIX : <http://example.org/>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
:Survey-shape a sh:NodeShape ; sh:targetClass :Survey ; sh:property :Survey-year , :Survey-title .
:Survey-year a sh:PropertyShape ; sh:path :year ; sh:datatype xsd:integer ; sh:minCount 1 ; sh:maxCount 1 ;
    sh:message "State the one year of the survey." .
:Survey-title a sh:PropertyShape ; sh:path :title ; sh:minCount 1 ; sh:severity sh:Warning ;
    sh:message "Give it a title." .
"""


def small_corpus(root: Path) -> Path:
    """A corpus of one alignment, a document of two paragraphs about a survey, and shapes that ask for its one year."""
    for name, text in {
        "ontology/terms.ttl": ONTOLOGY,
        "data/documents/report.trig": DOCUMENT,
        "shapes/survey.ttl": SHAPES,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def iri(name: str) -> NamedNode:
    """A term of the small corpus."""
    return NamedNode(EX + name)


@dataclass(frozen=True)
class Desk:
    """A state of the small corpus, and what is done to it."""

    state: State

    @classmethod
    def at(cls, folder: Path, *, mode: Mode = "merge", corpus: str | None = None, ledger: str | None = None) -> "Desk":
        corpus = corpus or str(small_corpus(folder / "corpus"))
        state = State.open(folder / "state", corpus=corpus, default_graph=mode, ledger=ledger)
        prepare(state)
        return cls(state)

    def propose(
        self, body: str, *, by: Actor = ANN, media_type: str = "text/turtle", source: str | None = None
    ) -> Contribution:
        text = body if media_type == "application/ld+json" else PREFIXES + body
        said = about("A survey more", source)
        return propose(self.state, by, said, Payload(text.encode(), media_type))

    def correct(self, body: str, *, by: Actor = ANN) -> Contribution:
        return self.propose(body, by=by, media_type=UPDATE)

    def accept(self, one: Contribution, *, by: Actor = BEN, reason: str | None = None) -> Contribution:
        return review.accept(self.state, by, one.id, reason)

    def revert(self, one: Contribution, *, by: Actor = BEN, reason: str | None = "it was wrong") -> Contribution:
        return reversal.revert(self.state, by, one.id, reason)

    def quads(self, graph: NamedNode | DefaultGraph | None = None) -> set[Quad]:
        """What is published, or what one graph of it holds."""
        store = Store.read_only(str(self.state.current().folder))
        return set(store.quads_for_pattern(None, None, None, graph))

    def says(self, subject: str, predicate: str) -> dict[str, set[str]]:
        """Graph → values, of one property of one thing; the default graph is called `default`."""
        found: dict[str, set[str]] = {}
        store = Store.read_only(str(self.state.current().folder))
        for quad in store.quads_for_pattern(iri(subject), iri(predicate), None, None):
            name = "default" if isinstance(quad.graph_name, DefaultGraph) else str(quad.graph_name)
            value = quad.object.value if isinstance(quad.object, Literal | NamedNode) else str(quad.object)
            found.setdefault(name.strip("<>").removeprefix(EX), set()).add(value)
        return found

    def change_of(self, revision: int) -> Delta:
        """What a revision changed, as the ledger has it."""
        packed = self.state.ledger.delta(revision)
        assert packed is not None
        return Delta.unpacked(packed)
