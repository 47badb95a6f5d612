"""What a SPARQL result says, read from any of the formats that the W3C suites and the service write.

The parsers are our own or the standard library's, so that the engine does not vouch for its own output.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree

import pyoxigraph as ox

__all__ = ["Answer", "Graph", "Row", "Solutions", "parse"]

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Row = dict[str, Term]

RS: Final = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
RDF_TYPE: Final = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
SRX: Final = "{http://www.w3.org/2005/sparql-results#}"
XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
DOUBLE: Final = ox.NamedNode("http://www.w3.org/2001/XMLSchema#double")
NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Solutions:
    """The answer to a SELECT: its columns, and its rows with unbound variables left out."""

    variables: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """The answer to a CONSTRUCT or DESCRIBE."""

    triples: frozenset[ox.Triple]


Answer = Solutions | Graph | bool


def parse(data: bytes, suffix: str, base: str) -> Answer:
    """Read `data`, in the format of files called `suffix`; SyntaxError or ValueError where it is not well-formed."""
    return PARSERS[suffix](data, base)


def _literal(value: str, language: str | None, datatype: str | None) -> ox.Literal:
    if language is not None:
        return ox.Literal(value, language=language)
    return ox.Literal(value, datatype=ox.NamedNode(datatype) if datatype is not None else None)


def _xml(data: bytes, _base: str) -> Answer:
    root = ElementTree.fromstring(data)
    if root.tag != SRX + "sparql":
        raise ValueError(f"the root element is {root.tag}")
    truth = root.find(SRX + "boolean")
    if truth is not None:
        return {"true": True, "false": False}[(truth.text or "").strip()]
    rows = []
    for result in root.iterfind(f"{SRX}results/{SRX}result"):
        row: Row = {}
        for binding in result:
            (value,) = binding
            text = value.text or ""
            if value.tag == SRX + "uri":
                row[binding.attrib["name"]] = ox.NamedNode(text)
            elif value.tag == SRX + "bnode":
                row[binding.attrib["name"]] = ox.BlankNode(text)
            elif value.tag == SRX + "literal":
                row[binding.attrib["name"]] = _literal(text, value.get(XML_LANG), value.get("datatype"))
            else:
                raise ValueError(f"a value in an element {value.tag}")
        rows.append(row)
    names = tuple(one.attrib["name"] for one in root.iterfind(f"{SRX}head/{SRX}variable"))
    return Solutions(names, tuple(rows))


def _json(data: bytes, _base: str) -> Answer:
    def term(value: dict[str, Any]) -> Term:
        match value["type"]:
            case "uri":
                return ox.NamedNode(value["value"])
            case "bnode":
                return ox.BlankNode(value["value"])
            # The working group's note of 2007 called literals with a datatype typed-literal; some tests still do.
            case "literal" | "typed-literal":
                return _literal(value["value"], value.get("xml:lang"), value.get("datatype"))
        raise ValueError(f"a value of type {value['type']}")

    document = json.loads(data)
    if "boolean" in document:
        return bool(document["boolean"])
    rows = tuple({name: term(value) for name, value in row.items()} for row in document["results"]["bindings"])
    return Solutions(tuple(document["head"].get("vars", ())), rows)


def _csv(data: bytes, _base: str) -> Answer:
    """Read CSV, which keeps no datatypes: a cell that looks like a number is taken for one, other cells are strings."""

    def term(cell: str) -> Term:
        if cell.startswith("_:"):
            return ox.BlankNode(cell.removeprefix("_:"))
        return ox.Literal(cell, datatype=DOUBLE if NUMBER.fullmatch(cell) else None)

    text = data.decode()
    if text.strip() in ("true", "false"):
        return text.strip() == "true"
    lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    names, cells = lines[0], lines[1:]
    # Unbound and the empty string look the same in CSV.
    rows = tuple({name: term(cell) for name, cell in zip(names, row, strict=True) if cell} for row in cells)
    return Solutions(tuple(names), rows)


def _tsv(data: bytes, _base: str) -> Answer:
    def term(cell: str) -> Term:
        # A cell is a term as Turtle writes it.
        (quad,) = ox.parse(f"<s:> <p:> {cell} .".encode(), format=ox.RdfFormat.TURTLE)
        value: Term = quad.object
        return value

    text = data.decode()
    if text.strip() in ("true", "false"):
        return text.strip() == "true"
    head, *lines = text.removesuffix("\n").split("\n")
    names = tuple(one.removeprefix("?") for one in head.split("\t")) if head else ()
    rows = (zip(names, line.split("\t") if names else (), strict=True) for line in lines)
    return Solutions(names, tuple({name: term(cell) for name, cell in row if cell} for row in rows))


def _turtle(data: bytes, base: str) -> Answer:
    triples = [quad.triple for quad in ox.parse(data, format=ox.RdfFormat.TURTLE, base_iri=base)]
    if any(one.predicate == RDF_TYPE and one.object == ox.NamedNode(RS + "ResultSet") for one in triples):
        return _result_set(triples)
    return Graph(frozenset(triples))


def _result_set(triples: Iterable[ox.Triple]) -> Answer:
    """Read an answer written as RDF in the test suite's own result-set vocabulary."""
    facts: dict[tuple[Term, str], list[Term]] = {}
    for one in triples:
        facts.setdefault((one.subject, one.predicate.value.removeprefix(RS)), []).append(one.object)
        if one.predicate == RDF_TYPE and one.object == ox.NamedNode(RS + "ResultSet"):
            this = one.subject

    def text(subject: Term, name: str) -> list[str]:
        return [one.value for one in facts.get((subject, name), ()) if not isinstance(one, ox.Triple)]

    if truth := text(this, "boolean"):
        return truth == ["true"]
    solutions = sorted(facts.get((this, "solution"), ()), key=lambda one: [int(n) for n in text(one, "index")])
    rows = tuple(
        {text(one, "variable")[0]: facts[one, "value"][0] for one in facts.get((solution, "binding"), ())}
        for solution in solutions
    )
    return Solutions(tuple(text(this, "resultVariable")), rows)


def _ntriples(data: bytes, _base: str) -> Answer:
    return Graph(frozenset(quad.triple for quad in ox.parse(data, format=ox.RdfFormat.N_TRIPLES)))


PARSERS: Final[dict[str, Callable[[bytes, str], Answer]]] = {
    ".srx": _xml,
    ".srj": _json,
    ".csv": _csv,
    ".tsv": _tsv,
    ".ttl": _turtle,
    ".nt": _ntriples,
}
