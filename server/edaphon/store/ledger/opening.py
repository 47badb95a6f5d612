"""Where a ledger is: a file of its own, or a database that several servers share."""

from pathlib import Path

from edaphon.errors import LedgerError
from edaphon.store.ledger.database import Database
from edaphon.store.ledger.sqlite import SqliteDatabase

__all__ = ["open_database"]


def open_database(where: Path | str, *, create: bool) -> Database:
    """The database at a path or a postgresql:// URL, its schema the newest. Raises LedgerError when there is none."""
    if isinstance(where, Path) or "://" not in where:
        return SqliteDatabase.at(Path(where), create=create)
    scheme = where.partition("://")[0]
    if scheme not in ("postgresql", "postgres"):
        raise LedgerError(f"a ledger is kept in a file or in PostgreSQL, not at {scheme}://…; use a postgresql:// URL")
    # Its driver is imported only where it is used.
    from edaphon.store.ledger.postgresql import PostgresqlDatabase

    return PostgresqlDatabase.at(where, create=create)
