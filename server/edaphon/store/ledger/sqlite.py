"""A ledger in a file of its own: SQLite's log flushed at every commit, one writer at a time across processes."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, QueuePool, create_engine

from edaphon.errors import LedgerError
from edaphon.store.durable import sync
from edaphon.store.ledger.database import PATIENCE, Database
from edaphon.store.ledger.failures import translated

__all__ = ["SqliteDatabase", "new_file", "seal"]

# From this size on, the log is brought into the database.
LARGE_LOG: Final = 4_000_000
# Milliseconds that this waits for others; the next writer tries it again.
SETTLING: Final = 500


class SqliteDatabase(Database):
    """The ledger in an existing file, called `name`: the file may not have got its own name yet."""

    def __init__(self, file: Path, name: str) -> None:
        self._file = file
        # SQLite's own name for it.
        self._log = f"{file}-wal"
        engine = create_engine(
            "sqlite://",
            creator=self._connect,
            poolclass=QueuePool,
            pool_timeout=PATIENCE,
            hide_parameters=True,
        )
        super().__init__(engine, name, file.parent)

    @classmethod
    def at(cls, file: Path, *, create: bool, name: str | None = None) -> "SqliteDatabase":
        """The ledger in a file; with `create`, one that is not there is made. Raises LedgerError without one."""
        name = name or f"the ledger {file}"
        if not file.exists():
            if not create:
                raise LedgerError(f"there is no ledger at {file}")
            # Nobody sees it before its schema is complete; whose own comes second takes the first one's.
            with (
                translated(name, folder=file.parent),
                contextlib.suppress(FileExistsError),
                new_file(file) as unfinished,
            ):
                cls._prepared(unfinished, name, create=True).close()
        return cls._prepared(file, name, create=create)

    @classmethod
    def _prepared(cls, file: Path, name: str, *, create: bool) -> "SqliteDatabase":
        database = cls(file, name)
        try:
            database.prepare(create=create)
        except BaseException:
            database.close()
            raise
        return database

    def begin(self, connection: Connection, *, writing: bool) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    def settle(self) -> None:
        """Bring a log that has grown large into the database.

        SQLite would do it by itself, beside other writers; up to 3.51.2 that can damage the database when they
        start the log anew meanwhile (sqlite.org/wal.html, “The WAL-Reset Bug”). Truncation keeps them out.
        """
        with contextlib.suppress(OSError, sqlite3.Error, LedgerError):
            # What is committed is on the disk already: if this fails, the log stays, and the next writer tries again.
            if os.stat(self._log).st_size > LARGE_LOG:  # noqa: PTH116 - a third of the time
                with contextlib.closing(self._connect()) as connection:
                    connection.execute(f"PRAGMA busy_timeout = {SETTLING}")
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def copy_into(self, file: Path, name: str) -> None:
        with translated(self.name, folder=self.folder):
            source = self._connect()
        with (
            contextlib.closing(source),
            translated(name, folder=file.parent),
            contextlib.closing(sqlite3.connect(file)) as target,
        ):
            # In one go: a copy in steps begins anew whenever somebody writes.
            source.backup(target)
        seal(file)

    def _connect(self) -> sqlite3.Connection:
        # mode=rw: a file that went away is no empty ledger. Without an isolation level, Python begins no
        # transactions of its own, which would come too late and not be those that write.
        connection = sqlite3.connect(
            f"{self._file.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise LedgerError(f"{self.name} is on a disk that cannot hold its log; use a local one")
            for pragma in ("synchronous = FULL", "foreign_keys = ON", "wal_autocheckpoint = 0"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
        except BaseException:
            connection.close()
            raise
        return connection


@contextlib.contextmanager
def new_file(file: Path) -> Iterator[Path]:
    """A file that only its owner may read, which gets its name when the block ends, complete and on the disk.

    Raises FileExistsError when there is one of that name then.
    """
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.{os.urandom(4).hex()}")
    os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield unfinished
        sync(unfinished)
        os.link(unfinished, file)
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            unfinished.with_name(unfinished.name + suffix).unlink(missing_ok=True)
    sync(file.parent)


def seal(file: Path) -> None:
    """Make one file of a database that nobody has open: it can be read from a disk that cannot be written to."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
