"""Accidents: killed and forked processes, full disks; what was acknowledged is there once, nothing is half there."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_entries import entry, proposal, revision
from postgresql import Cluster
from sqlalchemy import text

from edaphon.errors import StateFull
from edaphon.store.ledger import Acceptance, Ledger
from edaphon.store.ledger.sqlite import LARGE_LOG

# Writes without end, and tells what has been acknowledged.
WRITING = """
import os, sys
sys.path.insert(0, sys.argv[2])
from ledger_entries import entry, revision
from edaphon.store.ledger import Acceptance, Ledger
ledger = Ledger.open(sys.argv[1])
last = ledger.last_revision()
number = last.number + 1 if last else 1
while True:
    id = f"c{number}"
    # A submission whose process was killed before it could tell may have been recorded.
    if id not in {one.id for one in ledger.contributions(status="proposed")}:
        ledger.submit(*entry(id))
    os.write(1, f"submitted {number}\\n".encode())
    ledger.publish(revision(number), b"%d" % number, accepts=Acceptance(id, "rita", None, 1, 0))
    os.write(1, f"published {number}\\n".encode())
    number += 1
"""
PATIENCE = 60


def test_what_a_killed_process_was_told_is_there_once_and_nothing_is_half_there(where: Path | str) -> None:
    Ledger.open(where).close()
    chance = random.Random(4)
    told: set[str] = set()
    for _ in range(10):
        command = [sys.executable, "-c", WRITING, str(where), str(Path(__file__).parents[3])]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 20)):
                told.add(process.stdout.readline().decode().strip())
            process.kill()
            told |= {line.decode().strip() for line in process.stdout if line.endswith(b"\n")}
    with Ledger.open(where) as ledger:
        found = {one.id: one for one in ledger.contributions(limit=10_000)}
        revisions = {one.number: one for one in ledger.revisions(limit=10_000)}
        assert len(told) > 50
        for line in told:
            what, number = line.split()
            assert f"c{number}" in found
            if what == "published":
                assert (found[f"c{number}"].status, revisions[int(number)].contribution) == ("accepted", f"c{number}")
        for one in found.values():
            assert ledger.payload(one.id)[1] == f"payload {one.id}".encode()
            assert ledger.report(one.id) == f"report {one.id}".encode()
            kinds = [happened.kind for happened in ledger.events(contribution=one.id)]
            accepted = one.status == "accepted"
            assert kinds == ["submitted", "checked", *(["accepted"] if accepted else [])]
            assert (one.revision in revisions) == accepted
        assert sorted(revisions) == list(range(1, len(revisions) + 1))


def test_a_writer_that_is_killed_within_its_transaction_keeps_nobody_waiting(where: Path | str) -> None:
    program = """
import os, signal, sys
from edaphon.store.ledger import Ledger
with Ledger.open(sys.argv[1])._database.writing() as connection:
    connection.exec_driver_sql("UPDATE token SET role = 'admin'")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    with Ledger.open(where) as ledger:
        ledger.add_token("rita", "d1", "reviewer", None)
        done = subprocess.run([sys.executable, "-c", program, str(where)], timeout=PATIENCE, check=False)
        assert done.returncode == -signal.SIGKILL
        ledger.submit(*entry("kenya"))
        assert [token.role for token in ledger.tokens()] == ["reviewer"]


