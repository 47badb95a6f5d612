"""Large files into a store, streamed, each quad with what it adds to the graphs that the store keeps by itself."""

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final, cast

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store, parse

from edaphon.corpus.implied import Alignments
from edaphon.corpus.parsing import format_of, located, open_unpacked
from edaphon.errors import CorpusError
from edaphon.namespaces import GRAPH_IMPLIED
from edaphon.settings import DefaultGraph as Mode
from edaphon.store import merge

__all__ = ["Progress", "fill", "home_of"]

BUFFER: Final = 1024 * 1024
DEFAULT: Final = DefaultGraph()
IMPLIED: Final = NamedNode(GRAPH_IMPLIED)

# Called with the bytes of the file, as it lies on the disk, that were read since the last call.
Progress = Callable[[int], None]


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


def fill(
    store: Store,
    files: Sequence[Path],
    home: NamedNode | DefaultGraph | None,
    mode: Mode,
    progress: Progress = lambda _: None,
) -> None:
    """Add the files to a store that nobody else uses. Triples go to `home`; N-Quads and TriG keep their graphs.

    Raises ParseError and CorpusError for the files.
    """
    alignments = merge.ontology_of(store)
    kept = _kept(store)
    for path in files:
        _load_one(store, path, home, alignments, mode == "merge", progress)
    # In merge mode each quad was looked at, and the implied graph is the store's own work.
    if mode == "plain" and (grown := _kept(store).items() - kept.items()):
        raise CorpusError(f"the files have triples in {min(grown)[0]}, which the server itself keeps")
    if merge.ontology_of(store) != alignments:
        merge.recompute(store, mode)


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


def _load_one(
    store: Store,
    path: Path,
    home: NamedNode | DefaultGraph | None,
    alignments: Alignments,
    merged: bool,
    progress: Progress,
) -> None:
    form = format_of(path)
    with located(path):
        opened = path.open("rb", buffering=0)
    with located(path, only_content=True), opened as file:
        counted = io.BufferedReader(Counted(file, path, progress), BUFFER)
        with io.BufferedReader(cast("Any", open_unpacked(counted, path)), BUFFER) as content:
            if merged:
                store.bulk_extend(_with_derived(content, path, home, alignments))
            elif form.supports_datasets:
                # The engine itself puts the default graph's triples where they belong only for formats of triples.
                store.bulk_extend(_at_home(content, path, home)) if home != DEFAULT else store.bulk_load(content, form)
            else:
                store.bulk_load(content, form, to_graph=home)


def _at_home(content: IO[bytes], path: Path, home: NamedNode | DefaultGraph | None) -> Iterator[Quad]:
    for quad in parse(content, format_of(path), rename_blank_nodes=True):
        if home is not None and isinstance(quad.graph_name, DefaultGraph):
            yield merge.in_graph(merge.triple_of(quad), home)
        else:
            yield quad


def _with_derived(
    content: IO[bytes], path: Path, home: NamedNode | DefaultGraph | None, alignments: Alignments
) -> Iterator[Quad]:
    """Each quad, and what it adds to the graphs that the store keeps. All in one pass: so blank nodes stay the same."""
    matters = alignments.readings.keys() | ({merge.RDF_TYPE.value} if alignments.superclasses else set())
    allowed = set()
    for quad in _at_home(content, path, home):
        subject, predicate, object_, graph = quad
        if graph not in allowed:
            _allow(graph, path)
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
