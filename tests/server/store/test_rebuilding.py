"""A lost or damaged revision is made again from the corpus and the ledger, quad for quad."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from contributing import EVE, EX, Desk, iri
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from pyoxigraph import Quad, Store

from edaphon.contributions import direct
from edaphon.errors import AlreadyPublished, LedgerError, NothingToRetract, StateBusy, StateError
from edaphon.store.delta import Delta
from edaphon.store.loading import load
from edaphon.store.merge import counts
from edaphon.store.preparing import prepare
from edaphon.store.rebuilding import rebuild
from edaphon.store.state import State


def all_quads(state: State) -> frozenset[Quad]:
    return frozenset(Store.read_only(str(state.current().folder)))


def stated(quads: frozenset[Quad]) -> frozenset[Quad]:
    return frozenset(quad for quad in quads if counts(quad.graph_name))


def reopened(state: State) -> State:
    return State.open(state.folder)


# Whose blank node it is, only the engine knows.
RENAMED = f"""PREFIX : <{EX}>
DELETE {{ GRAPH ?g {{ ?b :name "Ben" }} }} INSERT {{ GRAPH ?g {{ ?b :name "Bea" }} }}
WHERE {{ GRAPH ?g {{ ?b :name "Ben" }} }}"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A graph to which something was added, in which something was corrected, and into which a file was loaded."""
    desk = Desk.at(tmp_path)
    desk.accept(desk.propose(':other a :Survey ; :year 2020 ; :title "Other" ; :by [ :name "Ann" ] .'))
    corrected = desk.correct("DELETE DATA { :survey :year 2019 } ; INSERT DATA { :survey :year 2018 }")
    desk.accept(corrected)
    file = tmp_path / "more.ttl"
    file.write_text(f"<{EX}loaded> <{EX}by> [ <{EX}name> 'Ben' ] , ( 1 2 ) .", encoding="utf-8")
    load(desk.state, [file], graph=EX + "loads", progress=lambda _: None)
    direct.update(desk.state, EVE, direct.Update(RENAMED))
    desk.revert(corrected)
    return desk


def without_revisions(state: State) -> None:
    shutil.rmtree(state.folder / "revisions")
    (state.folder / "CURRENT").unlink()


def without_folder(state: State) -> None:
    shutil.rmtree(state.current().folder)


def without_pointer(state: State) -> None:
    (state.folder / "CURRENT").unlink()


def with_damaged_pointer(state: State) -> None:
    (state.folder / "CURRENT").write_text("forty-two", encoding="ascii")


def with_damaged_store(state: State) -> None:
    for path in state.current().folder.glob("*"):
        if path.name.startswith(("MANIFEST", "CURRENT")) or path.suffix == ".sst":
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(bytes(len(content)))


DAMAGES = [without_revisions, without_folder, without_pointer, with_damaged_pointer, with_damaged_store]


def test_a_sound_state_is_made_anew_as_it_was_and_nothing_is_left_over(desk: Desk) -> None:
    before, number = all_quads(desk.state), desk.state.current().number
    done = rebuild(desk.state)
    assert (done.revision.number, done.same, done.aside) == (number, True, None)
    assert all_quads(reopened(desk.state)) == before
    assert [folder.name for folder in (desk.state.folder / "revisions").iterdir()] == [f"{number:06}"]
    assert not list(desk.state.folder.glob("replaced-*"))


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
def test_whatever_became_of_the_revisions_they_are_made_again(desk: Desk, damage: Callable[[State], None]) -> None:
    before = all_quads(desk.state)
    damage(desk.state)
    done = rebuild(reopened(desk.state))
    assert done.same is None
    assert all_quads(reopened(desk.state)) == before
    # What is left of the old ones is kept for whoever wants to look at it.
    assert (done.aside is None) == (damage is without_revisions)


def test_what_was_changed_behind_the_ledgers_back_is_told_and_kept_aside(desk: Desk) -> None:
    before = all_quads(desk.state)
    with desk.state.publishing() as revisions, revisions.next() as candidate:
        candidate.store.add(Quad(iri("smuggled"), iri("p"), iri("o"), iri("g")))
    done = rebuild(desk.state)
    assert done.same is False
    assert done.aside is not None
    assert (done.aside / "CURRENT").exists()
    assert all_quads(reopened(desk.state)) == before


