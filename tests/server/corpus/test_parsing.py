"""Files become quads: by name, packed or not; what is wrong is told with its place."""

import codecs
import gzip
from pathlib import Path

import pytest
import zstandard
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, serialize

from edaphon.corpus.parsing import format_of, read_quads
from edaphon.errors import CorpusError, ParseError

EX = "http://example.org/"
QUAD = Quad(NamedNode(EX + "s"), NamedNode(EX + "p"), Literal("ø", language="da"), NamedNode(EX + "g"))
TURTLE = b"PREFIX ex: <http://example.org/>\nex:s ex:p '\xc3\xb8'@da .\n"
# Lines of one length in blocks of their own: a cut between two of them leaves whole lines.
FRAME = zstandard.ZstdCompressor(write_content_size=False).compress(TURTLE + b"# a comment that goes on\n" * 9000)
NAMES = {
    "a.ttl": RdfFormat.TURTLE,
    "a.nt": RdfFormat.N_TRIPLES,
    "a.rdf": RdfFormat.RDF_XML,
    "a.jsonld": RdfFormat.JSON_LD,
    "a.nq": RdfFormat.N_QUADS,
    "a.trig": RdfFormat.TRIG,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_every_format_is_read_packed_or_not(tmp_path: Path, name: str, packing: str) -> None:
    form = NAMES[name]
    content = serialize([QUAD if form.supports_datasets else QUAD.triple], format=form) or b""
    pack = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}[packing]
    path = tmp_path / (name + packing)
    path.write_bytes(pack(content))
    assert list(read_quads(path, graph=EX + "g")) == [QUAD]


@pytest.mark.parametrize("name", ["a", "a.txt", "a.gz", "a.ttl.bz2"])
def test_a_name_that_tells_no_format_is_refused(name: str) -> None:
    with pytest.raises(CorpusError, match=r"its name tells no RDF format; give it one of \.ttl"):
        format_of(Path(name))


@pytest.mark.parametrize(
    ("name", "content", "line", "column"),
    [
        ("a.ttl", TURTLE + b"ex:s ex:p <no iri> .", 3, 11),
        ("a.ttl", b"other:s a other:t .", 1, 1),
        ("a.ttl", TURTLE + b"\n  ex:s ex:p \xff .", 4, 13),
        ("a.nq", b"<http://example.org/s> <http://example.org/p> .\n", 1, 47),
        ("a.jsonld", b'{"a": }', 1, 7),
    ],
)
def test_what_does_not_parse_has_a_place(tmp_path: Path, name: str, content: bytes, line: int, column: int) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ParseError) as refused:
        list(read_quads(path))
    assert (refused.value.source, refused.value.line, refused.value.column) == (path, line, column)
    assert str(refused.value).startswith(f"{path}:{line}:{column}: ")
    assert "Parser error" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.ttl.gz", gzip.compress(TURTLE)[:-9], id="gzip cut short"),
        pytest.param("a.ttl.gz", b"not gzip at all", id="no gzip"),
        pytest.param("a.ttl.gz", gzip.compress(TURTLE)[:12] + b"\xff" * 30, id="gzip with bad bytes"),
        pytest.param("a.ttl.gz", b"", id="empty gzip"),
        pytest.param("a.ttl.zst", b"not zstandard at all", id="no zstandard"),
        pytest.param("a.ttl.zst", b"", id="empty zstandard"),
        *(pytest.param("a.ttl.zst", FRAME[:cut], id=f"zstandard cut at {cut}") for cut in (5, len(FRAME) // 2, -1)),
    ],
)
def test_a_damaged_packing_is_told(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CorpusError, match="damaged or cut short"):
        list(read_quads(path))


def test_several_frames_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.ttl.zst"
    path.write_bytes(zstandard.compress(TURTLE) + zstandard.compress(b"ex:s ex:p 2 ."))
    assert len(list(read_quads(path))) == 2


@pytest.mark.parametrize("name", ["a.ttl", "a.ttl.gz"])
def test_a_byte_order_mark_is_skipped(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    content = codecs.BOM_UTF8 + TURTLE
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert len(list(read_quads(path))) == 1


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file"):
        list(read_quads(tmp_path / "a.ttl"))


def test_blank_nodes_of_two_files_never_clash_and_are_the_same_each_time(tmp_path: Path) -> None:
    one, two = tmp_path / "one" / "same.ttl", tmp_path / "two" / "same.ttl"
    for path in (one, two):
        path.parent.mkdir()
        path.write_text("_:b <http://example.org/p> [] .", encoding="utf-8")

    def nodes(path: Path) -> set[BlankNode]:
        terms = {term for quad in read_quads(path) for term in (quad.subject, quad.object)}
        return {term for term in terms if isinstance(term, BlankNode)}

    assert len(nodes(one)) == 2
    assert not nodes(one) & nodes(two)
    assert nodes(one) == nodes(one)
