"""A state folder: what it remembers, how revisions follow each other, and that no accident harms the last one."""

import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from edaphon.errors import CorpusError, RevisionMissing, StateBusy, StateError, StateMismatch
from edaphon.store import revisions
from edaphon.store.preparing import prepare
from edaphon.store.state import State

QUAD = Quad(NamedNode("http://example.org/s"), NamedNode("http://example.org/p"), Literal("new"), DefaultGraph())


@pytest.fixture
def state(tmp_path: Path) -> State:
    """A prepared state without a corpus, in plain mode."""
    state = State.open(tmp_path / "state", corpus="none", default_graph="plain")
    prepare(state)
    return state


def publish(state: State, *quads: Quad) -> None:
    with state.publishing() as revisions, revisions.next() as candidate:
        candidate.store.extend(quads)


def content(state: State) -> set[Quad]:
    return set(Store.read_only(str(state.current().folder)))


# What it remembers


def test_a_new_state_is_made_of_the_shipped_graph_and_merges(tmp_path: Path) -> None:
    state = State.open(tmp_path / "state")
    assert (state.corpus.name, state.default_graph) == ("shipped", "merge")


def test_a_state_remembers_what_it_was_made_with(tmp_path: Path) -> None:
    State.open(tmp_path / "state", corpus="none", default_graph="plain")
    state = State.open(tmp_path / "state")
    assert (state.corpus.name, state.default_graph) == ("none", "plain")


@pytest.mark.parametrize(
    ("asked", "option"),
    [({"corpus": "shipped"}, "--corpus none"), ({"default_graph": "merge"}, "--default-graph plain")],
)
def test_asking_for_something_else_is_an_error_that_says_so(tmp_path: Path, asked: dict[str, Any], option: str) -> None:
    State.open(tmp_path / "state", corpus="none", default_graph="plain")
    with pytest.raises(StateMismatch, match=f"made with {option}"):
        State.open(tmp_path / "state", **asked)


def test_a_folder_that_a_newer_version_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(json.dumps({"format": 99}), encoding="utf-8")
    with pytest.raises(StateError, match="another version of Edaphon"):
        State.open(tmp_path)


@pytest.mark.parametrize("damage", ["{", "[]", '{"format": 3}', '{"format": 3, "corpus": 3, "default_graph": "merge"}'])
def test_a_damaged_folder_is_told(tmp_path: Path, damage: str) -> None:
    (tmp_path / "state.json").write_text(damage, encoding="utf-8")
    with pytest.raises(StateError, match="restore the state folder from a backup"):
        State.open(tmp_path)


def test_a_damaged_pointer_is_told(state: State) -> None:
    (state.folder / "CURRENT").write_text("4x2", encoding="utf-8")
    with pytest.raises(StateError, match="CURRENT is damaged"):
        State.open(state.folder).current()


def test_a_place_where_no_folder_can_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StateError, match="no state folder can be made"):
        State.open(tmp_path / "file" / "state")


def test_a_state_without_a_revision_says_so(tmp_path: Path) -> None:
    with pytest.raises(RevisionMissing, match="nothing has been published"):
        State.open(tmp_path / "state", corpus="none").current()


# What it publishes


def test_the_corpus_is_published_with_what_it_implies(
    tmp_path: Path, corpus: Path, says: Callable[[State], set[str]]
) -> None:
    state = State.open(tmp_path / "state", corpus=str(corpus))
    prepare(state)
    assert says(state) >= {
        "<x> <type> <A> <para-1>",
        "<x> <type> <A> <para-2>",
        "<x> <type> <A>",
        "<x> <type> <B> <https://w3id.org/edaphon/graph/implied>",
        "<x> <type> <B>",
    }


def test_the_same_files_are_published_once(tmp_path: Path, corpus: Path) -> None:
    state = State.open(tmp_path / "state", corpus=str(corpus))
    prepare(state)
    before = state.current()
    prepare(State.open(tmp_path / "state"))
    assert state.current() == before


