"""The saved queries, and their answers as rows that a person can read and write."""

import re
from pathlib import Path

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    Store,
    Variable,
)

from edaphon.namespaces import PREFIXES

__all__ = ["EXAMPLES", "PARAMETER", "QUERIES", "REPORTS", "VIOLATIONS", "Row", "answer", "cell", "order"]

QUERIES = Path(__file__).resolve().parents[1] / "queries"
EXAMPLES = sorted((QUERIES / "examples").glob("*.rq"))
VIOLATIONS = sorted((QUERIES / "violations").glob("*.rq"))
REPORTS = sorted((QUERIES / "reports").glob("*.rq"))
assert EXAMPLES and VIOLATIONS and REPORTS, "an empty folder must not pass for good queries"

# What a reader will change: one value, on a line of its own.
PARAMETER = re.compile(r"^ *VALUES \?_(?P<name>\w+) \{ (?P<value>.+) \}    # change me$", re.MULTILINE)

Row = tuple[str, ...]

NAMESPACES = sorted(PREFIXES.items(), key=lambda entry: len(entry[1]), reverse=True)
LOCAL = re.compile(r"[\w-]+")


def cell(term: NamedNode | BlankNode | Literal | None) -> str:
    """An IRI as prefixed name or in angle brackets, a literal as its text, an unbound variable as nothing."""
    if term is None:
        return ""
    if isinstance(term, NamedNode):
        for prefix, namespace in NAMESPACES:
            local = term.value.removeprefix(namespace)
            if local != term.value and LOCAL.fullmatch(local):
                return f"{prefix}:{local}"
        return f"<{term.value}>"
    return str(term) if isinstance(term, BlankNode) else term.value


def answer(store: Store, text: str) -> tuple[Row, list[Row]]:
    """The names of the columns and the rows, in the answer's order; a graph's triples are sorted, having none."""
    result = store.query(text)
    if isinstance(result, QueryBoolean):
        return ("answer",), [("true" if result else "false",)]
    if isinstance(result, QueryTriples):
        triples = [(cell(triple.subject), cell(triple.predicate), cell(triple.object)) for triple in result]
        return ("subject", "predicate", "object"), sorted(triples)
    assert isinstance(result, QuerySolutions)
    columns = tuple(variable.value for variable in result.variables)
    return columns, [tuple(cell(solution[Variable(name)]) for name in columns) for solution in result]


def order(text: str) -> list[str]:
    """The variables by which the answer as a whole is ordered; none when it is not."""
    last = re.search(r"^ORDER BY (.+)\Z", text.rstrip(), re.MULTILINE)
    return re.findall(r"\?(\w+)", last[1]) if last else []
