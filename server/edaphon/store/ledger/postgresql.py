"""A ledger in PostgreSQL, for servers that share one: one writer at a time, as in a file."""

from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy import URL, Connection, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from edaphon.errors import LedgerError
from edaphon.store.ledger.copying import copy_rows
from edaphon.store.ledger.database import PATIENCE, Database
from edaphon.store.ledger.sqlite import SqliteDatabase, seal

__all__ = ["PostgresqlDatabase"]

# The lock that a writing transaction holds: so events are numbered in the order in which they become visible.
WRITERS_LOCK: Final = int.from_bytes(b"edaphon", "big")
# Seconds after which the server gives up a writer that does nothing, or whose machine went away: others wait for it.
ABANDONED: Final = 60


class PostgresqlDatabase(Database):
    """The ledger in the database of a URL."""

    def __init__(self, url: URL) -> None:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": PATIENCE, "application_name": "edaphon"},
            pool_timeout=PATIENCE,
            # The server may have been restarted since.
            pool_pre_ping=True,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _settings)
        # What follows the question mark may hold a password too.
        shown = url.set(query={name: url.query[name] for name in ("host", "port") if name in url.query})
        super().__init__(engine, f"the ledger {shown.render_as_string(hide_password=True)}")

    @classmethod
    def at(cls, url: str, *, create: bool) -> "PostgresqlDatabase":
        """The ledger in the database of a URL; with `create`, a schema that is not there is made."""
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            # Neither says the URL: it may hold a password.
            raise LedgerError(
                "the URL of the ledger makes no sense; write postgresql://user:password@host:port/database"
            ) from None
        database = cls(parsed)
        try:
            database.prepare(create=create)
        except BaseException:
            database.close()
            raise
        return database

    def begin(self, connection: Connection, *, writing: bool) -> None:
        if writing:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")

    def settle(self) -> None:
        """Nothing: the server does so by itself."""

    def copy_into(self, file: Path, name: str) -> None:
        copy = SqliteDatabase(file, name)
        try:
            copy.prepare(create=True)
            with self.reading() as source, copy.writing() as target:
                source.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                copy_rows(source, target)
        finally:
            copy.close()
        seal(file)


def _settings(connection: psycopg.Connection, _entry: ConnectionPoolEntry) -> None:
    """What every connection asks of the server: how long to wait, and to flush what it acknowledges."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{PATIENCE}s'")
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{ABANDONED}s'")
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
    connection.commit()
