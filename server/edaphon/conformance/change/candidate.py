"""What would be wrong if a change were made to a published revision: tried on a copy that is thrown away."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, Literal, Quad, Store, Triple

from edaphon.conformance.change.incremental import Incremental
from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.model.findings import Capped, Finding, Report, rank
from edaphon.conformance.report.explain import Described, Source, StoreLookup, explain
from edaphon.settings import DefaultGraph as Mode
from edaphon.store.merge import Written, apply, canonical, counts, ontology_of, triple_of
from edaphon.store.scratch import scratch_folder

__all__ = ["Proposal", "check_proposal", "judge"]

DEFAULT: Final = DefaultGraph()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of the stated quads of a revision, with literals as they were submitted."""

    added: tuple[Quad, ...] = ()
    removed: tuple[Quad, ...] = ()


def check_proposal(
    folder: Path,
    proposal: Proposal,
    shapes: Incremental,
    *,
    mode: Mode = "merge",
    brought_by: Sequence[Source] = (),
    cap: int | None = None,
    languages: tuple[str, ...] = ("en",),
) -> Report:
    """Report what the proposal would make wrong in the revision whose store is in `folder`.

    It is tried on a copy beside the state's revisions, where that costs hard links and no space, and as `judge` says.
    """
    with scratch_folder(folder.parent.parent) as copy:
        Store.read_only(str(folder)).backup(str(copy / "store"))

        def published() -> Store:
            return Store.read_only(str(folder))

        def tried() -> Report:
            # The engine closes it with the last reference, and until then still writes to its folder.
            store = Store(str(copy / "store"))
            written = apply(store, proposal.added, proposal.removed, mode)
            return judge(
                store, written, proposal, shapes, published, brought_by=brought_by, cap=cap, languages=languages
            )

        return tried()


def judge(
    store: Store,
    written: Written | None,
    proposal: Proposal,
    shapes: Incremental,
    published: Callable[[], Store],
    *,
    brought_by: Sequence[Source] = (),
    cap: int | None = None,
    languages: tuple[str, ...] = ("en",),
) -> Report:
    """Report what a proposal has made wrong in a store that had a published revision's content before.

    `written` is what `merge.apply` said. What was wrong before and stays so is no fault of the proposal and not
    reported; `published` opens the revision to find that out, when there is something to report. The store is as it
    was when this returns.
    """
    changed = _changed(store, written, proposal, published)
    came = [Quad(one.subject, one.predicate, one.object) for one in changed if _has(store, one)]
    after = Dataset.changed(store, came)
    change = shapes.check(lambda: Dataset(published()), after, changed, removals=False)
    found, capped = _cap(change.introduced, cap)
    described = Described(StoreLookup(store), brought_by, languages)
    findings = tuple(sorted(explain(found, shapes.shapes, described), key=rank))
    after.restore()
    return Report(findings, shapes.shapes.remarks, capped)


def _changed(store: Store, written: Written | None, proposal: Proposal, published: Callable[[], Store]) -> list[Triple]:
    """The triples of the default graph that the proposal brought or took, implied ones included, as it spells them."""
    if written is None:
        # The ontology itself has changed, and with it what any statement implies: compare the two graphs whole.
        stores = (published(), store)
        whole = [set(map(triple_of, one.quads_for_pattern(None, None, None, DEFAULT))) for one in stores]
        return sorted(whole[0] ^ whole[1], key=str)
    kept = {triple_of(quad) for quad in written.came | written.went if quad.graph_name == DEFAULT}
    alignments = ontology_of(store)
    touched = {
        triple_of(quad)
        for quad in (*proposal.added, *proposal.removed)
        # In plain mode the default graph is one of those that are stated.
        if counts(quad.graph_name) or quad.graph_name == DEFAULT
    }
    around = touched.union(*(alignments.implied(triple) for triple in touched))
    return sorted((one for one in around if one in kept or _as_kept(one) in kept), key=str)


def _as_kept(triple: Triple) -> Triple:
    """A triple as the engine keeps it, which may spell its literal otherwise."""
    if not isinstance(triple.object, Literal | Triple):
        return triple
    (quad,) = canonical([Quad(triple.subject, triple.predicate, triple.object)])
    return triple_of(quad)


def _has(store: Store, triple: Triple) -> bool:
    return Quad(triple.subject, triple.predicate, triple.object) in store


def _cap(findings: Iterable[Finding], cap: int | None) -> tuple[list[Finding], tuple[Capped, ...]]:
    """At most so many findings for each constraint of a shape, and where there were more."""
    kept: dict[tuple[object, object], list[Finding]] = {}
    totals: dict[tuple[object, object], int] = {}
    for finding in findings:
        key = (finding.shape, finding.component)
        totals[key] = totals.get(key, 0) + 1
        same = kept.setdefault(key, [])
        if cap is None or len(same) < cap:
            same.append(finding)
    capped = tuple(
        Capped(same[0].shape, same[0].component, len(same), totals[key])
        for key, same in kept.items()
        if same and totals[key] > len(same)
    )
    return [one for same in kept.values() for one in same], capped
