"""Nobody but the server says who contributed and decided what, or adds to what somebody else proposed."""

import pytest
from contributing import ADMIN, EVE, PREFIXES, Desk

from edaphon.contributions.direct import Update, update
from edaphon.contributions.graph_store import NEW, Write, write
from edaphon.contributions.payload import Payload
from edaphon.contributions.provenance import agent, graph_of
from edaphon.errors import ContributionRefused, GraphProtected
from edaphon.namespaces import BASE, CONTRIBUTION

PROV = "http://www.w3.org/ns/prov#"
RECORDS = [
    f"{CONTRIBUTION}2026-11-24-x-abcdef",
    f"{CONTRIBUTION}2026-11-24-x-abcdef#decision",
    agent("ann").value,
    f"{BASE}shapes/version/00",
    f"{BASE}history#2",
]


@pytest.mark.parametrize("subject", RECORDS)
def test_a_contribution_says_nothing_of_the_record_itself(desk: Desk, subject: str) -> None:
    with pytest.raises(ContributionRefused, match="recorded by the server alone"):
        desk.propose(f"<{subject}> <{PROV}wasAttributedTo> :somebody-else .")
    assert desk.state.ledger.contributions() == []


@pytest.mark.parametrize("subject", RECORDS)
def test_nor_does_an_editor(desk: Desk, subject: str) -> None:
    before = desk.state.current()
    with pytest.raises(ContributionRefused, match="recorded by the server alone"):
        update(desk.state, EVE, Update(f"{PREFIXES} INSERT DATA {{ <{subject}> a :Survey-of-surveys }}"))
    with pytest.raises(ContributionRefused, match="recorded by the server alone"):
        body = Payload(f"<{subject}> <{PROV}value> 1 .".encode(), "text/turtle")
        write(desk.state, ADMIN, Write("POST", "http://example.org/g", (body,)))
    assert desk.state.current() == before


def test_what_merely_refers_to_the_record_may_be_said(desk: Desk) -> None:
    one = desk.propose(f":note <{PROV}wasDerivedFrom> <{RECORDS[0]}> ; :quotes <<( <{RECORDS[0]}> a :Mistake )>> .")
    assert one.added == 2


def test_an_editor_adds_nothing_to_what_was_proposed(desk: Desk) -> None:
    one = desk.accept(desk.propose(":other :title 'Other' ."))
    text = f"{PREFIXES} INSERT DATA {{ GRAPH <{graph_of(one.id).value}> {{ :other :title 'Mine' }} }}"
    with pytest.raises(GraphProtected, match="what was proposed, and nothing else"):
        update(desk.state, EVE, Update(text))
    with pytest.raises(GraphProtected, match="no such contribution"):
        body = Payload(b"<http://e/a> <http://e/b> 1 .", "text/turtle")
        write(desk.state, EVE, Write("PUT", f"{CONTRIBUTION}never-made", (body,)))
    assert desk.says("other", "title")["default"] == {"Other"}


def test_but_may_take_from_it(desk: Desk) -> None:
    one = desk.accept(desk.propose(":other :title 'Other' ."))
    text = f"{PREFIXES} DELETE DATA {{ GRAPH <{graph_of(one.id).value}> {{ :other :title 'Other' }} }}"
    assert update(desk.state, EVE, Update(text)) is not None
    assert desk.says("other", "title") == {}


def test_a_graph_that_editors_made_stays_open_to_them(desk: Desk) -> None:
    body = Payload(b"<http://e/a> <http://e/b> 1 .", "text/turtle")
    made = write(desk.state, EVE, Write("POST", NEW, (body,))).graph
    other = Payload(b"<http://e/a> <http://e/b> 2 .", "text/turtle")
    assert write(desk.state, EVE, Write("PUT", made, (other,))).contribution is not None
