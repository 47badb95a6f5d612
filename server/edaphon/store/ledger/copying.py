"""The whole of one ledger goes into another, row by row, whatever database each is in."""

from typing import Final

from sqlalchemy import Connection, Table, func, insert, select, text

from edaphon.store.ledger import tables

__all__ = ["copy_rows", "is_empty"]

# Rows held in memory at a time; each may carry a payload.
BATCH: Final = 16
# Each after those that it refers to.
ORDER: Final[tuple[Table, ...]] = (
    tables.token,
    tables.contribution,
    tables.payload,
    tables.check_report,
    tables.revision,
    tables.event,
)


def copy_rows(source: Connection, target: Connection) -> None:
    """Insert all that the transaction `source` sees in the transaction `target`, whose tables must be empty."""
    for table in ORDER:
        keys = list(table.primary_key)
        found = source.execution_options(yield_per=BATCH).execute(select(table).order_by(*keys))
        for batch in found.mappings().partitions():
            target.execute(insert(table), [dict(row) for row in batch])
        if target.dialect.name == "postgresql" and keys[0].name == "seq":
            # The next row counts on from there.
            target.execute(
                text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'seq'), max(seq)) FROM {table.name}")
            )


def is_empty(connection: Connection) -> bool:
    """Whether nothing has been recorded yet."""
    return not any(connection.scalar(select(func.count()).select_from(table)) for table in ORDER)