def test_a_changed_corpus_is_applied_as_a_difference_that_leaves_the_rest(
    tmp_path: Path, corpus: Path, says: Callable[[State], set[str]]
) -> None:
    state = State.open(tmp_path / "state", corpus=str(corpus))
    prepare(state)
    loaded = Quad(QUAD.subject, QUAD.predicate, QUAD.object, NamedNode("http://example.org/loaded"))
    publish(state, loaded)
    document = corpus / "data" / "documents" / "one.trig"
    document.write_text("GRAPH <http://example.org/para-1> { <http://example.org/x> a <http://example.org/C> . }")
    prepare(State.open(tmp_path / "state"))
    told = says(state)
    assert {"<x> <type> <C>", "<x> <type> <C> <para-1>"} <= told
    assert not any("<A>" in line and "<x>" in line for line in told)
    assert not any("implied" in line for line in told)
    assert loaded in content(state)


def test_a_corpus_that_is_gone_is_told(tmp_path: Path, corpus: Path) -> None:
    State.open(tmp_path / "state", corpus=str(corpus))
    corpus.rename(tmp_path / "elsewhere")
    with pytest.raises(CorpusError, match="is no folder"):
        State.open(tmp_path / "state")


def test_a_revision_is_seen_by_others_once_it_is_published(state: State) -> None:
    other = State.open(state.folder)
    before = other.current()
    publish(state, QUAD)
    after = other.current()
    assert after.number == before.number + 1
    assert QUAD in content(other)
    assert QUAD not in set(Store.read_only(str(before.folder)))


def test_what_fails_on_the_way_leaves_the_published_revision_and_nothing_else(state: State) -> None:
    before = state.current()
    with pytest.raises(ZeroDivisionError), state.publishing() as revisions, revisions.next() as candidate:
        candidate.store.add(QUAD)
        raise ZeroDivisionError
    assert state.current() == before
    assert [folder.name for folder in (state.folder / "revisions").iterdir()] == [before.folder.name]


