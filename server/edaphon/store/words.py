"""What contributions and loads have said last of some quads: that stands, whatever the corpus says of them.

At any time a state holds what its corpus states and what contributions and loads stated last, but not what they
retracted last. A contribution that was reverted counts as if it had never been made, so that of its quads the corpus
decides again. All of it is worked out from the ledger, by one rule when a corpus changes and when a lost revision is
made again, so that both give the same quads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, parse, serialize

from edaphon.errors import StateError
from edaphon.store.delta import Delta
from edaphon.store.filling import DEFAULT, Source, quads_of
from edaphon.store.ledger.records import RevisionRecord
from edaphon.store.merge import canonical
from edaphon.store.state import State

__all__ = ["Words", "last_words", "loaded"]

# Quads of a loaded file that are looked at together.
CHUNK: Final = 10_000
# In the record of a corpus: which of the quads that contributions had spoken of by then it states.
STATED: Final = "stated"


@dataclass(frozen=True, slots=True)
class Words:
    """What was said last of each quad of which something was said.

    Of those that are `open`, what was said has been taken back: the corpus decides.
    """

    stated: frozenset[Quad]
    retracted: frozenset[Quad]
    open: frozenset[Quad]

    def details(self, corpus: frozenset[Quad]) -> dict[str, Any]:
        """What the record of a new corpus has to say, so that later words can be understood."""
        spoken_of = (self.stated | self.retracted | self.open) & corpus
        lines = (serialize(spoken_of, format=RdfFormat.N_QUADS) or b"").decode().splitlines()
        return {STATED: sorted(lines)}


@dataclass(slots=True)
class _Said:
    """What was said of one quad: by which revisions, and whether each stated it; and whether the corpus states it."""

    words: list[tuple[int, bool]]
    corpus: bool


def last_words(state: State, among: frozenset[Quad]) -> Words:
    """What contributions and loads have said last of the quads in `among`, as the engine spells them."""
    said: dict[Quad, _Said] = {}
    last = state.ledger.last_revision()
    for record, packed in state.ledger.deltas(0, last.number if last else 0):
        match record.cause:
            case "corpus":
                _corpus(said, record)
            case "load":
                for quad in _loaded_among(state, record, among):
                    _word(said, quad, record.number, stated=True)
            case _:
                delta = Delta.unpacked(packed or Delta().packed())
                undone = _undone(state, record)
                for quads, stated in ((delta.removed & among, False), (delta.added & among, True)):
                    for quad in quads:
                        _word(said, quad, record.number, stated=stated, undoes=undone)
    last_of = {quad: one.words[-1][1] if one.words else None for quad, one in said.items()}
    return Words(
        frozenset(quad for quad, word in last_of.items() if word is True),
        frozenset(quad for quad, word in last_of.items() if word is False),
        frozenset(quad for quad, word in last_of.items() if word is None),
    )


def loaded(state: State, record: RevisionRecord) -> Iterator[Source]:
    """The kept copies of the files that a revision loaded. Raises StateError where one is gone."""
    for one in record.details["files"]:
        path = state.loads / one["kept"]
        if not path.exists():
            raise StateError(f"{path}, which revision {record.number} loaded, is gone; restore it from a backup")
        home = one["graph"]
        graph: NamedNode | DefaultGraph | None = None if home is None else DEFAULT if home == "" else NamedNode(home)
        yield Source(path, graph, one["nodes"])


def _word(said: dict[Quad, _Said], quad: Quad, revision: int, *, stated: bool, undoes: int | None = None) -> None:
    if quad not in said:
        # What really was added was not there before, and what really was removed was.
        said[quad] = _Said([], corpus=not stated)
    one = said[quad]
    if undoes is not None:
        left = [word for word in one.words if word[0] != undoes]
        if (left[-1][1] if left else one.corpus) == stated:
            # It is as if what is undone had never been said.
            one.words = left
            return
    one.words.append((revision, stated))


def _corpus(said: dict[Quad, _Said], record: RevisionRecord) -> None:
    if STATED not in record.details:
        # The first one: nothing was said before it.
        return
    lines = "\n".join(record.details[STATED]).encode()
    stated = set(parse(lines, RdfFormat.N_QUADS))
    for quad, one in said.items():
        one.corpus = quad in stated


def _undone(state: State, record: RevisionRecord) -> int | None:
    """The revision of the contribution that a revision reverts; None for one that reverts none."""
    if record.cause != "revert" or record.contribution is None:
        return None
    reverts = state.ledger.contribution(record.contribution).reverts
    return None if reverts is None else state.ledger.contribution(reverts).revision


def _loaded_among(state: State, record: RevisionRecord, among: frozenset[Quad]) -> set[Quad]:
    """Those of the quads that a bulk load stated."""
    # Subjects are spelt in one way only, so most of a large file need not be looked at twice.
    subjects = {quad.subject for quad in among}
    found: set[Quad] = set()
    for source in loaded(state, record) if among else ():
        chunk: list[Quad] = []
        for quad in quads_of(source):
            if quad.subject in subjects:
                chunk.append(quad)
                if len(chunk) == CHUNK:
                    found |= canonical(chunk) & among
                    chunk.clear()
        found |= canonical(chunk) & among
    return found
