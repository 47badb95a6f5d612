"""One contribution for whoever decides on it: what it says of itself, what it changes, its report, the decision."""

import sys
from collections.abc import Iterator
from typing import Final

import click
from pyoxigraph import NamedNode, Quad, RdfFormat, serialize

from edaphon.cli.tables import moment
from edaphon.contributions.difference import difference, ordered
from edaphon.contributions.verdict import kept_report
from edaphon.store.ledger.records import Contribution
from edaphon.store.state import State

__all__ = ["write_contribution"]

WIDTH: Final = 12
# Quads of each kind that are shown; the rest is in the payload and in the graph itself.
SHOWN: Final = 1000

# Text, and the style that it has on a terminal.
Line = tuple[str, str]


def write_contribution(state: State, one: Contribution) -> None:
    """Write it to standard output, with colours on a terminal. Raises StateError."""
    lines = [*_facts(one), ("", ""), *_change(state, one), ("", "")]
    report = kept_report(state.ledger.report(one.id))["text"]
    lines += [(line, "") for line in report.splitlines()]
    if not sys.stdout.isatty():
        for text, _ in lines:
            click.echo(text)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for text, style in lines:
        console.print(Text(text, style), soft_wrap=True)


def _facts(one: Contribution) -> Iterator[Line]:
    yield one.id, "bold"
    yield _fact("title", one.title)
    yield _fact("kind", one.kind)
    yield _fact("status", one.status)
    yield _fact("proposed", f"{moment(one.created)} by {one.contributor}")
    if one.source is not None:
        yield _fact("source", one.source)
    if one.reverts is not None:
        yield _fact("reverts", one.reverts)
    if one.decided is not None:
        yield _fact("decided", f"{moment(one.decided)} by {one.decided_by}")
    if one.reason is not None:
        yield _fact("reason", one.reason)
    if one.revision is not None:
        yield _fact("published", f"as revision {one.revision}")
    if one.reverted_by is not None:
        yield _fact("reverted by", one.reverted_by)
    verdict = "conforms" if one.conforms else "does not conform"
    yield _fact("checked", f"{verdict}, on revision {one.base} with shapes {one.shapes[:12]}")
    yield _fact("sent as", f"{one.media_type}, SHA-256 {one.digest}")


def _fact(name: str, value: str) -> Line:
    return f"  {name:<{WIDTH}}{' '.join(value.split())}", ""


def _change(state: State, one: Contribution) -> Iterator[Line]:
    found = difference(state, one)
    if found.trouble is not None:
        yield f"It cannot be accepted as things are: {found.trouble}", "yellow"
    for quad in _shown(found.delta.removed):
        name = found.names.get(quad.graph_name.value) if isinstance(quad.graph_name, NamedNode) else None
        yield f"D {_row(quad)}" + (f"    # stated by {' '.join(name.split())}" if name else ""), "red"
    for quad in _shown(found.delta.added):
        yield f"A {_row(quad)}", "green"
    for sign, quads in (("D", found.delta.removed), ("A", found.delta.added)):
        if len(quads) > SHOWN:
            yield f"# … and {len(quads) - SHOWN} more rows {sign}", "dim"


def _shown(quads: frozenset[Quad]) -> list[Quad]:
    return ordered(quads)[:SHOWN]


def _row(quad: Quad) -> str:
    return (serialize([quad], format=RdfFormat.N_QUADS) or b"").decode().strip()
