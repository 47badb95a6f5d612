"""Large files into a store, streamed, each quad with what it adds to the graphs that the store keeps by itself."""

import hashlib
import io
import mmap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Store, Triple, parse

from edaphon.corpus.implied import Alignments
from edaphon.corpus.parsing import FORMATS, format_of, located, open_unpacked
from edaphon.errors import CorpusError
from edaphon.namespaces import GRAPH_IMPLIED
from edaphon.settings import DefaultGraph as Mode
from edaphon.store import merge

__all__ = ["DEFAULT", "Progress", "Source", "fill", "home_of", "quads_of"]

BUFFER: Final = 1024 * 1024
DEFAULT: Final = DefaultGraph()
IMPLIED: Final = NamedNode(GRAPH_IMPLIED)

# Formats in which every blank node has a label; in others one without gets a random one from the parser.
LABELLED: Final = (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS)
# Without any of these bytes a file has no blank node.
MARKS: Final = {
    RdfFormat.N_TRIPLES: (b"_:",),
    RdfFormat.N_QUADS: (b"_:",),
    RdfFormat.TURTLE: (b"_:", b"[", b"("),
    RdfFormat.TRIG: (b"_:", b"[", b"("),
}

# Called with the bytes of the file, as it lies on the disk, that were read since the last call.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and the graph for what it puts in none; None where it has to name them all.

    `nodes` is what its blank nodes are named after: the same file with the same `nodes` always gives the same ones.
    """

    path: Path
    home: NamedNode | DefaultGraph | None
    nodes: str


class Counted(io.RawIOBase):
    """A file that tells how much of it has been read."""

    def __init__(self, file: IO[bytes], path: Path, progress: Progress) -> None:
        self._file = file
        self._path = path
        self._progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with located(self._path):
            count: int = cast("Any", self._file).readinto(buffer)
        self._progress(count)
        return count


def fill(store: Store, sources: Sequence[Source], mode: Mode, progress: Progress = lambda _: None) -> None:
    """Add files to a store that nobody else uses. Raises ParseError and CorpusError for the files."""
    alignments = merge.ontology_of(store)
    kept = _kept(store)
    for source in sources:
        _load_one(store, source, alignments, mode == "merge", progress)
    # In merge mode each quad was looked at, and the implied graph is the store's own work.
    if mode == "plain" and (grown := _kept(store).items() - kept.items()):
        raise CorpusError(f"the files have triples in {min(grown)[0]}, which the server itself keeps")
    if merge.ontology_of(store) != alignments:
        merge.recompute(store, mode)


def quads_of(source: Source) -> Iterator[Quad]:
    """What a file states, as `fill` adds it. Raises ParseError and CorpusError."""
    with located(source.path), source.path.open("rb") as raw, open_unpacked(raw, source.path) as content:
        yield from _at_home(content, source)


def _kept(store: Store) -> dict[str, int]:
    """The graphs that the server itself keeps, and how many triples each has."""
    graphs = [graph for graph in store.named_graphs() if not merge.counts(graph)]
    return {str(graph): sum(1 for _ in store.quads_for_pattern(None, None, None, graph)) for graph in graphs}


def home_of(files: Sequence[Path], graph: str | None, mode: Mode) -> NamedNode | DefaultGraph | None:
    """The graph for what the files put in no graph; None where there is none.

    Raises CorpusError when `graph` cannot be that one, or when there has to be one and none is named.
    """
    if graph is not None:
        home = _named(graph)
        if not merge.counts(home):
            raise CorpusError(f"<{graph}> is kept by the server itself; load into another graph")
        return home
    if mode == "plain":
        return DEFAULT
    if any(not format_of(path).supports_datasets for path in files):
        raise CorpusError("every triple here lies in a named graph that tells where it comes from: name one by --graph")
    return None


def _named(iri: str) -> NamedNode:
    try:
        return NamedNode(iri)
    except ValueError as error:
        raise CorpusError(f"--graph must be an absolute IRI, not {iri!r}") from error


def _load_one(store: Store, source: Source, alignments: Alignments, merged: bool, progress: Progress) -> None:
    path, home = source.path, source.home
    form = format_of(path)
    with located(path):
        opened = path.open("rb", buffering=0)
    with located(path, only_content=True), opened as file:
        # The engine's own loader is the fastest, but names blank nodes at random, and puts the default graph's triples
        # where they belong only for formats of triples.
        native = not merged and (home == DEFAULT or not form.supports_datasets) and _without_blank_nodes(file, path)
        counted = io.BufferedReader(Counted(file, path, progress), BUFFER)
        with io.BufferedReader(cast("Any", open_unpacked(counted, path)), BUFFER) as content:
            if merged:
                store.bulk_extend(_with_derived(content, source, alignments))
            elif not native:
                store.bulk_extend(_at_home(content, source))
            elif form.supports_datasets:
                store.bulk_load(content, form)
            else:
                store.bulk_load(content, form, to_graph=home)


def _without_blank_nodes(file: IO[bytes], path: Path) -> bool:
    """Whether a look at its bytes, much faster than parsing them, shows that a file has no blank nodes."""
    marks = MARKS.get(format_of(path))
    if marks is None:
        return False
    if path.suffix.lower() in FORMATS:
        if path.stat().st_size == 0:
            return True
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return all(content.find(mark) < 0 for mark in marks)
    with path.open("rb") as raw, open_unpacked(raw, path) as unpacked:
        last = b""
        while part := unpacked.read(BUFFER):
            if any(mark in last + part for mark in marks):
                return False
            last = part[-1:]
    return True


def _at_home(content: IO[bytes], source: Source) -> Iterator[Quad]:
    """The quads of a file, those of no graph in its home, its blank nodes named for good."""
    form = format_of(source.path)
    named = _Names(source.nodes, by_label=form in LABELLED)
    home = source.home
    for quad in parse(content, form):
        subject, predicate, object_, graph = quad
        placed = home is not None and home != DEFAULT and isinstance(graph, DefaultGraph)
        kind = type(object_)
        if placed or type(subject) is BlankNode or kind is BlankNode or kind is Triple or type(graph) is BlankNode:
            yield Quad(named(subject), predicate, named(object_), home if placed else named(graph))
        else:
            yield quad


class _Names:
    """New blank nodes for those of one file: by their labels, or by the order in which they appear.

    The names are digests, which the engine keeps as numbers.
    """

    def __init__(self, nodes: str, *, by_label: bool) -> None:
        self._key = nodes.encode()
        self._by_label = by_label
        self._numbers: dict[str, int] = {}

    def __call__(self, term: Any) -> Any:
        if isinstance(term, BlankNode):
            label = term.value
            if not self._by_label:
                label = str(self._numbers.setdefault(label, len(self._numbers)))
            return BlankNode(hashlib.blake2b(label.encode(), digest_size=16, key=self._key).hexdigest())
        if isinstance(term, Triple):
            return Triple(self(term.subject), term.predicate, self(term.object))
        return term


def _with_derived(content: IO[bytes], source: Source, alignments: Alignments) -> Iterator[Quad]:
    """Each quad, and what it adds to the graphs that the store keeps. All in one pass: so blank nodes stay the same."""
    matters = alignments.readings.keys() | ({merge.RDF_TYPE.value} if alignments.superclasses else set())
    allowed = set()
    for quad in _at_home(content, source):
        subject, predicate, object_, graph = quad
        if graph not in allowed:
            _allow(graph, source.path)
            allowed.add(graph)
        yield quad
        yield Quad(subject, predicate, object_, DEFAULT)
        if matters and predicate.value in matters:
            for implied in alignments.implied(merge.triple_of(quad)):
                yield merge.in_graph(implied, IMPLIED)
                yield merge.in_graph(implied, DEFAULT)


def _allow(graph: merge.GraphName, path: Path) -> None:
    """Raise CorpusError for a graph that a merged dataset has no room for."""
    if isinstance(graph, DefaultGraph):
        raise CorpusError(f"{path}: has triples in no named graph, which tells where they come from; use --graph")
    if not merge.counts(graph):
        raise CorpusError(f"{path}: has triples in {graph}, which the server itself keeps")
