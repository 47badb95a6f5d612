"""RDF that someone sends to be checked, alone or on top of what is published: the tasks of a check's own process."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, parse

from edaphon.conformance.change.candidate import Proposal, check_proposal
from edaphon.conformance.change.incremental import Incremental
from edaphon.conformance.check import CAP, SUBMITTED, check_quads, corpus_shapes, in_light_of
from edaphon.conformance.isolation import without_files
from edaphon.conformance.model.findings import Report
from edaphon.conformance.reading.graph import read_shapes
from edaphon.conformance.report.explain import Source
from edaphon.corpus.complaints import complaint
from edaphon.corpus.entities import refuse_entities
from edaphon.corpus.layout import open_corpus
from edaphon.errors import ParseError
from edaphon.settings import DefaultGraph as Mode
from edaphon.store.merge import counts

__all__ = ["Submission", "check_on_nothing", "check_on_published"]


@dataclass(frozen=True, slots=True)
class Submission:
    """A body: what it is called in messages, its bytes, its media type, and the base for relative IRIs."""

    name: str
    content: bytes
    media_type: str
    base: str | None = None

    @property
    def format(self) -> RdfFormat:
        """The RDF format of the media type. Raises ParseError when it is none."""
        form = RdfFormat.from_media_type(self.media_type)
        if form is None:
            raise ParseError(f"{self.media_type} is no RDF format", source=self.name)
        return form

    def quads(self) -> Iterator[Quad]:
        """What it states. Raises ParseError with line and column."""
        if self.format == RdfFormat.RDF_XML:
            refuse_entities(self.content, self.name)
        try:
            yield from parse(self.content, self.format, base_iri=self.base)
        except SyntaxError as error:
            raise ParseError(complaint(error), source=self.name, line=error.lineno, column=error.offset) from error

    def source(self) -> Source:
        """The text in which findings are looked up."""
        return Source(self.name, lambda: self.content, self.format, self.base)


def check_on_nothing(data: Submission, shapes: Submission | str, cap: int | None = CAP) -> Report:
    """Check a submission alone, against shapes of its own or those of the corpus of that name.

    Against those of a corpus it is read in the light of that corpus's vocabulary, as files are: its classes and codes
    would mean nothing otherwise. Raises ParseError, or ShapesError for shapes that cannot be used.
    """
    quads = [quad for quad in data.quads() if isinstance(quad.graph_name, DefaultGraph) or counts(quad.graph_name)]
    if isinstance(shapes, Submission):
        demands = read_shapes(shapes.quads())
    else:
        demands = _published(*_key(shapes)).shapes
        quads = list(in_light_of(open_corpus(shapes), quads))
    with without_files():
        own = isinstance(shapes, Submission)
        return check_quads(quads, demands, brought_by=(data.source(),), cap=cap, idle=own)


def check_on_published(
    data: Submission,
    folder: Path,
    corpus: str,
    mode: Mode = "merge",
    shapes: Submission | None = None,
    cap: int | None = CAP,
) -> Report:
    """Check what a submission would make wrong in the published revision of that folder."""
    demands = Incremental(read_shapes(shapes.quads())) if shapes else _published(*_key(corpus))
    added = tuple(
        quad if counts(quad.graph_name) else Quad(quad.subject, quad.predicate, quad.object, NamedNode(SUBMITTED))
        for quad in data.quads()
    )
    return check_proposal(folder, Proposal(added), demands, mode=mode, brought_by=(data.source(),), cap=cap)


def _key(corpus: str) -> tuple[str, str]:
    return corpus, open_corpus(corpus).digest()


@lru_cache(maxsize=4)
def _published(corpus: str, _digest: str) -> Incremental:
    """The shapes of a corpus, compiled once for as long as its files stay the same."""
    return Incremental(corpus_shapes(open_corpus(corpus)))