def test_a_rebuild_that_fails_leaves_all_as_it_was(desk: Desk) -> None:
    before = all_quads(desk.state)
    (copy,) = desk.state.loads.iterdir()
    copy.rename(copy.with_name("elsewhere"))
    with pytest.raises(StateError, match="which revision 4 loaded, is gone; restore it from a backup"):
        rebuild(desk.state)
    assert all_quads(reopened(desk.state)) == before
    assert not list(desk.state.folder.glob("replaced-*"))


def test_no_rebuild_while_a_server_runs(desk: Desk) -> None:
    with State.open(desk.state.folder).serving(), pytest.raises(StateBusy, match="a server is running; stop it first"):
        rebuild(desk.state)


def test_without_a_revision_in_the_ledger_there_is_nothing_to_rebuild(tmp_path: Path) -> None:
    state = State.open(tmp_path / "state", corpus="none")
    with pytest.raises(LedgerError, match="knows of no revision"):
        rebuild(state)
    assert not (state.folder / "revisions").exists()


def test_a_changed_corpus_is_recorded_as_a_change_of_its_own(desk: Desk, tmp_path: Path) -> None:
    document = tmp_path / "corpus" / "data" / "documents" / "report.trig"
    document.write_text(document.read_text().replace("2019", "2017"), encoding="utf-8")
    number = desk.state.current().number
    state = reopened(desk.state)
    done = rebuild(state)
    assert (done.revision.number, done.same) == (number + 1, True)
    assert state.ledger.revision(number + 1).complete


def test_a_plain_dataset_is_made_again_with_its_blank_nodes(tmp_path: Path) -> None:
    state = State.open(tmp_path / "state", corpus="none", default_graph="plain")
    prepare(state)
    file = tmp_path / "more.nt"
    file.write_text(f"<{EX}s> <{EX}p> _:x .\n_:x <{EX}p> _:y .\n_:y <{EX}p> <{EX}o> .\n", encoding="utf-8")
    for _ in range(2):
        load(state, [file], graph=None, progress=lambda _: None)
    for text in (
        f"DELETE WHERE {{ ?x <{EX}p> <{EX}o> }}",
        f"INSERT DATA {{ <{EX}s> <{EX}q> [ <{EX}p> 1 ] . GRAPH <{EX}g> {{ <{EX}s> <{EX}q> 2 }} }}",
        f"DELETE {{ ?s <{EX}p> ?x }} INSERT {{ ?x <{EX}r> ?s }} WHERE {{ ?s <{EX}p> ?x FILTER(isBlank(?s)) }}",
        f"MOVE GRAPH <{EX}g> TO GRAPH <{EX}h>",
    ):
        assert direct.update(state, EVE, direct.Update(text)) is not None
    before = all_quads(state)
    without_revisions(state)
    rebuild(reopened(state))
    assert all_quads(reopened(state)) == before


KILLED = """
import os, sys
from pathlib import Path
from edaphon.store.rebuilding import rebuild
from edaphon.store.state import State
left, rename = int(sys.argv[2]), Path.rename
def counted(self, target):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    return rename(self, target)
Path.rename = counted
rebuild(State.open(Path(sys.argv[1])))
"""


def test_a_rebuild_that_is_killed_at_any_step_can_be_done_again(desk: Desk) -> None:
    before = all_quads(desk.state)
    killed = 0
    while True:
        command = [sys.executable, "-c", KILLED, str(desk.state.folder), str(killed)]
        status = subprocess.run(command, timeout=60, check=False).returncode
        if status == 0:
            break
        assert status == 9
        killed += 1
        rebuild(reopened(desk.state))
        assert all_quads(reopened(desk.state)) == before
    assert killed > 4
    assert all_quads(reopened(desk.state)) == before


# Any history at all

VALUES = range(4)
GRAPHS = ("para-1", "para-2")


