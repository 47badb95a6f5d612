"""What a page shows of a description: rows of named terms, each with its evidence, linked to our own pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pyoxigraph import BlankNode, NamedNode

from edaphon.linking.addresses import document_of
from edaphon.linking.dereference import Description, Statement, Term
from edaphon.namespaces import GRAPH_IMPLIED, PREFIXES
from edaphon.web.pages.results import cell

__all__ = ["Entity", "Row", "Shown", "entity", "link_to"]

TYPE: Final = NamedNode(PREFIXES["rdf"] + "type")
IMPLIED: Final = NamedNode(GRAPH_IMPLIED)


@dataclass(frozen=True, slots=True)
class Shown:
    """One term. `full` is the whole IRI or the datatype, `href` where to read on; `named` when `text` is its label."""

    text: str
    full: str
    href: str | None = None
    own: bool = False
    language: str | None = None
    datatype: str | None = None
    named: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One statement, and how many rows its first term spans: 0 where the row above has said it."""

    span: int
    subject: Shown
    predicate: Shown
    object: Shown
    evidence: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Entity:
    """One page's content; `implied` and `implied_mentions` are statements that follow from others."""

    title: Shown
    kinds: tuple[Shown, ...]
    about: tuple[Row, ...]
    implied: tuple[Row, ...]
    mentions: tuple[Row, ...]
    implied_mentions: tuple[Row, ...]
    states: tuple[Row, ...]


def link_to(iri: str, revision: int | None) -> str | None:
    """The path of our own page about an IRI, in a revision if one is given; None for what is not ours."""
    path = document_of(iri)
    if path is None or revision is None:
        return path
    document, mark, fragment = path.partition("#")
    return f"{document}?revision={revision}{mark}{fragment}"


def entity(description: Description, revision: int | None) -> Entity:
    """The page about a thing; its links stay in `revision` when that is given."""

    def shown(term: Term) -> Shown:
        plain = cell(term)
        if not isinstance(term, NamedNode):
            return Shown(plain.text, plain.full, language=plain.language, datatype=plain.datatype)
        own = link_to(term.value, revision)
        label = description.labels.get(term.value)
        if label is None:
            return Shown(plain.text, term.value, own or plain.href, own is not None)
        return Shown(label.text, term.value, own or plain.href, own is not None, label.language, named=True)

    def rows(statements: Iterable[Statement], first: str) -> tuple[Row, ...]:
        listed = list(statements)
        made = []
        for place, one in enumerate(listed):
            key = getattr(one, first)
            begins = place == 0 or getattr(listed[place - 1], first) != key
            span = 0
            if begins:
                following = (getattr(other, first) == key for other in listed[place:])
                span = next((count for count, same in enumerate(following) if not same), len(listed) - place)
            graphs: Iterable[NamedNode | BlankNode] = one.evidence
            made.append(
                Row(
                    span,
                    shown(one.subject),
                    shown(one.predicate),
                    shown(one.object),
                    tuple(shown(graph) for graph in graphs),
                )
            )
        return tuple(made)

    def follows(one: Statement) -> bool:
        return one.evidence == (IMPLIED,)

    stated = [one for one in description.about if not follows(one)]
    return Entity(
        shown(NamedNode(description.iri)),
        tuple(shown(one.object) for one in stated if one.predicate == TYPE),
        rows(stated, "predicate"),
        rows(filter(follows, description.about), "predicate"),
        rows((one for one in description.mentions if not follows(one)), "predicate"),
        rows(filter(follows, description.mentions), "predicate"),
        rows(description.states, "subject"),
    )
