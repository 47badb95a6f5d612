"""What editors change without a proposal: checked, recorded and published, or refused and nothing changed."""

from pathlib import Path

import pytest
from contributing import BEN, EVE, EX, PREFIXES, Desk, iri
from pyoxigraph import DefaultGraph, Quad

from edaphon.contributions.direct import Update, update
from edaphon.errors import (
    ContributionRefused,
    EdaphonError,
    EgressRefused,
    Forbidden,
    GraphProtected,
    NotConforming,
    QuerySyntax,
)
from edaphon.namespaces import CONTRIBUTION, GENID
from edaphon.store.ledger import Contribution


def change(desk: Desk, text: str) -> Contribution | None:
    return update(desk.state, EVE, Update(PREFIXES + text))


def test_what_is_inserted_into_no_graph_is_stated_by_the_update_itself(desk: Desk) -> None:
    one = change(desk, ":other".join(["INSERT DATA { ", " :note 'n' }"]))
    assert one is not None
    assert (one.kind, one.status, one.contributor, one.added) == ("update", "accepted", "eve", 1)
    assert desk.says("other", "note") == {f"{CONTRIBUTION}{one.id}": {"n"}, "default": {"n"}}


def test_what_is_deleted_from_no_graph_is_retracted_wherever_it_is_stated(desk: Desk) -> None:
    one = change(desk, "DELETE { ?s :year ?y } INSERT { ?s :year 2018 } WHERE { ?s :year ?y }")
    assert one is not None
    assert desk.says("survey", "year") == {f"{CONTRIBUTION}{one.id}": {"2018"}, "default": {"2018"}}
    assert (one.added, one.removed) == (1, 1)


def test_a_named_graph_can_be_written_to(desk: Desk) -> None:
    change(desk, "INSERT DATA { GRAPH :para-2 { :survey :note 'n' } }")
    assert desk.says("survey", "note") == {"para-2": {"n"}, "default": {"n"}}


def test_blank_nodes_become_iris(desk: Desk) -> None:
    one = change(desk, "INSERT DATA { :other :part [ :note 'n' ] }")
    assert one is not None
    assert desk.says("other", "part")["default"] == {f"{GENID}{one.id}/b0"}


def test_an_update_after_which_the_graph_would_not_conform_changes_nothing(desk: Desk) -> None:
    before = desk.state.current()
    with pytest.raises(NotConforming) as refused:
        change(desk, "DELETE WHERE { ?s :year ?y }")
    assert refused.value.report.findings[0].focus == iri("survey")
    assert desk.state.current() == before
    assert desk.state.ledger.contributions() == []


def test_operations_that_cancel_each_other_out_make_no_revision(desk: Desk) -> None:
    before = desk.state.current()
    assert change(desk, "INSERT DATA { GRAPH :g { :a :b :c } } ; DELETE DATA { GRAPH :g { :a :b :c } }") is None
    assert desk.state.current() == before


def test_a_later_operation_sees_what_an_earlier_one_did(desk: Desk) -> None:
    change(desk, "INSERT DATA { :a :step 1 } ; INSERT { ?s :step 2 } WHERE { ?s :step 1 }")
    assert desk.says("a", "step")["default"] == {"1", "2"}


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("INSERT DATA { :a :b }", QuerySyntax),
        ("LOAD <http://127.0.0.1:9/x>", EgressRefused),
        ("INSERT { :a :b ?x } WHERE { SERVICE <http://127.0.0.1:9/x> { ?x ?y ?z } }", EgressRefused),
        ("INSERT DATA { GRAPH <https://w3id.org/edaphon/graph/ontology> { :a :b :c } }", GraphProtected),
        ("DROP GRAPH <https://w3id.org/edaphon/service/shapes>", GraphProtected),
    ],
)
def test_what_must_not_be_is_refused_and_changes_nothing(desk: Desk, text: str, trouble: type[EdaphonError]) -> None:
    before = desk.state.current()
    with pytest.raises(trouble):
        change(desk, text)
    assert desk.state.current() == before


def test_only_editors_update(desk: Desk) -> None:
    with pytest.raises(Forbidden, match="takes the role editor"):
        update(desk.state, BEN, Update("INSERT DATA { <http://e/a> <http://e/b> 1 }"))


def test_an_update_can_be_reverted(desk: Desk) -> None:
    before = desk.says("survey", "year")
    one = change(desk, "DELETE { ?s :year ?y } INSERT { ?s :year 2018 } WHERE { ?s :year ?y }")
    assert one is not None
    desk.revert(one)
    assert desk.says("survey", "year") == before


def test_a_plain_dataset_holds_what_is_put_in_and_nothing_else(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path, mode="plain", corpus="none")
    change(desk, "INSERT DATA { :a :b [] . GRAPH :g { :a :b 1 } }")
    assert len(desk.quads()) == 2
    assert Quad(iri("a"), iri("b"), next(iter(desk.quads(iri("g")))).object, iri("g")) in desk.quads()
    change(desk, "CLEAR DEFAULT")
    assert desk.quads(DefaultGraph()) == set()
    assert len(desk.quads()) == 1
    change(desk, f"DROP GRAPH <{EX}g>")
    assert desk.quads() == set()
    assert [one.kind for one in desk.state.ledger.contributions()] == ["update"] * 3


def test_the_default_graph_of_a_plain_dataset_is_held_against_the_shapes(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path, mode="plain")
    before = desk.quads()
    with pytest.raises(NotConforming):
        update(desk.state, EVE, Update(f"{PREFIXES} INSERT DATA {{ :other a :Survey }}"))
    assert desk.quads() == before
    assert update(desk.state, EVE, Update(f"{PREFIXES} INSERT DATA {{ :other a :Survey ; :year 2020 }}")) is not None
    with pytest.raises(NotConforming):
        update(desk.state, EVE, Update(f"{PREFIXES} DELETE DATA {{ :other :year 2020 }}"))


def test_triple_terms_do_not_nest_so_deep_that_readers_break(desk: Desk) -> None:
    with pytest.raises(ContributionRefused, match="40 deep"):
        change(desk, f"INSERT DATA {{ :a :b {'<<( :a :b ' * 40} 1 {' )>>' * 40} }}")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("PREFIX ex: <http://e/>\nPREFIX x: <http://x/>\n{}", "INSERT DATA {{ {} }}"),
        ("# what for\nPREFIX ex: <http://e/>\n{}", "# what for"),
        ("{}", "INSERT DATA {{ {} }}"),
    ],
)
def test_an_update_is_called_by_its_first_comment_or_operation(desk: Desk, text: str, title: str) -> None:
    triples = f"<{EX}titled> a <http://www.w3.org/ns/org#Organization>"
    made = update(desk.state, EVE, Update(text.format(f"INSERT DATA {{ {triples} }}")))
    assert made is not None
    assert made.title == f"SPARQL Update: {title.format(triples)}"[:120]
