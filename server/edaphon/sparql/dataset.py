"""The RDF dataset that a query runs on, with several FROM clauses merged as SPARQL 1.1 Query section 13.2 says.

The engine takes several default graphs as a concatenation: a triple in two of them is matched twice and counted twice.
Where more than one is named, their merge is made first and the query runs on that.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

__all__ = ["Dataset", "declared_prefixes", "described", "merged"]

# The tokens that matter before the first group: everything else is skipped one piece at a time.
_TOKEN: Final = re.compile(
    r"""
      (?P<comment>\#[^\r\n]*)
    | (?P<string>'{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}|"{3}(?:"{0,2}(?:[^"\\]|\\.))*"{3}
                |'(?:[^'\\\r\n]|\\.)*'|"(?:[^"\\\r\n]|\\.)*")
    | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    | (?P<name>[^\W\d_]?[\w.\-]*:(?:[\w.\-:%]|\\.)*)
    | (?P<word>[?$]?\w+)
    | (?P<open>[{(])
    | (?P<close>[})])
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
# No keyword stands inside this, even where `<` and `>` compare.
_IRI: Final = re.compile(r"""<[^<>"{}|^`\\\x00-\x20]*>""")

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


@dataclass(frozen=True, slots=True)
class Dataset:
    """The graphs, by IRI, that a query's default graph is merged from, and its named graphs."""

    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]


def declared_prefixes(text: str) -> dict[str, str]:
    """The prefixes that the query's prologue declares, with the IRIs as written; without those relative to a BASE."""
    prefixes = {}
    tokens = _tokens(text)
    for kind, value in tokens:
        if kind == "word" and value.upper() == "PREFIX":
            name, iri = next(tokens, ("", "")), next(tokens, ("", ""))
            if name[0] == "name" and iri[0] == "iri" and _ABSOLUTE.match(iri[1], 1):
                prefixes[name[1].removesuffix(":")] = iri[1][1:-1]
        elif kind == "open":
            break
    return prefixes


def described(text: str) -> Dataset | None:
    """The dataset that the query's own FROM clauses describe; None when it has none or one that is not resolved here.

    A relative IRI (BASE included) is left to the engine.
    """
    # Most queries have no FROM clause, and reading them token by token would take longer than answering them.
    lowered = text.lower()
    if "from" not in lowered or "from" not in _IRI.sub("<>", lowered):
        return None
    prefixes = declared_prefixes(text)
    default: list[str] = []
    named: list[str] = []
    depth = 0
    tokens = _tokens(text)
    for kind, value in tokens:
        if kind == "open":
            # A CONSTRUCT template and projected expressions stand before FROM; the WHERE clause ends the search.
            depth += 1
        elif kind == "close":
            depth -= 1
        elif kind == "word" and depth == 0 and value.upper() == "WHERE":
            break
        elif kind == "word" and depth == 0 and value.upper() == "FROM":
            kind, value = next(tokens, ("", ""))
            graphs = default
            if kind == "word" and value.upper() == "NAMED":
                graphs = named
                kind, value = next(tokens, ("", ""))
            iri = _resolve(kind, value, prefixes)
            if iri is None:
                return None
            graphs.append(iri)
    return Dataset(tuple(default), tuple(named)) if default or named else None


def merged(store: Store, dataset: Dataset) -> Store:
    """A store in memory whose default graph is the merge of the dataset's default graphs, each triple once."""
    merge = Store()
    merge.extend(
        Quad(quad.subject, quad.predicate, quad.object, DefaultGraph())
        for graph in dataset.default_graphs
        for quad in store.quads_for_pattern(None, None, None, NamedNode(graph))
    )
    for graph in dataset.named_graphs:
        merge.extend(store.quads_for_pattern(None, None, None, NamedNode(graph)))
    return merge


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind != "comment" and not match[0].isspace():
            yield kind, match[0]


def _resolve(kind: str, value: str, prefixes: dict[str, str]) -> str | None:
    if kind == "iri" and _ABSOLUTE.match(value, 1):
        return value[1:-1]
    if kind == "name":
        prefix, _, local = value.partition(":")
        if prefix in prefixes and "\\" not in local:
            return prefixes[prefix] + local
    return None
