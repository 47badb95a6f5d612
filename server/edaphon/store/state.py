"""The state folder: what it was made with, who may write to it, and which revision is published."""

import contextlib
import errno
import fcntl
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from edaphon.corpus.layout import Corpus, open_corpus
from edaphon.errors import LedgerError, StateBusy, StateError, StateFull, StateMismatch
from edaphon.settings import DefaultGraph
from edaphon.store.durable import sync
from edaphon.store.revisions import Revision, Revisions

if TYPE_CHECKING:  # the database library takes longer to import than everything else, and most readers never need it
    from edaphon.store.ledger import Ledger
    from edaphon.store.working import WorkingCopy

__all__ = ["LEDGER", "State", "written"]

# Raised when the layout of the folder changes; an older version cannot read a newer folder.
FORMAT: Final = 3
LEDGER: Final = "ledger.sqlite"
# Seconds for which a lock is waited for, and between two looks at it.
PATIENCE: Final = 10.0
LOOK: Final = 0.005
NO_ROOM: Final = re.compile("no space left|disk quota|database or disk is full", re.IGNORECASE)


class State:
    """One state folder, of a corpus and a default-graph mode that it remembers."""

    def __init__(
        self, folder: Path, corpus: Corpus, default_graph: DefaultGraph, ledger_url: str | None = None
    ) -> None:
        self.folder = folder
        self.corpus = corpus
        self.default_graph: DefaultGraph = default_graph
        # None for the SQLite file in the folder.
        self.ledger_url = ledger_url
        self._ledger: Ledger | None = None
        self._opening = threading.Lock()
        self._revisions = Revisions(folder)
        # Those that are kept open, by what for: see `store.working`.
        self.copies: dict[str, WorkingCopy] = {}

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        corpus: str | None = None,
        default_graph: DefaultGraph | None = None,
        ledger: str | None = None,
    ) -> "State":
        """Open a state folder, or make it. None stands for what it remembers: `shipped` and `merge` when it is new.

        `ledger` is `sqlite`, for a file in the folder and the one of a new state, or a PostgreSQL database's URL. The
        folder remembers that URL without its password.

        Raises StateMismatch when it remembers something else, StateError when it cannot be read or made, CorpusError
        when its corpus is not there.
        """
        file = folder / "state.json"
        remembered = _remembered(file)
        opened = open_corpus(corpus or remembered.get("corpus", "shipped"))
        mode = default_graph or remembered.get("default_graph", "merge")
        url = ledger or remembered.get("ledger", "sqlite")
        wanted = {"format": FORMAT, "corpus": opened.name, "default_graph": mode, "ledger": without_password(url)}
        for name in ("corpus", "default_graph", "ledger"):
            if remembered and remembered[name] != wanted[name]:
                option = f"--{name.replace('_', '-')}"
                raise StateMismatch(
                    f"{folder} was made with {option} {remembered[name]}, not {wanted[name]}; "
                    "leave the option out, or name another --state"
                )
        if not remembered:
            # Another process may have made it since it was looked for.
            if (folder / "revisions").exists() and not file.exists():
                raise StateError(f"{file}, which says what the folder holds, is gone; restore it from a backup")
            try:
                _made(folder)
                written(file, json.dumps(wanted, indent=2).encode() + b"\n", anew=True)
            except FileExistsError:
                # Another process was faster, perhaps with another mind.
                return cls.open(folder, corpus=corpus, default_graph=default_graph, ledger=ledger)
            except OSError as error:
                failure = StateFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else StateError
                raise failure(f"no state folder can be made at {folder}: {error.strerror}") from error
        return cls(folder, opened, mode, None if url == "sqlite" else url)

    def current(self) -> Revision:
        """The published revision; cheap enough to be asked for every request."""
        return self._revisions.current()

    def numbered(self, number: int) -> Revision:
        """The revision of this number. Raises RevisionMissing when it is not kept."""
        return self._revisions.numbered(number)

    @property
    def ledger(self) -> "Ledger":
        """The ledger, opened when it is first needed: most readers of a state never need it. Raises LedgerError."""
        with self._opening:
            if self._ledger is None:
                self._miss_no_ledger()
                from edaphon.store.ledger import Ledger

                self._ledger = Ledger.open(self.folder / LEDGER if self.ledger_url is None else self.ledger_url)
            return self._ledger

    def _miss_no_ledger(self) -> None:
        """Raise LedgerError where revisions have been published and their ledger is gone: a new one knows nothing."""
        file = self.folder / LEDGER
        if self.ledger_url is None and not file.exists() and self._revisions.begun:
            raise LedgerError(
                f"{file}, which says what was contributed and decided, is gone; put it back from a backup, "
                "or see docs/operations.md for how to start anew with what is published"
            )

    @property
    def loads(self) -> Path:
        """The folder with copies of the files that were loaded, from which a lost revision is made again."""
        return self.folder / "loads"

    @property
    def untidy(self) -> bool:
        """Whether a process that died has left something to sweep."""
        return self._revisions.untidy

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Tell of a folder that cannot be written to, because its disk is full or for another reason."""
        try:
            yield
        except OSError as error:
            detail = f"{self.folder} cannot be written to: {error.strerror or error}; what was published is as it was"
            # The engine tells of its own writes in words alone.
            if error.errno in (errno.ENOSPC, errno.EDQUOT) or NO_ROOM.search(str(error)):
                raise StateFull(f"{detail}; make room and try again") from error
            raise StateError(detail) from error

    @contextlib.contextmanager
    def publishing(self, patience: float = PATIENCE) -> Iterator[Revisions]:
        """Hold the exclusive right to publish. Raises StateBusy when another process keeps it for so many seconds.

        The lock goes with the process that holds it, however that ends.
        """
        with self._lock("lock", fcntl.LOCK_EX, patience, "another process is publishing"):
            yield self._revisions

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Say that a server runs on this folder; any number may."""
        with self._lock("serving", fcntl.LOCK_SH, PATIENCE, "a bulk load is running"):
            yield

    @contextlib.contextmanager
    def unserved(self) -> Iterator[None]:
        """Make sure that no server runs on this folder. Raises StateBusy when one does."""
        with self._lock("serving", fcntl.LOCK_EX, 0.0, "a server is running; stop it first"):
            yield

    @contextlib.contextmanager
    def _lock(self, name: str, kind: int, patience: float, trouble: str) -> Iterator[None]:
        with self.writing():
            descriptor = os.open(self.folder / name, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            until = time.monotonic() + patience
            while True:
                try:
                    fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= until:
                        raise StateBusy(f"{self.folder} is in use: {trouble}") from None
                    time.sleep(LOOK)
            yield
        finally:
            os.close(descriptor)


def _made(folder: Path) -> None:
    """Make a folder, and those above it that are not there either, so that no loss of power takes them away."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing:
        sync(one.parent)


def without_password(url: str) -> str:
    """The URL of a database as it may be written down: who is asked, as whom, but not by which password."""
    scheme, mark, rest = url.partition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}{mark}{user.partition(':')[0]}{at}{host}"


def _remembered(file: Path) -> dict[str, Any]:
    """What a state folder was made with; nothing when it is new."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise StateError(f"{file} cannot be read ({error}); restore the state folder from a backup") from error
    if not isinstance(content, dict) or not isinstance(content.get("format"), int):
        raise StateError(f"{file} is damaged; restore the state folder from a backup")
    if content["format"] != FORMAT:
        raise StateError(
            f"{file.parent} was made by another version of Edaphon (format {content['format']}); "
            "name another --state, or move this folder away and have it made anew"
        )
    said = (content.get("corpus"), content.get("ledger"))
    if not all(isinstance(one, str) for one in said) or content.get("default_graph") not in get_args(DefaultGraph):
        raise StateError(f"{file} is damaged; restore the state folder from a backup")
    return content


def written(path: Path, content: bytes, *, anew: bool = False) -> None:
    """Replace a file so that it is either the old or the new one, whatever happens.

    With `anew`, raises FileExistsError where there is one already.
    """
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if anew:
            os.link(new, path)
        else:
            new.rename(path)
    finally:
        new.unlink(missing_ok=True)
    sync(path.parent)
