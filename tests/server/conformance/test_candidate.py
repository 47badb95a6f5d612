"""A proposal is tried on a copy of the published revision, and answers only for what it makes wrong itself."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from pyoxigraph import NamedNode, Quad, RdfFormat, Store, parse

from edaphon.cli import main
from edaphon.conformance.change.candidate import Proposal, check_proposal
from edaphon.conformance.change.incremental import Incremental
from edaphon.conformance.check import corpus_shapes
from edaphon.conformance.model.findings import Report
from edaphon.store.preparing import prepare
from edaphon.store.state import State

PREFIXES = """
PREFIX ex: <http://example.org/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
ONTOLOGY = """
ex:Panel rdfs:subClassOf ex:Body .
ex:partOf owl:inverseOf ex:hasPart .
"""
SHAPES = """
ex:Body a sh:NodeShape ; sh:targetClass ex:Body ; sh:property ex:Body-label , ex:Body-size , ex:Body-parts .
ex:Body-label sh:path rdfs:label ; sh:minCount 1 .
ex:Body-size sh:path ex:size ; sh:datatype xsd:int .
ex:Body-parts sh:path ex:hasPart ; sh:class ex:Body ; sh:maxCount 2 .
"""
DATA = """
GRAPH ex:g {
    ex:fao a ex:Body ; rdfs:label "FAO"@en ; ex:size "5"^^xsd:int ; ex:hasPart ex:gsp .
    ex:gsp a ex:Panel ; rdfs:label "GSP"@en .
    ex:old a ex:Body .
}
"""


@pytest.fixture
def state(tmp_path: Path) -> State:
    corpus = tmp_path / "corpus"
    for name, text in (
        ("ontology/terms.ttl", ONTOLOGY),
        ("shapes/body.ttl", SHAPES),
        ("data/documents/report.trig", DATA),
    ):
        file = corpus / name
        file.parent.mkdir(parents=True)
        file.write_text(PREFIXES + text)
    made = State.open(tmp_path / "state", corpus=str(corpus))
    prepare(made)
    return made


def quads(text: str) -> tuple[Quad, ...]:
    graph = NamedNode("http://example.org/proposed")
    return tuple(
        Quad(one.subject, one.predicate, one.object, graph) for one in parse(PREFIXES + text, RdfFormat.TURTLE)
    )


def propose(state: State, added: str = "", removed: tuple[Quad, ...] = ()) -> Report:
    shapes = Incremental(corpus_shapes(state.corpus))
    return check_proposal(state.current().folder, Proposal(quads(added), removed), shapes)


def found(report: Report) -> set[tuple[str, str]]:
    return {
        (
            str(one.focus).rpartition("/")[2].rstrip(">"),
            one.component.value.rpartition("#")[2].removesuffix("ConstraintComponent"),
        )
        for one in report.findings
    }


def test_what_was_wrong_before_is_no_fault_of_the_proposal(state: State) -> None:
    assert found(propose(state, "ex:old ex:note 'still without a label' .")) == set()


def test_a_new_node_is_checked(state: State) -> None:
    assert found(propose(state, "ex:new a ex:Panel .")) == {("new", "MinCount")}


def test_a_published_node_that_the_proposal_reaches_is_checked(state: State) -> None:
    assert found(propose(state, "ex:fao ex:hasPart ex:soil .")) == {("fao", "Class")}


def test_what_the_proposal_implies_is_checked(state: State) -> None:
    assert found(propose(state, "ex:soil ex:partOf ex:fao .")) == {("fao", "Class")}


def test_a_removal_is_checked(state: State) -> None:
    store = Store.read_only(str(state.current().folder))
    label = [
        one for one in store if str(one.object) == '"FAO"@en' and one.graph_name == NamedNode("http://example.org/g")
    ]
    assert found(propose(state, removed=tuple(label))) == {("fao", "MinCount")}


def test_a_datatype_is_judged_as_submitted_and_left_alone_as_published(state: State) -> None:
    assert found(propose(state, "ex:fao ex:note 'touched' .")) == set()
    assert found(propose(state, 'ex:gsp ex:size "7"^^xsd:int .')) == set()
    assert found(propose(state, "ex:gsp ex:size 7 .")) == {("gsp", "Datatype")}


def test_a_change_of_the_class_hierarchy_concerns_all_instances(state: State) -> None:
    graph = NamedNode("https://w3id.org/edaphon/graph/ontology")
    (subclass,) = parse(PREFIXES + "ex:Panel rdfs:subClassOf ex:Body .", RdfFormat.TURTLE)
    removed = Quad(subclass.subject, subclass.predicate, subclass.object, graph)
    assert found(propose(state, removed=(removed,))) == {("fao", "Class")}


def test_nothing_is_left_behind_and_nothing_is_published(state: State) -> None:
    before = state.current()
    propose(state, "ex:new a ex:Panel .")
    assert state.current() == before
    assert sorted(one.name for one in state.folder.glob("copy-*")) == []


def test_the_copies_of_killed_checks_are_removed(state: State) -> None:
    left = state.folder / "copy-x"
    left.mkdir()
    propose(state, "ex:new ex:p 1 .")
    assert not left.exists()


def test_the_command_checks_files_on_top_of_a_state(state: State, tmp_path: Path) -> None:
    file = tmp_path / "more.ttl"
    file.write_text(PREFIXES + "ex:fao ex:hasPart\n    ex:soil .")
    result = CliRunner().invoke(main, ["check", str(file), "--on-top-of", str(state.folder)])
    assert result.exit_code == 1
    assert f"{file}:8" in result.stdout
    file.write_text(PREFIXES + 'ex:soil a ex:Body ; rdfs:label "Soil"@en ; ex:partOf ex:fao .')
    assert CliRunner().invoke(main, ["check", str(file), "--on-top-of", str(state.folder)]).exit_code == 0
