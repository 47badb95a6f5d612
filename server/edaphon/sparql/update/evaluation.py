"""The change of stated quads that an update makes, worked out in proportion to that change and not to the store.

Each operation in turn: the engine evaluates its pattern once, as a query; the templates' quads are made of the
solutions; the change is applied to the candidate, where the next operation sees it. The engine never gets the update
itself to run. Patterns are evaluated on a thread that cannot reach out, unless they call an allowed endpoint.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, QuerySolutions, Store, Variable

from edaphon.errors import EngineRefused, MalformedRequest, QueryError, RemoteFailed
from edaphon.settings import DefaultGraph as Mode
from edaphon.sparql import egress
from edaphon.sparql.confinement import confine
from edaphon.sparql.dataset import Dataset, merged
from edaphon.sparql.update import blocks
from edaphon.sparql.update.graphs import Step, WholeGraphs
from edaphon.sparql.update.operations import Clear, Create, Data, Load, Modify, Operation
from edaphon.sparql.update.outward import refuse_to_reach_out
from edaphon.sparql.update.placing import GraphName, Placing
from edaphon.sparql.update.reading import Request, read
from edaphon.store.delta import Delta
from edaphon.store.merge import apply, in_graph, triple_of

__all__ = ["evaluate"]

DEFAULT: Final = DefaultGraph()
# Variables that no update has, since nobody can guess them.
_ABSENT: Final = Variable(f"absent{os.urandom(16).hex()}")
_COUNTED: Final = f"counted{os.urandom(16).hex()}"


def evaluate(
    store: Store,
    text: str,
    *,
    mode: Mode,
    home: NamedNode | None = None,
    skolem: Callable[[], NamedNode] | None = None,
    protected: Callable[[GraphName], bool] = lambda _: False,
    using: tuple[str, ...] = (),
    using_named: tuple[str, ...] = (),
    allow_service: tuple[str, ...] = (),
) -> Delta:
    """Make the change that the update asks for on `store`, a candidate that nobody else uses, and return it.

    In `merge` mode what is inserted into the default graph is stated in `home`, and `skolem` gives the IRIs for new
    blank nodes, in order of first appearance; in `plain` mode both are unused. Graphs that are `protected`, and those
    that the server keeps by itself, must not be touched. `using` and `using_named` are the protocol's using-graph-uri
    and using-named-graph-uri; `allow_service` are the only addresses that LOAD and SERVICE may name.

    Raises QuerySyntax, EgressRefused, MalformedRequest, EngineRefused, RemoteFailed, ContributionRefused and
    GraphProtected; the candidate is then of no use. A hostile update takes time, memory and stack without bound: run
    this in a process that may be killed.
    """
    request = read(text)
    refuse_to_reach_out(request, allow_service)
    dataset = Dataset(using, using_named) if using or using_named else None
    if dataset and any(isinstance(one, Modify) and one.names_dataset for one in request.operations):
        raise MalformedRequest(
            "the update has USING or WITH, so the request can have neither using-graph-uri= nor using-named-graph-uri="
        )
    placing = Placing(mode, home, skolem if mode == "merge" else None, protected)
    with ThreadPoolExecutor(1, "update", initializer=confine) as inside:
        evaluation = _Evaluation(store, request, placing, dataset, allow_service, inside)
        return evaluation.run()


class _Evaluation:
    """One update on its way through its operations."""

    def __init__(
        self,
        store: Store,
        request: Request,
        placing: Placing,
        dataset: Dataset | None,
        allowed: tuple[str, ...],
        inside: ThreadPoolExecutor,
    ) -> None:
        self._store = store
        self._prologue = request.prologue
        self._operations = request.operations
        self._placing = placing
        self._dataset = dataset
        self._allowed = allowed
        self._inside = inside
        # Nothing here leads back to this object: who has the store's files waits until it is let go of, which must not
        # be left to the collector.
        self._iri = partial(blocks.iri, request.prologue)
        self._graphs = WholeGraphs(store, placing, self._iri)

    def run(self) -> Delta:
        """Carry the operations out and return what they change together."""
        whole = Delta()
        for operation in self._operations:
            step = self._step(operation)
            change = self._placing.change(self._store, step.deleted, step.inserted)
            apply(self._store, change.added, change.removed, self._placing.mode)
            self._graphs.done(step, {quad.graph_name for quad in change.added | change.removed})
            whole = whole.then(change)
        return whole

    def _step(self, operation: Operation) -> Step:
        match operation:
            case Data(verb="INSERT"):
                return Step(inserted=blocks.quads(self._prologue, operation.block))
            case Data():
                return Step(deleted=blocks.quads(self._prologue, operation.block))
            case Modify():
                return self._modify(operation)
            case Load():
                return self._load(operation)
            case Clear():
                return self._graphs.clear(operation)
            case Create():
                return self._graphs.create(operation)
        return self._graphs.transfer(operation)

    def _modify(self, operation: Modify) -> Step:
        variables, (delete, insert) = blocks.template(self._prologue, operation.delete, operation.insert)
        if variables or insert.blank:
            # Equal solutions make equal quads, but for new blank nodes.
            distinct = "" if insert.blank else "DISTINCT"
            wanted = " ".join(f"?{name}" for name in variables) or f"(1 AS ?{_COUNTED})"
            query = f"{self._prologue}\nSELECT {distinct} {wanted} WHERE {operation.where}"
        else:
            query = f"{self._prologue}\nASK {operation.where}"
        default: GraphName = self._iri(operation.graph) if operation.graph else DEFAULT
        store, graphs, named = self._asked(operation)

        def instantiate() -> Step:
            deleted: dict[Quad, None] = {}
            inserted: dict[Quad, None] = {}
            answer = store.query(query, default_graph=graphs, named_graphs=named)
            solutions = answer if isinstance(answer, QuerySolutions) else [()] if answer else []
            for solution in solutions:
                values = tuple(solution[place] for place in range(len(variables)))
                deleted.update(dict.fromkeys(_placed(delete.quads(values), default)))
                inserted.update(dict.fromkeys(_placed(insert.quads(values), default)))
            return Step(list(deleted), list(inserted))

        return self._evaluated(query, instantiate)

    def _evaluated(self, query: str, instantiate: Callable[[], Step]) -> Step:
        """What the function gives, called where it can do no harm."""
        # Once more for the part that will run: it is cut out of the text by our own reading, not by the engine's.
        target = egress.reaches_out(query, _parses, self._allowed)
        remote = egress.calls_service(query, _parses)
        if target is not None:
            raise EngineRefused("a pattern of the update cannot be told apart from what stands around it")

        def attempt() -> Step | QueryError:
            # An error must not leave the thread with its traceback: that has solutions in it, which only the thread
            # that asked for them can let go.
            try:
                return instantiate()
            except SyntaxError as error:
                return EngineRefused(f"the engine does not take a pattern of the update by itself: {error}")
            except (OSError, RuntimeError, ValueError) as error:
                kind = RemoteFailed if remote else EngineRefused
                return kind(f"the engine cannot evaluate a pattern of the update: {error}")

        outcome = attempt() if remote else self._inside.submit(attempt).result()
        if isinstance(outcome, QueryError):
            raise outcome
        return outcome

    def _asked(self, operation: Modify) -> tuple[Store, list[GraphName] | None, list[NamedNode | BlankNode] | None]:
        """The store that an operation's pattern is asked of, and which of its graphs are the default graph and the
        named ones (SPARQL 1.1 Update section 3.1.3); None where these are the store's own.
        """
        dataset = self._dataset
        if operation.using or operation.using_named:
            using = tuple(self._iri(one).value for one in operation.using)
            dataset = Dataset(using, tuple(self._iri(one).value for one in operation.using_named))
        if dataset is None:
            return self._store, [self._iri(operation.graph)] if operation.graph else None, None
        named: list[NamedNode | BlankNode] = [NamedNode(iri) for iri in dataset.named_graphs]
        if len(dataset.default_graphs) > 1:
            return merged(self._store, dataset), [DEFAULT], named
        return self._store, [NamedNode(iri) for iri in dataset.default_graphs], named

    def _load(self, operation: Load) -> Step:
        source = self._iri(operation.source)
        target: GraphName = self._iri(operation.into) if operation.into else DEFAULT
        if operation.into:
            self._placing.refuse(target)
        if source.value not in self._allowed:
            # Only a silent failure gets here.
            return Step()
        loaded = Store()
        try:
            # Not the update's text, but the very address that was compared.
            loaded.update(f"LOAD <{source.value}>")
        except (OSError, RuntimeError, ValueError, SyntaxError) as error:
            if operation.silent:
                return Step()
            raise RemoteFailed(f"{source} cannot be loaded: {error}") from error
        return Step(inserted=[in_graph(triple_of(quad), target) for quad in loaded])


def _placed(quads: Iterator[Quad], default: GraphName) -> Iterator[Quad]:
    """The quads with those outside GRAPH in the graph that WITH names."""
    for quad in quads:
        yield quad if quad.graph_name != DEFAULT else in_graph(triple_of(quad), default)


def _parses(query: str) -> bool:
    """Whether the engine's parser takes a query; nothing is evaluated."""
    try:
        # Asked to set a variable that the query has not, the engine stops between parsing and evaluation.
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            Store().query(query, substitutions={_ABSENT: Literal("")})
    except SyntaxError:
        return False
    return True
