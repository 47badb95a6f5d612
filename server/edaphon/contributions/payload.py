"""What a contribution's bytes ask for: triples to state, and triples to retract, with literals as they were spelt."""

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Triple, parse

from edaphon.corpus.complaints import complaint
from edaphon.corpus.entities import refuse_entities
from edaphon.errors import ContributionRefused, ParseError
from edaphon.namespaces import GENID

__all__ = ["UPDATE", "Payload", "Request", "read", "refuse_nesting", "skolemised", "triples"]

UPDATE: Final = "application/sparql-update"
# Nobody means more, and whoever follows them by recursion gets to about 900.
DEEPEST: Final = 32


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes as they were sent, and their media type, without parameters."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Request:
    """A change as it is asked for. What is inserted is in no graph; what is deleted without a graph is meant in all."""

    inserted: tuple[Quad, ...]
    deleted: tuple[Quad, ...]


def read(payload: Payload) -> Request:
    """What the bytes ask for.

    Raises ParseError or QuerySyntax with line and column; ContributionRefused for what a contribution cannot ask for,
    be it because it names the graph in which triples are to be stated, or because it asks for nothing.
    """
    if payload.media_type == UPDATE:
        # Its patterns take a tenth of a second to compile, for which nobody who sends RDF should wait.
        from edaphon.sparql.update.data import data_only

        try:
            text = payload.content.decode()
        except UnicodeDecodeError as error:
            raise ParseError(f"it is not UTF-8: see byte {error.start}", source="the body") from error
        inserted, deleted = data_only(text.removeprefix("\ufeff"))
    else:
        inserted, deleted = triples(payload), []
    refuse_nesting(inserted)
    refuse_nesting(deleted)
    for quad in inserted:
        if not isinstance(quad.graph_name, DefaultGraph):
            raise ContributionRefused(
                f"the contribution states triples in {quad.graph_name}; what it states belongs to its own graph, "
                "so name none"
            )
    if not inserted and not deleted:
        raise ContributionRefused("the contribution states nothing and retracts nothing")
    return Request(tuple(dict.fromkeys(inserted)), tuple(dict.fromkeys(deleted)))


def refuse_nesting(quads: Iterable[Quad]) -> None:
    """Raise ContributionRefused for triple terms in triple terms so deep that programs which read them would break."""
    for quad in quads:
        term, depth = quad.object, 0
        while isinstance(term, Triple):
            # In RDF 1.2 its subject is none.
            term, depth = term.object, depth + 1
        if depth > DEEPEST:
            raise ContributionRefused(
                f"a statement about {quad.subject} nests triple terms {depth} deep; {DEEPEST} are the most"
            )


def triples(payload: Payload) -> list[Quad]:
    """The quads of a body in any RDF format; there may be none. Raises ParseError with line and column."""
    form = RdfFormat.from_media_type(payload.media_type)
    if form is None:
        raise ParseError(f"{payload.media_type} is no RDF format", source="the body")
    if form == RdfFormat.RDF_XML:
        refuse_entities(payload.content, "the body")
    try:
        # Some editors begin a file with the mark, which the parsers of most formats do not know.
        return list(parse(payload.content.removeprefix(codecs.BOM_UTF8), form))
    except SyntaxError as error:
        raise ParseError(complaint(error), source="the body", line=error.lineno, column=error.offset) from error


def skolemised(quads: Iterable[Quad], identifier: str) -> tuple[Quad, ...]:
    """The quads with an IRI for each blank node (RDF 1.1 Concepts section 3.5), named after a contribution.

    So a node can be referred to, corrected and retracted, and those of two contributions never clash. The names follow
    the order in which the nodes appear: the same payload always gives the same.
    """
    names: dict[str, NamedNode] = {}

    def named(term: Any) -> Any:
        if isinstance(term, BlankNode):
            return names.setdefault(term.value, NamedNode(f"{GENID}{identifier}/b{len(names)}"))
        if isinstance(term, Triple):
            return Triple(named(term.subject), term.predicate, named(term.object))
        return term

    return tuple(Quad(named(one.subject), one.predicate, named(one.object), named(one.graph_name)) for one in quads)
