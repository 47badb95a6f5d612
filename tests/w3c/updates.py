"""What a W3C test of SPARQL Update asks for: an update, the quads before it, and those that must be there after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest
from shared import shared
from w3c.manifests import HOME, MF, RDF
from w3c.suite import of_kind

__all__ = ["UpdateCase", "quads", "same_dataset", "update_evaluations"]

UT: Final = "http://www.w3.org/2009/sparql/tests/test-update#"
TYPE: Final = RDF + "type"
LABEL: Final = "http://www.w3.org/2000/01/rdf-schema#label"

# The IRI of a file and its path, and the graph that its triples are in; None for the default graph.
Source = tuple[str, Path, str | None]


@dataclass(frozen=True, slots=True)
class UpdateCase:
    """One test. `base` is the IRI of the update's file, which nobody knows over HTTP unless it is said."""

    suite: str
    name: str
    base: str
    path: Path
    before: tuple[Source, ...]
    after: tuple[Source, ...]

    @property
    def id(self) -> str:
        """The folder and the test's own name."""
        return f"{self.suite}/{self.name}"

    @property
    def text(self) -> str:
        """The update, with its base declared."""
        return f"BASE <{self.base}>\n{self.path.read_bytes().decode()}"


def quads(sources: tuple[Source, ...]) -> set[ox.Quad]:
    """What the files say, as the engine keeps it; blank nodes of different files are different nodes."""
    store = ox.Store()
    for iri, path, graph in sources:
        target = ox.DefaultGraph() if graph is None else ox.NamedNode(graph)
        for quad in ox.parse(path=path, base_iri=iri, rename_blank_nodes=True):
            store.add(ox.Quad(quad.subject, quad.predicate, quad.object, target))
    return set(store)


def same_dataset(ours: set[ox.Quad], theirs: set[ox.Quad]) -> bool:
    """Whether two sets of quads are the same but for the labels of their blank nodes."""
    canonical = []
    for each in (ours, theirs):
        dataset = ox.Dataset(each)
        dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
        canonical.append(set(dataset))
    return canonical[0] == canonical[1]


@cache
def update_evaluations() -> tuple[UpdateCase, ...]:
    """Every update evaluation test; none where the suite is absent."""
    try:
        folder = shared("w3c/sparql11").resolve()
    except pytest.skip.Exception:
        return ()
    bases = dict.fromkeys((case.suite, case.base) for case in of_kind("UpdateEvaluationTest"))
    return tuple(case for suite, base in bases for case in _cases(folder, suite, base))


def _cases(folder: Path, suite: str, base: str) -> Iterator[UpdateCase]:
    home = f"{HOME}{folder.name}/"
    facts: dict[tuple[object, str], list[str | ox.BlankNode]] = {}
    for quad in ox.parse(path=folder / base.removeprefix(home), format=ox.RdfFormat.TURTLE, base_iri=base):
        assert not isinstance(quad.object, ox.Triple)
        value = quad.object if isinstance(quad.object, ox.BlankNode) else quad.object.value
        subject = quad.subject if isinstance(quad.subject, ox.BlankNode) else quad.subject.value
        facts.setdefault((subject, quad.predicate.value), []).append(value)

    def one(subject: object, predicate: str) -> str | ox.BlankNode:
        (value,) = facts[subject, predicate]
        return value

    def path(iri: str | ox.BlankNode) -> Path:
        assert isinstance(iri, str) and iri.startswith(home), f"{iri} lies outside the suite"
        return folder / iri.removeprefix(home)

    def sources(part: object) -> Iterator[Source]:
        for file in facts.get((part, UT + "data"), ()):
            yield str(file), path(file), None
        for graph in facts.get((part, UT + "graphData"), ()):
            file = one(graph, UT + "graph")
            yield str(file), path(file), str(one(graph, LABEL))

    for (test, predicate), kinds in facts.items():
        if predicate == TYPE and MF + "UpdateEvaluationTest" in kinds:
            action, result = one(test, MF + "action"), one(test, MF + "result")
            request = one(action, UT + "request")
            name = str(test).rpartition("#")[2]
            yield UpdateCase(suite, name, str(request), path(request), tuple(sources(action)), tuple(sources(result)))
