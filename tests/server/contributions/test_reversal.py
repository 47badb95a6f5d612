"""What a revert takes back, and what it leaves."""

from pathlib import Path

import pytest
from contributing import ANN, BEN, EVE, PREFIXES, Desk, iri

from edaphon.contributions.direct import Update, update
from edaphon.contributions.roles import Actor, Role
from edaphon.errors import ContributionRefused, Forbidden, NoLongerConforming, NothingToRetract, WrongStatus
from edaphon.namespaces import CONTRIBUTION, GRAPH_PROVENANCE

NEW = ':other a :Survey ; :year 2020 ; :title "Other" .'


def subject_matter(desk: Desk) -> set[str]:
    """What is published of the subject itself, without the record of who said so."""
    quads = desk.quads()
    record = {(quad.subject, quad.predicate, quad.object) for quad in quads if GRAPH_PROVENANCE in str(quad.graph_name)}
    return {str(quad) for quad in quads if (quad.subject, quad.predicate, quad.object) not in record}


def test_a_revert_restores_what_was_published_before(desk: Desk) -> None:
    before = subject_matter(desk)
    one = desk.accept(
        desk.correct("DELETE DATA { :survey :year 2019 } ; INSERT DATA { :survey :year 2018 ; :note [] }")
    )
    assert subject_matter(desk) != before
    reverted = desk.revert(one)
    assert subject_matter(desk) == before
    assert reverted.status == "reverted"


def test_a_revert_is_a_contribution_of_its_own(desk: Desk) -> None:
    reverted = desk.revert(desk.accept(desk.propose(NEW)), reason="the report was withdrawn")
    assert reverted.reverted_by is not None
    new = desk.state.ledger.contribution(reverted.reverted_by)
    assert (new.kind, new.status, new.reverts, new.contributor) == ("revert", "accepted", reverted.id, "ben")
    assert (new.reason, new.revision) == ("the report was withdrawn", desk.state.current().number)
    assert (new.added, new.removed) == (0, 3)


def test_a_revert_can_be_reverted(desk: Desk) -> None:
    one = desk.accept(desk.propose(NEW))
    published = subject_matter(desk)
    reverted = desk.revert(one)
    assert reverted.reverted_by is not None
    desk.revert(desk.state.ledger.contribution(reverted.reverted_by), by=Actor("cat", Role.REVIEWER))
    assert subject_matter(desk) == published


def test_who_said_what_stays_on_record(desk: Desk) -> None:
    one = desk.revert(desk.accept(desk.propose(NEW)))
    told = {str(quad) for quad in desk.quads() if GRAPH_PROVENANCE in str(quad.graph_name)}
    assert any(f"{CONTRIBUTION}{one.id}> <http://www.w3.org/ns/prov#wasInvalidatedBy>" in line for line in told)
    assert any(f"{CONTRIBUTION}{one.id}> <http://www.w3.org/ns/prov#wasAttributedTo>" in line for line in told)


def test_what_others_have_changed_since_is_left_alone(desk: Desk) -> None:
    one = desk.accept(desk.propose(":other :note 'a' , 'b' ."))
    desk.accept(desk.correct("DELETE DATA { :other :note 'a' } ; INSERT DATA { :other :note 'A' }"))
    desk.revert(one)
    assert desk.says("other", "note")["default"] == {"A"}


def test_a_revert_that_would_leave_a_graph_that_does_not_conform_is_refused(desk: Desk) -> None:
    one = desk.accept(desk.propose(":survey :depth 30 . :other :year 2020 ."))
    desk.accept(desk.propose(":other a :Survey ; :title 'Other' ."))
    before = desk.state.current()
    with pytest.raises(NoLongerConforming) as refused:
        desk.revert(one)
    assert refused.value.report.findings[0].focus == iri("other")
    assert desk.state.current() == before
    assert desk.state.ledger.contribution(one.id).status == "accepted"


def test_nothing_is_published_where_nothing_is_left_to_undo(desk: Desk) -> None:
    one = desk.accept(desk.propose(":other :note 'a' ."))
    desk.accept(desk.correct("DELETE DATA { :other :note 'a' }"))
    with pytest.raises(NothingToRetract, match="stands any more"):
        desk.revert(one)


def test_a_revert_takes_a_reason_and_a_reviewer_who_did_not_make_it(desk: Desk) -> None:
    one = desk.accept(desk.propose(NEW))
    with pytest.raises(ContributionRefused, match="takes a reason"):
        desk.revert(one, reason=None)
    with pytest.raises(Forbidden):
        desk.revert(one, by=ANN)
    own = desk.accept(desk.propose(":x :note 'y' .", by=BEN), by=Actor("cat", Role.REVIEWER))
    with pytest.raises(Forbidden, match="somebody else"):
        desk.revert(own, by=BEN)
    mine = desk.accept(desk.propose(":x :note 'z' .", by=EVE))
    assert desk.revert(mine, by=EVE).status == "reverted"


def test_only_what_is_accepted_can_be_reverted(desk: Desk) -> None:
    with pytest.raises(WrongStatus):
        desk.revert(desk.propose(NEW))
    one = desk.revert(desk.accept(desk.propose(NEW)))
    with pytest.raises(WrongStatus):
        desk.revert(one)


def test_undoing_an_update_of_a_plain_dataset_leaves_it_as_it_was(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path, mode="plain")
    before = desk.quads()
    one = update(desk.state, EVE, Update(f"{PREFIXES} INSERT DATA {{ _:one :next _:two . _:two :title 'Two' }}"))
    assert one is not None
    assert len(desk.quads()) == len(before) + 2
    assert desk.revert(one).status == "reverted"
    assert desk.quads() == before
