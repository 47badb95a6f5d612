"""A decision on a proposal: accepted and published, rejected, or withdrawn by whoever made it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from pyoxigraph import Store

from edaphon.contributions.legible import legible
from edaphon.contributions.payload import Payload
from edaphon.contributions.places import source_of
from edaphon.contributions.provenance import provenance
from edaphon.contributions.resolution import resolve
from edaphon.contributions.roles import Actor, may_decide, may_withdraw
from edaphon.contributions.verdict import check
from edaphon.errors import ContributionRefused, NoLongerConforming, WrongStatus
from edaphon.store.delta import Delta, effective
from edaphon.store.ledger.records import Acceptance, Check, Contribution
from edaphon.store.publishing import Publication, publish
from edaphon.store.revisions import Revision
from edaphon.store.state import State

__all__ = ["accept", "must_be", "reject", "with_reason", "withdraw"]

LONGEST_REASON: Final = 10_000


def accept(state: State, actor: Actor, identifier: str, reason: str | None) -> Contribution:
    """Publish a proposal; when this returns, queries are answered with it, and nothing undoes it but a revert.

    It is checked again unless it was last found to conform on the very revision that is published. Raises
    ContributionUnknown, Forbidden, WrongStatus; NoLongerConforming, NothingToRetract or AlreadyPublished when what is
    published has changed so that it cannot be accepted any more: it stays proposed then. Raises StateBusy, StateFull.
    """
    ledger = state.ledger
    reason = readable(reason)
    may_decide(actor, ledger.contribution(identifier))
    request = Delta.unpacked(ledger.request(identifier))

    def work_out(base: Revision, store: Store) -> Publication:
        contribution = ledger.contribution(identifier)
        # Somebody else may have decided since; then that is what to say, and not that it is published already.
        must_be(contribution, "proposed")
        delta = resolve(request, store, state.default_graph)
        checked = contribution
        made = None
        # A check that failed is recorded with its revision as well.
        if base.number != contribution.base or not contribution.conforms:
            media_type, content = ledger.payload(identifier)
            verdict = check(state, base, delta, source_of(Payload(content, media_type), identifier))
            made = Check(base.number, verdict.packed(), verdict.conforms, verdict.shapes)
            if not verdict.conforms:
                ledger.checked(identifier, made.base, made.report, made.conforms, made.shapes)
                raise NoLongerConforming(
                    f"{identifier} conformed when it was proposed, but what is published has changed since; "
                    "the report says what is wrong with it now",
                    report=verdict.report,
                )
            checked = replace(contribution, shapes=verdict.shapes)
        now = datetime.now(UTC)
        decided = replace(checked, decided=now, decided_by=actor.name, reason=reason)
        statements = effective(store, delta.added, delta.removed)
        with_record = effective(store, delta.added | provenance(decided), delta.removed)
        return Publication(
            with_record,
            "contribution",
            actor.name,
            now,
            contribution=identifier,
            title=contribution.title,
            acceptance=Acceptance(
                identifier, actor.name, reason, len(statements.added), len(statements.removed), check=made
            ),
        )

    publish(state, work_out)
    return ledger.contribution(identifier)


def reject(state: State, actor: Actor, identifier: str, reason: str | None) -> Contribution:
    """Decide that a proposal is not to be published. Raises ContributionUnknown, Forbidden, WrongStatus."""
    contribution = state.ledger.contribution(identifier)
    may_decide(actor, contribution)
    must_be(contribution, "proposed")
    return state.ledger.decide(identifier, "rejected", actor.name, with_reason(reason, "reject a contribution"))


def withdraw(state: State, actor: Actor, identifier: str, reason: str | None) -> Contribution:
    """Take one's own proposal back. Raises ContributionUnknown, Forbidden, WrongStatus."""
    contribution = state.ledger.contribution(identifier)
    may_withdraw(actor, contribution)
    must_be(contribution, "proposed")
    return state.ledger.decide(identifier, "withdrawn", actor.name, readable(reason))


def must_be(contribution: Contribution, status: str) -> None:
    """Raise WrongStatus for a contribution that has another status."""
    if contribution.status != status:
        raise WrongStatus(
            f"{contribution.id} is {contribution.status}, not {status}", contribution_status=contribution.status
        )


def with_reason(reason: str | None, to: str) -> str:
    """The reason. Raises ContributionRefused where there is none."""
    text = readable(reason)
    if text is None:
        raise ContributionRefused(f"to {to} takes a reason, for whoever made it and for those who come later")
    return text


def readable(reason: str | None) -> str | None:
    """The reason as it is recorded; None for an empty one. Raises ContributionRefused for what cannot be shown."""
    text = (reason or "").strip()
    if len(text) > LONGEST_REASON:
        raise ContributionRefused(f"the reason has {len(text)} characters; {LONGEST_REASON} are the most")
    if not legible(text, breaks=True):
        raise ContributionRefused("the reason has characters that cannot be shown")
    return text or None
