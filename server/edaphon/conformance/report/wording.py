"""What a constraint asks of the data, in words: the message of a finding whose shape brings none."""

from collections.abc import Callable
from typing import assert_never

from pyoxigraph import Literal, NamedNode

from edaphon.conformance.engine.lexical import is_well_formed
from edaphon.conformance.model import constraints as c
from edaphon.conformance.model.paths import Path
from edaphon.conformance.model.triples import Term
from edaphon.conformance.reading.guards import shrink

__all__ = ["fill", "show", "wording"]

# More members of a list than this would bury the message; the nearest ones are named apart.
SHOWN = 12


def show(term: Term) -> str:
    """A term as people write it in Turtle: prefixed where a prefix is known, strings in quotes."""
    if isinstance(term, NamedNode):
        return shrink(term)
    if not isinstance(term, Literal):
        return str(term)
    if term.language:
        return f'"{term.value}"@{term.language}'
    short = shrink(term.datatype)
    if short == "xsd:string":
        return f'"{term.value}"'
    bare = short in ("xsd:integer", "xsd:decimal", "xsd:boolean") and is_well_formed(term)
    return term.value if bare else f'"{term.value}"^^{short}'


def wording(constraint: c.Constraint, path: Path | None) -> str:
    """One English sentence that says what the values must be."""
    what = "The value" if path is not None else "The node"
    match constraint:
        case c.Class(cls):
            return f"{what} must be an instance of {show(cls)}."
        case c.Datatype(datatype):
            return f"{what} must be a well-formed literal of type {show(datatype)}."
        case c.NodeKind(kinds):
            names = {"IRI": "an IRI", "BlankNode": "a blank node", "Literal": "a literal"}
            return f"{what} must be {' or '.join(names[kind] for kind in sorted(kinds))}."
        case c.MinCount(count):
            return f"There must be at least {_so_many(count, 'value')}."
        case c.MaxCount(count):
            return f"There must be at most {_so_many(count, 'value')}." if count else "There must be no value."
        case c.Comparison(_, operator, bound):
            return f"{what} must be {operator} {show(bound)}."
        case c.MinLength(length):
            return f"{what} must have at least {_so_many(length, 'character')}."
        case c.MaxLength(length):
            return f"{what} must have at most {_so_many(length, 'character')}."
        case c.Pattern(pattern, flags):
            return f"{what} must match the pattern {pattern}{f' (flags {flags})' if flags else ''}."
        case c.LanguageIn(ranges):
            return f"{what} must be in one of the languages {', '.join(ranges)}."
        case c.UniqueLang():
            return "There must be only one value for each language."
        case c.Equals(property):
            return f"The values must be the same as those of {show(property)}."
        case c.Disjoint(property):
            return f"{what} must not be a value of {show(property)} too."
        case c.LessThan(property, or_equal):
            return f"{what} must be less than {'or equal to ' if or_equal else ''}each value of {show(property)}."
        case c.Not(shape):
            return f"{what} must not conform to {show(shape)}."
        case c.And(shapes):
            return f"{what} must conform to all of: {_some(shapes)}."
        case c.Or(shapes):
            return f"{what} must conform to at least one of: {_some(shapes)}."
        case c.Xone(shapes):
            return f"{what} must conform to exactly one of: {_some(shapes)}."
        case c.Node(shape) | c.Property(shape):
            return f"{what} must conform to {show(shape)}."
        case c.Qualified(shape, _, minimum, None):
            return f"At least {_so_many(minimum or 0, 'value')} must conform to {show(shape)}."
        case c.Qualified(shape, _, _, maximum):
            return f"At most {_so_many(maximum or 0, 'value')} may conform to {show(shape)}."
        case c.Closed(allowed):
            return f"Only these properties may be used: {_some(allowed)}."
        case c.HasValue(term):
            return f"{show(term)} must be among the values."
        case c.In(terms):
            return f"{what} must be one of: {_some(terms)}."
        case c.Sparql():
            return f"{what} must meet the SPARQL constraint {show(constraint.node)}."
        case c.Custom():
            return f"{what} must meet {show(constraint.component)}."
        case _:
            assert_never(constraint)


def fill(message: Literal, value_of: Callable[[str], Term | None]) -> Literal:
    """A message with its {?variable} and {$variable} replaced by what they are bound to (SHACL section 5.3.2)."""
    text, filled, at = message.value, "", 0
    while (start := text.find("{", at)) >= 0:
        end = text.find("}", start)
        name = text[start + 1 : end] if end >= 0 else ""
        bound = value_of(name[1:]) if name[:1] in ("?", "$") else None
        if bound is None:
            filled += text[at : start + 1]
            at = start + 1
        else:
            filled += text[at:start] + (bound.value if isinstance(bound, Literal) else show(bound))
            at = end + 1
    filled += text[at:]
    return Literal(filled, language=message.language) if message.language else Literal(filled)


def _so_many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _some(terms: tuple[Term, ...] | tuple[NamedNode, ...] | tuple[c.ShapeName, ...]) -> str:
    shown = ", ".join(show(term) for term in terms[:SHOWN])
    return shown + (f" and {len(terms) - SHOWN} more" if len(terms) > SHOWN else "")
