"""The ledger only grows: the database itself refuses to change or remove what happened."""

import pytest
from ledger_entries import entry, revision
from postgresql import Cluster
from sqlalchemy import text

from edaphon.errors import LedgerError
from edaphon.store.ledger import Acceptance, Ledger
from edaphon.store.ledger.database import Database

TABLES = ["event", "payload", "revision", "contribution", "check_report", "token"]


@pytest.fixture
def database(ledger: Ledger) -> Database:
    """The database of a ledger that holds a row in every table."""
    ledger.add_token("rita", "d1", "reviewer", None)
    ledger.submit(*entry("kenya"))
    ledger.publish(revision(1), b"delta", accepts=Acceptance("kenya", "rita", None, 2, 1))
    return ledger._database


def refused(database: Database, statement: str) -> str:
    with pytest.raises(LedgerError) as caught, database.writing() as connection:
        connection.execute(text(statement))
    return str(caught.value)


@pytest.mark.parametrize(
    ("table", "column"),
    [("event", "actor"), ("payload", "content"), ("payload", "digest"), ("revision", "delta"), ("revision", "title")],
)
def test_what_happened_is_not_changed(database: Database, table: str, column: str) -> None:
    said = refused(database, f"UPDATE {table} SET {column} = '0'")
    assert f"the ledger only grows: no UPDATE on {table}" in said


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_removed(database: Database, table: str) -> None:
    said = refused(database, f"DELETE FROM {table}")
    assert f"the ledger only grows: no DELETE on {table}" in said
    with database.reading() as connection:
        assert connection.scalar(text(f"SELECT count(*) FROM {table}")) > 0


def test_no_table_is_emptied(postgresql: Cluster) -> None:
    # SQLite has no such statement.
    with Ledger.open(postgresql.fresh()) as ledger:
        for table in TABLES:
            assert "the ledger only grows: no TRUNCATE" in refused(ledger._database, f"TRUNCATE {table} CASCADE")


def test_nothing_refers_to_what_is_not_there(database: Database) -> None:
    refused(database, "INSERT INTO event (at, kind, contribution, details) VALUES ('2026-11-24', 'x', 'nowhere', '{}')")
