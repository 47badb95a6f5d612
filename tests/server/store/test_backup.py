"""A backup is whole and on the disk, or there is none; and a restored one is what was backed up."""

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from contributing import EX, Desk
from postgresql import Cluster
from pyoxigraph import Quad, Store

from edaphon.contributions import tokens
from edaphon.errors import StateError, StateFull
from edaphon.store import backup
from edaphon.store.backup import back_up, restore
from edaphon.store.loading import load
from edaphon.store.preparing import prepare
from edaphon.store.rebuilding import rebuild
from edaphon.store.state import State


def all_quads(state: State) -> frozenset[Quad]:
    return frozenset(Store.read_only(str(state.current().folder)))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A graph with a contribution, a loaded file and a token."""
    desk = Desk.at(tmp_path)
    desk.accept(desk.propose(':other a :Survey ; :year 2020 ; :title "Other" .'))
    desk.propose(":survey :area 12 .")
    file = tmp_path / "more.nt"
    file.write_text(f"<{EX}loaded> <{EX}by> _:someone .\n", encoding="utf-8")
    load(desk.state, [file], graph=EX + "loads", progress=lambda _: None)
    tokens.make(desk.state.ledger, "ann", "reviewer", None)
    return desk


def test_a_restored_state_is_what_was_backed_up(desk: Desk, tmp_path: Path) -> None:
    made = back_up(desk.state, tmp_path / "backup")
    restored = restore(tmp_path / "backup", tmp_path / "restored")
    assert made.revision == restored.current().number == desk.state.current().number
    assert all_quads(restored) == all_quads(desk.state)
    old, new = desk.state.ledger, restored.ledger
    assert new.events(limit=1000) == old.events(limit=1000)
    assert new.contributions() == old.contributions()
    assert new.tokens() == old.tokens()
    (waiting,) = new.contributions(status="proposed")
    assert new.payload(waiting.id) == old.payload(waiting.id)


def test_a_restored_state_goes_on_and_can_be_rebuilt(desk: Desk, tmp_path: Path) -> None:
    back_up(desk.state, tmp_path / "backup")
    shutil.rmtree(desk.state.folder)
    restored = Desk(restore(tmp_path / "backup", tmp_path / "restored"))
    (waiting,) = restored.state.ledger.contributions(status="proposed")
    restored.accept(waiting)
    assert restored.says("survey", "area")["default"] == {"12"}
    assert rebuild(restored.state).same


def test_a_backup_can_be_restored_more_than_once(desk: Desk, tmp_path: Path) -> None:
    back_up(desk.state, tmp_path / "backup")
    before = tree(tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "first")
    (tmp_path / "second").mkdir()
    restore(tmp_path / "backup", tmp_path / "second")
    assert tree(tmp_path / "backup") == before


def test_only_its_owner_may_read_what_holds_hashes_of_tokens(desk: Desk, tmp_path: Path) -> None:
    back_up(desk.state, tmp_path / "backup")
    restored = restore(tmp_path / "backup", tmp_path / "restored")
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o700
    for folder in (tmp_path / "backup", restored.folder):
        assert (folder / "ledger.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_backup_made_while_others_publish_is_one_of_the_revisions(desk: Desk, tmp_path: Path) -> None:
    held = {desk.state.current().number: all_quads(desk.state)}
    done = threading.Event()

    def work() -> None:
        other = Desk(State.open(desk.state.folder))
        try:
            for value in range(12):
                other.accept(other.propose(f":survey :sample {value} ."))
                held[other.state.current().number] = all_quads(other.state)
        finally:
            done.set()

    thread = threading.Thread(target=work)
    thread.start()
    made = []
    while not done.is_set():
        made.append(back_up(desk.state, tmp_path / f"backup-{len(made)}"))
    thread.join()
    assert made
    for number in range(len(made)):
        restored = restore(tmp_path / f"backup-{number}", tmp_path / f"restored-{number}")
        assert all_quads(restored) == held[restored.current().number]
        last = restored.ledger.last_revision()
        assert last is not None
        assert last.number == restored.current().number


def test_what_the_ledger_has_and_died_before_it_was_published_is_restored(desk: Desk, tmp_path: Path) -> None:
    expected, current = all_quads(desk.state), desk.state.current()
    (desk.state.folder / "CURRENT").write_text(f"{current.number - 1}\n")
    back_up(State.open(desk.state.folder), tmp_path / "backup")
    restored = restore(tmp_path / "backup", tmp_path / "restored")
    assert restored.current().number == current.number
    assert all_quads(restored) == expected


# No backup


@pytest.mark.parametrize("there", ["file", "folder"])
def test_a_backup_overwrites_nothing(desk: Desk, tmp_path: Path, there: str) -> None:
    place = tmp_path / "backup"
    if there == "file":
        place.write_text("mine")
    else:
        place.mkdir()
        (place / "mine").write_text("mine")
    with pytest.raises(StateError, match="exists already"):
        back_up(desk.state, place)
    assert (place if there == "file" else place / "mine").read_text() == "mine"


def test_a_full_disk_leaves_no_backup(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(backup, "_copied", full)
    with pytest.raises(StateFull, match="No space left on device; make room and try again"):
        back_up(desk.state, tmp_path / "backup")
    assert sorted(tmp_path.iterdir()) == before


def test_a_backup_that_would_lack_a_loaded_file_is_none(desk: Desk, tmp_path: Path) -> None:
    (copy,) = desk.state.loads.iterdir()
    copy.unlink()
    with pytest.raises(StateError, match="a backup would not be complete"):
        back_up(desk.state, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


KILLED = """
import os, sys
from pathlib import Path
from edaphon.store.backup import back_up
from edaphon.store.state import State
left, fsync = int(sys.argv[3]), os.fsync
def counted(descriptor):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    fsync(descriptor)
os.fsync = counted
back_up(State.open(Path(sys.argv[1])), Path(sys.argv[2]))
"""


def test_a_backup_that_is_killed_is_none_and_the_next_one_is_whole(desk: Desk, tmp_path: Path) -> None:
    killed = 0
    for steps in (0, 3, 9, 15, 18):
        target = tmp_path / f"backup-{steps}"
        command = [sys.executable, "-c", KILLED, str(desk.state.folder), str(target), str(steps)]
        killed += subprocess.run(command, timeout=60, check=False).returncode == 9
        assert not target.exists() or (target / "backup.json").exists()
    assert killed >= 3
    back_up(desk.state, tmp_path / "backup-3")
    assert all_quads(restore(tmp_path / "backup-3", tmp_path / "restored")) == all_quads(desk.state)


# No restored state


def test_nothing_is_restored_over_something(desk: Desk, tmp_path: Path) -> None:
    back_up(desk.state, tmp_path / "backup")
    before = tree(desk.state.folder)
    with pytest.raises(StateError, match="is not empty"):
        restore(tmp_path / "backup", desk.state.folder)
    assert tree(desk.state.folder) == before


@pytest.mark.parametrize("name", ["ledger.sqlite", "state.json", "CURRENT", "revisions/*/*.sst", "loads/*"])
@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_damaged_backup_is_told_and_restores_nothing(desk: Desk, tmp_path: Path, name: str, damage: str) -> None:
    back_up(desk.state, tmp_path / "backup")
    file = next(iter((tmp_path / "backup").glob(name)))
    content = file.read_bytes()
    file.unlink()
    if damage == "changed":
        file.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(StateError, match="the backup is damaged, use another one"):
        restore(tmp_path / "backup", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (None, "is no backup"),
        ("{", "cannot be read"),
        ('{"format": 99}', "by another version"),
        (json.dumps({"format": 1, "digests": {"../elsewhere": "0"}}), "outside of it"),
    ],
)
def test_what_is_no_backup_is_told(tmp_path: Path, manifest: str | None, said: str) -> None:
    (tmp_path / "backup").mkdir()
    if manifest is not None:
        (tmp_path / "backup" / "backup.json").write_text(manifest, encoding="utf-8")
    with pytest.raises(StateError, match=said):
        restore(tmp_path / "backup", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


# On the disk


def test_every_file_and_folder_is_on_the_disk_before_the_backup_has_its_name(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[tuple[int, int]] = set()
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        status = os.fstat(descriptor)
        synced.add((status.st_dev, status.st_ino))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    back_up(desk.state, tmp_path / "backup")
    for path in [tmp_path, tmp_path / "backup", *(tmp_path / "backup").rglob("*")]:
        status = path.stat()
        assert (status.st_dev, status.st_ino) in synced, path


# A ledger in PostgreSQL


def test_a_ledger_in_postgresql_is_backed_up_in_a_file_and_restored_to_either(
    tmp_path: Path, postgresql: Cluster
) -> None:
    state = State.open(tmp_path / "state", corpus="none", ledger=postgresql.fresh())
    prepare(state)
    desk = Desk(state)
    desk.accept(desk.propose(":s :p 1 ."))
    back_up(state, tmp_path / "backup")
    assert json.loads((tmp_path / "backup" / "state.json").read_text())["ledger"] == "sqlite"
    url = postgresql.fresh()
    in_file = restore(tmp_path / "backup", tmp_path / "in-file")
    shared = restore(tmp_path / "backup", tmp_path / "shared", url)
    for restored in (in_file, shared):
        assert all_quads(restored) == all_quads(state)
        assert restored.ledger.events(limit=1000) == state.ledger.events(limit=1000)
    Desk(shared).accept(Desk(shared).propose(":s :p 2 ."))
    assert not (shared.folder / "ledger.sqlite").exists()
    with pytest.raises(StateError, match="is not empty"):
        restore(tmp_path / "backup", tmp_path / "again", url)
    assert not (tmp_path / "again").exists()
    for one in (state, in_file, shared):
        one.ledger.close()
