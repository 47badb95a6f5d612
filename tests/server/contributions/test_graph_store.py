"""What writing a whole graph does (SPARQL 1.1 Graph Store HTTP Protocol)."""

from pathlib import Path
from typing import Literal

import pytest
from contributing import BEN, EVE, EX, PREFIXES, Desk, iri

from edaphon.contributions import graph_store
from edaphon.contributions.graph_store import DEFAULT, NEW, Outcome, Write
from edaphon.contributions.payload import Payload
from edaphon.errors import (
    ContributionRefused,
    DefaultGraphKept,
    Forbidden,
    GraphProtected,
    GraphUnknown,
    NotConforming,
    PreconditionFailed,
)
from edaphon.namespaces import CONTRIBUTION


def write(
    desk: Desk, method: Literal["PUT", "POST", "DELETE"], graph: str, *bodies: str, media_type: str = "text/turtle"
) -> Outcome:
    payloads = tuple(Payload((PREFIXES + body).encode(), media_type) for body in bodies)
    return graph_store.write(desk.state, EVE, Write(method, graph, payloads))


def test_put_makes_a_graph_and_says_so(desk: Desk) -> None:
    outcome = write(desk, "PUT", EX + "g", ":a :b 1 , 2 .")
    assert (outcome.created, outcome.graph) == (True, EX + "g")
    assert desk.says("a", "b") == {"g": {"1", "2"}, "default": {"1", "2"}}


def test_put_replaces_what_was_there(desk: Desk) -> None:
    write(desk, "PUT", EX + "g", ":a :b 1 , 2 .")
    outcome = write(desk, "PUT", EX + "g", ":a :b 2 , 3 .")
    assert not outcome.created
    assert outcome.contribution is not None
    assert (outcome.contribution.added, outcome.contribution.removed) == (1, 1)
    assert desk.says("a", "b")["g"] == {"2", "3"}


def test_put_of_what_is_there_already_makes_no_revision(desk: Desk) -> None:
    write(desk, "PUT", EX + "g", ":a :b 1 .")
    before = desk.state.current()
    assert write(desk, "PUT", EX + "g", ":a :b 01 .").contribution is None
    assert desk.state.current() == before


def test_post_adds(desk: Desk) -> None:
    assert write(desk, "POST", EX + "g", ":a :b 1 .").created
    assert not write(desk, "POST", EX + "g", ":a :b 2 .").created
    assert desk.says("a", "b")["g"] == {"1", "2"}


def test_post_to_no_graph_makes_one_of_the_server_s_choice(desk: Desk) -> None:
    outcome = write(desk, "POST", NEW, ":a :b 1 .")
    assert outcome.contribution is not None
    assert outcome.created
    assert outcome.graph == CONTRIBUTION + outcome.contribution.id
    assert desk.says("a", "b")[outcome.graph] == {"1"}


def test_several_documents_are_added_together_and_keep_their_blank_nodes_apart(desk: Desk) -> None:
    write(desk, "POST", EX + "g", "_:x :b 1 .", "_:x :b 2 .")
    assert len({quad.subject for quad in desk.quads(iri("g"))}) == 2


def test_delete_drops_a_graph_and_what_it_alone_stated(desk: Desk) -> None:
    write(desk, "PUT", EX + "g", ":survey :year 2019 ; :note 'n' .")
    outcome = write(desk, "DELETE", EX + "g")
    assert outcome.contribution is not None
    assert outcome.contribution.removed == 2
    assert desk.says("survey", "year") == {"para-1": {"2019"}, "default": {"2019"}}
    assert desk.says("survey", "note") == {}


def test_a_graph_that_is_not_there_cannot_be_dropped(desk: Desk) -> None:
    with pytest.raises(GraphUnknown):
        write(desk, "DELETE", EX + "g")


def test_the_merged_default_graph_is_not_written_to(desk: Desk) -> None:
    for method in ("PUT", "POST", "DELETE"):
        with pytest.raises(DefaultGraphKept):
            write(desk, method, DEFAULT, ":a :b 1 .")


def test_graphs_that_the_server_keeps_are_not_written_to(desk: Desk) -> None:
    with pytest.raises(GraphProtected):
        write(desk, "PUT", "https://w3id.org/edaphon/graph/ontology", ":a :b 1 .")


def test_a_body_states_triples_of_one_graph(desk: Desk) -> None:
    with pytest.raises(ContributionRefused, match="one graph is written at a time"):
        write(desk, "PUT", EX + "g", "GRAPH :h { :a :b 1 }", media_type="application/trig")


def test_what_does_not_conform_changes_nothing(desk: Desk) -> None:
    before = desk.state.current()
    with pytest.raises(NotConforming):
        write(desk, "DELETE", EX + "para-1")
    with pytest.raises(NotConforming):
        write(desk, "PUT", EX + "g", ":other a :Survey .")
    assert desk.state.current() == before


def test_only_editors_write_graphs(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        graph_store.write(desk.state, BEN, Write("DELETE", EX + "para-1"))


def test_a_graph_that_was_changed_since_it_was_read_is_left_alone(desk: Desk) -> None:
    write(desk, "PUT", EX + "g", ":a :b 1 .")
    seen = desk.state.current().number
    write(desk, "PUT", EX + "h", ":a :b 2 .")
    body = (Payload((PREFIXES + ":a :b 3 .").encode(), "text/turtle"),)
    graph_store.write(desk.state, EVE, Write("PUT", EX + "g", body, unchanged_since=seen))
    with pytest.raises(PreconditionFailed, match="was changed in revision"):
        graph_store.write(desk.state, EVE, Write("DELETE", EX + "g", unchanged_since=seen))
    with pytest.raises(PreconditionFailed, match="already"):
        graph_store.write(desk.state, EVE, Write("PUT", EX + "g", body, absent=True))


def test_a_plain_default_graph_is_written_to_and_blank_nodes_stay(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path, mode="plain", corpus="none")
    write(desk, "PUT", DEFAULT, ":a :b [] .")
    (quad,) = desk.quads()
    assert str(quad.object).startswith("_:")
    write(desk, "PUT", DEFAULT, "")
    assert desk.quads() == set()


def test_a_tag_of_a_revision_that_is_yet_to_come_fits_no_graph(desk: Desk) -> None:
    write(desk, "PUT", EX + "g", ":a :b 1 .")
    with pytest.raises(PreconditionFailed, match="cannot have been read"):
        graph_store.write(desk.state, EVE, Write("DELETE", EX + "g", unchanged_since=999))
