"""Whether the graph would conform to its shapes with a change made, and what is kept of that check."""

import contextlib
import gzip
import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pyoxigraph import Store

from edaphon.conformance.change.candidate import Proposal, judge
from edaphon.conformance.change.incremental import Incremental
from edaphon.conformance.check import CAP, corpus_shapes
from edaphon.conformance.model.findings import VIOLATION, Report
from edaphon.conformance.report import WRITERS
from edaphon.conformance.report.explain import Source
from edaphon.corpus.layout import Corpus
from edaphon.store.delta import Delta
from edaphon.store.merge import Written
from edaphon.store.reading import reading
from edaphon.store.revisions import Revision
from edaphon.store.state import State
from edaphon.store.working import WorkingCopy, working

__all__ = ["Verdict", "check", "counted", "kept_report", "shapes_of"]

# The formats in which a report is kept; the others are made from these.
KEPT = ("turtle", "json", "text")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A report, and the version of the shapes that it comes from.

    A change may be published when nothing in its report is a violation: a warning says that the graph could be better,
    not that it is wrong.
    """

    report: Report
    shapes: str

    @property
    def conforms(self) -> bool:
        """Whether the change may be published."""
        return self.report.count(VIOLATION) == 0

    def packed(self) -> bytes:
        """The report as the ledger keeps it; `kept_report` reads it."""
        return gzip.compress(json.dumps({name: WRITERS[name](self.report) for name in KEPT}).encode(), mtime=0)


def kept_report(packed: bytes) -> dict[str, str]:
    """A kept report: format (`turtle`, `json`, `text`) → its text."""
    found: dict[str, str] = json.loads(gzip.decompress(packed))
    return found


def counted(packed: bytes) -> dict[str, int]:
    """How many findings a kept report lists, by severity."""
    found = Counter(one["severity"] for one in json.loads(kept_report(packed)["json"]))
    return {"violations": found["Violation"], "warnings": found["Warning"], "infos": found["Info"]}


def check(
    state: State, base: Revision, delta: Delta, source: Source | None = None, *, on: WorkingCopy | None = None
) -> Verdict:
    """Check what a change would make wrong in a revision; `source` is the text that it was sent as.

    It is tried on the copy `on`, where the caller has one: raises StateFull when the disk has no room for it.
    """
    shapes, version = shapes_of(state.corpus)
    if shapes is None:
        return Verdict(Report(), version)
    proposal = Proposal(tuple(delta.added), tuple(delta.removed))
    brought_by = () if source is None else (source,)
    with contextlib.ExitStack() as opened, state.writing():

        def judged(store: Store, written: Written | None) -> Report:
            def published() -> Store:
                return opened.enter_context(reading(base))

            return judge(store, written, proposal, shapes, published, brought_by=brought_by, cap=CAP)

        copy = on or opened.enter_context(working(state, "try"))
        return Verdict(copy.tried(base, delta, judged), version)


def shapes_of(corpus: Corpus) -> tuple[Incremental | None, str]:
    """The shapes of a corpus, compiled once for as long as its files stay the same, and their digest; None for none."""
    folder = corpus.folder("shapes")
    files = sorted(folder.glob("*.ttl")) if folder else []
    version = _version(tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files))
    return _compiled(corpus, version), version


@lru_cache(maxsize=4)
def _version(files: tuple[tuple[Path, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for path, _, _ in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


@lru_cache(maxsize=4)
def _compiled(corpus: Corpus, _version: str) -> Incremental | None:
    shapes = corpus_shapes(corpus)
    return Incremental(shapes) if any(shapes.targeted()) else None
