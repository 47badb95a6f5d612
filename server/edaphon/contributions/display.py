"""What readers get to see of contributions and revisions: differences, reports and nanopublications, as bytes.

Each may be as large as a contribution, so it is put together in a process of its own (`desk`), which may be stopped.
"""

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

from pyoxigraph import Quad, RdfFormat, parse, serialize

from edaphon.contributions.difference import Difference, as_json, difference, ordered
from edaphon.contributions.history import REVISION, between
from edaphon.contributions.nanopublication import NP, nanopublication
from edaphon.contributions.provenance import graph_of
from edaphon.contributions.verdict import kept_report
from edaphon.namespaces import PREFIXES
from edaphon.store.delta import Delta
from edaphon.store.ledger.records import Contribution, Event
from edaphon.store.state import State

__all__ = ["ROWS", "Change", "Part", "Shown", "Side", "change", "change_shown", "represented", "shown"]

Part = Literal["diff", "report", "nanopublication"]
Side = Literal["added", "removed"]

# Statements of each side that a page shows.
ROWS: Final = 200
# The formats in which the report is kept; others are made from its Turtle.
KEPT: Final = {"text/turtle": "turtle", "application/json": "json", "text/plain": "text"}


@dataclass(frozen=True, slots=True)
class Change:
    """The beginning of a change, by graph, as a page shows it; `names` are what its graphs are called."""

    added: tuple[Quad, ...]
    removed: tuple[Quad, ...]
    # How many there are in all.
    additions: int
    removals: int
    names: dict[str, str]
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a page about a contribution shows. `findings` are those of the last check's report."""

    contribution: Contribution
    events: tuple[Event, ...]
    change: Change
    findings: list[dict[str, Any]]


def shown(state: State, identifier: str) -> Shown:
    """What the page about a contribution shows. Raises ContributionUnknown."""
    ledger = state.ledger
    contribution = ledger.contribution(identifier)
    findings = json.loads(kept_report(ledger.report(identifier))["json"])
    events = tuple(ledger.events(contribution=identifier, limit=ROWS))
    return Shown(contribution, events, _beginning(difference(state, contribution)), findings)


def represented(state: State, identifier: str, what: Part, media_type: str) -> bytes:
    """A part of a contribution in one of the formats that `web.contributions` offers. Raises ContributionUnknown;
    NotAcceptable for the nanopublication of what only retracts.
    """
    contribution = state.ledger.contribution(identifier)
    match what:
        case "report":
            return _report(kept_report(state.ledger.report(identifier)), media_type)
        case "diff":
            return _change(difference(state, contribution).delta, graph_of(identifier).value, media_type, "added")
        case "nanopublication":
            stated = ordered(difference(state, contribution).delta.added)
            form = RdfFormat.from_media_type(media_type)
            assert form is not None, "one of the formats on offer"
            quads = nanopublication(contribution, stated)
            return serialize(quads, format=form, prefixes=_used(quads)) or b""


def change(state: State, start: int, end: int, media_type: str, part: Side) -> bytes:
    """The change from one revision to another; N-Quads have one side of it. Raises as `history.between` does."""
    return _change(between(state.ledger, start, end), f"{REVISION}{end}", media_type, part)


def change_shown(state: State, start: int, end: int) -> Change:
    """The beginning of the change from one revision to another. Raises as `history.between` does."""
    return _beginning(Difference(between(state.ledger, start, end), {}))


def _change(delta: Delta, identifier: str, media_type: str, part: Side) -> bytes:
    if media_type == "application/json":
        return json.dumps(as_json(delta), ensure_ascii=False).encode() + b"\n"
    if media_type == "application/n-quads":
        quads = ordered(delta.added if part == "added" else delta.removed)
        return serialize(quads, format=RdfFormat.N_QUADS) or b""
    return delta.patch(identifier)


def _beginning(found: Difference) -> Change:
    added, removed = ordered(found.delta.added), ordered(found.delta.removed)
    return Change(tuple(added[:ROWS]), tuple(removed[:ROWS]), len(added), len(removed), found.names, found.trouble)


def _used(quads: list[Quad]) -> dict[str, str]:
    """The prefixes that shorten something in these quads."""
    text = serialize(quads, format=RdfFormat.N_QUADS) or b""
    return {name: iri for name, iri in {"np": NP, **PREFIXES}.items() if f"<{iri}".encode() in text}


def _report(kept: dict[str, str], media_type: str) -> bytes:
    if media_type in KEPT:
        return kept[KEPT[media_type]].encode()
    form = RdfFormat.from_media_type(media_type)
    assert form is not None, "one of the formats on offer"
    triples = (quad.triple for quad in parse(kept["turtle"], RdfFormat.TURTLE))
    return serialize(triples, format=form, prefixes={"sh": PREFIXES["sh"], "xsd": PREFIXES["xsd"]}) or b""
