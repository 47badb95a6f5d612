"""A state folder after a power cut or on a full disk: the last revision or the next is there, whole."""

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from crash.disk import Disk
from crash.survival import LONG, MODELS, Model, Moment, chosen, moments
from pyoxigraph import Store

from edaphon.errors import RevisionMissing
from edaphon.store.preparing import prepare
from edaphon.store.state import State

EX = "http://example.org/"

# A state is made; its corpus changes; a file is loaded. After each, what is published is said by number.
LIFE = f"""
import sys
from pathlib import Path

from crash.marking import mark
from edaphon.errors import StateError, StateFull
from edaphon.store.loading import load
from edaphon.store.preparing import prepare
from edaphon.store.state import State

corpus = Path(sys.argv[1])
terms = corpus / "ontology" / "terms.ttl"


def made():
    terms.write_text("<{EX}A> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <{EX}B> .")
    prepare(State.open(Path("state"), corpus=str(corpus)))


def changed():
    terms.write_text("<{EX}A> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <{EX}C> .")
    prepare(State.open(Path("state")))


def loaded():
    load(State.open(Path("state")), [corpus / "more.nt"], graph="{EX}more", progress=lambda _: None)

STEPS = (made, changed, loaded)
"""

LIVED = (
    LIFE
    + """
for step in STEPS:
    step()
    mark(str(State.open(Path("state")).current().number))
"""
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of one alignment, which the program writes, and one statement; and a file to be loaded besides."""
    root = tmp_path / "corpus"
    (root / "ontology").mkdir(parents=True)
    (root / "data" / "documents").mkdir(parents=True)
    (root / "data" / "documents" / "one.trig").write_text(f"GRAPH <{EX}para-1> {{ <{EX}x> a <{EX}A> . }}")
    (root / "more.nt").write_text("".join(f'<{EX}s{n}> <{EX}p> "{n}" .\n' for n in range(100)))
    return root


def run(disk: Disk, program: str, corpus: Path) -> None:
    ended = disk.run(program, str(corpus))
    assert ended.code == 0, ended.errors


def quads(folder: Path) -> set[str]:
    """Everything that a revision says, read through every index of the engine."""
    store = Store.read_only(str(folder))
    everything = {str(quad) for quad in store}
    assert len(store) == len(everything)
    for quad in store:
        assert quad in store
        assert quad in store.quads_for_pattern(None, None, quad.object, quad.graph_name)
    return everything


def published(state: State) -> dict[int, set[str]]:
    """What the kept revisions say."""
    folders = (state.folder / "revisions").iterdir()
    return {int(one.name): quads(one) for one in folders if one.name.isdecimal()}


@pytest.mark.parametrize("model", MODELS)
def test_after_a_power_cut_the_last_revision_or_the_next_is_there_whole(
    disk: Disk, corpus: Path, tmp_path: Path, model: Model
) -> None:
    disk.dials.keep_drafts()
    run(disk, LIVED, corpus)
    expected = published(State.open(disk.tree / "state"))
    assert list(expected) and sorted(expected) == [1, 2, 3]
    every = list(moments(disk))
    assert every[-1].marks == ("1", "2", "3")
    for moment in chosen(every, 25, model):
        for seed in range(5 if LONG and model == "torn" else 1):
            where = moment.surviving(tmp_path / f"{moment.syncs}-{seed}", model, seed)
            survives(where / "state", corpus, moment, expected, once=True)
            shutil.rmtree(where)


def survives(folder: Path, corpus: Path, moment: Moment, expected: dict[int, set[str]], *, once: bool) -> None:
    acknowledged = int(moment.marks[-1]) if moment.marks else 0
    state = State.open(folder, corpus=str(corpus))
    try:
        found = state.current()
        # When the power has gone twice, the first revision may be of the changed corpus already.
        assert quads(found.folder) in ([expected[found.number]] if once else list(expected.values()))
        number = found.number
    except RevisionMissing:
        number = 0
    assert number >= acknowledged, f"revision {acknowledged} was published before, now it is {number}"
    prepare(state)
    assert not state.untidy
    last = quads(state.current().folder)
    # The corpus is the changed one by now; only what had not been loaded may be missing.
    loaded = {quad for quad in expected[3] if f"{EX}s" in quad}
    assert last | loaded == expected[3]
    assert last & loaded in (set(), loaded)
    if acknowledged == 3:
        assert last == expected[3]
        # What was loaded is kept, so that the revision can be made again.
        (record,) = (record for record in state.ledger.revisions() if record.cause == "load")
        for kept in record.details["files"]:
            assert (state.loads / kept["kept"]).read_bytes() == (corpus / "more.nt").read_bytes()
    # And it goes on from there.
    with state.publishing() as revisions, revisions.next() as candidate:
        candidate.store.clear()
    assert quads(state.current().folder) == set()


def test_whatever_survives_is_recovered_again_when_the_power_goes_meanwhile(
    new_disk: Callable[[str], Disk], corpus: Path, tmp_path: Path
) -> None:
    first = new_disk("first")
    run(first, LIVED, corpus)
    expected = published(State.open(first.tree / "state"))
    for moment in chosen(list(moments(first)), 4):
        where = moment.surviving(tmp_path / f"disk-{moment.syncs}" / "tree")
        second = new_disk(f"disk-{moment.syncs}")
        run(second, LIFE + "prepare(State.open(Path('state'), corpus=str(corpus)))", corpus)
        for again in chosen(list(moments(second)), 5):
            survives(
                again.surviving(tmp_path / f"again-{moment.syncs}-{again.syncs}") / "state",
                corpus,
                moment,
                expected,
                once=False,
            )
        assert where == second.tree


# Takes one step of the life in several folders, with so much room for each, and says how it went.
FILLED = (
    LIFE
    + """
import os
from crash.dials import own_dials

dials = own_dials()
for where in sys.argv[4:]:
    room = int(sys.argv[3] or where)
    os.makedirs(where, exist_ok=True)
    os.chdir(where)
    dials.leave(room)
    try:
        STEPS[int(sys.argv[2])]()
        print(f"{where}\tdone")
    except StateError as error:
        print(f"{where}\t{type(error).__name__}\t{error}")
    finally:
        needed = room - dials.left
        dials.free()
        os.chdir("..")
print(f"{needed}\tneeded", flush=True)
"""
)
PLENTY = 10**9


def filled(
    disk: Disk, corpus: Path, step: int, rooms: list[int], room: int | None = None
) -> tuple[dict[int, list[str]], int]:
    """How the step went in the folders named by these numbers, with that room or with `room`; what the last needed."""
    ended = disk.run(FILLED, str(corpus), str(step), str(room or ""), *map(str, rooms))
    assert ended.code == 0, ended.errors
    *outcomes, needed = (line.split("\t") for line in ended.lines)
    return {int(where): outcome for where, *outcome in outcomes}, int(needed[0])


@pytest.mark.parametrize("step", [0, 1, 2], ids=["made", "changed", "loaded"])
def test_on_a_full_disk_what_was_published_stays_and_all_goes_on_when_there_is_room(
    new_disk: Callable[[str], Disk], corpus: Path, tmp_path: Path, step: int
) -> None:
    before = new_disk("before")
    for earlier in range(step):
        filled(before, corpus, earlier, [PLENTY])
    ends = list(moments(before))[-1:] if step else []
    _, needed = filled(before, corpus, step, [PLENTY])
    expected = published(State.open(before.tree / str(PLENTY) / "state"))
    tries = 100 if LONG else 12
    rooms = [0, *(needed * part // tries for part in range(1, tries)), needed - 1]
    for room, end in itertools.product(rooms, ends):
        end.surviving(tmp_path / "full" / "tree" / str(room), "journal", within=str(PLENTY))
    full = new_disk("full")
    outcomes, _ = filled(full, corpus, step, rooms)
    for room, outcome in outcomes.items():
        assert outcome[0] in ("StateFull", "done"), f"with {room} of {needed} bytes: {outcome}"
        if step:
            state = State.open(full.tree / str(room) / "state")
            now = published(state)
            assert now == {number: expected[number] for number in now}
            assert state.current().number == step + (outcome == ["done"])
    assert outcomes[0][0] == "StateFull"
    again, _ = filled(full, corpus, step, rooms, PLENTY)
    assert set(map(tuple, again.values())) == {("done",)}
    for room in rooms:
        after = State.open(full.tree / str(room) / "state")
        assert quads(after.current().folder) == expected[step + 1]
        assert not after.untidy
