"""Contributions after a power cut or on a full disk: each acknowledged one is there once, and none is half there."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from crash.disk import Disk
from crash.survival import LONG, MODELS, Model, chosen, moments
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

EX = "http://example.org/"
TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")

START = f"""
import sys
from pathlib import Path

from crash.dials import own_dials
from crash.marking import mark
from edaphon.contributions.direct import Update, update
from edaphon.contributions.payload import Payload
from edaphon.contributions.proposal import About, propose
from edaphon.contributions.reversal import revert
from edaphon.contributions.review import accept, reject
from edaphon.contributions.roles import Actor, Role
from edaphon.errors import StateError
from edaphon.store.preparing import prepare
from edaphon.store.state import State

FOCAL, CHAIR = Actor("focal-point", Role.CONTRIBUTOR), Actor("chair", Role.ADMIN)


def proposed(state, n):
    text = f"<{EX}thing-{{n}}> a <{EX}A> ; <{EX}part> [ <{EX}label> 'part of {{n}}' ] ; <{EX}size> {{n}} ."
    return propose(state, FOCAL, About(f"Thing {{n}}", "{EX}source"), Payload(text.encode(), "text/turtle")).id

"""

# Every kind of change, one after the other, each acknowledged by its contribution's identifier and new status.
LIFE = (
    START
    + f"""
state = State.open(Path("state"))
for n in range(int(sys.argv[1])):
    one = proposed(state, n)
    mark(f"{{one}} proposed")
    if n % 4 == 3:
        reject(state, CHAIR, one, "not enough")
        mark(f"{{one}} rejected")
        continue
    accept(state, CHAIR, one, None)
    mark(f"{{one}} accepted")
    if n % 4 == 1:
        revert(state, CHAIR, one, "it was wrong")
        mark(f"{{one}} reverted")
    if n % 4 == 2:
        text = f"INSERT {{{{ ?s <{EX}seen> {{n}} }}}} WHERE {{{{ ?s a <{EX}A> }}}}"
        mark(f"{{update(state, CHAIR, Update(text)).id}} accepted")
"""
)

# What lies in a state folder when nobody works on it.
FILES = {"CURRENT", "ledger.sqlite", "ledger.sqlite-shm", "ledger.sqlite-wal", "lock", "revisions", "state.json"}
# A status can only be followed by one to the right of it.
ORDER = ["proposed", "rejected", "accepted", "reverted"]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of one alignment, one statement and one shape, which each contribution must satisfy."""
    root = tmp_path / "corpus"
    for folder in ("ontology", "data/documents", "shapes"):
        (root / folder).mkdir(parents=True)
    (root / "ontology" / "terms.ttl").write_text(f"<{EX}A> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <{EX}B> .")
    (root / "data" / "documents" / "one.trig").write_text(f"GRAPH <{EX}para-1> {{ <{EX}x> a <{EX}B> . }}")
    (root / "shapes" / "things.ttl").write_text(
        f"@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        f"<{EX}AShape> a sh:NodeShape ; sh:targetClass <{EX}A> ; sh:property [ sh:path <{EX}size> ; sh:minCount 1 ] ."
    )
    return root


@pytest.fixture
def prepared(new_disk: Callable[[str], Disk], corpus: Path, tmp_path: Path) -> Callable[[str], Disk]:
    """Makes disks with a state of that corpus."""
    state = State.open(tmp_path / "fresh" / "tree" / "state", corpus=str(corpus))
    prepare(state)
    state.ledger.close()
    fresh = new_disk("fresh")
    (end,) = moments(fresh)

    def disk(name: str) -> Disk:
        end.surviving(tmp_path / name / "tree")
        return new_disk(name)

    return disk


def run(disk: Disk, program: str, *arguments: str) -> list[str]:
    ended = disk.run(program, *arguments)
    assert ended.code == 0, ended.errors
    return ended.lines


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
        happened = Counter((event.contribution, event.kind) for event in ledger.events(limit=10_000))
        assert {count for (contribution, _), count in happened.items() if contribution} <= {1}
        _is_tidy(folder)
        yield state


