"""What helps a person to mend a finding: labels, a readable path, its line, the nearest accepted values."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path as FilePath
from typing import Final, Protocol

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, RdfFormat, Store, Triple

from edaphon.conformance.model import constraints as c
from edaphon.conformance.model.findings import Finding, Place
from edaphon.conformance.model.paths import Inverse, Path, Predicate, readable
from edaphon.conformance.model.paths import Sequence as Steps
from edaphon.conformance.model.shapes import Shape, Shapes
from edaphon.conformance.model.triples import Term
from edaphon.conformance.model.vocabulary import RDFS, rdf, sh
from edaphon.conformance.reading.guards import shrink, spell
from edaphon.conformance.reading.nearest import nearest
from edaphon.conformance.report.positions import Positions, positions
from edaphon.conformance.report.wording import wording
from edaphon.namespaces import PREFIXES

__all__ = ["Described", "Lookup", "Source", "StoreLookup", "best", "explain"]

LABELS: Final = (
    NamedNode(RDFS + "label"),
    NamedNode(PREFIXES["skos"] + "prefLabel"),
    NamedNode(PREFIXES["dcterms"] + "title"),
    NamedNode(PREFIXES["schema"] + "name"),
    NamedNode(PREFIXES["foaf"] + "name"),
)
# Looking for the nearest instance of a class beyond this many, or for more findings of one kind than this, would take
# longer than the check.
CANDIDATES: Final = 2_000
SUGGESTED: Final = 50
# Lines are looked up in texts up to this size; beyond it the scan would take longer than the check.
LARGEST: Final = 50_000_000


class Lookup(Protocol):
    """The data of a validation, as far as explaining needs it."""

    def objects(self, subject: Term, predicate: NamedNode) -> list[Term]:
        """The values of one property of one node."""

    def subjects(self, predicate: NamedNode, object: Term) -> list[Term]:
        """The nodes that have that value."""


@dataclass(frozen=True)
class StoreLookup:
    """A Lookup in the default graph of a store."""

    store: Store

    def objects(self, subject: Term, predicate: NamedNode) -> list[Term]:
        """The values of one property of one node."""
        if isinstance(subject, Literal):
            return []
        quads = self.store.quads_for_pattern(subject, predicate, None, DefaultGraph())
        return [one.object for one in quads if not isinstance(one.object, Triple)]

    def subjects(self, predicate: NamedNode, object: Term) -> list[Term]:
        """The nodes that have that value."""
        found: list[Term] = []
        for quad in self.store.quads_for_pattern(None, predicate, object, DefaultGraph()):
            if not isinstance(quad.subject, Triple):
                found.append(quad.subject)
            if len(found) >= CANDIDATES:
                break
        return found


@dataclass(frozen=True)
class Source:
    """A text that brought triples: its name for the person who submitted it, and how to read it again."""

    name: FilePath | str
    read: Callable[[], bytes]
    format: RdfFormat
    base: str | None = None

    @cached_property
    def positions(self) -> Positions:
        """Where its triples stand; read and scanned when first asked for."""
        text = self.read()
        if len(text) > LARGEST:
            return Positions()
        return positions(text.decode("utf-8", "replace"), self.format, self.base)


@dataclass(frozen=True)
class Described:
    """What is known about the data that was checked."""

    data: Lookup
    sources: Sequence[Source] = ()
    languages: tuple[str, ...] = ("en",)


def explain(findings: Iterable[Finding], shapes: Shapes, described: Described) -> list[Finding]:
    """The findings with everything that helps a reader."""
    told: Counter[tuple[Term, NamedNode]] = Counter()
    explained = []
    for finding in findings:
        told[finding.shape, finding.component] += 1
        suggest = told[finding.shape, finding.component] <= SUGGESTED
        explained.append(_explain(finding, shapes, described, suggest=suggest))
    return explained


def _explain(finding: Finding, shapes: Shapes, described: Described, *, suggest: bool) -> Finding:
    shape = shapes.by_name.get(finding.shape)
    constraint = _constraint(shape, finding)
    return replace(
        finding,
        messages=_messages(finding, shape, constraint),
        details=tuple(_explain(one, shapes, described, suggest=suggest) for one in finding.details),
        focus_label=_label(finding.focus, described),
        shape_name=_shape_name(finding.shape, shape, shapes, described),
        path_text=None if finding.path is None else readable(finding.path, shrink),
        place=_place(finding, described),
        nearest=_nearest(finding, constraint, described.data) if suggest else (),
    )


def _messages(finding: Finding, shape: Shape | None, constraint: c.Constraint | None) -> tuple[Literal, ...]:
    """The shape's own messages; those of a SPARQL constraint, already filled in; else a sentence of ours."""
    if isinstance(constraint, c.Sparql | c.Custom) and finding.messages:
        return finding.messages
    if shape is not None and shape.messages:
        return shape.messages
    if constraint is None:
        return finding.messages
    return (Literal(wording(constraint, shape.path if shape else None), language="en"),)


