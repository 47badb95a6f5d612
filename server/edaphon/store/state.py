"""The state folder: what it was made with, who may write to it, and which revision is published."""

import contextlib
import fcntl
import gzip
import json
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, cast, get_args

from pyoxigraph import Quad, RdfFormat, parse, serialize

from edaphon.corpus.assemble import statements
from edaphon.corpus.layout import Corpus, open_corpus
from edaphon.errors import RevisionMissing, StateBusy, StateError, StateMismatch
from edaphon.settings import DefaultGraph
from edaphon.store import merge
from edaphon.store.revisions import CORPUS_DIGEST, CORPUS_QUADS, Revision, Revisions

__all__ = ["State"]

# Raised when the layout of the folder changes; an older version cannot read a newer folder.
FORMAT: Final = 2
PATIENCE: Final = 10.0


class State:
    """One state folder, of a corpus and a default-graph mode that it remembers."""

    def __init__(self, folder: Path, corpus: Corpus, default_graph: DefaultGraph) -> None:
        self.folder = folder
        self.corpus = corpus
        self.default_graph: DefaultGraph = default_graph
        self._revisions = Revisions(folder)

    @classmethod
    def open(cls, folder: Path, *, corpus: str | None = None, default_graph: DefaultGraph | None = None) -> "State":
        """Open a state folder, or make it. None stands for what it remembers: `shipped` and `merge` when it is new.

        Raises StateMismatch when it remembers something else, StateError when it cannot be read or made, CorpusError
        when its corpus is not there.
        """
        file = folder / "state.json"
        remembered = _remembered(file)
        opened = open_corpus(corpus or remembered.get("corpus", "shipped"))
        mode = default_graph or remembered.get("default_graph", "merge")
        wanted = {"format": FORMAT, "corpus": opened.name, "default_graph": mode}
        for name in ("corpus", "default_graph"):
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
                folder.mkdir(parents=True, exist_ok=True)
                _write(file, json.dumps(wanted, indent=2).encode() + b"\n", anew=True)
            except FileExistsError:
                # Another process was faster, perhaps with another mind.
                return cls.open(folder, corpus=corpus, default_graph=default_graph)
            except OSError as error:
                raise StateError(f"no state folder can be made at {folder}: {error.strerror}") from error
        return cls(folder, opened, mode)

    def current(self) -> Revision:
        """The published revision; cheap enough to be asked for every request."""
        return self._revisions.current()

    def numbered(self, number: int) -> Revision:
        """The revision of this number. Raises RevisionMissing when it is not kept."""
        return self._revisions.numbered(number)

    def prepare(self) -> None:
        """Publish the corpus, unless what is published was made from the same files.

        After a change of the corpus only the difference is applied, so that what was loaded besides stays.
        """
        if self._made_from() != self.corpus.digest() or self._revisions.untidy:
            with self.publishing() as revisions:
                self.prepare_locked()
                with self.writing():
                    revisions.sweep()
        # Says what is wrong where a folder has lost its revisions.
        self.current()

    def prepare_locked(self) -> None:
        """The same for a caller that holds the right to publish already."""
        digest = self.corpus.digest()
        made_from = self._made_from()
        if made_from == digest:
            return
        stated = merge.canonical(statements(self.corpus))
        before = set() if made_from is None else merge.canonical(self._statements_before())
        with self.writing():
            if made_from is None:
                with self._revisions.next(empty=True) as candidate:
                    candidate.store.bulk_extend(stated)
                    alignments = merge.ontology_of(candidate.store)
                    candidate.store.bulk_extend(merge.derived(stated, alignments, self.default_graph))
                    _remember(candidate.folder, digest, stated)
            else:
                with self._revisions.next() as candidate:
                    merge.apply(candidate.store, stated - before, before - stated, self.default_graph)
                    _remember(candidate.folder, digest, stated)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Tell of a folder that cannot be written to, because its disk is full or for another reason."""
        try:
            yield
        except OSError as error:
            raise StateError(
                f"{self.folder} cannot be written to: {error.strerror or error}; what was published is as it was"
            ) from error

    @contextlib.contextmanager
    def publishing(self) -> Iterator[Revisions]:
        """Hold the exclusive right to publish. Raises StateBusy when another process keeps it.

        The lock goes with the process that holds it, however that ends.
        """
        with self._lock("lock", fcntl.LOCK_EX, PATIENCE, "another process is publishing"):
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
                    time.sleep(0.05)
            yield
        finally:
            os.close(descriptor)

    def _made_from(self) -> str | None:
        """The digest of the corpus that is published; None before the first time."""
        try:
            file = self.current().folder / CORPUS_DIGEST
            return file.read_text(encoding="ascii").strip()
        except RevisionMissing:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise _damaged(file, error) from error

    def _statements_before(self) -> list[Quad]:
        file = self.current().folder / CORPUS_QUADS
        try:
            with gzip.open(file) as content:
                return list(parse(cast("IO[bytes]", content), RdfFormat.N_QUADS))
        except (OSError, EOFError, zlib.error, SyntaxError) as error:
            raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception) -> StateError:
    return StateError(f"{file} cannot be read ({error}); restore the state folder from a backup")


def _remember(folder: Path, digest: str, stated: set[Quad]) -> None:
    """Write into a revision what it is made from: so the two are published, or lost, together."""
    _write(folder / CORPUS_QUADS, gzip.compress(serialize(stated, format=RdfFormat.N_QUADS) or b"", 1))
    _write(folder / CORPUS_DIGEST, digest.encode() + b"\n")


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
    if not isinstance(content.get("corpus"), str) or content.get("default_graph") not in get_args(DefaultGraph):
        raise StateError(f"{file} is damaged; restore the state folder from a backup")
    return content


def _write(path: Path, content: bytes, *, anew: bool = False) -> None:
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
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
