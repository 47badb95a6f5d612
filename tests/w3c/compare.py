"""Whether two SPARQL answers are the same, as the W3C suites mean it."""

import re
import struct
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal
from typing import Final

import pyoxigraph as ox
from w3c.results import Answer, Graph, Solutions

__all__ = ["by_value", "ordered", "same", "strictly"]

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
BOUNDED: Final = ("long", "int", "short", "byte", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte")
SIGNED: Final = ("nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger")
DECIMALS: Final = frozenset(XSD + name for name in ("decimal", "integer", *BOUNDED, *SIGNED))
DATE_TIME: Final = re.compile(r"(-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?")

Reading = Callable[[ox.NamedNode | ox.Literal | ox.Triple], Hashable]
# A row, or a triple, as a tuple; None for a variable without a value.
Terms = tuple[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None, ...]


def strictly(term: ox.NamedNode | ox.Literal | ox.Triple) -> Hashable:
    """The term itself: spellings count."""
    return term


def by_value(term: ox.NamedNode | ox.Literal | ox.Triple) -> Hashable:
    """What the term means: numbers, booleans and dateTimes of one datatype are equal when their values are.

    The datatype still counts, so `1` is not `1.0`. A spelling outside the datatype's lexical space stands for itself.
    """
    if not isinstance(term, ox.Literal):
        return term
    if term.language is not None:
        return term.value, term.language.lower()
    datatype, text = term.datatype.value, term.value
    try:
        if datatype in DECIMALS:
            return datatype, Decimal(text)
        if datatype in (XSD + "double", XSD + "float"):
            # INF and NaN are spelled alike in XML Schema and Python but for case; a NaN equals no NaN, its text does.
            number = float(text)
            return datatype, "NaN" if number != number else struct.pack("f" if datatype.endswith("t") else "d", number)
    except (ArithmeticError, ValueError):
        return term
    if datatype == XSD + "boolean":
        return datatype, {"1": "true", "0": "false"}.get(text, text)
    if datatype == XSD + "dateTime" and (moment := DATE_TIME.fullmatch(text)):
        seconds, fraction, zone = moment.groups()
        return datatype, seconds, Decimal(fraction or 0), "Z" if zone in ("+00:00", "-00:00") else zone
    return term


def ordered(query: str) -> bool:
    """Whether the order of the rows means something: ORDER BY outside every group, so not in a sub-SELECT."""
    bare = re.sub(r"""<[^<>"{}|^`\\\s]*>|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|#.*""", " ", query)
    while (outer := re.sub(r"\{[^{}]*\}", " ", bare)) != bare:
        bare = outer
    return re.search(r"\bORDER\s+BY\b", bare, re.IGNORECASE) is not None


def same(
    actual: Answer, expected: Answer, *, reading: Reading = by_value, in_order: bool = False, lax: bool = False
) -> bool:
    """Whether two answers agree: columns by name, rows as multisets, blank nodes mapped one to one.

    `in_order` compares row by row. `lax` (LaxCardinality) lets `actual` repeat a row less often than `expected` does.
    """
    match actual, expected:
        case bool(), bool():
            return actual == expected
        case Graph(), Graph():
            return _match(
                [(one.subject, one.predicate, one.object) for one in actual.triples],
                [(one.subject, one.predicate, one.object) for one in expected.triples],
                reading,
            )
        case Solutions(), Solutions():
            if sorted(actual.variables) != sorted(expected.variables):
                return False
            names = expected.variables
            ours = [tuple(row.get(name) for name in names) for row in actual.rows]
            theirs = [tuple(row.get(name) for name in names) for row in expected.rows]
            if in_order:
                return len(ours) == len(theirs) and _pair(list(zip(ours, theirs, strict=True)), reading) is not None
            if lax:
                often, allowed = Counter(ours), Counter(theirs)
                return len(ours) <= len(theirs) and _match(list(often), list(allowed), reading)
            return _match(ours, theirs, reading)
    return False


Mapping = dict[ox.BlankNode, ox.BlankNode]


def _pair(pairs: Sequence[tuple[Terms, Terms]], reading: Reading, known: Mapping | None = None) -> Mapping | None:
    """The one-to-one mapping of blank nodes, `known` included, under which every pair agrees; None if there is none."""
    mapping = dict(known or {})
    taken = set(mapping.values())
    for ours, theirs in pairs:
        for one, other in zip(ours, theirs, strict=True):
            if isinstance(one, ox.BlankNode) and isinstance(other, ox.BlankNode):
                if one not in mapping and other not in taken:
                    mapping[one] = other
                    taken.add(other)
                elif mapping.get(one) != other:
                    return None
            elif _read(one, reading) != _read(other, reading):
                return None
    return mapping


def _read(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None, reading: Reading) -> Hashable:
    """How a term compares once blank nodes are set aside: all of them alike."""
    if isinstance(term, ox.BlankNode):
        return "a blank node"
    return None if term is None else reading(term)


def _match(ours: Sequence[Terms], theirs: Sequence[Terms], reading: Reading) -> bool:
    """Whether two multisets of rows are equal under some one-to-one mapping of blank nodes."""

    def outline(row: Terms) -> Hashable:
        return tuple(_read(term, reading) for term in row)

    # Rows that differ but for their blank nodes can never be each other's partner.
    if Counter(map(outline, ours)) != Counter(map(outline, theirs)):
        return False
    partners: dict[Hashable, list[Terms]] = {}
    for row in theirs:
        partners.setdefault(outline(row), []).append(row)
    open_rows = [row for row in ours if any(isinstance(term, ox.BlankNode) for term in row)]
    # The rows with the fewest candidates first: they settle most blank nodes before anything must be guessed.
    open_rows.sort(key=lambda row: len(partners[outline(row)]))

    def extend(position: int, known: Mapping, used: frozenset[int]) -> bool:
        if position == len(open_rows):
            return True
        row = open_rows[position]
        return any(
            extend(position + 1, mapping, used | {id(candidate)})
            for candidate in partners[outline(row)]
            if id(candidate) not in used and (mapping := _pair([(row, candidate)], reading, known)) is not None
        )

    return extend(0, {}, frozenset())
