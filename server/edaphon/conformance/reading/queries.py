"""Which SPARQL texts a shapes graph may bring: what reaches out or breaks pre-binding is refused, with the reason."""

import re
from typing import Final

from pyoxigraph import Store

from edaphon.conformance.model.constraints import Query

__all__ = ["QueryRefused", "check_query", "mask"]


class QueryRefused(ValueError):
    """A query that shapes may not contain, or that does not parse; the message says why."""


# What may hold the words of a keyword without being one. An IRI first, as it may hold quotes.
OPAQUE: Final = re.compile(
    r"""(?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
      | (?P<string>\"\"\"(?:[^"\\]|\\.|"(?!""))*\"\"\" | '''(?:[^'\\]|\\.|'(?!''))*'''
                 | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*')
      | (?P<comment>\#[^\n\r]*)
      | (?P<variable>[?$]\w+)
      | (?P<name>(?<![\w.-])[A-Za-z_][\w.-]*:(?:[\w:%-]|\\.)[\w.:%-]*)""",
    re.VERBOSE | re.DOTALL,
)

# SHACL section 5.2.1 and appendix A; FROM and SERVICE would also read what the operator did not offer.
FORBIDDEN: Final = {
    "SERVICE": "SERVICE would ask another server",
    "FROM": "FROM would read another graph than the data",
    "MINUS": "MINUS does not see pre-bound variables (SHACL appendix A); use FILTER NOT EXISTS",
    "VALUES": "VALUES does not go with pre-bound variables (SHACL appendix A); use FILTER (… IN (…))",
}
REBOUND: Final = re.compile(r"\b[Aa][Ss]\s+[?$](this|currentShape|shapesGraph|PATH)\b")

# The engine's parser goes down with every bracket and every operator, and overflows its stack beyond some hundreds of
# the one or thousands of the other.
LONGEST: Final = 10_000
DEEPEST: Final = 50

ENGINE: Final = Store()


def mask(text: str) -> str:
    """The text with IRIs, strings, comments, variables and prefixed names blanked out, all else in its place."""

    def blank(match: re.Match[str]) -> str:
        # `SERVICE:x` may be the keyword before a name with the empty prefix: the engine's parser takes it so.
        if match["name"] and re.search(r"(?i)(SERVICE|FROM|MINUS|VALUES)(?=:)", match[0]):
            return match[0]
        return re.sub(r"[^\n]", " ", match[0])

    return OPAQUE.sub(blank, text)


def check_query(query: Query, *, ask: bool, property: bool = False) -> None:
    """Raise QueryRefused unless the query is of its form, harmless, and parses. `property` says that $PATH is known."""
    if len(query.text) > LONGEST:
        raise QueryRefused(f"the query is longer than {LONGEST} characters")
    masked = mask(query.text)
    if _depth(masked) > DEEPEST:
        raise QueryRefused(f"the query nests brackets more than {DEEPEST} deep")
    for word, reason in FORBIDDEN.items():
        # Anywhere, not only between word boundaries: the engine's grammar takes `1SERVICE<…>` for the keyword.
        if word in masked.upper():
            raise QueryRefused(reason)
    if found := REBOUND.search(_without_strings(query.text)):
        raise QueryRefused(f"?{found[1]} is pre-bound and cannot be assigned again (SHACL section 5.2.1)")
    form = re.search(r"\b(SELECT|ASK|CONSTRUCT|DESCRIBE)\b", masked, re.IGNORECASE)
    wanted = "ASK" if ask else "SELECT"
    if form is None or form[1].upper() != wanted:
        raise QueryRefused(f"a query of the form {wanted} is expected")
    if not ask and not re.search(r"[?$]this\b|\*", query.text[form.end() :].split("{")[0]):
        raise QueryRefused("a SELECT of a shapes graph must return ?this (SHACL section 5.1)")
    text = query.source.replace("$PATH", "<urn:x-edaphon:path>") if property else query.source
    try:
        # Over an empty store: this parses and plans, and finds nothing.
        ENGINE.query(text)
    except SyntaxError as error:
        raise QueryRefused(f"the query does not parse: {error}") from error
    except (ValueError, RuntimeError, OSError) as error:
        raise QueryRefused(f"the query cannot be evaluated: {error}") from error


def _depth(masked: str) -> int:
    deepest = depth = 0
    for sign in masked:
        depth += (sign in "({[") - (sign in ")}]")
        deepest = max(deepest, depth)
    return deepest


def _without_strings(text: str) -> str:
    return OPAQUE.sub(lambda match: match[0] if match["variable"] or match["name"] else " ", text)
