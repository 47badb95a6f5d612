"""A revert: a new contribution that undoes an old one, as far as it still stands, and is checked like any other."""

from datetime import UTC, datetime

from pyoxigraph import Quad, Store

from edaphon.contributions.entry import entry
from edaphon.contributions.proposal import new_identifier
from edaphon.contributions.provenance import PROVENANCE, activity, graph_of, invalidated, prov, provenance
from edaphon.contributions.review import must_be, with_reason
from edaphon.contributions.roles import Actor, may_revert
from edaphon.contributions.verdict import check
from edaphon.errors import NoLongerConforming, NothingToRetract
from edaphon.store.delta import Delta, effective
from edaphon.store.ledger.records import Brought, Contribution
from edaphon.store.publishing import Publication, publish
from edaphon.store.revisions import Revision
from edaphon.store.state import State

__all__ = ["PATCH", "revert"]

PATCH = "application/rdf-patch"


def revert(state: State, actor: Actor, identifier: str, reason: str | None) -> Contribution:
    """Undo an accepted contribution and return it, reverted; `reverted_by` names the one that undid it.

    What it added goes and what it removed comes back, but for what later contributions have changed already. Raises
    ContributionUnknown, Forbidden, WrongStatus, ContributionRefused without a reason; NoLongerConforming with the
    report when the graph would not conform; NothingToRetract when nothing of it stands any more.
    """
    ledger = state.ledger
    contribution = ledger.contribution(identifier)
    may_revert(actor, contribution)
    must_be(contribution, "accepted")
    because = with_reason(reason, "revert a contribution")
    assert contribution.revision is not None, "an accepted contribution has been published"
    packed = ledger.delta(contribution.revision)
    assert packed is not None, "the ledger has the change of every contribution"
    # Who proposed and who decided stays on record.
    undone = Delta.unpacked(packed).only(_is_no_record).inverse()
    now = datetime.now(UTC)
    title = f"Revert of: {contribution.title}"[:200]
    new = new_identifier(title, now)
    patch = undone.patch(f"{PATCH}:{new}")

    def work_out(base: Revision, store: Store) -> Publication:
        delta = effective(store, undone.added, undone.removed)
        if not delta:
            raise NothingToRetract(f"nothing of {identifier} stands any more; later changes have undone all of it")
        verdict = check(state, base, delta)
        if not verdict.conforms:
            raise NoLongerConforming(
                f"without {identifier} the graph would not conform to its shapes; the report says why",
                report=verdict.report,
            )
        record = entry(
            new,
            "revert",
            title,
            actor.name,
            now,
            patch,
            PATCH,
            delta,
            verdict,
            base.number,
            decided=now,
            reason=because,
            reverts=identifier,
        )
        told = provenance(record) | invalidated(identifier, new)
        if Quad(graph_of(identifier), prov("wasGeneratedBy"), activity(identifier), PROVENANCE) not in store:
            # What the dataset says nothing of, as of updates in plain mode, it need not say to be undone either.
            told = frozenset()
        with_record = effective(store, delta.added | told, delta.removed)
        return Publication(
            with_record,
            "revert",
            actor.name,
            now,
            contribution=new,
            title=title,
            brought=Brought(record, patch, delta.packed(), verdict.packed()),
        )

    publish(state, work_out)
    return ledger.contribution(identifier)


def _is_no_record(quad: Quad) -> bool:
    return quad.graph_name != PROVENANCE
