"""A state folder is brought up to what its ledger and its corpus say, from whatever state it was left in."""

import contextlib
import gzip
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, cast

from pyoxigraph import Quad, RdfFormat, Store, parse, serialize

from edaphon.corpus.assemble import statements
from edaphon.errors import LedgerError, RevisionMissing, RevisionTaken, StateError
from edaphon.store import merge
from edaphon.store.delta import Delta, effective
from edaphon.store.filling import Source, fill
from edaphon.store.ledger.records import RevisionRecord
from edaphon.store.revisions import CORPUS_DIGEST, CORPUS_QUADS, Candidate, Revisions
from edaphon.store.scratch import sweep
from edaphon.store.state import State, written
from edaphon.store.words import last_words, loaded

__all__ = ["catch_up", "prepare", "prepare_locked", "stated_by"]

# How often it is begun again because another server has published meanwhile.
ATTEMPTS: Final = 5


def prepare(state: State) -> bool:
    """Publish what the ledger says and is not published yet, and the corpus unless what is published rests on it.

    Of a changed corpus only the difference is applied: what was contributed and loaded stays. True when the corpus had
    changed, whether or not contributions were checked against it since (`Ledger.recheck_due`). Raises StateError and
    CorpusError.
    """
    sweep(state.folder)
    changed = made_from(state) != state.corpus.digest()
    if changed or _behind(state) or state.untidy:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with state.publishing() as revisions:
                    changed = prepare_locked(state, revisions)
                    with state.writing():
                        revisions.sweep()
                break
            except RevisionTaken:
                # A server on another machine, with the same ledger, started at the same moment.
                if attempt == ATTEMPTS:
                    raise
    # Says what is wrong where a folder has lost its revisions.
    state.current()
    return changed


def prepare_locked(state: State, revisions: Revisions) -> bool:
    """The same for a caller that holds the right to publish already."""
    catch_up(state, revisions)
    digest = state.corpus.digest()
    published = made_from(state)
    if published == digest:
        return False
    stated = frozenset(merge.canonical(statements(state.corpus)))
    with state.writing():
        if published is None:
            with revisions.next(empty=True) as candidate:
                _fill_from(candidate, stated, state)
                _remember(candidate.folder, digest, stated)
                record = _record(candidate.number, digest, Delta(stated), complete=False)
                candidate.commit = lambda: state.ledger.publish(record, None)
            return False
        before = frozenset(merge.canonical(stated_by(state.current().folder)))
        words = last_words(state, before | stated)
        with revisions.next() as candidate:
            # What a contribution retracted stays retracted, and what one states stays stated, whatever the corpus says.
            coming, going = stated - before - words.retracted, before - stated - words.stated
            delta = effective(candidate.store, coming, going)
            merge.apply(candidate.store, delta.added, delta.removed, state.default_graph)
            _remember(candidate.folder, digest, stated)
            record = _record(candidate.number, digest, delta, complete=True, details=words.details(stated))
            candidate.commit = lambda: state.ledger.publish(record, delta.packed())
    return True


def catch_up(state: State, revisions: Revisions) -> None:
    """Publish the revisions that the ledger has beyond the published one: accepted, and then something died.

    The caller holds the right to publish.
    """
    last = state.ledger.last_revision()
    if last is None:
        _nothing_published(state)
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


def build(state: State, revisions: Revisions, last: RevisionRecord, beyond: int = 0) -> None:
    """Make the ledger's newest revision, `last`, from the corpus and the ledger alone.

    When the corpus is another one by now, or other content was published as revision `beyond` or an earlier one that
    the ledger does not know, what comes of it is a revision of its own, later than both.
    """
    digest = state.corpus.digest()
    known = last.corpus == digest
    same = known and last.number >= beyond
    stated = frozenset(merge.canonical(statements(state.corpus)))
    # What is open was changed by reverts; the others only matter for what is recorded of another corpus.
    changed = _changed_by_reverts(state, last)
    words = last_words(state, changed if known else changed | stated)
    # Changes before the first load are made before anything is written, which is much faster.
    first, rest = _first(_steps(state, last))
    with revisions.next(empty=True, number=last.number if same else max(last.number, beyond) + 1) as candidate:
        _fill_from(candidate, (stated - first.removed) | first.added, state)
        for step in rest:
            if isinstance(step, Delta):
                merge.apply(candidate.store, step.added, step.removed, state.default_graph)
            else:
                fill(candidate.store, step, state.default_graph)
        # Of these, what was said has been taken back, and the corpus may have changed since.
        merge.apply(candidate.store, words.open & stated, words.open - stated, state.default_graph)
        _remember(candidate.folder, digest, stated)
        if not same:
            # Of one corpus, nothing has changed since the last that the ledger knows; of two, nobody can tell what.
            details = {} if known else words.details(stated)
            anew = _record(candidate.number, digest, Delta(), complete=known, details=details)
            candidate.commit = lambda: state.ledger.publish(anew, Delta().packed() if known else None)


