"""Copies: a whole ledger in one SQLite file, made while others write, and taken into a new ledger."""

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ledger_entries import entry, proposal, revision

from edaphon.errors import LedgerError
from edaphon.store.ledger import Acceptance, Brought, Ledger


@dataclass(frozen=True)
class Contents:
    """All that a ledger says."""

    values: tuple[Any, ...]


def contents(ledger: Ledger) -> Contents:
    contributions = ledger.contributions(limit=1000)
    return Contents(
        (
            ledger.tokens(),
            contributions,
            [(ledger.payload(one.id), ledger.request(one.id), ledger.report(one.id)) for one in contributions],
            list(ledger.deltas(0, 1000)),
            ledger.events(limit=10_000),
        )
    )


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """A ledger with something of everything."""
    ledger.add_token("rita", "d1", "reviewer", None)
    ledger.add_token("old", "d2", "admin", "rita")
    ledger.revoke_token("old", "rita")
    ledger.publish(revision(1, cause="corpus", complete=False, details={"größe": 1}), None)
    for number in range(40):
        ledger.submit(*entry(f"c{number}"))
    ledger.publish(revision(2), b"\x00\xff", accepts=Acceptance("c0", "rita", "ja, natürlich", 2, 1))
    undoing = proposal("undo", kind="revert", reverts="c0")
    ledger.publish(revision(3, cause="revert"), b"-", brings=Brought(undoing, b"", b"", b""))
    ledger.decide("c1", "rejected", "rita", None)
    return ledger


def test_a_copy_says_what_the_ledger_says(filled: Ledger, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    filled.copy_to(copy)
    with Ledger.open(copy, create=False) as copied:
        assert contents(copied) == contents(filled)


def test_a_copy_is_one_file_that_only_its_owner_reads(filled: Ledger, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    folder.mkdir()
    filled.copy_to(folder / "copy.sqlite")
    (copy,) = folder.iterdir()
    assert copy.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_copy_does_not_take_the_place_of_a_file(filled: Ledger, tmp_path: Path) -> None:
    there = tmp_path / "copy.sqlite"
    there.write_text("precious")
    with pytest.raises(LedgerError, match=r"copy\.sqlite exists already"):
        filled.copy_to(there)
    assert there.read_text() == "precious"


def test_a_copy_into_a_folder_that_is_not_there_is_refused(filled: Ledger, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="No such file or directory"):
        filled.copy_to(tmp_path / "nowhere" / "copy.sqlite")


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_copy_is_taken_into_a_new_ledger_of_either_kind(
    filled: Ledger, target: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    copy = tmp_path / "copy.sqlite"
    filled.copy_to(copy)
    before = copy.read_bytes()
    where = tmp_path / "new.sqlite" if target == "sqlite" else request.getfixturevalue("postgresql").fresh()
    with Ledger.open(where) as restored:
        restored.copy_from(copy)
        assert contents(restored) == contents(filled)
        # What comes next is numbered as it would have been.
        for ledger in (restored, filled):
            ledger.submit(*entry("next"))
        assert restored.events()[0] == filled.events()[0]
        assert restored.contributions(limit=3) == filled.contributions(limit=3)
    assert copy.read_bytes() == before


def test_a_copy_is_taken_into_an_empty_ledger_only(filled: Ledger, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    filled.copy_to(copy)
    said = contents(filled)
    with pytest.raises(LedgerError, match="is not empty"):
        filled.copy_from(copy)
    assert contents(filled) == said


@pytest.mark.parametrize("content", [None, b"", b"SQLite format 3\x00 and then rubbish" * 100, b"rubbish" * 1000])
def test_what_is_no_copy_is_refused(ledger: Ledger, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "copy.sqlite"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LedgerError, match=rf"the copy {file} |there is no ledger at {file}"):
        ledger.copy_from(file)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert ledger.events() == []


def test_a_copy_made_while_others_write_is_of_one_moment(ledger: Ledger, where: Path | str, tmp_path: Path) -> None:
    done = threading.Event()

    def write() -> None:
        with Ledger.open(where) as writer:
            number = 0
            while not done.is_set():
                number += 1
                writer.submit(*entry(f"c{number}"))
                writer.publish(revision(number), b"", accepts=Acceptance(f"c{number}", "rita", None, 1, 0))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(3):
            ledger.copy_to(tmp_path / f"copy-{number}.sqlite")
    finally:
        done.set()
        thread.join()
    for number in range(3):
        with Ledger.open(tmp_path / f"copy-{number}.sqlite") as copied:
            kinds = [event.kind for event in reversed(copied.events(limit=10_000))]
            one = ["submitted", "checked", "accepted"]
            assert kinds == (one * (len(kinds) // 3 + 1))[: len(kinds)]
            accepted = copied.contributions(status="accepted", limit=10_000)
            assert [record.contribution for record in copied.revisions(limit=10_000)] == [one.id for one in accepted]
