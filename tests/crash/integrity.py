"""Whether a state that was interrupted holds together: its ledger, what is published, and what was acknowledged."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from pyoxigraph import NamedNode, Quad, Store

from edaphon.contributions.payload import Payload
from edaphon.contributions.proposal import About, propose
from edaphon.contributions.provenance import PROVENANCE, activity, graph_of
from edaphon.contributions.review import accept
from edaphon.contributions.roles import Actor, Role
from edaphon.corpus.assemble import statements
from edaphon.store import merge
from edaphon.store.delta import Delta
from edaphon.store.ledger.records import Contribution
from edaphon.store.preparing import prepare
from edaphon.store.scratch import COPY
from edaphon.store.state import State

__all__ = ["EX", "goes_on", "keeps", "payload", "recovered", "small_corpus"]

EX = "http://example.org/"
TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
# Triples of one payload.
FACTS = 4
# What lies in a state folder when nobody works on it.
LEDGER_FILES = {"ledger.sqlite", "ledger.sqlite-shm", "ledger.sqlite-wal"}
FILES = {"CURRENT", "lock", "revisions", "serving", "state.json", *LEDGER_FILES}
# A status can only be followed by one to the right of it.
ORDER = ["proposed", "rejected", "accepted", "reverted"]


def small_corpus(root: Path) -> str:
    """A corpus of one alignment, one statement and one shape, which each contribution must satisfy."""
    for folder in ("ontology", "data/documents", "shapes"):
        (root / folder).mkdir(parents=True)
    (root / "ontology" / "terms.ttl").write_text(f"<{EX}A> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <{EX}B> .")
    (root / "data" / "documents" / "one.trig").write_text(f"GRAPH <{EX}para-1> {{ <{EX}x> a <{EX}B> . }}")
    (root / "shapes" / "things.ttl").write_text(
        f"@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        f"<{EX}AShape> a sh:NodeShape ; sh:targetClass <{EX}A> ; sh:property [ sh:path <{EX}size> ; sh:minCount 1 ] ."
    )
    return str(root)


def payload(number: int) -> str:
    """A contribution to it, in Turtle, of FACTS triples."""
    return f"<{EX}thing-{number}> a <{EX}A> ; <{EX}part> [ <{EX}label> 'part of {number}' ] ; <{EX}size> {number} ."


@contextlib.contextmanager
def recovered(folder: Path) -> Iterator[State]:
    """A state as it is after recovery, held against its ledger."""
    state = State.open(folder)
    prepare(state)
    with state.ledger as ledger:
        contributions = ledger.contributions(limit=10_000)
        assert len({one.id for one in contributions}) == len(contributions)
        published = Store.read_only(str(state.current().folder))
        last = ledger.last_revision()
        assert last is not None and last.number == state.current().number
        assert set(published) == _folded(state, last.number)
        for one in contributions:
            _is_said_once(one, state, published)
        # It may be checked again and again; all else happens once.
        happened = Counter((event.contribution, event.kind) for event in ledger.events(limit=10_000))
        assert {count for (contribution, kind), count in happened.items() if contribution and kind != "checked"} <= {1}
        _is_tidy(folder)
        yield state


def keeps(state: State, acknowledged: Sequence[str], *, under_way: int = 1) -> None:
    """What was acknowledged is there, and at most so much more."""
    found = {one.id: one for one in state.ledger.contributions(limit=10_000)}
    for line in acknowledged:
        identifier, status = line.split()
        assert identifier in found, f"{line} was acknowledged, and is gone"
        assert ORDER.index(found[identifier].status) >= ORDER.index(status), f"{line} was acknowledged"
    # A revert is a contribution itself, acknowledged under the name of the other.
    known = {line.split()[0] for line in acknowledged}
    assert sum(one.kind != "revert" for one in found.values()) <= len(known) + under_way


def _is_tidy(folder: Path) -> None:
    """Nothing is left of what was under way, but for what the next check removes."""
    assert {one.name for one in folder.iterdir() if not one.name.startswith(COPY)} <= FILES
    assert all(one.name.isdecimal() for one in (folder / "revisions").iterdir())


def _folded(state: State, upto: int) -> set[Quad]:
    """What is published must be the corpus, with each change of the ledger in order, and what follows from it."""
    quads = merge.canonical(statements(state.corpus))
    for record, packed in state.ledger.deltas(0, upto):
        if packed is None:
            assert record.cause == "corpus"
            continue
        delta = Delta.unpacked(packed)
        assert not delta.added & quads
        assert delta.removed <= quads
        quads = (quads - delta.removed) | delta.added
    store = Store()
    store.extend(quads)
    store.extend(list(merge.derived(quads, merge.ontology_of(store), state.default_graph)))
    return set(store)


def _is_said_once(one: Contribution, state: State, published: Store) -> None:
    """An accepted contribution is there with all that it states and its record; one that is not, with nothing."""
    stated = set(published.quads_for_pattern(None, None, None, graph_of(one.id)))
    asked = merge.canonical(Delta.unpacked(state.ledger.request(one.id)).added)
    record = list(published.quads_for_pattern(activity(one.id), TYPE, None, PROVENANCE))
    if one.kind == "proposal":
        assert stated == (asked if one.status == "accepted" else set())
        assert len(asked) == FACTS
    assert len(record) == (one.status in ("accepted", "reverted"))
    assert (one.revision is not None) == bool(record)


def goes_on(state: State) -> None:
    """Another contribution is proposed and accepted."""
    chair = Actor("chair", Role.ADMIN)
    payload = Payload(f"<{EX}after> a <{EX}A> ; <{EX}size> 1 .".encode(), "text/turtle")
    one = accept(state, chair, propose(state, chair, About("After"), payload).id, None)
    store = Store.read_only(str(state.current().folder))
    assert one.status == "accepted"
    assert len(list(store.quads_for_pattern(None, None, None, graph_of(one.id)))) == 2
