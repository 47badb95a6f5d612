"""Which stated quads change when an update deletes and inserts quads: in `merge` mode, the default graph has none.

There a triple of the default graph is stated in some graph, or implied. To insert it is to state it in the update's own
graph, unless it is stated somewhere; to delete it is to retract it wherever it is stated.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store, Triple

from edaphon.errors import ContributionRefused, GraphProtected
from edaphon.settings import DefaultGraph as Mode
from edaphon.store.delta import Delta, effective
from edaphon.store.merge import canonical, counts, in_graph, triple_of

__all__ = ["GraphName", "Placing", "own"]

GraphName = NamedNode | BlankNode | DefaultGraph
Term = NamedNode | BlankNode | Literal | Triple

DEFAULT: Final = DefaultGraph()


@dataclass(frozen=True, slots=True)
class Placing:
    """Where changes go. In `merge` mode `home` is the graph for what the update states, and `skolem` gives the IRIs
    that stand for its new blank nodes; without them blank nodes stay such. `protected` says which graphs must not be
    touched, besides those that the server keeps by itself.
    """

    mode: Mode
    home: NamedNode | None
    skolem: Callable[[], NamedNode] | None
    protected: Callable[[GraphName], bool]
    _named: dict[BlankNode, NamedNode] = field(default_factory=dict)

    def change(self, store: Store, deleted: Iterable[Quad], inserted: Iterable[Quad]) -> Delta:
        """The effective change of stated quads, where all deletions come before all insertions.

        Raises GraphProtected.
        """
        going = canonical(deleted)
        coming = canonical(self._without_blank_nodes(store, inserted))
        if self.mode == "merge":
            self._refuse_protected(quad for quad in going | coming if quad.graph_name != DEFAULT)
            going, coming = self._in_stated_graphs(store, going, coming)
        self._refuse_protected(going | coming)
        return effective(store, coming, going)

    def refuse(self, graph: GraphName) -> None:
        """Raise GraphProtected when the graph must not be touched."""
        if own(graph) or self.protected(graph):
            iri = graph.value if isinstance(graph, NamedNode) else str(graph)
            why = "the server keeps it by itself" if own(graph) else "updates must leave it alone"
            raise GraphProtected(
                f"the update would change the graph <{iri}>, but {why}; name another graph, "
                f"or leave this one out with FILTER(?g != <{iri}>)",
                graph=iri,
            )

    def refuse_merged(self, what: str, instead: str) -> None:
        """Raise ContributionRefused for an operation on the default graph as a whole, which here is all graphs'."""
        if self.mode == "merge":
            raise ContributionRefused(
                f"{what} is refused: on this server the default graph is the merge of all graphs and holds nothing "
                f"of its own; {instead}"
            )

    def _refuse_protected(self, quads: Iterable[Quad]) -> None:
        for graph in {quad.graph_name for quad in quads}:
            self.refuse(graph)

    def _in_stated_graphs(self, store: Store, going: set[Quad], coming: set[Quad]) -> tuple[set[Quad], set[Quad]]:
        """The change with the quads of the default graph put where they are stated, or are to be stated."""
        home = self.home
        assert home is not None, "merge mode needs a graph for what the update states"
        # What is deleted and inserted in one operation is there afterwards: it stays where it is.
        gone = {quad for quad in going if quad.graph_name == DEFAULT} - coming
        placed = {quad for quad in going if quad.graph_name != DEFAULT}.union(
            *(_statements(store, one) for one in gone)
        )
        stated = {quad for quad in coming if quad.graph_name != DEFAULT}
        for quad in coming - stated:
            if not any(one not in placed for one in _statements(store, quad)):
                stated.add(in_graph(triple_of(quad), home))
        return placed, stated

    def _without_blank_nodes(self, store: Store, quads: Iterable[Quad]) -> Iterator[Quad]:
        """The quads with an IRI for each blank node that the store does not have."""
        for quad in quads:
            if self.skolem is None:
                yield quad
                continue
            subject, object_, graph = (
                self._named_in(store, quad.subject),
                self._named_in(store, quad.object),
                quad.graph_name,
            )
            assert not isinstance(subject, Literal | Triple)
            yield Quad(subject, quad.predicate, object_, graph)

    def _named_in(self, store: Store, term: Term) -> Term:
        if isinstance(term, BlankNode):
            return term if term not in self._named and _known(store, term) else self._name(term)
        if isinstance(term, Triple):
            subject, object_ = self._named_in(store, term.subject), self._named_in(store, term.object)
            assert not isinstance(subject, Literal | Triple)
            return Triple(subject, term.predicate, object_)
        return term

    def _name(self, node: BlankNode) -> NamedNode:
        assert self.skolem is not None
        if node not in self._named:
            self._named[node] = self.skolem()
        return self._named[node]


def own(graph: GraphName) -> bool:
    """Whether the server keeps a graph by itself: what is implied, and what it says of itself."""
    return graph != DEFAULT and not counts(graph) and isinstance(graph, NamedNode)


def _statements(store: Store, quad: Quad) -> list[Quad]:
    """The quads that state a triple."""
    found = store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
    return [one for one in found if counts(one.graph_name)]


def _known(store: Store, node: BlankNode) -> bool:
    return any(
        next(iter(store.quads_for_pattern(subject, None, object_, None)), None) is not None
        for subject, object_ in ((node, None), (None, node))
    )
