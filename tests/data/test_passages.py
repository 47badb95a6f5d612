"""Every statement rests on a passage, and every passage is described."""

from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import NamedNode
from rdf_files import DATA, catalogue, document, iri, read, statements, value

from edaphon.namespaces import BASE, GRAPH_CATALOGUE, SOURCE

DOCUMENTS = sorted((DATA / "documents").glob("*.trig"))
assert DOCUMENTS

REPORT = document("progress-report")
PASSAGES = [*(f"para-{n}" for n in range(1, 11)), *(f"note-{n}" for n in range(1, 16))]

# The footnotes whose marks stand in each paragraph.
NOTES = {1: [1, 2], 2: [3], 3: [], 4: [4, 5], 5: [], 6: [6, 7], 7: [8, 9], 8: [10], 9: [11, 12, 13], 10: [14, 15]}


def described(passage: str, predicate: str) -> list[str]:
    return [
        value(quad.object) for quad in catalogue() if quad.subject.value == passage and quad.predicate == iri(predicate)
    ]


def passages(path: Path) -> set[str]:
    return {quad.graph_name.value for quad in read(path)} - {GRAPH_CATALOGUE}


@pytest.mark.parametrize("passage", PASSAGES)
def test_every_passage_of_the_report_states_something(passage: str) -> None:
    assert REPORT[passage]


def test_the_report_has_no_other_passage() -> None:
    assert set(REPORT) == set(PASSAGES)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_statements_stand_in_passages_of_their_document(path: Path) -> None:
    assert all(graph.startswith(f"{SOURCE}{path.stem}/") for graph in passages(path))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_passage_is_described_in_the_catalogue(path: Path) -> None:
    for passage in passages(path):
        assert described(passage, "rdf:type") == [iri("edo:Passage").value]
        assert described(passage, "dcterms:isPartOf") == [iri(f"edi:{path.stem}").value]
        assert len(described(passage, "rdfs:label")) == 1
        (kind,) = described(passage, "edo:passageKind")
        numbered = kind != iri("edc:whole-page").value
        assert len(described(passage, "edo:passageNumber")) == numbered
        assert len(described(passage, "edo:section")) == numbered
        assert len(described(passage, "schema:position")) == 1


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_document_but_the_report_says_where_to_read_it(path: Path) -> None:
    if path.stem != "progress-report":
        assert len(described(iri(f"edi:{path.stem}").value, "schema:url")) == 1


def test_every_graph_is_listed_once_in_the_catalogue() -> None:
    parts = Counter(
        value(quad.object)
        for quad in catalogue()
        if quad.subject.value.startswith(SOURCE) and quad.predicate == iri("schema:hasPart")
    )
    assert parts == Counter({graph: 1 for path in DOCUMENTS for graph in passages(path)})
    listed = [value(quad.object) for quad in catalogue() if quad.predicate == iri("dcat:dataset")]
    general = [
        f"{BASE}graph/{name}" for name in ["ontology", "concepts", "links", "catalogue", "provenance", "implied"]
    ]
    assert sorted(listed) == sorted([*general, *(SOURCE + path.stem for path in DOCUMENTS)])


@pytest.mark.parametrize("passage", PASSAGES)
def test_number_kind_and_section_are_the_report_s(passage: str) -> None:
    kind, number = passage.split("-")
    name = iri(f"edpr:{passage}").value
    assert described(name, "edo:passageNumber") == [number]
    assert described(name, "edo:passageKind") == [iri("edc:paragraph" if kind == "para" else "edc:footnote").value]
    paragraph = int(number) if kind == "para" else next(p for p, notes in NOTES.items() if int(number) in notes)
    section = "edpr:introduction" if paragraph <= 2 else "edpr:fao-activities"
    assert described(name, "edo:section") == [iri(section).value]


def test_passages_are_written_in_the_document_s_order() -> None:
    order = [name for p, notes in NOTES.items() for name in (f"para-{p}", *(f"note-{n}" for n in notes))]
    assert list(REPORT) == order
    positions = [int(*described(iri(f"edpr:{name}").value, "schema:position")) for name in order]
    assert positions == list(range(1, 26))


def test_sections_have_the_report_s_headings() -> None:
    assert described(iri("edpr:introduction").value, "dcterms:title") == ["Introduction"]
    assert described(iri("edpr:fao-activities").value, "dcterms:title") == ["FAO activities"]


@pytest.mark.parametrize("paragraph", NOTES)
def test_a_paragraph_names_the_footnotes_whose_marks_it_bears(paragraph: int) -> None:
    found = {value(quad.object) for quad in REPORT[f"para-{paragraph}"] if quad.predicate == iri("edo:footnote")}
    assert found == {iri(f"edpr:note-{note}").value for note in NOTES[paragraph]}


@pytest.mark.parametrize("note", range(1, 16))
def test_a_footnote_cites_something(note: int) -> None:
    name = iri(f"edpr:note-{note}")
    assert [q for q in REPORT[f"note-{note}"] if q.subject == name and q.predicate == iri("dcterms:references")]


def test_every_thing_named_has_one_english_label() -> None:
    labels = Counter(
        quad.subject.value
        for quad in statements()
        if quad.predicate in (iri("rdfs:label"), iri("skos:prefLabel")) and quad.object.language == "en"
    )
    assert {name: times for name, times in labels.items() if times > 1} == {}
    named = {
        term.value
        for quad in statements()
        for term in (quad.subject, quad.object)
        if isinstance(term, NamedNode) and term.value.startswith(BASE) and quad.predicate != iri("owl:versionIRI")
    }
    assert named - set(labels) == set()


def test_a_thing_is_labelled_where_the_report_first_names_it() -> None:
    seen: set[str] = set()
    for name, quads in REPORT.items():
        labelled = {quad.subject.value for quad in quads if quad.predicate == iri("rdfs:label")}
        subjects = {quad.subject.value for quad in quads if quad.subject.value.startswith(iri("edi:").value)}
        assert subjects - seen <= labelled, name
        assert not labelled & seen, name
        seen |= subjects


def test_every_thing_has_a_type() -> None:
    things = {quad.subject.value for quad in statements() if quad.subject.value.startswith(iri("edi:").value)}
    typed = {quad.subject.value for quad in statements() if quad.predicate == iri("rdf:type")}
    assert things - typed == set()
