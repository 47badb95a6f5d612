"""A state folder is brought up to what its ledger and its corpus say, from whatever state it was left in."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse, serialize

from edaphon.corpus.assemble import statements
from edaphon.errors import LedgerError, RevisionMissing, StateError
from edaphon.store import merge
from edaphon.store.delta import Delta, effective
from edaphon.store.filling import DEFAULT, fill
from edaphon.store.ledger.records import RevisionRecord
from edaphon.store.revisions import CORPUS_DIGEST, CORPUS_QUADS, Candidate, Revisions
from edaphon.store.state import State, written

__all__ = ["catch_up", "prepare", "prepare_locked", "stated_by"]


def prepare(state: State) -> bool:
    """Publish what the ledger says and is not published yet, and the corpus unless what is published rests on it.

    Of a changed corpus only the difference is applied: what was contributed and loaded stays. True when the corpus had
    changed, so that what was contributed should be checked again. Raises StateError and CorpusError.
    """
    changed = made_from(state) != state.corpus.digest()
    if changed or _behind(state) or state.untidy:
        with state.publishing() as revisions:
            changed = prepare_locked(state, revisions)
            with state.writing():
                revisions.sweep()
    # Says what is wrong where a folder has lost its revisions.
    state.current()
    return changed


def prepare_locked(state: State, revisions: Revisions) -> bool:
    """The same for a caller that holds the right to publish already."""
    catch_up(state, revisions)
    digest = state.corpus.digest()
    before = made_from(state)
    if before == digest:
        return False
    stated = merge.canonical(statements(state.corpus))
    with state.writing():
        if before is None:
            with revisions.next(empty=True) as candidate:
                _fill_from(candidate, stated, state)
                _remember(candidate.folder, digest, stated)
                record = _record(candidate.number, digest, Delta(frozenset(stated)), complete=False)
                candidate.commit = lambda: state.ledger.publish(record, None)
            return False
        with revisions.next() as candidate:
            delta = _rebased(state, candidate.store, Delta(frozenset(stated), frozenset(_quads_before(state))))
            merge.apply(candidate.store, delta.added, delta.removed, state.default_graph)
            _remember(candidate.folder, digest, stated)
            record = _record(candidate.number, digest, delta, complete=True)
            candidate.commit = lambda: state.ledger.publish(record, delta.packed())
    return True


def catch_up(state: State, revisions: Revisions) -> None:
    """Publish the revisions that the ledger has beyond the published one: accepted, and then something died.

    The caller holds the right to publish.
    """
    last = state.ledger.last_revision()
    if last is None:
        return
    try:
        number = state.current().number
    except RevisionMissing:
        number = 0
    if number >= last.number:
        return
    with state.writing():
        if number == 0:
            build(state, revisions, last)
            return
        missing = list(state.ledger.deltas(number, last.number))
        if any(record.cause == "corpus" for record, _ in missing):
            # What that corpus was is written only into the revision's own folder, which is not there.
            build(state, revisions, last)
            return
        with revisions.next(number=last.number) as candidate:
            for record, packed in missing:
                replay(state, candidate.store, record, packed)


def build(state: State, revisions: Revisions, last: RevisionRecord) -> None:
    """Make the ledger's newest revision, `last`, from the corpus and the ledger alone.

    When the corpus is another one by now, what comes of it is a revision of its own.
    """
    digest = state.corpus.digest()
    same = last.corpus == digest
    stated = merge.canonical(statements(state.corpus))
    with revisions.next(empty=True, number=last.number if same else last.number + 1) as candidate:
        _fill_from(candidate, stated, state)
        for record, packed in state.ledger.deltas(0, last.number):
            # What changes of the corpus did is in the corpus already.
            if record.cause != "corpus":
                replay(state, candidate.store, record, packed)
        _remember(candidate.folder, digest, stated)
        if not same:
            anew = _record(candidate.number, digest, Delta(), complete=False)
            candidate.commit = lambda: state.ledger.publish(anew, None)


def replay(state: State, store: Store, record: RevisionRecord, packed: bytes | None) -> None:
    """Do again to a store what one revision of the ledger did."""
    if packed is not None:
        delta = Delta.unpacked(packed)
        merge.apply(store, delta.added, delta.removed, state.default_graph)
    elif record.cause == "load":
        for name, home in loaded(state, record):
            if not name.exists():
                raise StateError(f"{name}, which revision {record.number} loaded, is gone; restore it from a backup")
            fill(store, [name], home, state.default_graph)
    else:
        raise LedgerError(f"the ledger does not say what revision {record.number} changed; restore it from a backup")


def loaded(state: State, record: RevisionRecord) -> Iterator[tuple[Path, NamedNode | DefaultGraph | None]]:
    """The kept copies of the files that a revision loaded, and the graph for what they put in none."""
    for one in record.details["files"]:
        home = one["graph"]
        graph = None if home is None else DEFAULT if home == "" else NamedNode(home)
        yield state.loads / one["kept"], graph


def _behind(state: State) -> bool:
    """Whether the ledger has revisions that are not published."""
    last = state.ledger.last_revision()
    try:
        return last is not None and last.number > state.current().number
    except RevisionMissing:
        return True


def _fill_from(candidate: Candidate, stated: set[Quad], state: State) -> None:
    candidate.store.bulk_extend(stated)
    alignments = merge.ontology_of(candidate.store)
    candidate.store.bulk_extend(merge.derived(stated, alignments, state.default_graph))


@dataclass(slots=True)
class _LastWords:
    """What the contributions and loads of a ledger said last of some quads."""

    kept: set[Quad]
    retracted: set[Quad]


def _rebased(state: State, store: Store, corpora: Delta) -> Delta:
    """The change from one corpus to the next, as far as nothing that was contributed says otherwise.

    `corpora` adds the new corpus and removes the old one, both whole. What a contribution retracted stays retracted,
    and what one states stays stated, whatever the corpus says now.
    """
    coming, going = corpora.added - corpora.removed, corpora.removed - corpora.added
    words = _last_words(state, coming | going)
    return effective(store, coming - words.retracted, going - words.kept)


def _last_words(state: State, quads: frozenset[Quad]) -> _LastWords:
    words = _LastWords(set(), set())
    last = state.ledger.last_revision()
    for record, packed in state.ledger.deltas(0, last.number if last else 0):
        if record.cause == "corpus":
            continue
        said = Delta.unpacked(packed) if packed is not None else Delta(_loaded_among(state, record, quads))
        words.kept = (words.kept | (said.added & quads)) - said.removed
        words.retracted = (words.retracted | (said.removed & quads)) - said.added
    return words


def _loaded_among(state: State, record: RevisionRecord, quads: frozenset[Quad]) -> frozenset[Quad]:
    """Those of the quads that a bulk load stated."""
    if record.cause != "load":
        return frozenset()
    store = Store()
    for path, home in loaded(state, record):
        fill(store, [path], home, "plain")
    return frozenset(quad for quad in quads if quad in store)


def _record(number: int, digest: str, delta: Delta, *, complete: bool) -> RevisionRecord:
    return RevisionRecord(
        number=number,
        at=datetime.now(UTC),
        cause="corpus",
        actor=None,
        contribution=None,
        title=None,
        added=len(delta.added),
        removed=len(delta.removed),
        corpus=digest,
        complete=complete,
        details={},
    )


def stated_by(folder: Path) -> set[Quad]:
    """The quads of the corpus that the revision in this folder rests on."""
    file = folder / CORPUS_QUADS
    try:
        with gzip.open(file) as content:
            return set(parse(cast("IO[bytes]", content), RdfFormat.N_QUADS))
    except (OSError, EOFError, zlib.error, SyntaxError) as error:
        raise _damaged(file, error) from error


def _quads_before(state: State) -> set[Quad]:
    return merge.canonical(stated_by(state.current().folder))


def made_from(state: State) -> str | None:
    """The digest of the corpus that is published; None before the first time."""
    try:
        file = state.current().folder / CORPUS_DIGEST
        return file.read_text(encoding="ascii").strip()
    except RevisionMissing:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception) -> StateError:
    return StateError(f"{file} cannot be read ({error}); restore the state folder from a backup")


def _remember(folder: Path, digest: str, stated: set[Quad]) -> None:
    """Write into a revision what it is made from: so the two are published, or lost, together."""
    written(folder / CORPUS_QUADS, gzip.compress(serialize(stated, format=RdfFormat.N_QUADS) or b"", 1))
    written(folder / CORPUS_DIGEST, digest.encode() + b"\n")
