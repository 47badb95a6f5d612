"""A file becomes quads: its format by its name, unpacked on the way, with the line of what does not parse."""

import codecs
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, cast

import zstandard
from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Triple, parse

from edaphon.corpus.complaints import complaint
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
    """The content of a file that was opened as bytes, unpacked when its name ends in .gz or .zst, without a BOM."""
    content: Any = raw
    match path.suffix.lower():
        case ".gz":
            # The library takes no bytes at all for a packed file of nothing.
            if not cast("io.BufferedReader", raw).peek(1):
                raise EOFError("it is empty")
            content = gzip.GzipFile(fileobj=raw)
        case ".zst":
            content = io.BufferedReader(Zstandard(raw))
    if content.peek(len(codecs.BOM_UTF8)).startswith(codecs.BOM_UTF8):
        content.read(len(codecs.BOM_UTF8))
    return cast("IO[bytes]", content)


class Zstandard(io.RawIOBase):
    """An unpacked stream of zstandard frames that, unlike the library's own, notices when the last one is cut short."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._frame: Any = None
        self._unpacked = memoryview(b"")
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._unpacked:
            packed = self._left or self._raw.read(io.DEFAULT_BUFFER_SIZE * 16)
            self._left = b""
            if not packed:
                if self._frame is None or not self._frame.eof:
                    raise EOFError("the last frame is not complete")
                return 0
            if self._frame is None or self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._unpacked = memoryview(self._frame.decompress(packed))
            if self._frame.eof:
                self._left = self._frame.unused_data
        count = min(len(buffer), len(self._unpacked))
        buffer[:count] = self._unpacked[:count]
        self._unpacked = self._unpacked[count:]
        return count


def read_quads(path: Path, *, graph: str | None = None, name: str | None = None) -> Iterator[Quad]:
    """The quads of a file, those of its default graph in `graph`, when it is given.

    Blank nodes are named after `name`, by default the file's whole path, and the order in which they appear: those of
    two files never clash, and the same file gives the same names. Raises ParseError, or CorpusError when the file
    cannot be read.
    """
    names: dict[str, BlankNode] = {}
    slug = hashlib.blake2b((name or str(path.resolve())).encode(), digest_size=8).hexdigest()

    def renamed(term: Any) -> Any:
        if isinstance(term, BlankNode):
            if term.value not in names:
                names[term.value] = BlankNode(f"n{slug}-{len(names) + 1}")
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

    def __init__(self, path: Path, *, only_content: bool = False) -> None:
        self._path = path
        # Where the file is not all that is worked on, the operating system's errors are somebody else's.
        self._only_content = only_content

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        match error:
            case SyntaxError():
                raise ParseError(complaint(error), source=self._path, line=error.lineno, column=error.offset) from error
            case FileNotFoundError() if not self._only_content:
                raise CorpusError(f"{self._path}: there is no such file") from error
            case EOFError() | gzip.BadGzipFile() | zlib.error() | zstandard.ZstdError():
                raise CorpusError(f"{self._path}: the packed file is damaged or cut short: {error}") from error
            case OSError() if not self._only_content:
                raise CorpusError(f"{self._path}: {error.strerror or error}") from error
