"""Older revisions, made again: what they hold, what it may cost, and that no accident leaves a wrong one."""

import fcntl
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from history import EX, History, change, quad, quads_of, small_state

from edaphon.errors import RevisionGone, RevisionUnknown
from edaphon.settings import DefaultGraph
from edaphon.store import past as module
from edaphon.store.loading import load
from edaphon.store.past import find, forget, past
from edaphon.store.revisions import KEPT
from edaphon.store.state import State


@pytest.fixture
def state(tmp_path: Path) -> State:
    return small_state(tmp_path)


def made_again(state: State) -> set[int]:
    return {int(one.name) for one in (state.folder / "past").glob("*") if one.name.isdigit()}


def grown(state: State, revisions: int) -> None:
    """Publish so many revisions, each of one thing more."""
    for number in range(revisions):
        change(state, [quad(f"thing-{number}", "size", number, "doc")])


# What it holds


@pytest.mark.parametrize("mode", ["merge", "plain"])
@pytest.mark.parametrize("seed", range(4))
def test_every_past_revision_holds_what_it_held(tmp_path: Path, mode: DefaultGraph, seed: int) -> None:
    history = History(small_state(tmp_path, mode), seed)
    history.grow(3 * KEPT)
    numbers = sorted(history.held)
    # In an order in which some are made from newer ones and some from older ones.
    for number in numbers[::2] + numbers[::-3] + numbers:
        assert quads_of(past(history.state, number)) == history.held[number]


def test_a_past_revision_holds_what_it_held_after_the_state_was_made_again(state: State) -> None:
    history = History(state, 7)
    history.grow(2 * KEPT)
    last = max(history.held)
    assert quads_of(past(state, last - 7)) == history.held[last - 7]
    forget(state)
    assert made_again(state) == set()
    assert quads_of(past(State.open(state.folder), last - 7)) == history.held[last - 7]


def test_a_kept_revision_is_not_made(state: State) -> None:
    grown(state, 3)
    assert past(state, state.current().number) == state.current()
    assert past(state, 2).folder == state.folder / "revisions" / "000002"
    assert find(state, 2) == past(state, 2)


def test_a_past_revision_is_made_once(state: State) -> None:
    grown(state, KEPT + 2)
    assert find(state, 2) is None
    made = past(state, 2)
    assert made.folder == state.folder / "past" / "000002"
    inode = made.folder.stat().st_ino
    assert find(state, 2) == made
    assert past(state, 2).folder.stat().st_ino == inode


def test_publishing_leaves_past_revisions_alone(state: State) -> None:
    grown(state, KEPT + 2)
    made = past(state, 2)
    held = quads_of(made)
    grown(state, KEPT)
    assert quads_of(made) == held


# Which there are


@pytest.mark.parametrize("number", [0, -1, 99])
def test_what_never_was_is_unknown(state: State, number: int) -> None:
    with pytest.raises(RevisionUnknown, match=f"no revision {number} has been published"):
        past(state, number)


def test_nothing_is_made_across_a_bulk_load(tmp_path: Path, state: State) -> None:
    grown(state, 2)
    file = tmp_path / "more.nq"
    file.write_text(f"<{EX}a> <{EX}b> <{EX}c> <{EX}d> .\n", encoding="utf-8")
    loaded = load(state, [file], graph=None, progress=lambda _: None).number
    grown(state, KEPT)
    assert quads_of(past(state, loaded))
    with pytest.raises(RevisionGone, match=f"revision {loaded}, a bulk load, lies between it and revision"):
        past(state, loaded - 1)