class Histories(RuleBasedStateMachine):
    """Contributions, updates, loads, reverts, new corpora and accidents in any order: the rule of the ledger holds."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.place = self.folder / str(len(list(self.folder.iterdir())))
        self.corpus = self.place / "corpus"
        (self.corpus / "data" / "documents").mkdir(parents=True)
        self.write({(1, "para-1"), (2, "para-2")})
        self.desk = Desk.at(self.place, corpus=str(self.corpus))
        self.held = {1: all_quads(self.desk.state)}
        self.accepted: list[str] = []

    def write(self, quads: set[tuple[int, str]]) -> None:
        text = "".join(f"GRAPH <{EX}{graph}> {{ <{EX}s> <{EX}p> {value} }}\n" for value, graph in sorted(quads))
        (self.corpus / "data" / "documents" / "one.trig").write_text(text, encoding="utf-8")

    def see(self) -> None:
        self.held.setdefault(self.desk.state.current().number, all_quads(self.desk.state))

    @rule(value=st.sampled_from(VALUES))
    def contribute(self, value: int) -> None:
        try:
            one = self.desk.accept(self.desk.propose(f":s :p {value} ."))
        except AlreadyPublished:
            return
        self.accepted.append(one.id)
        self.see()

    @rule(old=st.sampled_from(VALUES), new=st.sampled_from(VALUES))
    def correct(self, old: int, new: int) -> None:
        try:
            one = self.desk.accept(self.desk.correct(f"DELETE DATA {{ :s :p {old} }} ; INSERT DATA {{ :s :p {new} }}"))
        except (AlreadyPublished, NothingToRetract):
            return
        self.accepted.append(one.id)
        self.see()

    @rule(value=st.sampled_from(VALUES), graph=st.sampled_from(GRAPHS), what=st.sampled_from(["INSERT", "DELETE"]))
    def update(self, value: int, graph: str, what: str) -> None:
        text = f"{what} DATA {{ GRAPH <{EX}{graph}> {{ <{EX}s> <{EX}p> {value} }} }}"
        one = direct.update(self.desk.state, EVE, direct.Update(text))
        if one is not None:
            self.accepted.append(one.id)
            self.see()

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def revert(self, data: st.DataObject) -> None:
        identifier = data.draw(st.sampled_from(self.accepted))
        try:
            undone = self.desk.revert(self.desk.state.ledger.contribution(identifier), by=EVE)
        except NothingToRetract:
            return
        self.accepted.remove(identifier)
        assert undone.reverted_by is not None
        self.accepted.append(undone.reverted_by)
        self.see()

    @rule(value=st.sampled_from(VALUES), graph=st.sampled_from(GRAPHS))
    def load(self, value: int, graph: str) -> None:
        file = self.place / "load.nq"
        file.write_text(
            f"<{EX}s> <{EX}p> _:b <{EX}{graph}> .\n"
            f'<{EX}s> <{EX}p> "{value}"^^<http://www.w3.org/2001/XMLSchema#integer> <{EX}{graph}> .\n'
        )
        load(self.desk.state, [file], graph=None, progress=lambda _: None)
        self.see()

    @rule(quads=st.sets(st.tuples(st.sampled_from(VALUES), st.sampled_from(GRAPHS))))
    def change_the_corpus(self, quads: set[tuple[int, str]]) -> None:
        self.write(quads)
        self.desk = Desk(reopened(self.desk.state))
        prepare(self.desk.state)
        self.see()

    @rule()
    def lose_the_last_publication(self) -> None:
        """The process died when the ledger had it, and CURRENT not yet."""
        current = self.desk.state.current()
        before = current.folder.with_name(f"{current.number - 1:06}")
        if not before.exists():
            return
        (self.desk.state.folder / "CURRENT").write_text(f"{current.number - 1}\n")
        shutil.rmtree(current.folder)
        self.desk = Desk(reopened(self.desk.state))
        prepare(self.desk.state)
        assert all_quads(self.desk.state) == self.held[current.number]

    @rule()
    def rebuild(self) -> None:
        self.desk = Desk(reopened(self.desk.state))
        assert rebuild(self.desk.state).same

    def teardown(self) -> None:
        number = self.desk.state.current().number
        without_revisions(self.desk.state)
        prepare(reopened(self.desk.state))
        assert all_quads(reopened(self.desk.state)) == self.held[number]
        for record, packed in self.desk.state.ledger.deltas(1, number):
            if packed is not None and record.number - 1 in self.held:
                change = Delta.unpacked(packed)
                before, after = stated(self.held[record.number - 1]), stated(self.held[record.number])
                assert change.added <= after - before and change.removed <= before - after
                assert (after - change.added) | change.removed == before


def test_whatever_happens_the_ledger_gives_the_published_quads_again(tmp_path: Path) -> None:
    Histories.folder = tmp_path
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=10,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            # To make a failing history shorter takes minutes, to read it seconds.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
