"""A new corpus or new shapes drop no contribution, and those that do not go with them are listed."""

from pathlib import Path

import pytest
from contributing import SHAPES, Desk
from serving import serving

from edaphon.contributions.rebasing import recheck
from edaphon.contributions.verdict import kept_report
from edaphon.store.preparing import prepare
from edaphon.store.state import State

STRICTER = (
    SHAPES
    + """
:Survey-shape sh:property :Survey-area .
:Survey-area a sh:PropertyShape ; sh:path :area ; sh:minCount 1 ; sh:message "State the area." .
"""
)


def with_new(desk: Desk, corpus: Path, *, shapes: str | None = None, document: tuple[str, str] | None = None) -> Desk:
    """The desk after the corpus has changed and was published."""
    if shapes is not None:
        (corpus / "shapes" / "survey.ttl").write_text(shapes, encoding="utf-8")
    if document is not None:
        file = corpus / "data" / "documents" / "report.trig"
        file.write_text(file.read_text().replace(*document), encoding="utf-8")
    state = State.open(desk.state.folder)
    assert prepare(state)
    return Desk(state)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return tmp_path / "corpus"


def test_what_stricter_shapes_find_at_a_contribution_is_listed_with_its_report(desk: Desk, corpus: Path) -> None:
    good = desk.accept(desk.propose(':good a :Survey ; :year 2020 ; :title "Good" ; :area 3 .'))
    bad = desk.accept(desk.propose(':bad a :Survey ; :year 2020 ; :title "Bad" .'))
    later = with_new(desk, corpus, shapes=STRICTER)
    (listed,) = recheck(later.state)
    assert (listed.id, listed.status, listed.conforms, listed.base) == (bad.id, "accepted", False, 4)
    assert "State the area." in kept_report(later.state.ledger.report(bad.id))["text"]
    assert later.state.ledger.contributions(conforms=False) == [listed]
    assert later.state.ledger.contribution(good.id).conforms
    assert later.says("bad", "year")["default"] == {"2020"}, "it stays published"


def test_what_retracted_something_that_is_missed_now_is_listed(desk: Desk, corpus: Path) -> None:
    desk.accept(desk.propose(":survey :area 3 ."))
    gone = desk.accept(desk.correct("DELETE DATA { :survey :area 3 }"))
    later = with_new(desk, corpus, shapes=STRICTER)
    assert gone.id in [one.id for one in recheck(later.state)]


def test_what_a_new_corpus_contradicts_is_listed(desk: Desk, corpus: Path) -> None:
    corrected = desk.accept(desk.correct("DELETE DATA { :survey :year 2019 } ; INSERT DATA { :survey :year 2018 }"))
    later = with_new(desk, corpus, document=("2019", "2017"))
    assert later.says("survey", "year")["default"] == {"2017", "2018"}
    assert [one.id for one in recheck(later.state)] == [corrected.id]


def test_what_conforms_again_is_listed_no_more(desk: Desk, corpus: Path) -> None:
    one = desk.accept(desk.propose(':bad a :Survey ; :year 2020 ; :title "Bad" .'))
    stricter = with_new(desk, corpus, shapes=STRICTER)
    recheck(stricter.state)
    lenient = with_new(stricter, corpus, shapes=SHAPES)
    assert recheck(lenient.state) == []
    assert lenient.state.ledger.contribution(one.id).conforms
    assert [event.kind for event in lenient.state.ledger.events(contribution=one.id)][-2:] == ["checked", "checked"]


def test_a_check_that_did_not_take_place_is_made_up_for(desk: Desk, corpus: Path) -> None:
    bad = desk.accept(desk.propose(':bad a :Survey ; :year 2020 ; :title "Bad" .'))
    assert not desk.state.ledger.recheck_due()
    # Published, and then the process died.
    later = with_new(desk, corpus, shapes=STRICTER)
    assert later.state.ledger.recheck_due()
    with serving(later.state):
        pass
    assert [one.id for one in later.state.ledger.contributions(conforms=False)] == [bad.id]
    assert not later.state.ledger.recheck_due()


def test_what_was_reverted_or_only_proposed_is_not_looked_at(desk: Desk, corpus: Path) -> None:
    undone = desk.accept(desk.propose(':bad a :Survey ; :year 2020 ; :title "Bad" .'))
    desk.revert(undone)
    waiting = desk.propose(':worse a :Survey ; :year 2020 ; :title "Worse" .')
    later = with_new(desk, corpus, shapes=STRICTER)
    assert recheck(later.state) == []
    assert later.state.ledger.contribution(waiting.id).conforms


def test_the_corpus_s_own_faults_are_nobodys_contribution(desk: Desk, corpus: Path) -> None:
    one = desk.accept(desk.propose(':fine a :Survey ; :year 2020 ; :title "Fine" ; :area 3 .'))
    later = with_new(desk, corpus, shapes=STRICTER)
    assert recheck(later.state) == []
    assert later.state.ledger.contribution(one.id).conforms


def test_a_server_that_starts_on_a_new_corpus_names_them_in_its_log(desk: Desk, corpus: Path) -> None:
    bad = desk.accept(desk.propose(':bad a :Survey ; :year 2020 ; :title "Bad" .'))
    (corpus / "shapes" / "survey.ttl").write_text(STRICTER, encoding="utf-8")
    with serving(desk.state, "--workers", "1") as server:
        log = server.log.read_text()
    warnings = [line for line in log.splitlines() if "WARNING" in line]
    assert len(warnings) == 1
    assert f"contribution {bad.id}, accepted as revision 2, conforms no longer" in warnings[0]
    with serving(desk.state, "--workers", "1") as server:
        assert "conforms no longer" not in server.log.read_text(), "told once for each change"
