"""A ledger that cannot be used says so, what to do about it, and no secret."""

import os
import traceback
from pathlib import Path

import psycopg
import pytest
from ledger_entries import entry
from postgresql import Cluster
from sqlalchemy import text

from edaphon.errors import LedgerError
from edaphon.store.ledger import Ledger


def failure(where: Path | str) -> str:
    """All that is said, the traceback included, when a ledger cannot be opened."""
    with pytest.raises(LedgerError) as caught:
        Ledger.open(where)
    return "".join(traceback.format_exception(caught.value))


def test_a_file_that_is_no_ledger_is_said_to_be_damaged(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    file.write_bytes(b"not a database " * 1000)
    with pytest.raises(LedgerError, match=r"damaged, or no ledger .*restore it from a backup"):
        Ledger.open(file)


def test_a_damaged_ledger_is_said_to_be_damaged(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with Ledger.open(file) as ledger:
        for number in range(100):
            ledger.submit(*entry(f"c{number}"))
    content = bytearray(file.read_bytes())
    content[8192:] = os.urandom(len(content) - 8192)
    file.write_bytes(content)
    with pytest.raises(LedgerError, match="damaged"), Ledger.open(file) as ledger:
        ledger.contributions()


def test_a_ledger_that_went_away_is_not_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with Ledger.open(file) as ledger:
        ledger.submit(*entry("kenya"))
        ledger.close()
        file.unlink()
        with pytest.raises(LedgerError, match="cannot be opened"):
            ledger.contributions()
        assert not file.exists()


@pytest.mark.parametrize("where", ["folder", "nowhere/ledger.sqlite"])
def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path, where: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(LedgerError, match=f"the ledger .*{where} cannot be"):
        Ledger.open(tmp_path / where)


@pytest.mark.parametrize("url", ["mysql://ann:secret@host/db", "sqlite:///ledger.sqlite"])
def test_another_database_is_refused(url: str) -> None:
    said = failure(url)
    assert "use a postgresql:// URL" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:secret@127.0.0.1:1/ledger",
        "postgresql://ann:secret@/ledger?host=/nowhere",
        "postgresql://ann:secret@127.0.0.1:1,127.0.0.2:1/ledger",
        "postgresql://ann:secret@/ledger?host=127.0.0.1,127.0.0.2&port=1,2",
        "postgresql://ann:secret@127.0.0.1:1/ledger?sslmode=nonsense",
        "postgresql://ann:secret@127.0.0.1:1/ledger?unheard=of",
        "postgresql://ann@127.0.0.1:1/ledger?password=secret",
        "postgresql://ann:secret@127.0.0.1:99999999/ledger",
        "postgresql://ann:secret@127.0.0.1:port/ledger",
        "postgresql://ann:secret@[::1/ledger",
    ],
)
def test_a_server_that_cannot_be_reached_is_told_without_the_password(url: str) -> None:
    said = failure(url)
    assert "edaphon.errors.LedgerError: the" in said
    assert "secret" not in said


def test_a_database_that_is_not_there_is_told(postgresql: Cluster) -> None:
    assert 'database "nowhere" does not exist' in failure(postgresql.url().replace("/postgres?", "/nowhere?"))


def test_a_user_who_may_not_make_tables_is_told(postgresql: Cluster) -> None:
    url = postgresql.fresh()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
        connection.execute(f"GRANT USAGE ON SCHEMA {url.rpartition('%3D')[2]} TO guest".encode())
    assert "cannot be used: permission denied for schema" in failure(url.replace("edaphon@", "guest:secret@"))


def test_what_was_about_to_be_written_is_not_told(ledger: Ledger) -> None:
    insert = text("INSERT INTO token (name, digest) VALUES ('rita', :digest)")
    with pytest.raises(LedgerError) as caught, ledger._database.writing() as connection:
        connection.execute(insert, {"digest": "hush"})
    assert "hush" not in str(caught.value)
    assert "[SQL parameters hidden" in str(caught.value.__cause__)


def test_a_server_that_was_restarted_is_asked_again(postgresql: Cluster) -> None:
    url = postgresql.fresh()
    with Ledger.open(url) as ledger, Ledger.open(url) as other:
        ledger.submit(*entry("kenya"))
        with ledger._database.reading() as connection:
            backend = connection.scalar(text("SELECT pg_backend_pid()"))
        with other._database.reading() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:backend, 10000)"), {"backend": backend})
        assert ledger.contribution("kenya").id == "kenya"


def test_a_connection_that_breaks_within_a_transaction_is_told_and_nothing_is_recorded(postgresql: Cluster) -> None:
    url = postgresql.fresh()
    with Ledger.open(url) as ledger, Ledger.open(url) as other:
        with pytest.raises(LedgerError, match="cannot be reached"), ledger._database.writing() as connection:
            connection.execute(text("INSERT INTO token VALUES ('rita', 'd1', 'admin', now())"))
            backend = connection.scalar(text("SELECT pg_backend_pid()"))
            with other._database.reading() as own:
                own.execute(text("SELECT pg_terminate_backend(:backend, 10000)"), {"backend": backend})
        assert ledger.tokens() == []


def test_a_writer_that_does_nothing_any_more_keeps_the_others_waiting_for_a_while_only(
    postgresql: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edaphon.store.ledger.postgresql.ABANDONED", 1)
    url = postgresql.fresh()
    with Ledger.open(url) as ledger, Ledger.open(url) as other:
        with pytest.raises(LedgerError, match="cannot be reached"), ledger._database.writing() as connection:
            connection.execute(text("INSERT INTO token VALUES ('rita', 'd1', 'admin', now())"))
            # It waits until the server has had enough of the first.
            other.submit(*entry("kenya"))
        assert ledger.tokens() == []
