"""On which line of a payload a statement stands, though its blank nodes have become IRIs."""

import codecs
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat

from edaphon.conformance.model.triples import Term
from edaphon.conformance.report.explain import Source
from edaphon.conformance.report.positions import Positions, positions
from edaphon.contributions.payload import UPDATE, Payload, read, skolemised
from edaphon.sparql.update.operations import Data
from edaphon.sparql.update.reading import read as read_update

__all__ = ["source_of"]


def source_of(payload: Payload, identifier: str) -> Source | None:
    """The text in which findings about a contribution are looked up; None where lines cannot be told."""
    updates = payload.media_type == UPDATE
    form = RdfFormat.TRIG if updates else RdfFormat.from_media_type(payload.media_type)
    if form is None:
        return None

    def text() -> bytes:
        content = payload.content.removeprefix(codecs.BOM_UTF8)
        return _as_trig(content) if updates else content

    return _Source("the body", text, form, None, lambda: read(payload).inserted, identifier)


@dataclass(frozen=True)
class _Source(Source):
    """`inserted` gives the quads as they were written, `identifier` names the contribution after which nodes are."""

    inserted: Callable[[], Sequence[Quad]] = tuple
    identifier: str = ""

    @cached_property
    def positions(self) -> Positions:
        """Where its triples stand; read and scanned when first asked for, which is when something is wrong."""
        written = positions(self.read().decode("utf-8", "replace"), self.format, self.base)
        quads = self.inserted()
        nodes: dict[Term, BlankNode] = {}
        about: dict[Term, list[tuple[NamedNode, Term]]] = defaultdict(list)
        for before, after in zip(quads, skolemised(quads, self.identifier), strict=True):
            for blank, named in ((before.subject, after.subject), (before.object, after.object)):
                if isinstance(blank, BlankNode) and isinstance(named, NamedNode):
                    nodes[named] = blank
            if isinstance(before.subject, BlankNode) and isinstance(before.object, NamedNode | Literal):
                about[before.subject].append((before.predicate, _as_scanned(before.object)))
        return _Positions(written.triples, written.subjects, nodes, about)


@dataclass(frozen=True, slots=True)
class _Positions(Positions):
    """`nodes` are the blank nodes behind IRIs, `about` their properties and values, by which those without a label
    are found.
    """

    nodes: Mapping[Term, BlankNode] = field(default_factory=dict)
    about: Mapping[Term, Sequence[tuple[NamedNode, Term]]] = field(default_factory=dict)

    def line(self, subject: Term | None, predicate: NamedNode | None, object: Term | None) -> int | None:
        """The line of that triple, or of the first statement about the subject when only that is given."""
        node = self._written(subject)
        if node is None:
            return None
        unlabelled = isinstance(node, BlankNode) and node not in self.subjects
        if predicate is not None and object is not None:
            return self.triples.get((None if unlabelled else node, predicate, self._written(object) or object))
        if not unlabelled:
            return self.subjects.get(node)
        lines = [self.triples.get((None, property, value)) for property, value in self.about.get(node, ())]
        return min((line for line in lines if line is not None), default=None)

    def _written(self, term: Term | None) -> Term | None:
        return None if term is None else self.nodes.get(term, term)


def _as_scanned(term: Any) -> Any:
    if isinstance(term, Literal) and term.language:
        return Literal(term.value, language=term.language.lower())
    return term


def _as_trig(content: bytes) -> bytes:
    """An update as TriG with every statement on its line: what it inserts stays, all else but declarations is blank."""
    text = content.decode()
    signs = list(text)
    for operation in read_update(text).operations:
        if not isinstance(operation, Data):
            continue
        block = text.index(operation.block, operation.start)
        until = block if operation.verb == "INSERT" else block + len(operation.block)
        for place in range(operation.start, until):
            if signs[place] not in "\r\n":
                signs[place] = " "
    return "".join(signs).encode()
