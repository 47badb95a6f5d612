"""A state with a history: published changes, and what each revision held when it was the published one."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

from edaphon.namespaces import GRAPH_ONTOLOGY, PREFIXES, SERVICE_SHAPES
from edaphon.settings import DefaultGraph as Mode
from edaphon.store.delta import Delta, effective
from edaphon.store.merge import counts
from edaphon.store.preparing import prepare
from edaphon.store.publishing import Publication, publish
from edaphon.store.reading import reading
from edaphon.store.revisions import Revision
from edaphon.store.state import State

__all__ = ["EX", "History", "change", "quad", "quads_of", "small_state"]

EX = "http://example.org/"
TYPE = NamedNode(PREFIXES["rdf"] + "type")
SUB_CLASS = NamedNode(PREFIXES["rdfs"] + "subClassOf")
ONTOLOGY = NamedNode(GRAPH_ONTOLOGY)
SHAPES = NamedNode(SERVICE_SHAPES)


def quad(subject: str, predicate: str, object_: str | int, graph: str) -> Quad:
    """A quad of names below `EX`; a number becomes a literal."""
    value = Literal(object_) if isinstance(object_, int) else NamedNode(EX + object_)
    return Quad(NamedNode(EX + subject), NamedNode(EX + predicate), value, NamedNode(EX + graph))


def small_state(folder: Path, mode: Mode = "merge") -> State:
    """A prepared state over a corpus of one class above another."""
    if mode == "plain":
        state = State.open(folder / "state", corpus="none", default_graph="plain")
    else:
        corpus = folder / "corpus"
        (corpus / "ontology").mkdir(parents=True)
        (corpus / "ontology" / "terms.ttl").write_text(f"<{EX}c0> <{SUB_CLASS.value}> <{EX}c1> .", encoding="utf-8")
        state = State.open(folder / "state", corpus=str(corpus))
    prepare(state)
    return state


def quads_of(revision: Revision) -> frozenset[Quad]:
    """All that a revision holds, the default graph and what is implied with it."""
    with reading(revision) as store:
        return frozenset(store)


def change(state: State, added: Iterable[Quad] = (), removed: Iterable[Quad] = ()) -> int:
    """Publish a change and give the number of its revision."""
    coming, going = frozenset(added), frozenset(removed)

    def work_out(_: Revision, store: Store) -> Publication:
        return Publication(effective(store, coming, going), "update", "editor", datetime.now(UTC))

    return publish(state, work_out).number


class History:
    """Random changes, one revision after the other; `held` is what each held."""

    def __init__(self, state: State, seed: int) -> None:
        self.state = state
        self._random = random.Random(seed)
        first = state.current()
        self.held = {first.number: quads_of(first)}

    def grow(self, revisions: int) -> None:
        """Publish so many revisions more."""
        for _ in range(revisions):
            store = Store()
            store.extend(self.held[max(self.held)])
            delta = self._delta(store)
            number = change(self.state, delta.added, delta.removed)
            self.held[number] = quads_of(self.state.current())

    def _delta(self, store: Store) -> Delta:
        while True:
            there = sorted((one for one in store if self._may_go(one)), key=str)
            # It grows, and much of it goes again.
            going = self._random.sample(there, min(len(there) // 3, self._random.randrange(8)))
            coming = [self._quad() for _ in range(self._random.randrange(12))]
            delta = effective(store, coming, going)
            if delta:
                return delta

    def _may_go(self, one: Quad) -> bool:
        home = one.graph_name
        return counts(home) or home == SHAPES or (self.state.default_graph == "plain" and home == DefaultGraph())

    def _quad(self) -> Quad:
        pick = self._random.choice
        thing = NamedNode(f"{EX}t{pick(range(6))}")
        graph = pick([NamedNode(f"{EX}g{n}") for n in range(4)])
        kind = NamedNode(f"{EX}c{pick(range(5))}")
        made = [
            Quad(thing, TYPE, kind, graph),
            Quad(thing, NamedNode(f"{EX}p{pick(range(3))}"), Literal(pick(range(5))), graph),
            Quad(thing, NamedNode(f"{EX}p0"), BlankNode(f"b{pick(range(3))}"), graph),
            Quad(thing, NamedNode(f"{EX}label"), Literal(pick("äöü"), language="de"), SHAPES),
            # A change of what follows from everything else.
            Quad(kind, SUB_CLASS, NamedNode(f"{EX}c{pick(range(5))}"), ONTOLOGY),
        ]
        if self.state.default_graph == "plain":
            made.append(Quad(thing, TYPE, kind, DefaultGraph()))
        return pick(made)
