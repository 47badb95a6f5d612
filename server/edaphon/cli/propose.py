"""`edaphon propose`: triples, or a correction, become a contribution that waits for a decision."""

import sys
from pathlib import Path
from typing import Any, Final

import click
from pyoxigraph import RdfFormat

from edaphon.cli.acting import acting, token_option
from edaphon.cli.failures import answered
from edaphon.cli.options import settings_options
from edaphon.cli.states import published
from edaphon.contributions.payload import UPDATE, Payload
from edaphon.contributions.proposal import about
from edaphon.contributions.proposal import propose as submit
from edaphon.contributions.verdict import kept_report
from edaphon.corpus.parsing import format_of, located, open_unpacked
from edaphon.settings import Settings

__all__ = ["propose"]

UPDATES: Final = (".ru", ".rq", ".sparql")


@click.command(name="propose")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--title", metavar="TEXT", envvar="EDAPHON_TITLE", show_envvar=True, help="What it is, in a few words.")
@click.option(
    "--source",
    metavar="IRI",
    envvar="EDAPHON_SOURCE",
    show_envvar=True,
    help="The document, or other source, that it rests on.",
)
@click.option(
    "--format",
    "form",
    metavar="MEDIA-TYPE",
    envvar="EDAPHON_FORMAT",
    show_envvar=True,
    help="Media type of the content [default: told by the name of FILE].",
)
@token_option
@settings_options("state", "ledger")
def propose(
    file: str, title: str | None, source: str | None, form: str | None, token: str | None, **options: Any
) -> None:
    """Propose the triples in FILE, or on standard input (-), and print the contribution's id.

    The name tells the format (.ttl .nt .nq .trig .rdf .jsonld, packed or not); a name in .ru is a correction, a SPARQL
    update of INSERT DATA and DELETE DATA. Triples name no graph: they get one of their own.
    Exit status: 0 proposed, 1 the graph would not conform (the report says why) or nothing would change, 2 FILE cannot
    be read.
    """
    media_type = form or _media_type(file)
    if media_type != UPDATE and RdfFormat.from_media_type(media_type) is None:
        raise click.BadParameter(f"{media_type} is no RDF format and not {UPDATE}", param_hint="--format")
    with answered("standard input" if file == "-" else file):
        state = published(Settings(**options))
        actor = acting(state.ledger, token)
        said = about(title or (None if file == "-" else Path(file).name), source)
        made = submit(state, actor, said, Payload(_content(file), media_type))
        report = kept_report(state.ledger.report(made.id))["text"]
    click.echo(made.id)
    click.echo(f"Proposed by {made.contributor}: {made.added} to add, {made.removed} to retract.", err=True)
    click.echo(report, nl=False, err=True)


def _media_type(file: str) -> str:
    if file == "-":
        raise click.UsageError("what comes from standard input has no name to tell its format: use --format")
    if Path(file).suffix.lower() in UPDATES:
        return UPDATE
    with answered():
        return format_of(Path(file)).media_type


def _content(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    path = Path(file)
    with located(path), path.open("rb") as raw, open_unpacked(raw, path) as content:
        return content.read()
