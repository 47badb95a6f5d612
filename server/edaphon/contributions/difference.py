"""What a contribution changes in the graph, or would change: which statements come, and whose go."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store, Triple

from edaphon.contributions.provenance import PROVENANCE
from edaphon.contributions.resolution import resolve
from edaphon.errors import ContributionError
from edaphon.namespaces import PREFIXES
from edaphon.store.delta import Delta
from edaphon.store.ledger.records import Contribution
from edaphon.store.reading import reading
from edaphon.store.state import State

__all__ = ["Difference", "as_json", "difference", "ordered"]

NAMES: Final = (NamedNode(PREFIXES["rdfs"] + "label"), NamedNode(PREFIXES["dcterms"] + "title"))


@dataclass(frozen=True, slots=True)
class Difference:
    """`delta` has what was really changed, for a proposal what would be. `trouble` says why that cannot be made now.

    `names` are the labels of the graphs in it, as far as they have any: of the passages and contributions concerned.
    """

    delta: Delta
    names: dict[str, str]
    trouble: str | None = None


def difference(state: State, contribution: Contribution) -> Difference:
    """The difference that a contribution makes, without the record of who made and decided on it.

    Of a proposal it is worked out on the revision that is published now, so that a retraction that names no graph
    shows in which graphs the statement is; of what was rejected or withdrawn it is what was asked for.
    """
    ledger = state.ledger
    trouble = None
    with reading(state.current()) as store:
        if contribution.revision is not None:
            packed = ledger.delta(contribution.revision)
            assert packed is not None, "the ledger has the change of every contribution"
            delta = Delta.unpacked(packed).only(lambda quad: quad.graph_name != PROVENANCE)
        else:
            delta = Delta.unpacked(ledger.request(contribution.id))
            if contribution.status == "proposed":
                try:
                    delta = resolve(delta, store, state.default_graph)
                except ContributionError as error:
                    trouble = str(error)
        return Difference(delta, _names(store, delta), trouble)


def _names(store: Store, delta: Delta) -> dict[str, str]:
    graphs = {quad.graph_name for quad in delta.added | delta.removed}
    found: dict[str, str] = {}
    for graph in graphs:
        if not isinstance(graph, NamedNode):
            continue
        texts = [
            str(quad.object.value)
            for name in NAMES
            for quad in store.quads_for_pattern(graph, name, None, None)
            if isinstance(quad.object, Literal)
        ]
        if texts:
            found[graph.value] = texts[0]
    return found


def ordered(quads: Iterable[Quad]) -> list[Quad]:
    """The quads by graph, then by subject, so that what belongs together stands together."""
    return sorted(quads, key=lambda quad: (str(quad.graph_name), str(quad)))


def as_json(delta: Delta) -> dict[str, list[dict[str, Any]]]:
    """A change for programs that know no RDF Patch; terms as in SPARQL's JSON results, null for the default graph."""
    return {
        name: [
            {
                "subject": _term(quad.subject),
                "predicate": _term(quad.predicate),
                "object": _term(quad.object),
                "graph": None if isinstance(quad.graph_name, DefaultGraph) else str(quad.graph_name.value),
            }
            for quad in ordered(quads)
        ]
        for name, quads in (("added", delta.added), ("removed", delta.removed))
    }


def _term(term: NamedNode | BlankNode | Literal | Triple) -> dict[str, Any]:
    match term:
        case NamedNode():
            return {"type": "uri", "value": term.value}
        case BlankNode():
            return {"type": "bnode", "value": term.value}
        case Triple():
            parts = {"subject": term.subject, "predicate": term.predicate, "object": term.object}
            return {"type": "triple", "value": {name: _term(part) for name, part in parts.items()}}
        case Literal(language=str(language)):
            return {"type": "literal", "value": term.value, "xml:lang": language}
        case Literal() if term.datatype.value == PREFIXES["xsd"] + "string":
            return {"type": "literal", "value": term.value}
        case _:
            return {"type": "literal", "value": term.value, "datatype": term.datatype.value}
