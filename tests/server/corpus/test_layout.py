"""Where a corpus is, and what makes it another one."""

from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, NamedNode

from edaphon.corpus.assemble import alignments, statements
from edaphon.corpus.layout import locate, open_corpus
from edaphon.errors import CorpusError
from edaphon.namespaces import GRAPH_IMPLIED, GRAPH_ONTOLOGY, SERVICE_QUERIES, SERVICE_SHAPES

EX = "http://example.org/"


def corpus(root: Path) -> Path:
    """A corpus of one term, one statement, one shape and one query."""
    for name, content in {
        "ontology/terms.ttl": f"<{EX}A> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <{EX}B> .",
        "data/documents/one.trig": f"GRAPH <{EX}para-1> {{ <{EX}x> a <{EX}A> . }}",
        "shapes/one.ttl": f"<{EX}shape> a <http://www.w3.org/ns/shacl#NodeShape> .",
        "queries/examples/one.rq": "#+ summary: One\n#+ tags: [first, second]\n\nSELECT * { ?s ?p ?o }\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


def test_the_shipped_corpus_is_found_and_every_statement_is_in_a_named_graph() -> None:
    graphs = {quad.graph_name for quad in statements(open_corpus("shipped"))}
    assert DefaultGraph() not in graphs
    assert {NamedNode(GRAPH_ONTOLOGY), NamedNode(SERVICE_QUERIES), NamedNode(SERVICE_SHAPES)} <= graphs
    assert NamedNode(GRAPH_IMPLIED) not in graphs


def test_the_shipped_corpus_states_the_same_each_time() -> None:
    shipped = open_corpus("shipped")
    assert set(statements(shipped)) == set(statements(shipped))


def test_each_file_goes_to_its_graph(tmp_path: Path) -> None:
    found = {(quad.graph_name.value, quad.subject.value) for quad in statements(open_corpus(str(corpus(tmp_path))))}
    assert found == {
        (GRAPH_ONTOLOGY, "http://example.org/A"),
        ("http://example.org/para-1", "http://example.org/x"),
        (SERVICE_SHAPES, "http://example.org/shape"),
        (SERVICE_QUERIES, "https://w3id.org/edaphon/queries/one"),
    }
    assert alignments(open_corpus(str(tmp_path))).superclasses == {"http://example.org/A": {"http://example.org/B"}}


def test_the_digest_follows_the_bytes_that_count(tmp_path: Path) -> None:
    folder = corpus(tmp_path)
    before = open_corpus(str(folder)).digest()
    (folder / "data" / "README.md").write_text("not part of it", encoding="utf-8")
    assert open_corpus(str(folder)).digest() == before
    (folder / "shapes" / "one.ttl").write_text("# changed\n", encoding="utf-8")
    assert open_corpus(str(folder)).digest() != before


def test_the_empty_corpus_states_nothing() -> None:
    assert list(statements(open_corpus("none"))) == []


@pytest.mark.parametrize("make", [False, True])
def test_a_folder_that_is_no_corpus_is_refused(tmp_path: Path, make: bool) -> None:
    folder = tmp_path / "elsewhere"
    if make:
        folder.mkdir()
    with pytest.raises(CorpusError, match=r"shipped.*none.*folder|none of the folders"):
        open_corpus(str(folder))


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("data/documents/two.trig", "<http://example.org/x> a <http://example.org/A> .", "in no named graph"),
        (
            "data/documents/two.trig",
            f"GRAPH <{GRAPH_IMPLIED}> {{ <http://example.org/x> a <http://example.org/A> . }}",
            "which the store keeps",
        ),
        ("queries/examples/two.rq", "SELECT * {}", "no `#\\+ summary:`"),
        ("queries/examples/two.rq", "#+ summary: [\nSELECT * {}", "are not YAML"),
        ("queries/examples/two.rq", "#+ summary: Nothing\n", "no SELECT, ASK"),
    ],
)
def test_what_a_corpus_may_not_say_is_told_with_its_file(
    tmp_path: Path, name: str, content: str, complaint: str
) -> None:
    (corpus(tmp_path) / name).write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=complaint) as refused:
        list(statements(open_corpus(str(tmp_path))))
    assert str(tmp_path / name) in str(refused.value)


def test_every_holding_is_located() -> None:
    assert all(locate(holding).is_dir() for holding in ("ontology", "data", "shapes", "queries"))


def test_alignments_count_whichever_file_states_them(tmp_path: Path) -> None:
    root = corpus(tmp_path)
    (root / "data/documents/two.trig").write_text(
        f"GRAPH <{GRAPH_ONTOLOGY}> {{ <{EX}B> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <{EX}C> . }}",
        encoding="utf-8",
    )
    assert alignments(open_corpus(str(root))).superclasses[EX + "A"] == {EX + "B", EX + "C"}
