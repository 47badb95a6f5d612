"""The corpus becomes quads, each in the graph of its evidence."""

from collections.abc import Iterator

from pyoxigraph import DefaultGraph, NamedNode, Quad, Triple

from edaphon.corpus.implied import Alignments
from edaphon.corpus.layout import Corpus
from edaphon.corpus.parsing import read_quads
from edaphon.corpus.saved_queries import describe, read_saved_query
from edaphon.errors import CorpusError
from edaphon.namespaces import GRAPH_IMPLIED, GRAPH_ONTOLOGY

__all__ = ["alignments", "statements"]


def statements(corpus: Corpus) -> Iterator[Quad]:
    """All quads that the corpus states. Neither the default graph nor what they imply: those are the store's to keep.

    Raises ParseError for RDF that does not parse, CorpusError for a triple outside every named graph.
    """
    for file in corpus.files():
        if file.path.suffix == ".rq":
            assert file.graph is not None, file
            yield from describe(read_saved_query(file.path), NamedNode(file.graph))
            continue
        for quad in read_quads(file.path, graph=file.graph, name=file.name):
            if isinstance(quad.graph_name, DefaultGraph):
                raise CorpusError(f"{file.path}: {quad.subject} {quad.predicate} … stands in no named graph")
            if quad.graph_name == NamedNode(GRAPH_IMPLIED):
                raise CorpusError(f"{file.path}: states triples in {GRAPH_IMPLIED}, which the store keeps")
            yield quad


def alignments(corpus: Corpus) -> Alignments:
    """The closure of the corpus's own ontology, the slices of others included, whichever file states it."""
    return Alignments.of(
        Triple(quad.subject, quad.predicate, quad.object)
        for file in corpus.files()
        # A file that names its graphs itself may speak of the ontology as well.
        if file.graph in (GRAPH_ONTOLOGY, None)
        for quad in read_quads(file.path, graph=file.graph, name=file.name)
        if quad.graph_name == NamedNode(GRAPH_ONTOLOGY)
    )
