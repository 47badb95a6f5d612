"""What a requested change means on a certain revision: which quads would come, and which would go."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store

from edaphon.contributions.provenance import RECORDS
from edaphon.errors import (
    AlreadyPublished,
    ContributionRefused,
    ContributionUnknown,
    GraphProtected,
    NothingToRetract,
)
from edaphon.namespaces import CONTRIBUTION, GRAPH_IMPLIED, GRAPH_ONTOLOGY, GRAPH_PROVENANCE, SERVICE
from edaphon.settings import DefaultGraph as Mode
from edaphon.store.delta import Delta
from edaphon.store.ledger import Ledger
from edaphon.store.merge import GraphName, canonical, counts, ontology_of, triple_of

__all__ = ["guard", "guard_others", "guard_record", "is_protected", "resolve"]

# Why contributions must leave these graphs alone.
PROTECTED: Final = {
    GRAPH_ONTOLOGY: "the ontology is changed with the software that relies on it",
    GRAPH_IMPLIED: "it follows from what is stated; change the statement that implies it",
    GRAPH_PROVENANCE: "it records who contributed what, and is written by the server alone",
}
# How many graphs a message names.
NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class _Refusal:
    graph: str
    reason: str


def is_protected(graph: GraphName) -> bool:
    """Whether contributions must leave a graph alone."""
    return _refusal(graph) is not None


def _refusal(graph: GraphName) -> _Refusal | None:
    if not isinstance(graph, NamedNode):
        return None
    if graph.value.startswith(SERVICE):
        return _Refusal(graph.value, "there the service speaks about itself")
    reason = PROTECTED.get(graph.value)
    return None if reason is None else _Refusal(graph.value, reason)


def guard(graph: GraphName) -> None:
    """Raise GraphProtected for a graph that contributions must leave alone."""
    refusal = _refusal(graph)
    if refusal is not None:
        raise GraphProtected(f"<{refusal.graph}> is not open to contributions: {refusal.reason}", graph=refusal.graph)


def guard_record(added: Iterable[Quad], store: Store) -> None:
    """Raise ContributionRefused where quads would say something, or imply it, of what the server keeps a record of.

    In the default graph nobody could tell it from the record itself: who contributed what, and who decided.
    """
    alignments = ontology_of(store)
    for quad in added:
        triple = triple_of(quad)
        for subject in (triple.subject, *(one.subject for one in alignments.implied(triple))):
            if isinstance(subject, NamedNode) and subject.value.startswith(RECORDS):
                raise ContributionRefused(
                    f"{_triple(quad)} says something of {subject}, and who contributed and decided what is recorded by "
                    "the server alone; a title, a source and a reason are the place for remarks"
                )


def guard_others(added: Iterable[Quad], identifier: str, ledger: Ledger) -> None:
    """Raise GraphProtected where quads would be stated in the graph of somebody's proposal, or of none that was made.

    It has what was proposed and decided on, and nothing else. Graphs that editors made are open to editors.
    """
    graphs = {quad.graph_name.value for quad in added if isinstance(quad.graph_name, NamedNode)}
    for graph in sorted(graphs - {CONTRIBUTION + identifier}):
        if not graph.startswith(CONTRIBUTION):
            continue
        try:
            kind = ledger.contribution(graph.removeprefix(CONTRIBUTION)).kind
        except ContributionUnknown:
            kind = None
        if kind not in ("update", "graph-store"):
            whose = "there is no such contribution" if kind is None else "it has what was proposed, and nothing else"
            raise GraphProtected(f"nothing can be added to <{graph}>: {whose}; name another graph", graph=graph)


def resolve(request: Delta, store: Store, mode: Mode) -> Delta:
    """The quads that a request adds and removes on this store; literals of what comes as they were spelt.

    `request.added` has its graph already; a quad of `request.removed` in the default graph stands for the triple
    wherever it is stated. Raises NothingToRetract, AlreadyPublished, GraphProtected, and ContributionRefused for
    what only the server may state.
    """
    guard_record(request.added, store)
    going: set[Quad] = set()
    for quad in sorted(canonical(request.removed), key=str):
        going |= _retracted(quad, store, mode)
    for quad in going:
        guard(quad.graph_name)
    if not going and request.added:
        _something_new(request.added, store, mode)
    return Delta(request.added, frozenset(going))


def _retracted(quad: Quad, store: Store, mode: Mode) -> set[Quad]:
    if not isinstance(quad.graph_name, DefaultGraph):
        guard(quad.graph_name)
        if quad not in store:
            raise NothingToRetract(f"{_triple(quad)} is not stated in {quad.graph_name}, so it cannot be retracted")
        return {quad}
    everywhere = list(store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None))
    found = {one for one in everywhere if _states(one, mode)}
    if not found:
        implied = any(one.graph_name == NamedNode(GRAPH_IMPLIED) for one in everywhere)
        why = "it is only implied; retract what implies it" if implied else "no graph states it"
        raise NothingToRetract(f"{_triple(quad)} cannot be retracted: {why}")
    return found


def _something_new(added: Iterable[Quad], store: Store, mode: Mode) -> None:
    graphs: set[str] = set()
    for quad in canonical(added):
        where = {
            str(one.graph_name)
            for one in store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
            if _states(one, mode)
        }
        if not where:
            return
        graphs |= where
    told = ", ".join(sorted(graphs)[:NAMED]) + (" and others" if len(graphs) > NAMED else "")
    raise AlreadyPublished(f"all of it is published already, in {told}; nothing was recorded")


def _states(quad: Quad, mode: Mode) -> bool:
    graph: NamedNode | BlankNode | DefaultGraph = quad.graph_name
    return counts(graph) or (mode == "plain" and isinstance(graph, DefaultGraph))


def _triple(quad: Quad) -> str:
    return f"{quad.subject} {quad.predicate} {quad.object}"