def test_nothing_is_made_by_too_much_work(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    grown(state, KEPT + 4)
    monkeypatch.setattr(module, "MOST_QUADS", 2)
    with pytest.raises(RevisionGone, match=r"more than 2 statements have changed .* ask for a later one"):
        past(state, 2)
    monkeypatch.undo()
    monkeypatch.setattr(module, "MOST_REVISIONS", 2)
    with pytest.raises(RevisionGone, match="more than 2 revisions lie between it and revision"):
        past(state, 2)


def test_a_revision_made_again_is_where_older_ones_are_made_from(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    grown(state, KEPT + 6)
    monkeypatch.setattr(module, "MOST_REVISIONS", 3)
    oldest = state.current().number - KEPT + 1
    past(state, oldest - 3)
    assert quads_of(past(state, oldest - 6))


def test_a_ledger_that_does_not_fit_is_noticed(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    # As where the ledger was replaced by a copy that is younger than it seems.
    monkeypatch.setattr("edaphon.store.publishing.must_agree", lambda _: None)
    change(state, [quad("first", "size", 1, "doc")])
    with state.publishing() as revisions, revisions.next() as candidate:
        # Published behind the ledger's back.
        candidate.store.clear()
    grown(state, KEPT + 3)
    with pytest.raises(RevisionUnknown, match="no revision 3 has been published"):
        past(state, 3)
    with pytest.raises(RevisionGone, match=r"the ledger says of the revisions 2 to .* does not fit what revision"):
        past(state, 1)


# What it costs


def test_only_so_many_are_kept_and_the_one_wanted_least_recently_goes(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown(state, KEPT + 4)
    monkeypatch.setattr(module, "KEPT", 2)
    clock = iter(range(1, 100))

    def wanted(number: int) -> None:
        os.utime(past(state, number).folder, (moment := next(clock), moment))

    wanted(2)
    wanted(3)
    wanted(2)
    wanted(4)
    assert made_again(state) == {2, 4}


def test_a_past_revision_that_somebody_reads_stays(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    grown(state, KEPT + 4)
    monkeypatch.setattr(module, "KEPT", 1)
    read = past(state, 2)
    hold = os.open(read.folder, os.O_RDONLY)
    fcntl.flock(hold, fcntl.LOCK_SH)
    past(state, 3)
    assert made_again(state) == {2, 3}
    os.close(hold)
    past(state, 4)
    assert made_again(state) == {4}


def test_many_past_revisions_take_no_more_room_than_a_few(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    grown(state, 3 * KEPT)
    for number in range(1, state.current().number):
        past(state, number)
    assert len(made_again(state)) == 3
    assert {one.name for one in (state.folder / "past").iterdir() if not one.name.isdigit()} == {module.LOCK}


# Accidents

MAKE = """
import sys
from pathlib import Path
from edaphon.store.past import past
from edaphon.store.state import State
print(past(State.open(Path(sys.argv[1])), int(sys.argv[2])).number)
"""
# The same, but the process ends as by kill -9 at the n-th of the steps at which it could leave something half.
DIE = f"""
import os, signal, sys
from pathlib import Path
from pyoxigraph import Store
from edaphon.store import merge, past
from edaphon.store.state import State
left = int(sys.argv[3])
def watched(step):
    def run(*given, **named):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), {int(signal.SIGKILL)})
        return step(*given, **named)
    return run
steps = merge.apply, past.sync, Path.rename, past.effective
merge.apply, past.sync, Path.rename, past.effective = map(watched, steps)
past.past(State.open(Path(sys.argv[1])), int(sys.argv[2]))
"""


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_processes_that_want_the_same_one_at_once_get_it(state: State) -> None:
    grown(state, KEPT + 4)
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda number: run(MAKE, state.folder, number), [2, 2, 3, 2]))
    assert [(one.returncode, one.stdout.strip()) for one in done] == [(0, "2"), (0, "2"), (0, "3"), (0, "2")], done
    assert made_again(state) == {2, 3}


def test_a_process_that_is_killed_leaves_nothing_half(state: State) -> None:
    history = History(state, 11)
    history.grow(2 * KEPT)
    survived = False
    for step in (1, 2, 3, 5, 8, 11, 15, 20, 100):
        outcome = run(DIE, state.folder, 3, step)
        if outcome.returncode == 0:
            survived = True
            break
        assert outcome.returncode == -signal.SIGKILL, outcome.stderr
        found = find(state, 3)
        assert found is None or quads_of(found) == history.held[3]
    assert survived
    assert quads_of(past(state, 3)) == history.held[3]
    assert {one.name for one in (state.folder / "past").iterdir()} == {module.LOCK, "000003"}


def test_what_fails_leaves_nothing(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    grown(state, KEPT + 2)

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("edaphon.store.merge.apply", fail)
    with pytest.raises(ZeroDivisionError):
        past(state, 2)
    assert {one.name for one in (state.folder / "past").iterdir()} == {module.LOCK}
