"""How a query of the shapes graph, written for one pre-bound node, becomes one for all nodes at once.

Pre-binding (SHACL appendix A) puts the node in place of $this everywhere. Joining the nodes into every group that
mentions $this, but those of EXISTS, which see it anyway, gives the same solutions for all of them, unless the query
counts or cuts off its solutions; such a query runs once for each node.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edaphon.conformance.model.constraints import Query
from edaphon.conformance.reading.queries import OPAQUE, mask

__all__ = ["Prepared", "prepare_ask", "prepare_select"]

WHOLESALE: Final = re.compile(r"\b(LIMIT|OFFSET|HAVING|GROUP\s+BY|COUNT|SUM|AVG|MIN|MAX|SAMPLE|GROUP_CONCAT)\b", re.I)
SELECT: Final = re.compile(r"\bSELECT\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A query with its constants in place, and its groups as places in the text: after the opening brace, before the
    closing one. Without groups it must run once for each node.
    """

    text: str
    groups: tuple[tuple[int, int], ...] = ()

    @property
    def at_once(self) -> bool:
        """Whether one run can answer for all nodes."""
        return bool(self.groups)

    def joined(self, nodes: str, *, lateral: bool) -> str:
        """The query for all nodes that the group `nodes` binds as ?this.

        With `lateral` it goes on from each node: for a list of nodes the engine might otherwise read all of the data.
        LATERAL hands the node to the groups inside by itself.
        """
        if lateral:
            start, end = self.groups[0]
            return f"{self.text[:start]} {nodes} LATERAL {{ {self.text[start:end]} }} {self.text[end:]}"
        text, at = "", 0
        for start, _ in self.groups:
            text += f"{self.text[at:start]} {nodes} "
            at = start
        return text + self.text[at:]


def prepare_select(query: Query, path: str | None, constants: Mapping[str, str | None]) -> Prepared:
    """Prepare a SELECT. `constants` are pre-bound variables with their terms; None stands for one left unbound."""
    text = _substitute(query.source, path, constants)
    masked = mask(text)
    if _counts(masked, text):
        return Prepared(text)
    return Prepared(text, tuple(_groups(masked, text)))


def prepare_ask(query: Query, path: str | None, constants: Mapping[str, str | None]) -> tuple[str, str]:
    """The prefixes of an ASK and its group, which may stand in an EXISTS with ?this and ?value bound outside."""
    text = _substitute(query.source, path, constants)
    masked = mask(text)
    start = masked.index("{", masked.upper().index("ASK"))
    prologue = text[: masked.upper().index("ASK")]
    return prologue, text[start : _closing(masked, start) + 1]


def _substitute(text: str, path: str | None, constants: Mapping[str, str | None]) -> str:
    """Put terms in place of pre-bound variables, but not into strings, comments or IRIs."""
    projection = _projection(text)

    def put(match: re.Match[str]) -> str:
        name = (match["variable"] or " ")[1:]
        if name == "PATH" and path is not None and match[0].startswith("$"):
            return path
        term = constants.get(name)
        if term is None:
            return match[0]
        if projection[0] <= match.start() < projection[1]:
            return f"({term} AS ?{name})"
        return term

    for name, term in constants.items():
        if term is not None:
            text = re.sub(rf"\bBOUND\s*\(\s*[?$]{name}\s*\)", "true", text, flags=re.IGNORECASE)
    projection = _projection(text)
    return OPAQUE.sub(put, text)


def _projection(text: str) -> tuple[int, int]:
    masked = mask(text)
    found = SELECT.search(masked)
    return (0, 0) if found is None else (found.end(), masked.find("{", found.end()))


def _counts(masked: str, text: str) -> bool:
    """Whether the solutions for one node may depend on those for another if all were asked for at once."""
    if not WHOLESALE.search(masked):
        return False
    # An aggregate in the outermost SELECT, grouped by $this, counts for each node alone.
    grouped = re.search(r"\bGROUP\s+BY\b", masked, re.IGNORECASE)
    simple = len(SELECT.findall(masked)) == 1 and not re.search(r"\b(LIMIT|OFFSET)\b", masked, re.IGNORECASE)
    return not (simple and grouped and re.search(r"[?$]this\b", text[grouped.end() :]))


def _groups(masked: str, text: str) -> list[tuple[int, int]]:
    """The groups into which the nodes are to be joined."""
    places: list[tuple[int, int]] = []
    for start in (at for at, sign in enumerate(masked) if sign == "{"):
        before = masked[:start].rstrip().upper()
        end = _closing(masked, start)
        inside = masked[start + 1 : end]
        if SELECT.match(inside.lstrip()) or _in_exists(masked, start) or before.endswith(("VALUES", "IN")):
            continue
        outermost = not places
        if outermost or re.search(r"[?$]this\b", text[start + 1 : end]):
            places.append((start + 1, end))
    return places


def _in_exists(masked: str, start: int) -> bool:
    """Whether the group, or one around it, is that of an EXISTS."""
    opened: list[int] = []
    for at in range(start + 1):
        if masked[at] == "{":
            opened.append(at)
        elif masked[at] == "}":
            opened.pop()
    return any(re.search(r"EXISTS\s*$", masked[:at], re.IGNORECASE) for at in opened)


def _closing(masked: str, start: int) -> int:
    depth = 0
    for at in range(start, len(masked)):
        depth += (masked[at] == "{") - (masked[at] == "}")
        if depth == 0:
            return at
    raise AssertionError("a query that parsed has balanced braces")
