"""The beginning of a result, as the cells of a table that a person reads."""

import re
from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass
from typing import Final

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
)

from edaphon.linking.addresses import document_of
from edaphon.namespaces import PREFIXES

__all__ = ["Cell", "Result", "beginning", "from_graph", "from_solutions"]

XSD_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"
LANG_STRING: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
LOCAL_NAME: Final = re.compile(r"[A-Za-z0-9_][\w.-]*(?<!\.)|")

Term = NamedNode | BlankNode | Literal | Triple


@dataclass(frozen=True, slots=True)
class Cell:
    """One RDF term. `href` is set where a browser may follow it; `datatype` only where it is not plain text."""

    text: str
    full: str
    href: str | None = None
    language: str | None = None
    datatype: str | None = None
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """A table, or the answer to an ASK. `complete` is false when there are more rows than these."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell | None, ...], ...]
    complete: bool
    boolean: bool | None = None


async def beginning(parts: AsyncIterable[bytes], lines: int, size: int) -> tuple[bytes, bool]:
    """The first whole lines, at most so many lines and bytes, and whether that is all there is."""
    held = bytearray()
    count = 0
    async for part in parts:
        held += part
        count += part.count(b"\n")
        if count > lines or len(held) > size:
            break
    else:
        if count <= lines:
            return bytes(held), True
    end = 0
    for _ in range(lines):
        following = held.find(b"\n", end) + 1
        if following == 0 or following > size:
            break
        end = following
    return bytes(held[:end]), False


def from_solutions(table: bytes, complete: bool) -> Result:
    """The cells of a result set or boolean in SPARQL's TSV format, in which a line is a row."""
    if not table:
        return Result((), (), complete)
    found = parse_query_results(table, QueryResultsFormat.TSV)
    if isinstance(found, QueryBoolean):
        return Result((), (), complete, bool(found))
    assert isinstance(found, QuerySolutions)
    names = tuple(variable.value for variable in found.variables)
    rows = (tuple(None if value is None else cell(value) for value in solution) for solution in found)
    return Result(names, tuple(rows), complete)


def from_graph(lines: bytes, complete: bool) -> Result:
    """The cells of N-Triples."""
    triples = parse(lines, RdfFormat.N_TRIPLES)
    rows = tuple((cell(one.subject), cell(one.predicate), cell(one.object)) for one in triples)
    return Result(("subject", "predicate", "object"), rows, complete)


def cell(term: Term) -> Cell:
    """One term as it is shown."""
    match term:
        case NamedNode():
            # Ours are read here, wherever this is. Other schemes, javascript: among them, are shown but not linked.
            web = term.value if term.value.startswith(("http://", "https://")) else None
            return Cell(short(term.value), term.value, document_of(term.value) or web)
        case BlankNode():
            return Cell(f"_:{term.value}", "blank node")
        case Literal():
            datatype = term.datatype.value
            shown = None if datatype in (XSD_STRING, LANG_STRING) else short(datatype)
            numeric = shown in ("xsd:integer", "xsd:decimal", "xsd:double", "xsd:float")
            return Cell(term.value, datatype, None, term.language, shown, numeric)
        case Triple():
            parts: Iterable[Term] = (term.subject, term.predicate, term.object)
            text = " ".join(cell(part).text for part in parts)
            return Cell(f"<<( {text} )>>", "triple term")


def short(iri: str) -> str:
    """An IRI as prefixed name where one of our prefixes fits, else as it is."""
    fitting = [(len(namespace), prefix) for prefix, namespace in PREFIXES.items() if iri.startswith(namespace)]
    if not fitting:
        return iri
    length, prefix = max(fitting)
    local = iri[length:]
    return f"{prefix}:{local}" if LOCAL_NAME.fullmatch(local) else iri
