"""Which version of the schema a database has, and the way to the newest."""

import logging
import threading
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from edaphon.errors import LedgerError
from edaphon.store.ledger.tables import metadata

__all__ = ["HEAD", "MIGRATIONS", "migrate", "version"]

# The newest one in migrations/versions; a test holds that it is. Known here, since Alembic is slow to import.
HEAD: Final = "0001"
MIGRATIONS: Final = Path(__file__).with_name("migrations")
VERSION_TABLE: Final = "alembic_version"
# Alembic keeps what it works on in a module.
ONE_AT_A_TIME: Final = threading.Lock()


def version(connection: Connection) -> str | None:
    """The version of the schema; None where there is none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return found


def migrate(connection: Connection, name: str, *, create: bool = True) -> None:
    """Bring the schema of the database called `name` to the newest version, in the transaction that the caller holds.

    That one must be the only one that writes. Raises LedgerError where the schema is not known here, where other
    tables are in its place, and where there is no schema and `create` is false.
    """
    found = version(connection)
    if found == HEAD:
        return
    if found is None:
        present = set(inspect(connection).get_table_names())
        # A database server's may hold the tables of others as well, a file is the ledger's alone.
        taken = present if connection.dialect.name == "sqlite" else present & set(metadata.tables)
        if taken:
            raise LedgerError(
                f"{name} is no ledger: it holds other tables ({', '.join(sorted(taken)[:3])}); name another"
            )
        if not create:
            raise LedgerError(f"{name} holds no ledger")
    # Each of its steps is news to it, and none to those who start a server.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    # The configuration takes % for the beginning of a reference.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise LedgerError(
            f"{name} has schema {found}, which this version of Edaphon does not know (it knows {HEAD}); "
            "use the version that made it, or a newer one"
        )
    with ONE_AT_A_TIME:
        command.upgrade(config, HEAD)
