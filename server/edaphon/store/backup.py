"""A copy of a state folder that is consistent, complete, on the disk, and made while others write; and the way back.

    DIR/backup.json       when it was made of what, and the digest of every other file
    DIR/state.json        the state folder's own, for a ledger in a file
    DIR/ledger.sqlite     all that was proposed, decided and published
    DIR/CURRENT           the revision that was published when the copy began
    DIR/revisions/000042/ its folder
    DIR/loads/            the files that were loaded

Nobody waits for a backup, and it holds no lock but the one that keeps a revision from being tidied away. A revision
never changes, and the ledger is copied after it was chosen: so it knows of it, and perhaps of later ones, which are
made from it when the copy is restored.
"""

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from edaphon import __version__
from edaphon.errors import RevisionMissing, StateError, StateFull
from edaphon.store.durable import sync
from edaphon.store.ledger import Ledger
from edaphon.store.preparing import catch_up
from edaphon.store.reading import reading
from edaphon.store.revisions import Revision
from edaphon.store.state import LEDGER, State, without_password

__all__ = ["Backup", "back_up", "restore"]

FORMAT: Final = 1
MANIFEST: Final = "backup.json"
STATE: Final = "state.json"
POINTER: Final = "CURRENT"
BLOCK: Final = 1024 * 1024
PAGE: Final = 500
# How often another revision is chosen because the chosen one was tidied away before it could be held.
ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Backup:
    """What was copied: the newest revision that the copy knows of, and how many bytes it takes."""

    revision: int
    size: int


def back_up(state: State, target: Path) -> Backup:
    """Copy a state folder to `target`, which must not exist, or be an empty folder.

    It is complete and on the disk when this returns, and there is none when this raises: StateError or StateFull.
    """
    with _telling(target, "backup"), _new_folder(target) as place:
        with _held(state) as revision:
            state.ledger.copy_to(place / LEDGER)
            (place / "revisions").mkdir()
            _copy_folder(revision.folder, place / "revisions" / revision.folder.name)
        (place / "loads").mkdir()
        for name in _loaded(state):
            _copied(state.loads / name, place / "loads" / name)
        made = json.loads((state.folder / STATE).read_text(encoding="utf-8"))
        # The copy has its ledger in a file, whatever the state had.
        _write(place / STATE, {**made, "ledger": "sqlite"})
        _write_bytes(place / POINTER, f"{revision.number}\n".encode())
        last = state.ledger.last_revision()
        newest = max(revision.number, last.number if last else 0)
        digests = {name: _digest(place / name) for name in _files(place)}
        size = sum((place / name).stat().st_size for name in digests)
        about = {
            "format": FORMAT,
            "made": datetime.now(UTC).isoformat(),
            "edaphon": __version__,
            "of": str(state.folder),
        }
        _write(place / MANIFEST, {**about, "revision": newest, "digests": digests})
        for folder in (place, *(path for path in place.rglob("*") if path.is_dir())):
            sync(folder)
    return Backup(newest, size)


def restore(source: Path, folder: Path, ledger: str | None = None) -> State:
    """Make a state folder of a backup, in a folder that does not exist or is empty; `ledger` as for `State.open`.

    Every file is held against its digest. What the ledger has beyond the copied revision is published. When this
    raises, StateError or StateFull, there is no state folder, as before.
    """
    manifest = _manifest(source)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StateError(f"{folder} is not empty; name a new --state, or move what is there away")
    shared = ledger is not None and ledger != "sqlite"
    with _telling(folder, "state folder"), _filled(folder):
        for name, digest in manifest["digests"].items():
            file = _inside(source, name)
            if not file.is_file():
                raise StateError(f"{file} is missing; the backup is damaged, use another one")
            # These two become something else.
            kept = name != STATE and not (name == LEDGER and shared)
            if (_copied(file, _inside(folder, name)) if kept else _digest(file)) != digest:
                raise StateError(f"{file} is not as it was written; the backup is damaged, use another one")
        if shared:
            assert ledger is not None
            with Ledger.open(ledger) as target:
                target.copy_from(source / LEDGER)
        else:
            (folder / LEDGER).chmod(0o600)
        made = json.loads((source / STATE).read_text(encoding="utf-8"))
        for place in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            sync(place)
        # The last: without it, this is no state folder, and nobody takes what is incomplete for one.
        _write(folder / STATE, {**made, "ledger": without_password(ledger) if shared and ledger else "sqlite"})
        sync(folder)
        state = State.open(folder, ledger=ledger)
        with reading(state.current()), state.publishing() as revisions:
            catch_up(state, revisions)
    return state


