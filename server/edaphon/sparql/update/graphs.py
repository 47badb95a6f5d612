"""What the operations on whole graphs ask for: CLEAR, DROP, CREATE, ADD, COPY, MOVE (SPARQL 1.1 Update section 3.2).

A graph is there when it has a quad, or when an operation before has made or emptied it. Empty graphs are forgotten
between requests, so that what is there depends on what is stated alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store

from edaphon.errors import ContributionRefused
from edaphon.sparql.update.operations import Clear, Create, Graphs, Operation, Transfer
from edaphon.sparql.update.placing import GraphName, Placing, own
from edaphon.store.merge import in_graph, triple_of

__all__ = ["Step", "WholeGraphs"]

DEFAULT: Final = DefaultGraph()


@dataclass(frozen=True, slots=True)
class Step:
    """What one operation asks for: quads to delete, then quads to insert, then graphs to drop and to make."""

    deleted: list[Quad] = field(default_factory=list)
    inserted: list[Quad] = field(default_factory=list)
    dropped: list[GraphName] = field(default_factory=list)
    made: list[GraphName] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class WholeGraphs:
    """Works out the steps on a store as the operations before have left it.

    `resolve` gives the IRI that one in the update's text means. Every step raises GraphProtected for a graph that must
    not be touched, and ContributionRefused for what cannot be done.
    """

    store: Store
    placing: Placing
    resolve: Callable[[str], NamedNode]
    _kept: set[GraphName] = field(default_factory=set)

    def done(self, step: Step, touched: set[GraphName]) -> None:
        """Remember which graphs are there after a step, which has changed quads of the graphs `touched`."""
        self._kept.update(touched, step.made)
        self._kept.difference_update(step.dropped)
        for graph in step.made:
            if isinstance(graph, NamedNode | BlankNode):
                self.store.add_graph(graph)
        for graph in step.dropped:
            if isinstance(graph, NamedNode | BlankNode):
                self.store.remove_graph(graph)

    def clear(self, operation: Clear) -> Step:
        """CLEAR and DROP."""
        which = operation.graphs.which
        graphs: list[GraphName]
        if which == "GRAPH":
            graph = self.resolve(operation.graphs.iri)
            self.placing.refuse(graph)
            graphs = [graph] if self._exists(operation, graph, silent=operation.silent) else []
        else:
            self.placing.refuse_merged(
                str(operation), "name each graph, as in CLEAR GRAPH <…>, or delete by a pattern: DELETE WHERE { … }"
            )
            graphs = [] if which == "DEFAULT" else [one for one in self.store.named_graphs() if not own(one)]
            graphs += [] if which == "NAMED" else [DEFAULT]
        deleted = [quad for graph in graphs for quad in self._quads(graph)]
        return Step(deleted, dropped=graphs if operation.verb == "DROP" else [])

    def create(self, operation: Create) -> Step:
        """CREATE."""
        graph = self.resolve(operation.graph)
        self.placing.refuse(graph)
        if self._there(graph) and not operation.silent:
            raise ContributionRefused(
                f"{operation} is refused: the graph <{graph.value}> is there already; leave CREATE out, or write "
                "CREATE SILENT GRAPH"
            )
        return Step(made=[graph])

    def transfer(self, operation: Transfer) -> Step:
        """ADD, COPY and MOVE."""
        if "DEFAULT" in (operation.source.which, operation.target.which):
            self.placing.refuse_merged(
                str(operation), "name both graphs, or insert by a pattern: INSERT { GRAPH <…> { … } } WHERE { … }"
            )
        source, target = self._graph(operation.source), self._graph(operation.target)
        self.placing.refuse(target)
        if operation.verb == "MOVE":
            self.placing.refuse(source)
        if source == target or not self._exists(operation, source, silent=operation.silent):
            return Step()
        taken = self._quads(source)
        deleted = [] if operation.verb == "ADD" else self._quads(target)
        inserted = [in_graph(triple_of(quad), target) for quad in taken]
        if operation.verb == "MOVE":
            return Step(deleted + taken, inserted, dropped=[source], made=[target])
        return Step(deleted, inserted, made=[target])

    def _graph(self, graphs: Graphs) -> GraphName:
        return self.resolve(graphs.iri) if graphs.which == "GRAPH" else DEFAULT

    def _quads(self, graph: GraphName) -> list[Quad]:
        return list(self.store.quads_for_pattern(None, None, None, graph))

    def _exists(self, operation: Operation, graph: GraphName, *, silent: bool) -> bool:
        """Whether the graph is there. Raises ContributionRefused where it must be."""
        there = self._there(graph)
        if not there and not silent:
            verb = str(operation).partition(" ")[0]
            raise ContributionRefused(
                f"{operation} is refused: there is no graph {graph}; write {verb} SILENT to go on without it"
            )
        return there

    def _there(self, graph: GraphName) -> bool:
        if graph == DEFAULT or graph in self._kept:
            return True
        return next(iter(self.store.quads_for_pattern(None, None, None, graph)), None) is not None
