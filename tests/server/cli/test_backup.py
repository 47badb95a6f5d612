"""`edaphon backup`, `restore` and `rebuild`, as the drill has them."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from contributing import Desk
from serving import serving

from edaphon.cli import main
from edaphon.store.state import State


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk.at(tmp_path)
    desk.accept(desk.propose(':other a :Survey ; :year 2020 ; :title "Other" .'))
    return desk


def test_the_drill(desk: Desk, tmp_path: Path) -> None:
    state, backup = desk.state.folder, tmp_path / "backup"
    stated = run("dump", "--state", state).stdout
    with serving(desk.state, "--workers", "1"):
        saved = run("backup", backup, "--state", state)
    assert (saved.exit_code, saved.stdout) == (0, f"{backup}\n")
    shutil.rmtree(state)
    assert run("restore", backup, "--state", state).exit_code == 0
    assert run("dump", "--state", state).stdout == stated
    done = run("rebuild", "--state", state)
    assert (done.exit_code, done.stdout) == (0, "the same quads as before\n")


def test_what_differs_from_what_the_ledger_says_ends_with_status_1(desk: Desk) -> None:
    with desk.state.publishing() as revisions, revisions.next() as candidate:
        candidate.store.clear()
    done = run("rebuild", "--state", desk.state.folder)
    assert (done.exit_code, done.stdout) == (1, "other quads than before\n")
    assert "What was there before is in" in done.stderr


def test_revisions_that_cannot_be_read_are_made_again(desk: Desk) -> None:
    shutil.rmtree(desk.state.folder / "revisions")
    done = run("rebuild", "--state", desk.state.folder)
    assert (done.exit_code, done.stdout) == (0, "what was published before could not be read\n")


def test_a_rebuild_under_a_running_server_is_refused(desk: Desk) -> None:
    with desk.state.serving():
        refused = run("rebuild", "--state", desk.state.folder)
    assert refused.exit_code == 2
    assert "a server is running; stop it first" in refused.stderr


@pytest.mark.parametrize("command", ["backup", "rebuild"])
def test_a_folder_that_is_no_state_folder_is_told(tmp_path: Path, command: str) -> None:
    arguments = [tmp_path / "backup"] if command == "backup" else []
    refused = run(command, *arguments, "--state", tmp_path / "nothing")
    assert refused.exit_code == 2
    assert "is no state folder" in refused.stderr
    assert not list(tmp_path.iterdir())


def test_a_ledger_from_an_older_backup_is_warned_of_and_a_rebuild_publishes_what_it_says(
    desk: Desk, tmp_path: Path
) -> None:
    state = desk.state.folder
    stated = run("dump", "--state", state).stdout
    run("backup", tmp_path / "backup", "--state", state)
    desk.accept(desk.propose(":survey :area 3 ."))
    desk.state.ledger.close()
    for file in state.glob("ledger.sqlite*"):
        file.unlink()
    shutil.copy(tmp_path / "backup" / "ledger.sqlite", state)
    with serving(desk.state, "--workers", "1") as server:
        log = server.log.read_text()
    assert "revision 3 is published, and the ledger ends at revision 2" in log
    done = run("rebuild", "--state", state)
    assert (done.exit_code, done.stdout) == (1, "other quads than before\n")
    assert run("dump", "--state", state).stdout == stated
    again = State.open(state)
    assert again.current().number == 4, "no number of a revision is used twice"
    last = again.ledger.last_revision()
    assert last is not None
    assert (last.number, last.complete) == (4, True)
