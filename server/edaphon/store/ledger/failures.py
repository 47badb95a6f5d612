"""What a database says when it fails, as a member of our family of failures.

Never says a password, nor what was about to be written.
"""

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import (
    SQLITE_BUSY,
    SQLITE_CANTOPEN,
    SQLITE_CORRUPT,
    SQLITE_FULL,
    SQLITE_IOERR,
    SQLITE_LOCKED,
    SQLITE_NOTADB,
    SQLITE_PERM,
    SQLITE_READONLY,
)
from sqlite3 import Error as SQLiteError
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from edaphon.errors import LedgerError, StateBusy, StateError, StateFull

__all__ = ["translated"]

# Less is as good as nothing: SQLite's index of its log grows by this much at a time.
NOTHING_LEFT: Final = 64 * 1024
DISK_FULL: Final = {"53100"}
# lock_not_available, serialization_failure, deadlock_detected, too_many_connections
BUSY: Final = {"55P03", "40001", "40P01", "53300"}
# Classes: connection_exception, operator_intervention, and idle for too long.
LOST: Final = ("08", "57P", "25P03")


@contextlib.contextmanager
def translated(name: str, *, folder: Path | None = None) -> Iterator[None]:
    """Raise what goes wrong with the database called `name` as StateFull, StateBusy or LedgerError.

    `folder` is where its file is, for a database in a file.
    """
    try:
        yield
    except PoolTimeout as error:
        raise _busy(name) from error
    except DBAPIError as error:
        assert error.orig is not None
        raise _meaning(error.orig, name, folder) from error
    except (SQLiteError, OSError) as error:
        raise _meaning(error, name, folder) from error


def _meaning(error: BaseException, name: str, folder: Path | None) -> StateError:
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _full(name)
        return LedgerError(f"{name} cannot be used: {error.strerror or error}")
    if isinstance(error, SQLiteError):
        return _sqlite(error, name, folder)
    state = getattr(error, "sqlstate", None)
    if state in DISK_FULL:
        return _full(name)
    if state in BUSY:
        return _busy(name)
    if state is None or state.startswith(LOST):
        # Of several addresses that were tried, each has a line of its own.
        said = " ".join(str(error).split())
        return LedgerError(f"{name} cannot be reached: {said}; see that the database server runs and lets one in")
    # The lines after the first may tell what was about to be written.
    return LedgerError(f"{name} cannot be used: {_first_line(error)}")


def _sqlite(error: SQLiteError, name: str, folder: Path | None) -> StateError:
    # The low byte says what it is, the others which of its kinds.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == SQLITE_FULL:
        return _full(name)
    if code in (SQLITE_BUSY, SQLITE_LOCKED):
        return _busy(name)
    # Where it cannot make or grow a file beside the database, it does not say why.
    if code in (SQLITE_IOERR, SQLITE_CANTOPEN) and folder is not None and _no_room(folder):
        return _full(name)
    if code in (SQLITE_CORRUPT, SQLITE_NOTADB):
        return LedgerError(f"{name} is damaged, or no ledger ({_first_line(error)}); restore it from a backup")
    if code in (SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN):
        return LedgerError(f"{name} cannot be opened or written to ({_first_line(error)}); see to whom it belongs")
    return LedgerError(f"{name} cannot be used: {_first_line(error)}")


def _no_room(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < NOTHING_LEFT
    except OSError:
        return False


def _full(name: str) -> StateFull:
    return StateFull(f"{name} has no room left on its disk, and nothing was recorded; make room and try again")


def _busy(name: str) -> StateBusy:
    return StateBusy(f"{name} is in use by others for too long, and nothing was recorded; try again")


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
