"""What would be wrong if a change were made to a published revision: tried on a copy that is thrown away."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, Quad, Store, Triple

from edaphon.conformance.change.incremental import Incremental
from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.model.findings import Capped, Finding, Report, rank
from edaphon.conformance.report.explain import Described, Source, StoreLookup, explain
from edaphon.settings import DefaultGraph as Mode
from edaphon.store.merge import apply, counts, ontology_of, triple_of
from edaphon.store.scratch import scratch_folder

__all__ = ["Proposal", "check_proposal"]

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
    published: Store | None = None,
    scratch: Path | None = None,
    brought_by: Sequence[Source] = (),
    cap: int | None = None,
    languages: tuple[str, ...] = ("en",),
) -> Report:
    """Report what the proposal would make wrong in the revision whose store is in `folder`, and may be open already.

    What was wrong before and stays so is no fault of the proposal and not reported. The copy is made in `scratch`, by
    default beside the state's revisions, where it costs hard links and no space.
    """
    # The copy is removed only when the function that has it open is left: the engine closes it with the last
    # reference, and until then still writes to its folder.
    with scratch_folder(scratch or folder.parent.parent) as copy:
        before = published or Store.read_only(str(folder))
        return _try(before, copy / "store", proposal, shapes, mode, brought_by, cap, languages)


def _try(
    published: Store,
    copy: Path,
    proposal: Proposal,
    shapes: Incremental,
    mode: Mode,
    brought_by: Sequence[Source],
    cap: int | None,
    languages: tuple[str, ...],
) -> Report:
    published.backup(str(copy))
    candidate = Store(str(copy))
    apply(candidate, proposal.added, proposal.removed, mode)
    changed = _changed(published, candidate, proposal)
    came = [Quad(one.subject, one.predicate, one.object) for one in changed if _has(candidate, one)]
    after = Dataset.changed(candidate, came)
    change = shapes.check(Dataset(published), after, changed, removals=False)
    found, capped = _cap(change.introduced, cap)
    described = Described(StoreLookup(candidate), brought_by, languages)
    findings = tuple(sorted(explain(found, shapes.shapes, described), key=rank))
    return Report(findings, shapes.shapes.remarks, capped)


def _changed(published: Store, candidate: Store, proposal: Proposal) -> list[Triple]:
    """The triples of the default graph that the proposal brings or takes, implied ones included."""
    before, after = ontology_of(published), ontology_of(candidate)
    if before != after:
        # The ontology itself changes, and with it what any statement implies: compare the two graphs whole.
        stores = (published, candidate)
        whole = [set(map(triple_of, one.quads_for_pattern(None, None, None, DEFAULT))) for one in stores]
        return sorted(whole[0] ^ whole[1], key=str)
    touched = {
        triple_of(quad)
        for quad in (*proposal.added, *proposal.removed)
        # In plain mode the default graph is one of those that are stated; `_has` looks at it in either.
        if counts(quad.graph_name) or quad.graph_name == DEFAULT
    }
    around = touched.union(*(after.implied(triple) for triple in touched))
    return sorted((one for one in around if _has(published, one) != _has(candidate, one)), key=str)


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