def best(texts: Sequence[Literal], languages: Sequence[str]) -> str | None:
    """The text in the first of the languages that there is; else one without language, else any."""
    for language in languages:
        for text in texts:
            if text.language and text.language.split("-")[0] == language.split("-")[0].lower():
                return text.value
    plain = [text for text in texts if not text.language]
    return next((text.value for text in (*plain, *texts)), None)


def _shape_name(node: NamedNode | BlankNode, shape: Shape | None, shapes: Shapes, described: Described) -> str | None:
    """What the shape is called, or else, where it has no IRI to point at, whose part it is."""
    name = best(shape.labels, described.languages) if shape else None
    return name or (spell(shapes.graph, node) if isinstance(node, BlankNode) else None)


def _label(node: Term, described: Described) -> str | None:
    if isinstance(node, Literal):
        return None
    for property in LABELS:
        texts = [one for one in described.data.objects(node, property) if isinstance(one, Literal)]
        if texts:
            return best(sorted(texts, key=str), described.languages)
    return None


def _constraint(shape: Shape | None, finding: Finding) -> c.Constraint | None:
    """The constraint that a finding comes from; None where several of one component may be meant."""
    if shape is None:
        return None
    fitting = [one for one in shape.constraints if c.component(one) == finding.component]
    if finding.constraint is not None:
        fitting = [one for one in fitting if isinstance(one, c.Sparql) and one.node == finding.constraint] or fitting
    return fitting[0] if len(fitting) == 1 else None


def _place(finding: Finding, described: Described) -> Place | None:
    """Where the offending triple stands, or else the first statement about the focus node."""
    wanted: list[tuple[Term | None, NamedNode | None, Term | None]] = []
    if finding.value is not None and finding.path is not None:
        match _last(finding.path):
            case Predicate(property):
                if isinstance(finding.path, Predicate):
                    wanted.append((finding.focus, property, finding.value))
                if not isinstance(finding.path, Predicate) or isinstance(finding.focus, BlankNode):
                    wanted.append((None, property, finding.value))
            case Inverse(Predicate(property)):
                wanted.append((finding.value, property, finding.focus))
    wanted.append((finding.focus, None, None))
    for subject, predicate, object in wanted:
        for source in described.sources:
            for spelled in _spellings(object):
                if (line := source.positions.line(subject, predicate, spelled)) is not None:
                    return Place(source.name, line)
    return None


def _spellings(term: Term | None) -> Iterable[Term | None]:
    yield term
    if isinstance(term, Literal) and term.language and term.language != term.language.lower():
        yield Literal(term.value, language=term.language.lower())


def _last(path: Path) -> Path:
    while isinstance(path, Steps):
        path = path.paths[-1]
    return path


def _nearest(finding: Finding, constraint: c.Constraint | None, data: Lookup) -> tuple[Term, ...]:
    """The accepted values most like the one that was given."""
    value = finding.value
    if value is None:
        return ()
    candidates: list[Term] = []
    if isinstance(constraint, c.In):
        candidates = list(constraint.terms)
    elif isinstance(constraint, c.Class) and isinstance(value, NamedNode):
        candidates = [one for one in data.subjects(rdf("type"), constraint.cls) if isinstance(one, NamedNode)]
    elif finding.component in (sh("InConstraintComponent"), sh("ClassConstraintComponent")):
        return ()
    by_name = {_name(one): one for one in candidates}
    return tuple(by_name[name] for name in nearest(_name(value), by_name))


def _name(term: Term) -> str:
    """The part of a term that a person would misspell."""
    if not isinstance(term, NamedNode):
        return term.value
    text = term.value.rstrip("/#")
    return text[max(text.rfind("/"), text.rfind("#")) + 1 :] or text
