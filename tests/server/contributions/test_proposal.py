"""What becomes of bytes that somebody proposes: recorded, or refused with a reason and nothing recorded."""

import hashlib

import pytest
from contributing import ADMIN, ANN, BEN, PREFIXES, UPDATE, Desk, iri
from pyoxigraph import NamedNode

from edaphon.contributions.payload import Payload
from edaphon.contributions.proposal import about, propose
from edaphon.contributions.verdict import kept_report
from edaphon.errors import (
    AlreadyPublished,
    ContributionRefused,
    EdaphonError,
    GraphProtected,
    NotConforming,
    NothingToRetract,
    ParseError,
    QuerySyntax,
)
from edaphon.namespaces import CONTRIBUTION, GENID
from edaphon.store.delta import Delta

NEW = ':other a :Survey ; :year 2020 ; :title "Other" .'


def test_a_proposal_that_conforms_waits_for_a_decision_and_changes_nothing(desk: Desk) -> None:
    before = desk.state.current()
    one = desk.propose(NEW, source="http://example.org/report")
    assert (one.status, one.contributor, one.source) == ("proposed", "ann", "http://example.org/report")
    assert (one.added, one.removed, one.base, one.conforms) == (3, 0, before.number, True)
    assert desk.state.current() == before
    assert desk.state.ledger.contribution(one.id) == one


def test_the_bytes_are_kept_as_they_were_sent(desk: Desk) -> None:
    body = f"{PREFIXES}:other   a :Survey ; :year 02020 ; :title 'Other'@EN ."
    one = propose(desk.state, ANN, about("x", None), Payload(body.encode(), "text/turtle"))
    assert desk.state.ledger.payload(one.id) == ("text/turtle", body.encode())
    assert one.digest == hashlib.sha256(body.encode()).hexdigest()


def test_the_identifier_says_when_and_what(desk: Desk) -> None:
    one = propose(desk.state, ANN, about("Sölö survey, 2020!", None), Payload((PREFIXES + NEW).encode(), "text/turtle"))
    assert one.id.startswith(f"{one.created:%Y-%m-%d}-solo-survey-2020-")
    other = propose(
        desk.state, ANN, about("Sölö survey, 2020!", None), Payload((PREFIXES + NEW).encode(), "text/turtle")
    )
    assert other.id != one.id


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/turtle", "<http://e/a> <http://e/b> <http://e/c> ."),
        ("application/n-triples", "<http://e/a> <http://e/b> <http://e/c> ."),
        ("application/n-quads", "<http://e/a> <http://e/b> <http://e/c> ."),
        ("application/trig", "{ <http://e/a> <http://e/b> <http://e/c> }"),
        ("application/ld+json", '{"@id": "http://e/a", "http://e/b": {"@id": "http://e/c"}}'),
        (
            "application/rdf+xml",
            '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
            '<r:Description r:about="http://e/a"><e:b r:resource="http://e/c"/></r:Description></r:RDF>',
        ),
        (UPDATE, "INSERT DATA { <http://e/a> <http://e/b> <http://e/c> }"),
    ],
)
def test_any_serialisation_says_the_same(desk: Desk, media_type: str, body: str) -> None:
    one = propose(desk.state, ANN, about("x", None), Payload(body.encode(), media_type))
    (quad,) = Delta.unpacked(desk.state.ledger.request(one.id)).added
    assert str(quad) == f"<http://e/a> <http://e/b> <http://e/c> <{CONTRIBUTION}{one.id}>"


def test_blank_nodes_become_iris_of_the_contribution_the_same_for_the_same_node(desk: Desk) -> None:
    one = desk.propose("_:x :part _:y . _:y :whole _:x . :z :see [] .")
    added = Delta.unpacked(desk.state.ledger.request(one.id)).added
    names = {quad.predicate.value.rpartition("/")[2]: (quad.subject, quad.object) for quad in added}
    assert names["part"] == tuple(reversed(names["whole"]))
    genid = f"{GENID}{one.id}/b"
    assert names["part"] == (NamedNode(genid + "0"), NamedNode(genid + "1"))
    assert names["see"] == (iri("z"), NamedNode(genid + "2"))


def test_blank_nodes_of_two_contributions_are_different_nodes(desk: Desk) -> None:
    for _ in range(2):
        desk.accept(desk.propose("_:x :note 'the same' ."))
    assert len({quad.subject for quad in desk.quads() if quad.predicate == iri("note")}) == 2