@contextlib.contextmanager
def _held(state: State) -> Iterator[Revision]:
    """The published revision, kept from being tidied away. Raises RevisionMissing where nothing is published yet."""
    with contextlib.ExitStack() as stack:
        for attempt in range(1, ATTEMPTS + 1):
            revision = state.current()
            try:
                stack.enter_context(reading(revision))
                break
            except RevisionMissing:
                if attempt == ATTEMPTS:
                    raise
        yield revision


def _loaded(state: State) -> list[str]:
    """The names of the kept copies of loaded files, as the ledger has them."""
    names: dict[str, None] = {}
    before: int | None = None
    while records := state.ledger.revisions(limit=PAGE, before=before):
        for record in records:
            for one in record.details.get("files", ()):
                names[one["kept"]] = None
        before = records[-1].number
    for name in names:
        if not (state.loads / name).exists():
            raise StateError(
                f"{state.loads / name}, a file that was loaded, is gone, so that a backup would not be complete; "
                "restore it from an earlier backup, or from another server of the same ledger"
            )
    return list(names)


@contextlib.contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """A folder beside `target`, which takes that place when the block ends, and goes when it raises."""
    if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
        raise StateError(f"{target} exists already, and a backup overwrites nothing; name a new folder")
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
    place = target.absolute().with_name(f".{target.absolute().name}.{secrets.token_hex(4)}.unfinished")
    try:
        # It holds the hashes of tokens.
        place.mkdir(mode=0o700)
        yield place
        place.rename(target)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    sync(target.absolute().parent)


@contextlib.contextmanager
def _filled(folder: Path) -> Iterator[None]:
    """Make the folder, unless it is there; when the block raises, it is as it was."""
    there = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        if not there:
            folder.rmdir()
        raise
    sync(folder.absolute().parent)


@contextlib.contextmanager
def _telling(place: Path, what: str) -> Iterator[None]:
    """Tell of a disk that does not take it."""
    try:
        yield
    except OSError as error:
        detail = f"no {what} can be made at {place}: {error.strerror or error}"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StateFull(f"{detail}; make room and try again") from error
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise StateError(f"{place} has come into being meanwhile; name a new folder") from error
        raise StateError(detail) from error


def _manifest(source: Path) -> dict[str, Any]:
    file = source / MANIFEST
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StateError(f"{source} is no backup: it has no {MANIFEST}") from None
    except (OSError, ValueError) as error:
        raise StateError(f"{file} cannot be read ({error}); use another backup") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise StateError(f"{source} was made by another version of Edaphon; restore it by that one")
    return content


def _inside(folder: Path, name: str) -> Path:
    """A file of a backup. Raises StateError for a name that leads out of the folder."""
    path = Path(name)
    if path.is_absolute() or ".." in path.parts:
        raise StateError(f"the backup names a file outside of it, {name}; use another backup")
    return folder / path


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _copy_folder(source: Path, target: Path) -> None:
    target.mkdir()
    for path in source.iterdir():
        _copied(path, target / path.name)


def _copied(source: Path, target: Path) -> str:
    """Copy a file, also to another file system, wait until it is on the disk, and give its digest."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with source.open("rb") as old, target.open("xb") as new:
        while block := old.read(BLOCK):
            digest.update(block)
            new.write(block)
        new.flush()
        os.fsync(new.fileno())
    return digest.hexdigest()


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _write(file: Path, content: dict[str, Any]) -> None:
    _write_bytes(file, json.dumps(content, indent=2).encode() + b"\n")


def _write_bytes(file: Path, content: bytes) -> None:
    with file.open("xb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