def keeps(state: State, acknowledged: Sequence[str]) -> None:
    """What was acknowledged is there, and at most one thing more."""
    found = {one.id: one for one in state.ledger.contributions(limit=10_000)}
    for line in acknowledged:
        identifier, status = line.split()
        assert identifier in found, f"{line} was acknowledged, and is gone"
        assert ORDER.index(found[identifier].status) >= ORDER.index(status), f"{line} was acknowledged"
    # A revert is a contribution itself, acknowledged under the name of the other.
    known = {line.split()[0] for line in acknowledged}
    assert sum(one.kind != "revert" for one in found.values()) <= len(known) + 1


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
        assert len(asked) == 4
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


@pytest.mark.parametrize("model", MODELS)
def test_after_a_power_cut_each_acknowledged_contribution_is_there_once(
    prepared: Callable[[str], Disk], tmp_path: Path, model: Model
) -> None:
    disk = prepared("disk")
    disk.dials.keep_drafts()
    run(disk, LIFE, "100" if LONG else "4")
    every = list(moments(disk))
    assert len(every[-1].marks) > 8
    for moment in chosen(every, 24, model):
        for seed in range(3 if LONG and model == "torn" else 1):
            where = moment.surviving(tmp_path / f"{moment.syncs}-{seed}", model, seed)
            with recovered(where / "state") as state:
                keeps(state, moment.marks)
    with recovered(where / "state") as state:
        goes_on(state)


def test_a_power_cut_during_recovery_loses_nothing_either(
    prepared: Callable[[str], Disk], new_disk: Callable[[str], Disk], tmp_path: Path
) -> None:
    first = prepared("disk")
    run(first, LIFE, "2")
    for moment in chosen(list(moments(first)), 5):
        moment.surviving(tmp_path / f"disk-{moment.syncs}" / "tree")
        second = new_disk(f"disk-{moment.syncs}")
        run(second, START + "prepare(State.open(Path('state')))")
        for again in chosen(list(moments(second)), 4):
            where = again.surviving(tmp_path / f"again-{moment.syncs}-{again.syncs}") / "state"
            with recovered(where) as state:
                keeps(state, moment.marks)
                goes_on(state)


FULL = (
    START
    + f"""
dials = own_dials()
state = State.open(Path("state"))
TASKS = {{
    "propose": (lambda n: None, lambda n, _: proposed(state, n)),
    "accept": (lambda n: proposed(state, n), lambda n, one: accept(state, CHAIR, one, None)),
    "revert": (
        lambda n: accept(state, CHAIR, proposed(state, n), None).id,
        lambda n, one: revert(state, CHAIR, one, "it was wrong"),
    ),
    "update": (
        lambda n: None,
        lambda n, _: update(state, CHAIR, Update(f"INSERT DATA {{{{ <{EX}thing-{{n}}> <{EX}seen> {{n}} }}}}")),
    ),
}}
PLENTY = 10**9
before, task = TASKS[sys.argv[1]]
status = "accepted" if sys.argv[1] == "revert" else "proposed"
tries = int(sys.argv[2])

task(-1, before(-1))
one = before(0)
dials.leave(PLENTY)
task(0, one)
need = PLENTY - dials.left
dials.free()

one = before(1)
number = state.current().number
for room in [0, *(need * part // tries for part in range(1, tries)), need - 1]:
    dials.leave(room)
    try:
        task(1, one)
        dials.free()
    except StateError as error:
        dials.free()
        print(f"{{type(error).__name__}}\\t{{room}} of {{need}}\\t{{error}}")
        assert state.current().number == number
        assert one is None or state.ledger.contribution(one).status == status
    else:
        print(f"done\\t{{room}} of {{need}}\\t")
        one, number = before(1 + room), state.current().number
task(1, one)
print("done\\tfreed\\t", flush=True)
"""
)


@pytest.mark.parametrize("task", ["propose", "accept", "revert", "update"])
def test_on_a_full_disk_nothing_is_half_done_and_all_goes_on_when_there_is_room(
    prepared: Callable[[str], Disk], tmp_path: Path, task: str
) -> None:
    disk = prepared("disk")
    outcomes = [line.split("\t") for line in run(disk, FULL, task, "100" if LONG else "12")]
    for kind, *what in outcomes:
        assert kind in ("StateFull", "done"), what
    assert outcomes[0][0] == "StateFull"
    assert outcomes[-1] == ["done", "freed", ""]
    *_, end = moments(disk)
    with recovered(end.surviving(tmp_path / "after") / "state") as state:
        goes_on(state)