def test_what_would_not_conform_is_refused_with_the_report_and_not_recorded(desk: Desk) -> None:
    with pytest.raises(NotConforming) as refused:
        desk.propose(':other a :Survey ;\n    :title "Other" .')
    (finding,) = refused.value.report.findings
    assert finding.focus == iri("other")
    assert finding.messages[0].value == "State the one year of the survey."
    assert desk.state.ledger.contributions() == []


def test_it_is_judged_with_what_is_published(desk: Desk) -> None:
    """A second year is no fault of the new text alone."""
    with pytest.raises(NotConforming):
        desk.propose(":survey :year 2020 .")


def test_a_warning_is_no_reason_to_refuse_but_is_in_the_report(desk: Desk) -> None:
    one = desk.propose(":other a :Survey ; :year 2020 .")
    assert one.status == "proposed"
    assert "Give it a title." in kept_report(desk.state.ledger.report(one.id))["text"]


def test_literals_are_judged_as_they_are_spelt(desk: Desk) -> None:
    """The engine would keep it as an integer."""
    with pytest.raises(NotConforming):
        desk.propose(':other a :Survey ; :title "O" ; :year "2020"^^xsd:int .')


@pytest.mark.parametrize(
    ("body", "media_type", "trouble", "told"),
    [
        (":a :b", "text/turtle", ParseError, "the body:3:"),
        ("GRAPH :g { :a :b :c }", "application/trig", ContributionRefused, "belongs to its own graph"),
        ("INSERT DATA { GRAPH :g { :a :b :c } }", UPDATE, ContributionRefused, "belongs to its own graph"),
        ("", "text/turtle", ContributionRefused, "states nothing and retracts nothing"),
        ("INSERT DATA { }", UPDATE, ContributionRefused, "states nothing and retracts nothing"),
        ("DELETE WHERE { ?s ?p ?o }", UPDATE, ContributionRefused, "INSERT DATA and DELETE DATA"),
        ("CLEAR ALL", UPDATE, ContributionRefused, "INSERT DATA and DELETE DATA"),
        ("INSERT DATA { :a :b }", UPDATE, QuerySyntax, "expected"),
        (":survey a :Survey .", "text/turtle", AlreadyPublished, "example.org/para-1"),
        ("DELETE DATA { :survey :year 1999 }", UPDATE, NothingToRetract, "no graph states it"),
        ("DELETE DATA { :survey a :Activity }", UPDATE, NothingToRetract, "only implied"),
        ("DELETE DATA { GRAPH :para-2 { :survey :year 2019 } }", UPDATE, NothingToRetract, "not stated in"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_the_reason(
    desk: Desk, body: str, media_type: str, trouble: type[EdaphonError], told: str
) -> None:
    with pytest.raises(trouble, match=told):
        desk.propose(body, media_type=media_type)
    assert desk.state.ledger.contributions() == []


@pytest.mark.parametrize(
    "graph",
    [
        "https://w3id.org/edaphon/graph/ontology",
        "https://w3id.org/edaphon/graph/implied",
        "https://w3id.org/edaphon/graph/provenance",
        "https://w3id.org/edaphon/service/shapes",
    ],
)
def test_graphs_that_the_server_keeps_are_not_open(desk: Desk, graph: str) -> None:
    with pytest.raises(GraphProtected) as refused:
        desk.correct(f"DELETE DATA {{ GRAPH <{graph}> {{ :a :b :c }} }}")
    assert refused.value.graph == graph


def test_a_triple_of_the_ontology_cannot_be_retracted_without_naming_it_either(desk: Desk) -> None:
    with pytest.raises(GraphProtected, match="graph/ontology"):
        desk.correct(
            "DELETE DATA { :Survey <http://www.w3.org/2000/01/rdf-schema#subClassOf> :Activity }",
        )


@pytest.mark.parametrize("title", ["a" * 201, "bell\a"])
def test_titles_that_cannot_be_shown_are_refused(title: str) -> None:
    with pytest.raises(ContributionRefused):
        about(title, None)


@pytest.mark.parametrize("source", ["page", "http://exa mple.org/", "http://example.org/<x>", ""])
def test_a_source_is_an_absolute_iri(source: str) -> None:
    with pytest.raises(ContributionRefused, match="absolute IRI"):
        about("x", source)


def test_anyone_with_a_token_may_propose(desk: Desk) -> None:
    for actor in (ANN, BEN, ADMIN):
        assert desk.propose(NEW, by=actor).contributor == actor.name
