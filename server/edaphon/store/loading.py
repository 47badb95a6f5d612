"""Large files become the next revision, all or nothing, and are kept so that it can be made again."""

import hashlib
import secrets
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import DefaultGraph, NamedNode, Store

from edaphon.corpus.parsing import located
from edaphon.store.agreement import must_agree
from edaphon.store.durable import sync
from edaphon.store.filling import Progress, Source, fill, home_of
from edaphon.store.ledger.records import RevisionRecord
from edaphon.store.preparing import made_from, prepare_locked
from edaphon.store.revisions import Revision
from edaphon.store.state import State

__all__ = ["load"]


def load(
    state: State,
    files: Sequence[Path],
    *,
    graph: str | None,
    progress: Progress,
    accept: Callable[[Store], None] = lambda _: None,
    by: str | None = None,
) -> Revision:
    """Add the files to what is published, as one new revision, while no server runs.

    Triples go to `graph`; N-Quads and TriG keep their graphs, and what they say in their default graph goes to `graph`
    as well. `accept` sees the store before it is published and refuses it by raising. Whatever is raised, what was
    published stays as it was. `by` is who did it, for the history. Raises ParseError and CorpusError for the files,
    StateError for the disk, StateBusy.
    """
    home = home_of(files, graph, state.default_graph)
    with state.unserved(), state.publishing() as revisions:
        must_agree(state)
        prepare_locked(state, revisions)
        with state.writing(), _Copies(state.loads, files) as copies, revisions.next() as candidate:
            # In no other file is there a blank node of these names.
            sources = [Source(path, home, secrets.token_hex(8)) for path in files]
            fill(candidate.store, sources, state.default_graph, progress)
            accept(candidate.store)
            corpus = made_from(state)

            def commit() -> None:
                state.ledger.publish(
                    RevisionRecord(
                        number=candidate.number,
                        at=datetime.now(UTC),
                        cause="load",
                        actor=by,
                        contribution=None,
                        title=", ".join(path.name for path in files)[:500],
                        # To count them would take about as long as to load them.
                        added=0,
                        removed=0,
                        corpus=corpus,
                        complete=False,
                        details={
                            "files": [
                                {"kept": name, "graph": _spelt(home), "nodes": source.nodes}
                                for name, source in zip(copies.names(), sources, strict=True)
                            ]
                        },
                    ),
                    None,
                )

            candidate.commit = commit
    return state.current()


def _spelt(home: NamedNode | DefaultGraph | None) -> str | None:
    """A graph as the ledger writes it: the empty text for the default graph."""
    return home.value if isinstance(home, NamedNode) else "" if isinstance(home, DefaultGraph) else None


class _Copies:
    """Copies of files, named by their content, made while the files are loaded; gone again if that fails."""

    def __init__(self, folder: Path, files: Sequence[Path]) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1)
        folder.mkdir(exist_ok=True)
        self._making = [self._thread.submit(_keep, path, folder) for path in files]

    def names(self) -> list[str]:
        """The names of the copies, once all are on the disk."""
        return [one.result()[0] for one in self._making]

    def __enter__(self) -> "_Copies":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)
        if kind is None:
            return
        for one in self._making:
            if not one.cancelled() and one.exception() is None and one.result()[1]:
                (self._folder / one.result()[0]).unlink(missing_ok=True)


def _keep(path: Path, folder: Path) -> tuple[str, bool]:
    """Copy a file into the folder under its digest and its own endings; the name, and whether it was not there yet."""
    part = folder / f"{secrets.token_hex(8)}.part"
    try:
        with located(path), path.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
        name = digest + "".join(path.suffixes[-2:])
        if (folder / name).exists():
            return name, False
        # May share the blocks on disk, where the file system can.
        shutil.copyfile(path, part)
        sync(part)
        part.rename(folder / name)
        sync(folder)
    finally:
        part.unlink(missing_ok=True)
    return name, True
