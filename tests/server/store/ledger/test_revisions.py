"""Revisions: what publishing records, what it refuses, and how they are found again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from ledger_entries import NOON, entry, proposal, revision

from edaphon.errors import RevisionMissing, RevisionTaken, StateBusy, WrongStatus
from edaphon.store.ledger import Acceptance, Brought, Check, Ledger


def test_a_new_ledger_has_no_revision(ledger: Ledger) -> None:
    assert ledger.last_revision() is None
    assert ledger.revisions() == []
    assert ledger.revision_at(NOON) is None
    assert list(ledger.deltas(0, 9)) == []
    for asked in (ledger.revision, ledger.delta):
        with pytest.raises(RevisionMissing, match="there is no revision 1"):
            asked(1)


def test_a_revision_is_read_back_as_it_was_published(ledger: Ledger) -> None:
    made = revision(1, cause="load", title="A dump", details={"files": ["a.nt.gz"], "größe": 3})
    ledger.publish(made, b"\x00delta\xff")
    assert ledger.revision(1) == made == ledger.last_revision()
    assert ledger.delta(1) == b"\x00delta\xff"


def test_the_delta_of_a_corpus_need_not_be_kept(ledger: Ledger) -> None:
    ledger.publish(revision(1, cause="corpus", actor=None, complete=False), None)
    assert ledger.revision(1).complete is False
    assert ledger.delta(1) is None


@pytest.mark.parametrize(("complete", "delta"), [(True, None), (False, b"")])
def test_a_revision_says_rightly_whether_its_delta_is_kept(ledger: Ledger, complete: bool, delta: bytes | None) -> None:
    with pytest.raises(ValueError, match="complete"):
        ledger.publish(revision(1, complete=complete), delta)
    assert ledger.last_revision() is None


def test_a_revision_publishes_one_contribution(ledger: Ledger) -> None:
    ledger.submit(*entry("kenya"))
    brought = Brought(proposal("update"), b"", b"", b"")
    with pytest.raises(ValueError, match="one contribution"):
        ledger.publish(revision(1), b"", accepts=Acceptance("kenya", "rita", None, 1, 0), brings=brought)


@pytest.mark.parametrize(
    ("cause", "happening"),
    [("corpus", "corpus"), ("load", "loaded"), ("update", "edited"), ("graph-store", "edited")],
)
def test_what_is_published_without_a_contribution_is_an_event(ledger: Ledger, cause: str, happening: str) -> None:
    ledger.publish(revision(1, cause=cause), b"")
    (event,) = ledger.events()
    assert (event.kind, event.revision, event.actor, event.at) == (happening, 1, "rita", NOON)
    assert event.details == {"added": 2, "removed": 1}


@pytest.mark.parametrize("number", [1, 2])
def test_a_number_that_has_been_taken_or_passed_is_not_taken_again(ledger: Ledger, number: int) -> None:
    ledger.submit(*entry("kenya"))
    ledger.publish(revision(2, actor="first"), b"first")
    with pytest.raises(RevisionTaken) as caught:
        ledger.publish(revision(number), b"second", accepts=Acceptance("kenya", "rita", None, 1, 0))
    assert isinstance(caught.value, StateBusy)
    assert [one.actor for one in ledger.revisions()] == ["first"]
    assert ledger.contribution("kenya").status == "proposed"


def test_an_accepted_proposal_says_who_published_it_as_what(ledger: Ledger) -> None:
    ledger.submit(*entry("kenya"))
    acceptance = Acceptance("kenya", "rita", "well sourced", added=2, removed=1)
    ledger.publish(revision(5, minutes=3), b"delta", accepts=acceptance)
    found = ledger.contribution("kenya")
    assert found == proposal(
        status="accepted",
        decided=NOON + timedelta(minutes=3),
        decided_by="rita",
        reason="well sourced",
        revision=5,
        added=2,
        removed=1,
    )
    assert ledger.revision(5).contribution == "kenya"
    event = ledger.events(contribution="kenya")[-1]
    assert (event.kind, event.actor, event.revision, event.at) == ("accepted", "rita", 5, found.decided)
    assert event.details == {"added": 2, "removed": 1, "reason": "well sourced"}


def test_the_check_that_was_made_again_is_recorded_with_the_acceptance(ledger: Ledger) -> None:
    ledger.submit(*entry("kenya"))
    check = Check(base=4, report=b"still conforms", conforms=True, shapes="shapes-2")
    ledger.publish(revision(5), b"", accepts=Acceptance("kenya", "rita", None, 2, 1, check=check))
    found = ledger.contribution("kenya")
    assert (found.status, found.base, found.shapes) == ("accepted", 4, "shapes-2")
    assert ledger.report("kenya") == b"still conforms"
    kinds = [event.kind for event in ledger.events(contribution="kenya")]
    assert kinds == ["submitted", "checked", "checked", "accepted"]


def test_an_update_is_recorded_and_published_in_one_step(ledger: Ledger) -> None:
    made = proposal("update", kind="update", contributor="edith", status="proposed", added=3)
    record = revision(1, cause="update", actor="edith", contribution="update", added=9)
    ledger.publish(record, b"delta", brings=Brought(made, b"as sent", b"request", b"report"))
    found = ledger.contribution("update")
    # Its own counts stay: a publication says other things besides.
    assert found == replace(made, status="accepted", decided=NOON, decided_by="edith", revision=1)
    assert ledger.payload("update") == ("text/turtle", b"as sent")
    assert ledger.revision(1) == record
    assert [event.kind for event in ledger.events(contribution="update")] == ["submitted", "checked", "edited"]


def revert(ledger: Ledger, of: str, number: int, id: str) -> None:
    made = proposal(id, kind="revert", reverts=of, contributor="rita", reason="it was wrong", minutes=number)
    ledger.publish(revision(number, cause="revert", minutes=number), b"", brings=Brought(made, b"", b"", b""))


def test_what_is_undone_is_reverted_by_what_undoes_it(ledger: Ledger) -> None:
    ledger.submit(*entry("kenya"))
    ledger.publish(revision(1), b"", accepts=Acceptance("kenya", "rita", None, 2, 1))
    revert(ledger, "kenya", 2, "undo")
    undone, undoing = ledger.contribution("kenya"), ledger.contribution("undo")
    assert (undone.status, undone.reverted_by, undone.revision) == ("reverted", "undo", 1)
    assert (undoing.status, undoing.reverts, undoing.revision, undoing.decided_by) == ("accepted", "kenya", 2, "rita")
    event = ledger.events(contribution="kenya")[-1]
    assert (event.kind, event.actor, event.revision) == ("reverted", "rita", 2)
    assert event.details == {"by": "undo", "reason": "it was wrong"}
    assert ledger.events(contribution="undo")[-1].kind == "accepted"


def test_nothing_is_undone_twice(ledger: Ledger) -> None:
    ledger.submit(*entry("kenya"))
    with pytest.raises(WrongStatus, match="kenya is proposed, not accepted"):
        revert(ledger, "kenya", 1, "too-early")
    ledger.publish(revision(1), b"", accepts=Acceptance("kenya", "rita", None, 2, 1))
    revert(ledger, "kenya", 2, "undo")
    with pytest.raises(WrongStatus, match="kenya is reverted, not accepted"):
        revert(ledger, "kenya", 3, "again")
    assert [one.number for one in ledger.revisions()] == [2, 1]
    assert [one.id for one in ledger.contributions()] == ["undo", "kenya"]


def test_an_undoing_can_be_undone(ledger: Ledger) -> None:
    ledger.submit(*entry("kenya"))
    ledger.publish(revision(1), b"", accepts=Acceptance("kenya", "rita", None, 2, 1))
    revert(ledger, "kenya", 2, "undo")
    revert(ledger, "undo", 3, "redo")
    assert [ledger.contribution(id).status for id in ("kenya", "undo", "redo")] == ["reverted", "reverted", "accepted"]


def test_revisions_are_listed_newest_first_page_by_page(ledger: Ledger) -> None:
    for number in (1, 2, 3, 5, 8):
        ledger.publish(revision(number), b"")
    assert [one.number for one in ledger.revisions(limit=2)] == [8, 5]
    assert [one.number for one in ledger.revisions(limit=2, before=5)] == [3, 2]
    assert ledger.revisions(before=1) == []


def test_deltas_come_in_order_however_many_there_are(ledger: Ledger) -> None:
    for number in range(1, 41):
        ledger.publish(revision(number), b"%d" % number)
    found = list(ledger.deltas(2, 39))
    assert [(record.number, delta) for record, delta in found] == [(number, b"%d" % number) for number in range(3, 40)]
    assert found[0][0] == ledger.revision(3)


def test_one_may_publish_while_one_reads_the_deltas(ledger: Ledger) -> None:
    ledger.publish(revision(1), b"")
    ledger.publish(revision(2), b"")
    seen = []
    for record, _ in ledger.deltas(0, 3):
        seen.append(record.number)
        if record.number == 1:
            ledger.publish(revision(3), b"")
    assert seen[:2] == [1, 2]
    assert ledger.revision(3).number == 3


def test_what_was_published_at_a_time_is_the_newest_revision_not_later_than_that(ledger: Ledger) -> None:
    # The clock was put back before the last one.
    for number, minutes in ((1, 0), (2, 10), (3, 10), (4, 20), (5, 19)):
        ledger.publish(revision(number, minutes=minutes), b"")

    def at(minutes: float) -> int | None:
        found = ledger.revision_at(NOON + timedelta(minutes=minutes))
        return found.number if found else None

    assert [at(minutes) for minutes in (-1, 0, 9.999, 10, 15, 19, 20, 500)] == [None, 1, 1, 3, 3, 5, 5, 5]
