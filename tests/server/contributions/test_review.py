"""How a decision on a proposal comes about, and what the graph and the ledger say afterwards."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from contributing import ADMIN, ANN, BEN, EVE, Desk, iri
from pyoxigraph import Literal, NamedNode, Quad

from edaphon.contributions import review
from edaphon.contributions.roles import Actor, Role
from edaphon.errors import (
    ContributionRefused,
    ContributionUnknown,
    EdaphonError,
    Forbidden,
    NoLongerConforming,
    NothingToRetract,
    WrongStatus,
)
from edaphon.namespaces import CONTRIBUTION, GRAPH_PROVENANCE, PREFIXES
from edaphon.store.ledger import Contribution

NEW = ':other a :Survey ; :year 2020 ; :title "Other" .'
CAT = Actor("cat", Role.REVIEWER)


def prov(name: str) -> NamedNode:
    return NamedNode(PREFIXES["prov"] + name)


def test_what_is_accepted_is_in_its_own_graph_and_in_the_default_graph(desk: Desk) -> None:
    one = desk.accept(desk.propose(NEW), reason="it is in the report")
    assert (one.status, one.decided_by, one.reason) == ("accepted", "ben", "it is in the report")
    assert one.revision == desk.state.current().number
    assert desk.says("other", "year") == {f"{CONTRIBUTION}{one.id}": {"2020"}, "default": {"2020"}}
    assert (one.added, one.removed) == (3, 0)


def test_what_it_implies_is_there_too(desk: Desk) -> None:
    desk.accept(desk.propose(NEW))
    assert Quad(iri("other"), NamedNode(PREFIXES["rdf"] + "type"), iri("Activity")) in desk.quads()


def test_the_graph_says_who_proposed_and_who_decided_on_what_source_and_why(desk: Desk) -> None:
    one = desk.accept(desk.propose(NEW, source="http://example.org/report"), reason="seen it")
    told = {
        (quad.subject.value, quad.predicate.value, str(quad.object)) for quad in desk.quads(NamedNode(GRAPH_PROVENANCE))
    }
    graph, base = f"{CONTRIBUTION}{one.id}", "https://w3id.org/edaphon/contributor/"
    assert (graph, prov("wasAttributedTo").value, f"<{base}ann>") in told
    assert (graph, prov("wasDerivedFrom").value, "<http://example.org/report>") in told
    assert (f"{graph}#decision", prov("wasAssociatedWith").value, f"<{base}ben>") in told
    assert (f"{graph}#decision", PREFIXES["rdfs"] + "comment", str(Literal("seen it"))) in told
    used = {
        object_ for subject, predicate, object_ in told if subject == f"{graph}#decision" and predicate.endswith("used")
    }
    assert f"<https://w3id.org/edaphon/shapes/version/{one.shapes}>" in used


def test_a_correction_takes_a_statement_from_the_passage_that_made_it(desk: Desk) -> None:
    desk.accept(desk.correct("DELETE DATA { :survey :year 2019 } ; INSERT DATA { :survey :year 2018 }"))
    assert set(desk.says("survey", "year")) == {*desk.says("survey", "year")} - {"para-1"}
    assert desk.says("survey", "year")["default"] == {"2018"}


def test_a_retraction_without_a_graph_reaches_every_graph_that_states_it(desk: Desk) -> None:
    one = desk.correct(
        "PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> DELETE DATA { :survey rdf:type :Survey }"
    )
    assert one.removed == 2
    desk.accept(one)
    kinds = {iri("Survey"), iri("Activity")}
    assert not [quad for quad in desk.quads() if quad.subject == iri("survey") and quad.object in kinds]


def test_a_retraction_with_a_graph_leaves_what_others_state(desk: Desk) -> None:
    desk.accept(desk.correct("DELETE DATA { GRAPH :para-1 { :survey a :Survey } }"))
    kind = NamedNode(PREFIXES["rdf"] + "type")
    where = {str(quad.graph_name) for quad in desk.quads() if (quad.predicate, quad.object) == (kind, iri("Survey"))}
    assert where == {f"<{iri('para-2').value}>", "DEFAULT"}


def test_what_contradicts_what_was_published_meanwhile_is_refused_and_stays_proposed(desk: Desk) -> None:
    first, second = (desk.propose(f":other a :Survey ; :title 'Other' ; :year {year} .") for year in (2020, 2021))
    desk.accept(first)
    before = desk.state.current()
    with pytest.raises(NoLongerConforming) as refused:
        desk.accept(second)
    assert refused.value.report.findings[0].focus == iri("other")
    assert desk.state.current() == before
    kept = desk.state.ledger.contribution(second.id)
    assert (kept.status, kept.conforms, kept.base) == ("proposed", False, before.number)


def test_what_was_found_not_to_conform_is_refused_as_often_as_it_is_accepted(desk: Desk) -> None:
    first, second = (desk.propose(f":other a :Survey ; :title 'Other' ; :year {year} .") for year in (2020, 2021))
    desk.accept(first)
    before = desk.state.current()
    for _ in range(2):
        with pytest.raises(NoLongerConforming):
            desk.accept(second)
    assert desk.state.current() == before


def test_of_two_reviewers_who_accept_one_proposal_at_once_the_other_hears_that_it_was_decided(desk: Desk) -> None:
    one = desk.propose(":other a :Survey ; :title 'Other' ; :year 2020 .")

    def decide(by: Actor) -> Contribution | EdaphonError:
        try:
            return desk.accept(one, by=by)
        except EdaphonError as error:
            return error

    with ThreadPoolExecutor(2) as both:
        outcomes = list(both.map(decide, (BEN, CAT)))
    assert sorted(type(one).__name__ for one in outcomes) == ["Contribution", "WrongStatus"]


def test_of_two_reviewers_who_accept_contradicting_proposals_at_once_one_wins(desk: Desk) -> None:
    proposals = [desk.propose(f":other a :Survey ; :title 'Other' ; :year {year} .") for year in (2020, 2021)]

    def decide(one: Contribution, by: Actor) -> Contribution | EdaphonError:
        try:
            return desk.accept(one, by=by)
        except EdaphonError as error:
            return error

    with ThreadPoolExecutor(2) as both:
        outcomes = list(both.map(decide, proposals, (BEN, CAT)))
    assert sorted(type(one).__name__ for one in outcomes) == ["Contribution", "NoLongerConforming"]
    assert len(desk.says("other", "year")["default"]) == 1


def test_what_was_retracted_meanwhile_cannot_be_retracted_again(desk: Desk) -> None:
    first, second = (desk.correct('DELETE DATA { :survey :title "Survey of soils" }') for _ in range(2))
    desk.accept(first)
    with pytest.raises(NothingToRetract):
        desk.accept(second)


def test_nobody_decides_on_their_own_proposal_but_an_admin(desk: Desk) -> None:
    with pytest.raises(Forbidden, match="somebody else has to decide"):
        desk.accept(desk.propose(NEW, by=BEN), by=BEN)
    with pytest.raises(Forbidden, match="somebody else has to decide"):
        review.reject(desk.state, EVE, desk.propose(NEW, by=EVE).id, "no")
    assert desk.accept(desk.propose(NEW, by=ADMIN), by=ADMIN).status == "accepted"


def test_a_contributor_decides_on_nothing(desk: Desk) -> None:
    one = desk.propose(NEW, by=BEN)
    for decide in (review.accept, review.reject):
        with pytest.raises(Forbidden, match="takes the role reviewer"):
            decide(desk.state, ANN, one.id, "because")


def test_a_rejection_takes_a_reason(desk: Desk) -> None:
    one = desk.propose(NEW)
    with pytest.raises(ContributionRefused, match="takes a reason"):
        review.reject(desk.state, BEN, one.id, "  ")
    rejected = review.reject(desk.state, BEN, one.id, "not in the report")
    assert (rejected.status, rejected.reason, rejected.decided_by) == ("rejected", "not in the report", "ben")


def test_only_its_contributor_withdraws_a_proposal(desk: Desk) -> None:
    one = desk.propose(NEW)
    with pytest.raises(Forbidden):
        review.withdraw(desk.state, BEN, one.id, None)
    assert review.withdraw(desk.state, ANN, one.id, None).status == "withdrawn"


def test_what_has_been_decided_is_decided(desk: Desk) -> None:
    one = desk.accept(desk.propose(NEW))
    before = desk.state.current()
    for decide in (review.accept, review.reject):
        with pytest.raises(WrongStatus, match="is accepted, not proposed"):
            decide(desk.state, CAT, one.id, "again")
    with pytest.raises(WrongStatus):
        review.withdraw(desk.state, ANN, one.id, None)
    assert desk.state.current() == before


def test_there_is_nothing_to_decide_on_where_nothing_was_proposed(desk: Desk) -> None:
    with pytest.raises(ContributionUnknown):
        review.accept(desk.state, BEN, "2020-01-01-nothing-aaaaaa", None)


def test_the_graph_and_the_ledger_name_the_same_moment_of_a_decision(desk: Desk) -> None:
    one = desk.accept(desk.propose(NEW))
    ended = {
        str(quad.object) for quad in desk.quads(NamedNode(GRAPH_PROVENANCE)) if quad.predicate == prov("endedAtTime")
    }
    assert one.decided is not None
    (told,) = ended
    assert datetime.fromisoformat(told.split('"')[1]) == one.decided
