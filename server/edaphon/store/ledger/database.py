"""A database that holds a ledger: transactions that read, and transactions that write, one at a time."""

import abc
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, Pool, event

from edaphon.store.ledger.failures import translated
from edaphon.store.ledger.schema import HEAD, migrate, version

__all__ = ["PATIENCE", "Database"]

# Seconds that one waits for others who write, or for a connection.
PATIENCE: Final = 10


class Database(abc.ABC):
    """A database, called `name` in what is said about it. Any thread may use it, and a process forked off.

    Whatever goes wrong comes as StateFull, StateBusy or LedgerError.
    """

    def __init__(self, engine: Engine, name: str, folder: Path | None = None) -> None:
        self.name = name
        self.folder = folder
        self._engine = engine
        self._writer = engine.execution_options(writing=True)
        self._process = os.getpid()
        self._inherited: list[Pool] = []
        event.listen(engine, "begin", self._begin)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of things."""
        self._keep_from_parent()
        with translated(self.name, folder=self.folder), self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only transaction that writes now. All of it is on the disk when the block has ended, or nothing."""
        self._keep_from_parent()
        with translated(self.name, folder=self.folder), self._writer.begin() as connection:
            yield connection
        self.settle()

    def prepare(self, *, create: bool) -> None:
        """Bring the schema up to date; `create` says whether to make it where there is none."""
        with self.reading() as connection:
            if version(connection) == HEAD:
                return
        with self.writing() as connection:
            migrate(connection, self.name, create=create)

    def close(self) -> None:
        """Give up all connections. The next use makes new ones."""
        self._engine.dispose()

    @abc.abstractmethod
    def copy_into(self, file: Path, name: str) -> None:
        """Make a SQLite database of the whole ledger as it is now, while others write, in an empty file.

        `name` is what is said of it when something goes wrong there.
        """

    @abc.abstractmethod
    def settle(self) -> None:
        """What is to be done after a transaction has been written; it must not fail."""

    @abc.abstractmethod
    def begin(self, connection: Connection, *, writing: bool) -> None:
        """Begin a transaction; one that writes waits for its turn."""

    def _begin(self, connection: Connection) -> None:
        self.begin(connection, writing=bool(connection.get_execution_options().get("writing")))

    def _keep_from_parent(self) -> None:
        # Two processes on one connection would damage each other's transactions. Those of the parent are neither used
        # nor closed: closing would say good-bye in its name.
        if self._process != os.getpid():
            self._inherited.append(self._engine.pool)
            self._engine.dispose(close=False)
            self._process = os.getpid()