# What revisions did: changes, or loaded files.
_Step = Delta | list[Source]


def _steps(state: State, last: RevisionRecord) -> Iterator[_Step]:
    """What all revisions but those of a corpus did; changes without a load between them as one."""
    added: set[Quad] = set()
    removed: set[Quad] = set()
    for record, packed in state.ledger.deltas(0, last.number):
        if record.cause == "corpus":
            # What it did is in the corpus already.
            continue
        if packed is None:
            yield Delta(frozenset(added), frozenset(removed))
            added, removed = set(), set()
            yield _sources(state, record)
            continue
        delta = Delta.unpacked(packed)
        # The last word counts, whether or not it changed anything here.
        added -= delta.removed
        removed -= delta.added
        added |= delta.added
        removed |= delta.removed
    yield Delta(frozenset(added), frozenset(removed))


def _first(steps: Iterator[_Step]) -> tuple[Delta, Iterator[_Step]]:
    first = next(steps)
    assert isinstance(first, Delta), "there is a change, if an empty one, before every load"
    return first, steps


def _changed_by_reverts(state: State, last: RevisionRecord) -> frozenset[Quad]:
    found: set[Quad] = set()
    for record, packed in state.ledger.deltas(0, last.number):
        if record.cause == "revert" and packed is not None:
            delta = Delta.unpacked(packed)
            found |= delta.added | delta.removed
    return frozenset(found)


def replay(state: State, store: Store, record: RevisionRecord, packed: bytes | None) -> None:
    """Do again to a store what one revision of the ledger did."""
    if packed is not None:
        delta = Delta.unpacked(packed)
        merge.apply(store, delta.added, delta.removed, state.default_graph)
    else:
        fill(store, _sources(state, record), state.default_graph)


def _sources(state: State, record: RevisionRecord) -> list[Source]:
    if record.cause != "load":
        raise LedgerError(f"the ledger does not say what revision {record.number} changed; restore it from a backup")
    return list(loaded(state, record))


def _behind(state: State) -> bool:
    """Whether the ledger has revisions that are not published."""
    last = state.ledger.last_revision()
    if last is None:
        _nothing_published(state)
        return True
    try:
        return last.number > state.current().number
    except RevisionMissing:
        return True


def _nothing_published(state: State) -> None:
    """Raise LedgerError where something is published of which the ledger, which is empty, knows nothing."""
    with contextlib.suppress(RevisionMissing):
        raise LedgerError(
            f"revision {state.current().number} is published in {state.folder}, and its ledger is empty: name the "
            "right one by --ledger, or put it back from a backup"
        )


def _fill_from(candidate: Candidate, stated: frozenset[Quad], state: State) -> None:
    candidate.store.bulk_extend(stated)
    alignments = merge.ontology_of(candidate.store)
    candidate.store.bulk_extend(merge.derived(stated, alignments, state.default_graph))


def _record(
    number: int, digest: str, delta: Delta, *, complete: bool, details: Mapping[str, Any] | None = None
) -> RevisionRecord:
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
        details=details or {},
    )


def stated_by(folder: Path) -> set[Quad]:
    """The quads of the corpus that the revision in this folder rests on."""
    file = folder / CORPUS_QUADS
    try:
        with gzip.open(file) as content:
            return set(parse(cast("IO[bytes]", content), RdfFormat.N_QUADS))
    except (OSError, EOFError, zlib.error, SyntaxError) as error:
        raise _damaged(file, error) from error


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
    return StateError(f"{file} cannot be read ({error}); make it anew by `edaphon rebuild`, or restore a backup")


def _remember(folder: Path, digest: str, stated: frozenset[Quad]) -> None:
    """Write into a revision what it is made from: so the two are published, or lost, together."""
    written(folder / CORPUS_QUADS, gzip.compress(serialize(stated, format=RdfFormat.N_QUADS) or b"", 1))
    written(folder / CORPUS_DIGEST, digest.encode() + b"\n")
