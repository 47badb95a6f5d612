"""Graph Store writes: a graph is replaced, added to or dropped (SPARQL 1.1 Graph Store HTTP Protocol, section 5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store, Triple

from edaphon.contributions.direct import Edit, edit
from edaphon.contributions.payload import Payload, refuse_nesting, skolemised, triples
from edaphon.contributions.provenance import graph_of
from edaphon.contributions.resolution import guard
from edaphon.contributions.roles import Actor
from edaphon.errors import ContributionRefused, DefaultGraphKept, GraphUnknown, PreconditionFailed
from edaphon.store.delta import Delta, effective
from edaphon.store.ledger.records import Contribution
from edaphon.store.merge import in_graph, triple_of
from edaphon.store.revisions import Revision
from edaphon.store.state import State

__all__ = ["DEFAULT", "NEW", "Outcome", "Write", "holds", "write"]

# In place of a graph's IRI: the default graph, and one that is to be made, whose name the server chooses.
DEFAULT = "default"
NEW = "new"


@dataclass(frozen=True, slots=True)
class Write:
    """One request. `graph` is an absolute IRI, DEFAULT or NEW.

    `unchanged_since` is the revision in which the client saw the graph, None where it does not care; `absent` when it
    wants to write only where there is no such graph, `present` when only where there is one.
    """

    method: Literal["PUT", "POST", "DELETE"]
    graph: str
    payloads: tuple[Payload, ...] = ()
    unchanged_since: int | None = None
    absent: bool = False
    present: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the contribution that it is recorded as, if it changed anything, and whether it made a graph."""

    graph: str
    created: bool
    contribution: Contribution | None


def write(state: State, actor: Actor, one: Write) -> Outcome:
    """Do what the request asks for, as `direct.edit` does.

    Raises DefaultGraphKept for the default graph of a merged dataset; GraphProtected; GraphUnknown when what is to be
    dropped is not there; PreconditionFailed; ParseError; NotConforming; Forbidden.
    """
    if one.graph == DEFAULT and state.default_graph == "merge":
        raise DefaultGraphKept(
            "the default graph is the merge of all others, kept by the server; write to a named graph"
        )
    if one.graph != DEFAULT:
        guard(NamedNode(one.graph) if one.graph != NEW else DefaultGraph())
    asked = [_triples(payload) for payload in one.payloads]
    named: list[NamedNode] = []
    existed: list[bool] = []

    def work(revision: Revision, store: Store, identifier: str) -> Delta:
        graph = _place(one.graph, identifier)
        named[:] = [] if isinstance(graph, DefaultGraph) else [graph]
        there = holds(store, graph)
        existed[:] = [there]
        _preconditions(state, one, graph, revision, there=there)
        before = set(store.quads_for_pattern(None, None, None, graph))
        coming = [
            in_graph(triple_of(quad), graph)
            for number, triples in enumerate(asked)
            for quad in _apart(triples, state, identifier, number)
        ]
        if one.method == "DELETE":
            if not there:
                raise GraphUnknown(f"there is no graph {graph}, so it cannot be dropped")
            return Delta(frozenset(), frozenset(before))
        return effective(store, coming, before if one.method == "PUT" else ())

    content = one.payloads[0].content if len(one.payloads) == 1 else b"\n".join(each.content for each in one.payloads)
    media_type = one.payloads[0].media_type if len(one.payloads) == 1 else "application/octet-stream"
    title = f"Graph Store {one.method} of {one.graph}"[:200]
    contribution = edit(state, actor, Edit("graph-store", title, content, media_type), work)
    created = not existed[0] and contribution is not None and one.method != "DELETE"
    return Outcome(named[0].value if named else DEFAULT, created, contribution)


def holds(store: Store, graph: NamedNode | DefaultGraph) -> bool:
    """Whether a dataset has that graph: one that is empty is none, since what is recorded is statements."""
    return isinstance(graph, DefaultGraph) or any(True for _ in store.quads_for_pattern(None, None, None, graph))


def _triples(payload: Payload) -> list[Quad]:
    found = triples(payload)
    refuse_nesting(found)
    for quad in found:
        if not isinstance(quad.graph_name, DefaultGraph):
            raise ContributionRefused(
                f"the body has triples in {quad.graph_name}; one graph is written at a time, and the address names it"
            )
    return found


def _apart(quads: Iterable[Quad], state: State, identifier: str, number: int) -> Iterable[Quad]:
    """The quads with blank nodes that no other document shares: IRIs in a merged dataset, new ones in a plain one."""
    if state.default_graph == "merge":
        return skolemised(quads, identifier if number == 0 else f"{identifier}/{number}")
    names: dict[str, BlankNode] = {}

    def renamed(term: Any) -> Any:
        if isinstance(term, BlankNode):
            return names.setdefault(term.value, BlankNode())
        if isinstance(term, Triple):
            return Triple(renamed(term.subject), term.predicate, renamed(term.object))
        return term

    return [Quad(renamed(one.subject), one.predicate, renamed(one.object)) for one in quads]


def _preconditions(state: State, one: Write, graph: NamedNode | DefaultGraph, base: Revision, *, there: bool) -> None:
    """Raise PreconditionFailed where the graph is not as the client thinks (RFC 9110 section 13.1)."""
    if one.absent and there:
        raise PreconditionFailed(f"there is a graph {graph} already")
    if not there and (one.present or one.unchanged_since is not None):
        raise PreconditionFailed(f"there is no graph {graph}")
    if one.unchanged_since is None:
        return
    if one.unchanged_since > base.number:
        raise PreconditionFailed(f"{graph} cannot have been read in revision {one.unchanged_since}; read it again")
    for record, packed in state.ledger.deltas(one.unchanged_since, base.number):
        changed = Delta() if packed is None else Delta.unpacked(packed)
        if packed is None or any(quad.graph_name == graph for quad in changed.added | changed.removed):
            raise PreconditionFailed(f"{graph} was changed in revision {record.number}; read it again")


def _place(graph: str, identifier: str) -> NamedNode | DefaultGraph:
    if graph == DEFAULT:
        return DefaultGraph()
    return graph_of(identifier) if graph == NEW else NamedNode(graph)
