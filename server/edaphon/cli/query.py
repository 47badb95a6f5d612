"""`edaphon query`: one query against a state folder, from a terminal."""

import asyncio
import contextlib
import io
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any, Final

import click

from edaphon.cli.failures import Unusable, told
from edaphon.cli.options import settings_options
from edaphon.cli.states import published
from edaphon.errors import QuerySyntax
from edaphon.settings import Settings
from edaphon.sparql.answers import Answer
from edaphon.sparql.pool import WorkerPool
from edaphon.sparql.query import Head, Query

__all__ = ["query"]

# What --format says → what the worker is asked for. A table is drawn here from the JSON.
SOLUTIONS: Final = {
    "table": "application/sparql-results+json",
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
}
GRAPH: Final = {
    "turtle": "text/turtle",
    "ntriples": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdfxml": "application/rdf+xml",
    "trig": "application/trig",
    "nquads": "application/n-quads",
}
NEGATIVE: Final = 1


@click.command(name="query")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--format",
    "form",
    type=click.Choice([*SOLUTIONS, *GRAPH]),
    envvar="EDAPHON_FORMAT",
    show_envvar=True,
    help="Format of the answer [default: table, or turtle for CONSTRUCT and DESCRIBE].",
)
@settings_options("state", "timeout", "memory", "result", "allow_service")
def query(file: str, form: str | None, **options: Any) -> None:
    """Ask one SPARQL query, read from FILE or from standard input (-), of a state folder.

    Without --state, the folder that `edaphon serve` uses by default is asked; it is made from the shipped graph when it
    does not exist yet. An ASK that is false ends with status 1.
    """
    settings = Settings(**options)
    try:
        with click.open_file(file, "rb") as source:
            text = source.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unusable(f"{file} is not UTF-8: see byte {error.start}") from None
    # A format for one kind of answer leaves the other kind to its default, unless it could only be a mistake.
    asked = Query(
        text,
        solutions=None if form in GRAPH else SOLUTIONS[form or "table"],
        graph=None if form in SOLUTIONS and form != "table" else GRAPH.get(form or "", "text/turtle"),
        seconds=settings.timeout,
    )
    try:
        with told():
            negative = asyncio.run(_ask(asked, settings, table=form in (None, "table")))
    except Unusable as error:
        raise _placed(error, file) from error.__cause__
    sys.exit(NEGATIVE if negative else 0)


def _placed(error: Unusable, name: str) -> Unusable:
    """The error, with the place in the file and the hint when it is one of syntax."""
    cause = error.__cause__
    if not isinstance(cause, QuerySyntax):
        return error
    hint = f"\n{cause.hint}" if cause.hint else ""
    return Unusable(f"{name}:{cause.line}:{cause.column}: {cause}{hint}")


async def _ask(asked: Query, settings: Settings, *, table: bool) -> bool:
    """Write the answer to standard output; True when it is the false of an ASK."""
    state = published(settings)
    pool = WorkerPool(
        state.current,
        workers=1,
        at_once=1,
        memory=settings.memory,
        result=settings.result,
        queue=1,
        allow_service=settings.allow_service,
    )
    await pool.start()
    try:
        async with pool.answer(asked) as answer:
            if answer.head.form == "boolean":
                return await _write_boolean(answer, table=table)
            if table and answer.head.form == "solutions":
                _draw(json.loads(b"".join([part async for part in answer])))
            else:
                await _write(_ended(answer))
        return False
    finally:
        await pool.close(0)


async def _write_boolean(answer: Answer, *, table: bool) -> bool:
    body = b"".join([part async for part in answer])
    value = _boolean(answer.head, body)
    click.echo(str(value).lower() if table else body)
    return not value


def _boolean(head: Head, body: bytes) -> bool:
    """The truth of an ASK's answer, whatever its format."""
    if head.media_type == "application/sparql-results+json":
        return bool(json.loads(body)["boolean"])
    return b"true" in body


async def _ended(answer: Answer) -> AsyncIterator[bytes]:
    """The answer's bytes, with a line end after the last if it has none: this is a terminal or a text file."""
    last = b""
    async for part in answer:
        last = part or last
        yield part
    if last and not last.endswith(b"\n"):
        yield b"\n"


async def _write(parts: AsyncIterator[bytes]) -> None:
    out = sys.stdout.buffer
    try:
        async for part in parts:
            out.write(part)
        out.flush()
    except BrokenPipeError:
        # Whoever read has seen enough, as in `edaphon query … | head`. Python must not try again on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _draw(results: dict[str, Any]) -> None:
    """Draw a result set as a table, as wide as the terminal; elsewhere as wide as it needs."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in results["head"]["vars"]:
        table.add_column(name, overflow="fold")
    for row in results["results"]["bindings"]:
        table.add_row(*(Text(_term(row.get(name))) for name in results["head"]["vars"]))
    terminal = sys.stdout.isatty()
    text = io.StringIO()
    console = Console() if terminal else Console(file=text, width=10_000)
    console.print(table)
    if not terminal:
        for line in text.getvalue().splitlines():
            click.echo(line.rstrip())


def _term(term: dict[str, Any] | None) -> str:
    """A term as SPARQL writes it, with the prefixes that everyone here knows."""
    from edaphon.namespaces import shortened

    if term is None:
        return ""
    match term["type"]:
        case "uri":
            return shortened(term["value"])
        case "bnode":
            return f"_:{term['value']}"
        case "triple":
            parts = (term["value"][part] for part in ("subject", "predicate", "object"))
            return f"<<( {' '.join(map(_term, parts))} )>>"
    value: str = term["value"]
    with contextlib.suppress(KeyError):
        return f"{value}@{term['xml:lang']}"
    return value
