"""How a change of the stated quads changes what the store keeps by itself: the default graph and the implied triples.

The default graph holds each triple of the counted graphs once (`merge`), since the engine's own union would match a
triple once for each graph that holds it. The graph of implied triples holds what single statements imply. Both change
only around the statements that change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store, Triple

from edaphon.corpus.implied import ALIGNING, RDF_TYPE, Alignments
from edaphon.namespaces import GRAPH_IMPLIED, GRAPH_ONTOLOGY, SERVICE
from edaphon.settings import DefaultGraph as Mode

__all__ = [
    "RDF_TYPE",
    "Written",
    "apply",
    "canonical",
    "counts",
    "derived",
    "in_graph",
    "in_ontology",
    "ontology_of",
    "recompute",
    "triple_of",
]

IMPLIED = NamedNode(GRAPH_IMPLIED)
DEFAULT = DefaultGraph()

GraphName = NamedNode | BlankNode | DefaultGraph


def counts(graph: GraphName) -> bool:
    """Whether a graph's triples are statements about the subject, and so in the default graph."""
    if isinstance(graph, DefaultGraph) or graph == IMPLIED:
        return False
    return not (isinstance(graph, NamedNode) and graph.value.startswith(SERVICE))


def canonical(quads: Iterable[Quad]) -> set[Quad]:
    """The quads as the engine gives them back, which keeps values and not their spellings."""
    store = Store()
    store.extend(quads)
    return set(store)


def ontology_of(store: Store) -> Alignments:
    """The alignments that the store's own ontology graph states; the same object as long as they stay the same."""
    graph = NamedNode(GRAPH_ONTOLOGY)
    stated = frozenset(
        triple_of(quad)
        for predicate, object_ in ALIGNING
        for quad in store.quads_for_pattern(None, predicate, object_, graph)
    )
    return _compiled(stated)


@lru_cache(maxsize=4)
def _compiled(stated: frozenset[Triple]) -> Alignments:
    # To compile them takes longer than a small change of the data.
    return Alignments.of(stated)


def derived(stated: Iterable[Quad], alignments: Alignments, mode: Mode) -> Iterator[Quad]:
    """The quads that follow from a whole set of stated ones: the implied graph, and the default graph in `merge`.

    Some come more than once; a store keeps them once.
    """
    for quad in stated:
        if not counts(quad.graph_name):
            continue
        triple = triple_of(quad)
        if mode == "merge":
            yield in_graph(triple, DEFAULT)
        for implied in alignments.implied(triple):
            yield in_graph(implied, IMPLIED)
            if mode == "merge":
                yield in_graph(implied, DEFAULT)


@dataclass(frozen=True, slots=True)
class Written:
    """All the quads that came into a store and went from it by one change, those that it keeps by itself included."""

    came: frozenset[Quad]
    went: frozenset[Quad]

    def undo(self, store: Store) -> None:
        """Make the store what it was before, if nothing else has happened to it."""
        for quad in self.came:
            store.remove(quad)
        store.extend(self.went)


def apply(store: Store, added: Iterable[Quad], removed: Iterable[Quad], mode: Mode) -> Written | None:
    """Change the stated quads of a store that nobody else uses, and with them what the store keeps by itself.

    Both are compared by value, as the engine keeps literals: what is only spelt anew stays. A quad that is both added
    and removed is there afterwards. In `plain` mode quads of the default graph are ordinary
    ones; in `merge` mode the caller must not name that graph, nor the implied one in either.

    The result is what was written; None when the alignments have changed, and all that follows from them was made anew.
    """
    coming = canonical(added)
    going = canonical(removed) - coming
    before = ontology_of(store)
    # To look whether a quad is there costs a tenth of what it costs to write it.
    came = {quad for quad in coming if quad not in store}
    went = {quad for quad in going if quad in store}
    _write(store, came, went)
    after = ontology_of(store) if any(in_ontology(quad) for quad in came | went) else before
    if after != before:
        recompute(store, mode)
        return None
    stated = {triple_of(quad) for quad in came if counts(quad.graph_name)}
    touched = stated.union(triple_of(quad) for quad in went if counts(quad.graph_name))
    following: dict[Quad, bool] = {}
    for triple in touched.union(*(after.implied(triple) for triple in touched)):
        implied = any(_stated(store, source) for source in after.sources_of(triple))
        following[in_graph(triple, IMPLIED)] = implied
        if mode == "merge":
            following[in_graph(triple, DEFAULT)] = implied or triple in stated or _stated(store, triple)
    changing = [quad for quad, present in following.items() if present != (quad in store)]
    come, gone = ({quad for quad in changing if following[quad] is present} for present in (True, False))
    _write(store, come, gone)
    return Written(frozenset(came | come), frozenset(went | gone))


def _write(store: Store, coming: Iterable[Quad], going: Iterable[Quad]) -> None:
    for quad in going:
        store.remove(quad)
    store.extend(coming)


def triple_of(quad: Quad) -> Triple:
    """The triple of a quad."""
    return Triple(quad.subject, quad.predicate, quad.object)


def in_graph(triple: Triple, graph: GraphName) -> Quad:
    """The quad of a triple in a graph."""
    return Quad(triple.subject, triple.predicate, triple.object, graph)


def in_ontology(quad: Quad) -> bool:
    """Whether a quad states something of the vocabulary, and so may change what others imply."""
    return isinstance(quad.graph_name, NamedNode) and quad.graph_name.value == GRAPH_ONTOLOGY


def _stated(store: Store, triple: Triple) -> bool:
    return any(
        counts(quad.graph_name)
        for quad in store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
    )


def recompute(store: Store, mode: Mode) -> None:
    """Make the implied graph anew, and in `merge` mode the default graph, after the ontology itself has changed."""
    alignments = ontology_of(store)
    store.clear_graph(IMPLIED)
    if mode == "merge":
        store.clear_graph(DEFAULT)
    store.bulk_extend(derived(iter(store), alignments, mode))
