"""Contributions after a power cut or on a full disk: each acknowledged one is there once, and none is half there."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from crash.disk import Disk
from crash.integrity import EX, goes_on, keeps, recovered, small_corpus
from crash.survival import LONG, MODELS, Model, chosen, moments

from edaphon.store.preparing import prepare
from edaphon.store.state import State

START = f"""
import sys
from pathlib import Path

from crash.dials import own_dials
from crash.integrity import payload
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
    said = About(f"Thing {{n}}", "{EX}source")
    return propose(state, FOCAL, said, Payload(payload(n).encode(), "text/turtle")).id

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


@pytest.fixture
def prepared(new_disk: Callable[[str], Disk], tmp_path: Path) -> Callable[[str], Disk]:
    """Makes disks with a state of that corpus."""
    state = State.open(tmp_path / "fresh" / "tree" / "state", corpus=small_corpus(tmp_path / "corpus"))
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
                if moment is every[-1]:
                    goes_on(state)
            shutil.rmtree(where)


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
