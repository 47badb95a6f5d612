"""Contributions: what is recorded when one is proposed and decided, and in which order they are listed."""

from datetime import UTC, datetime

import pytest
from ledger_entries import NOON, entry, proposal, revision

from edaphon.errors import ContributionUnknown, LedgerError, WrongStatus
from edaphon.store.ledger import Acceptance, Ledger


def ids(ledger: Ledger, **options: object) -> list[str]:
    return [one.id for one in ledger.contributions(**options)]  # type: ignore[arg-type]


def test_a_proposal_is_read_back_as_it_was_submitted(ledger: Ledger) -> None:
    made = proposal(title="Bodenkarte „Österreich“", source="https://example.org/soil", removed=2, conforms=False)
    ledger.submit(made, b"\x00as sent\xff", b"change", b"report")
    assert ledger.contribution("kenya") == made
    assert ledger.payload("kenya") == ("text/turtle", b"\x00as sent\xff")
    assert ledger.request("kenya") == b"change"
    assert ledger.report("kenya") == b"report"


def test_a_time_is_kept_to_the_microsecond_and_read_back_in_utc(ledger: Ledger) -> None:
    created = datetime.fromisoformat("2026-11-24T15:00:00.000001+03:00")
    ledger.submit(proposal(created=created), b"", b"", b"")
    found = ledger.contribution("kenya").created
    assert (found, found.tzinfo) == (created, UTC)


def test_a_submission_is_told_among_the_events_with_its_check(ledger: Ledger) -> None:
    ledger.submit(*entry("kenya"))
    submitted, checked = ledger.events(contribution="kenya")
    assert (submitted.kind, submitted.actor, submitted.at) == ("submitted", "wanjiru", NOON)
    assert submitted.details == {"kind": "proposal", "title": "About kenya", "digest": "d1"}
    assert (checked.kind, checked.actor) == ("checked", None)
    assert checked.details == {"base": 1, "conforms": True, "shapes": "shapes-1"}


def test_an_id_is_given_once(ledger: Ledger) -> None:
    ledger.submit(*entry("kenya"))
    with pytest.raises(LedgerError):
        ledger.submit(proposal(title="Another"), b"", b"", b"")
    assert ledger.contribution("kenya").title == "About kenya"
    assert len(ledger.events()) == 2


def test_of_an_unknown_contribution_everything_is_refused(ledger: Ledger) -> None:
    for asked in (ledger.contribution, ledger.payload, ledger.request, ledger.report):
        with pytest.raises(ContributionUnknown, match="there is no contribution nowhere"):
            asked("nowhere")
    with pytest.raises(ContributionUnknown):
        ledger.decide("nowhere", "rejected", "rita", "no")
    with pytest.raises(ContributionUnknown):
        ledger.checked("nowhere", 2, b"", True, "shapes-2")
    with pytest.raises(ContributionUnknown):
        ledger.contributions(before="nowhere")
    with pytest.raises(ContributionUnknown):
        ledger.publish(revision(1), b"", accepts=Acceptance("nowhere", "rita", None, 1, 0))
    assert ledger.last_revision() is None


@pytest.mark.parametrize("status", ["rejected", "withdrawn"])
def test_a_decision_is_told_with_who_made_it_when_and_why(ledger: Ledger, status: str) -> None:
    ledger.submit(*entry("kenya"))
    before = datetime.now(UTC)
    decided = ledger.decide("kenya", status, "rita", "the source says something else")  # type: ignore[arg-type]
    assert decided == ledger.contribution("kenya")
    assert (decided.status, decided.decided_by, decided.reason) == (status, "rita", "the source says something else")
    assert decided.decided is not None and before <= decided.decided <= datetime.now(UTC)
    last = ledger.events(contribution="kenya")[-1]
    assert (last.kind, last.actor, last.at) == (status, "rita", decided.decided)
    assert last.details == {"reason": "the source says something else"}


def test_what_is_decided_stays_decided(ledger: Ledger) -> None:
    ledger.submit(*entry("kenya"))
    decided = ledger.decide("kenya", "withdrawn", "wanjiru", None)
    with pytest.raises(WrongStatus, match="kenya is withdrawn, not proposed") as caught:
        ledger.decide("kenya", "rejected", "rita", "no")
    assert caught.value.contribution_status == "withdrawn"
    with pytest.raises(WrongStatus):
        ledger.checked("kenya", 2, b"later", False, "shapes-2")
    with pytest.raises(WrongStatus):
        ledger.publish(revision(1), b"", accepts=Acceptance("kenya", "rita", None, 1, 0))
    assert ledger.contribution("kenya") == decided
    assert ledger.report("kenya") == b"report kenya"
    assert [event.kind for event in ledger.events(contribution="kenya")] == ["submitted", "checked", "withdrawn"]
    assert ledger.last_revision() is None


def test_a_later_check_replaces_what_the_earlier_one_found(ledger: Ledger) -> None:
    ledger.submit(*entry("kenya"))
    ledger.checked("kenya", 7, b"a violation", False, "shapes-2")
    found = ledger.contribution("kenya")
    assert (found.status, found.base, found.conforms, found.shapes) == ("proposed", 7, False, "shapes-2")
    assert ledger.report("kenya") == b"a violation"
    assert ledger.events(contribution="kenya")[-1].details == {"base": 7, "conforms": False, "shapes": "shapes-2"}


def test_the_newest_are_listed_first_in_the_order_of_recording_where_they_are_of_one_instant(ledger: Ledger) -> None:
    for id, minutes in (("early", 0), ("twin-1", 5), ("twin-2", 5), ("late", 9), ("recorded-late", 1)):
        ledger.submit(proposal(id, minutes=minutes), b"", b"", b"")
    assert ids(ledger) == ["late", "twin-2", "twin-1", "recorded-late", "early"]


def test_pages_follow_each_other_without_gap_or_repetition_also_when_something_is_added(ledger: Ledger) -> None:
    for number in range(7):
        ledger.submit(proposal(f"c{number}", minutes=number // 3), b"", b"", b"")
    seen = ids(ledger, limit=3)
    ledger.submit(proposal("new", minutes=60), b"", b"", b"")
    while page := ids(ledger, limit=3, before=seen[-1]):
        seen += page
    assert seen == ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]


def test_those_of_one_status_are_listed_alone(ledger: Ledger) -> None:
    for number in range(5):
        ledger.submit(proposal(f"c{number}", minutes=number), b"", b"", b"")
    ledger.decide("c1", "rejected", "rita", "no")
    ledger.decide("c3", "rejected", "rita", "no")
    assert ids(ledger, status="rejected") == ["c3", "c1"]
    assert ids(ledger, status="proposed", limit=2, before="c4") == ["c2", "c0"]
    assert ids(ledger, status="accepted") == []