def test_old_revisions_are_removed_but_those_in_use(state: State) -> None:
    held = state.current()
    descriptor = os.open(held.folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    for value in range(revisions.KEPT + 4):
        publish(state, Quad(QUAD.subject, QUAD.predicate, Literal(value), DefaultGraph()))
    kept = {int(folder.name) for folder in (state.folder / "revisions").iterdir()}
    newest = state.current().number
    assert kept == {held.number, *range(newest - revisions.KEPT, newest + 1)}
    os.close(descriptor)
    publish(state, QUAD)
    assert not held.folder.exists()
    with pytest.raises(RevisionMissing):
        state.numbered(held.number)


def test_many_revisions_share_their_files(state: State) -> None:
    publish(state, *(Quad(QUAD.subject, QUAD.predicate, Literal(value), DefaultGraph()) for value in range(5000)))
    publish(state, QUAD)
    first, second = (state.numbered(state.current().number - back).folder for back in (1, 0))
    files = [{path.stat().st_ino for path in folder.glob("*.sst")} for folder in (first, second)]
    assert files[0] & files[1]


# Who may write


def test_publishing_waits_its_turn_and_gives_up(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edaphon.store.state.PATIENCE", 0.1)
    with (
        state.publishing(),
        pytest.raises(StateBusy, match="another process is publishing"),
        State.open(state.folder).publishing(),
    ):
        pass


def test_no_bulk_load_while_a_server_runs_and_no_server_while_one_loads(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edaphon.store.state.PATIENCE", 0.1)
    with (
        state.serving(),
        State.open(state.folder).serving(),
        pytest.raises(StateBusy, match="a server is running; stop it first"),
        state.unserved(),
    ):
        pass
    with state.unserved(), pytest.raises(StateBusy, match="a bulk load is running"), state.serving():
        pass


WRITER = """
import sys
from pathlib import Path
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad
from edaphon.store.preparing import prepare
from edaphon.store.state import State
folder, name, rounds = sys.argv[1:]
state = State.open(Path(folder))
for number in range(int(rounds)):
    with state.publishing() as revisions, revisions.next() as candidate:
        subject, predicate = NamedNode("http://example.org/" + name), NamedNode("http://example.org/p")
        candidate.store.add(Quad(subject, predicate, Literal(number), DefaultGraph()))
    print(number, flush=True)
"""


def writer(state: State, name: str, rounds: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(state.folder), name, str(rounds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_that_publish_at_once_lose_nothing(state: State) -> None:
    with writer(state, "left", 8) as left, writer(state, "right", 8) as right:
        assert (left.wait(60), right.wait(60)) == (0, 0)
    values = {(quad.subject.value, int(quad.object.value)) for quad in content(state)}
    assert values == {(f"http://example.org/{name}", number) for name in ("left", "right") for number in range(8)}


def test_a_writer_killed_at_any_moment_leaves_what_it_had_published(state: State) -> None:
    published = -1
    for round_ in range(6):
        with writer(state, f"w{round_}", 1000) as killed:
            assert killed.stdout is not None
            told = int(killed.stdout.readline())
            # Each time at another point of the next publication.
            time.sleep(0.004 * round_)
            killed.send_signal(signal.SIGKILL)
            told = max([told, *(int(line) for line in killed.stdout.read().split())])
        reopened = State.open(state.folder)
        mine = {int(q.object.value) for q in content(reopened) if q.subject.value.endswith(f"/w{round_}")}
        # All that was told is there; at most one more had just been published when the signal came.
        assert mine in (set(range(told + 1)), set(range(told + 2)))
        publish(reopened, QUAD)
        assert not list((state.folder / "revisions").glob("*unfinished*"))
        published = max(published, reopened.current().number)
    assert published > 6


def test_a_full_disk_leaves_the_published_revision(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state.current()

    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(revisions, "sync", full)
        with pytest.raises(OSError, match="No space left"):
            publish(state, QUAD)
    assert State.open(state.folder).current() == before
    publish(state, QUAD)
    assert QUAD in content(state)


PREPARE = """
import sys
from pathlib import Path
from edaphon.store.preparing import prepare
from edaphon.store.state import State
prepare(State.open(Path(sys.argv[1]), corpus=sys.argv[2]))
"""


def test_a_full_disk_while_the_corpus_is_published_is_told(tmp_path: Path) -> None:
    State.open(tmp_path / "state").ledger.close()
    command = f"ulimit -f 60; exec {sys.executable} -c '{PREPARE}' {tmp_path / 'state'} shipped"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "StateError" in done.stderr
    assert "cannot be written to" in done.stderr
    prepare(State.open(tmp_path / "state"))
    assert State.open(tmp_path / "state").current().number >= 1


def test_several_processes_may_make_one_state_at_once(tmp_path: Path) -> None:
    for attempt in range(4):
        command = [sys.executable, "-c", PREPARE, str(tmp_path / str(attempt)), "none"]
        running = [subprocess.Popen(command) for _ in range(3)]
        assert [process.wait(60) for process in running] == [0, 0, 0]


def test_what_a_killed_process_left_is_swept_on_the_next_start(state: State) -> None:
    left = state.folder / "revisions" / "000099.unfinished"
    left.mkdir()
    prepare(State.open(state.folder))
    assert not left.exists()


def test_a_folder_that_lost_its_pointer_is_not_taken_for_an_empty_one(state: State) -> None:
    publish(state, QUAD)
    (state.folder / "CURRENT").unlink()
    with pytest.raises(StateError, match="CURRENT, which says what is published, is gone"):
        prepare(State.open(state.folder))
    with pytest.raises(StateError, match="is gone"):
        publish(State.open(state.folder), QUAD)


@pytest.mark.parametrize("name", ["corpus.nq.gz", "corpus.digest"])
@pytest.mark.parametrize("damage", [b"\xff\xfe", None])
def test_a_damaged_memory_of_the_corpus_is_told(tmp_path: Path, corpus: Path, name: str, damage: bytes | None) -> None:
    state = State.open(tmp_path / "state", corpus=str(corpus))
    prepare(state)
    file = state.current().folder / name
    file.unlink()
    if damage is not None:
        file.write_bytes(damage)
    (corpus / "ontology" / "terms.ttl").write_text("# changed", encoding="utf-8")
    with pytest.raises(StateError, match=f"{name} cannot be read"):
        prepare(State.open(tmp_path / "state"))


def test_what_the_corpus_was_is_published_with_it_or_not_at_all(
    tmp_path: Path, corpus: Path, says: Callable[[State], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = State.open(tmp_path / "state", corpus=str(corpus))
    prepare(state)
    before, told = state.current(), says(state)
    document = corpus / "data" / "documents" / "one.trig"
    first = document.read_text()
    document.write_text("GRAPH <http://example.org/para-1> { <http://example.org/x> a <http://example.org/C> . }")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("edaphon.store.preparing.written", full)
        with pytest.raises(StateError, match="what was published is as it was"):
            prepare(State.open(tmp_path / "state"))
    assert State.open(tmp_path / "state").current() == before
    document.write_text(first)
    prepare(State.open(tmp_path / "state"))
    assert says(state) == told


def test_a_published_revision_that_is_gone_is_no_empty_base_for_the_next(state: State) -> None:
    publish(state, QUAD)
    shutil.rmtree(state.current().folder)
    with pytest.raises(StateError, match="the published revision, is gone"):
        publish(State.open(state.folder), QUAD)


def test_a_folder_that_lost_what_it_was_made_with_is_not_taken_for_a_new_one(state: State) -> None:
    (state.folder / "state.json").unlink()
    with pytest.raises(StateError, match=r"state\.json, which says what the folder holds, is gone"):
        State.open(state.folder)


KILLED = """
import os, sys
from pathlib import Path
from edaphon.store.preparing import prepare
from edaphon.store.state import State
rename = Path.rename
Path.rename = lambda self, target: os._exit(9) if Path(target).name == "CURRENT" else rename(self, target)
state = State.open(Path(sys.argv[1]), corpus="none", default_graph="plain")
prepare(state)
with state.publishing() as revisions, revisions.next():
    pass
"""


@pytest.mark.parametrize("first", [True, False])
def test_what_was_killed_just_before_it_was_published_is_no_revision(tmp_path: Path, first: bool) -> None:
    state = State.open(tmp_path / "state", corpus="none", default_graph="plain")
    if not first:
        prepare(state)
    assert subprocess.run([sys.executable, "-c", KILLED, str(state.folder)], check=False).returncode == 9
    if not first:
        with pytest.raises(RevisionMissing):
            state.numbered(state.current().number + 1)
    prepare(State.open(state.folder))
    assert [folder.name for folder in (state.folder / "revisions").iterdir()] == [state.current().folder.name]
    assert not (state.folder / "CURRENT.new").exists()


def test_a_pointer_that_cannot_be_replaced_leaves_no_trace(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(state.folder.rglob("*"))
    rename = Path.rename

    def full(self: Path, target: Path) -> Path:
        if target.name == "CURRENT":
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", full)
        with pytest.raises(OSError, match="No space left"):
            publish(state, QUAD)
    assert sorted(state.folder.rglob("*")) == before


def test_a_folder_in_which_no_lock_can_be_made_is_told(state: State) -> None:
    (state.folder / "lock").unlink()
    (state.folder / "lock").mkdir()
    with pytest.raises(StateError, match="cannot be written to"), state.publishing():
        pass
