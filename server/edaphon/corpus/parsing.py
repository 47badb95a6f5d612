"""A file becomes quads: its format by its name, unpacked on the way, with the line of what does not parse."""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, cast

import zstandard
from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Triple, parse

from edaphon.errors import CorpusError, ParseError

__all__ = ["FORMATS", "format_of", "located", "open_unpacked", "read_quads"]

FORMATS: Final[dict[str, RdfFormat]] = {
    ".ttl": RdfFormat.TURTLE,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".trig": RdfFormat.TRIG,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
}
# The parser repeats in its message what it says in the error's attributes.
_PLACE: Final = re.compile(r"^Parser error at line \d+ (?:between columns \d+ and \d+|column \d+): ")
PACKINGS: Final = (".gz", ".zst")


def format_of(path: Path) -> RdfFormat:
    """The format that a file's name tells, without its packing. Raises CorpusError when it tells none."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKINGS:
        suffixes.pop()
    if not suffixes or suffixes[-1] not in FORMATS:
        raise CorpusError(f"{path}: its name tells no RDF format; give it one of {', '.join(FORMATS)}")
    return FORMATS[suffixes[-1]]


def open_unpacked(raw: IO[bytes], path: Path) -> IO[bytes]:
    """The content of a file that was opened as bytes, unpacked when its name ends in .gz or .zst."""
    match path.suffix.lower():
        case ".gz":
            return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
        case ".zst":
            unpacker = zstandard.ZstdDecompressor()
            return io.BufferedReader(cast("Any", unpacker.stream_reader(raw, read_across_frames=True)))
    return raw


def read_quads(path: Path, *, graph: str | None = None) -> Iterator[Quad]:
    """The quads of a file, those of its default graph in `graph`, when it is given.

    Blank nodes are named after the file and the order in which they appear in it: those of two files never clash, and
    the same file gives the same names. Raises ParseError, or CorpusError when the file cannot be read.
    """
    names: dict[str, BlankNode] = {}
    slug = re.sub(r"\W", "-", path.name, flags=re.ASCII)

    def renamed(term: Any) -> Any:
        if isinstance(term, BlankNode):
            if term.value not in names:
                names[term.value] = BlankNode(f"{slug}-{len(names) + 1}")
            return names[term.value]
        if isinstance(term, Triple):
            return Triple(renamed(term.subject), term.predicate, renamed(term.object))
        return term

    home = DefaultGraph() if graph is None else NamedNode(graph)
    form = format_of(path)
    with located(path), path.open("rb") as raw, open_unpacked(raw, path) as content:
        for quad in parse(content, form):
            place = home if isinstance(quad.graph_name, DefaultGraph) else renamed(quad.graph_name)
            yield Quad(renamed(quad.subject), quad.predicate, renamed(quad.object), place)


class located:
    """Turns what goes wrong while a file is read into an error that names the file and the place."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        match error:
            case SyntaxError():
                detail = re.sub(
                    r"^Parser error at line \d+ (?:between columns \d+ and \d+|column \d+): ", "", str(error.msg)
                )
                raise ParseError(detail, source=self._path, line=error.lineno, column=error.offset) from error
            case FileNotFoundError():
                raise CorpusError(f"{self._path}: there is no such file") from error
            case EOFError() | gzip.BadGzipFile() | zlib.error() | zstandard.ZstdError():
                raise CorpusError(f"{self._path}: the packed file is damaged or cut short: {error}") from error
            case OSError():
                raise CorpusError(f"{self._path}: {error.strerror or error}") from error