def test_a_forked_process_has_connections_of_its_own(ledger: Ledger) -> None:
    ledger.submit(*entry("before"))
    child = os.fork()
    if child == 0:
        # Nothing of the test runner may run in here.
        try:
            ledger.submit(*entry("child"))
            os._exit(0 if len(ledger.contributions()) == 2 else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    ledger.submit(*entry("parent"))
    assert {one.id for one in ledger.contributions()} == {"before", "child", "parent"}


def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger, ledger._database.reading() as connection:
        for pragma, expected in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == expected


def test_a_commit_waits_for_the_disk_also_where_the_server_would_not(postgresql: Cluster) -> None:
    with Ledger.open(postgresql.fresh()) as ledger, ledger._database.reading() as connection:
        assert connection.scalar(text("SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit'")) == "off"
        assert connection.scalar(text("SHOW synchronous_commit")) == "on"


def test_only_the_owner_reads_the_digests_of_tokens(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.add_token("rita", "d1", "reviewer", None)
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"ledger.sqlite": 0o600, "ledger.sqlite-wal": 0o600, "ledger.sqlite-shm": 0o600}


def test_the_log_is_brought_into_the_database_before_it_grows_large(tmp_path: Path) -> None:
    payload = os.urandom(300_000)
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        for number in range(40):
            ledger.submit(proposal(f"c{number}"), payload, b"", b"")
        log = tmp_path / "ledger.sqlite-wal"
        assert log.stat().st_size < LARGE_LOG + 2 * len(payload)
        assert (tmp_path / "ledger.sqlite").stat().st_size > 20 * len(payload)
        assert ledger.payload("c0")[1] == payload


def test_a_log_that_somebody_reads_is_left_to_the_next_writer(tmp_path: Path) -> None:
    log = tmp_path / "ledger.sqlite-wal"
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger, Ledger.open(tmp_path / "ledger.sqlite") as other:
        ledger.submit(*entry("early"))
        with other._database.reading() as connection:
            connection.exec_driver_sql("SELECT * FROM contribution").all()
            ledger.submit(proposal("large"), bytes(2 * LARGE_LOG), b"", b"")
            assert log.stat().st_size > LARGE_LOG
        ledger.submit(*entry("late"))
        assert log.stat().st_size == 0
        assert {one.id for one in other.contributions()} == {"early", "large", "late"}


def test_a_full_database_is_told_and_works_again_when_there_is_room(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.submit(*entry("kenya"))
        with ledger._database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StateFull, match="no room left"):
            ledger.publish(revision(1), bytes(1_000_000), accepts=Acceptance("kenya", "rita", None, 1, 0))
        assert ledger.last_revision() is None
        assert ledger.contribution("kenya") == proposal()
        assert len(ledger.events()) == 2
        with ledger._database.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        ledger.publish(revision(1), bytes(1_000_000), accepts=Acceptance("kenya", "rita", None, 1, 0))
        assert ledger.contribution("kenya").status == "accepted"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounted, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Use up all room with one file."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))
    return ballast


def test_a_full_disk_is_told_and_the_ledger_works_again_when_there_is_room(small_disk: Path) -> None:
    with Ledger.open(small_disk / "ledger.sqlite") as ledger:
        ledger.submit(*entry("kenya"))
        ballast = fill(small_disk)
        acceptance = Acceptance("kenya", "rita", None, 1, 0)
        with pytest.raises(StateFull, match="no room left"):
            for number in range(1, 1000):
                ledger.submit(*entry(f"c{number}"))
        with pytest.raises(StateFull):
            ledger.publish(revision(1), bytes(100_000), accepts=acceptance)
        # What was recorded can still be read.
        assert ledger.contribution("kenya") == proposal()
        ballast.unlink()
        ledger.publish(revision(1), bytes(100_000), accepts=acceptance)
        assert ledger.contribution("kenya").status == "accepted"


def test_a_ledger_is_opened_on_a_full_disk_only_when_there_is_room_for_what_it_needs(small_disk: Path) -> None:
    with Ledger.open(small_disk / "ledger.sqlite") as ledger:
        ledger.submit(*entry("kenya"))
    ballast = fill(small_disk)
    with pytest.raises(StateFull, match="no room left"):
        Ledger.open(small_disk / "ledger.sqlite")
    with pytest.raises(StateFull, match=r"the ledger .*/new\.sqlite has no room left"):
        Ledger.open(small_disk / "new.sqlite")
    ballast.unlink()
    assert {path.name.partition("-")[0] for path in small_disk.iterdir()} == {"ledger.sqlite"}
    with Ledger.open(small_disk / "ledger.sqlite") as ledger:
        assert ledger.contribution("kenya") == proposal()


def test_a_copy_that_finds_no_room_is_told_and_leaves_nothing(ledger: Ledger, small_disk: Path) -> None:
    ledger.submit(proposal(), bytes(2_000_000), b"", b"")
    with pytest.raises(StateFull, match=r"the copy .*/copy\.sqlite has no room left"):
        ledger.copy_to(small_disk / "copy.sqlite")
    assert list(small_disk.iterdir()) == []
