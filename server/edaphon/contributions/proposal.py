"""A proposal: bytes that somebody sends become a contribution that waits for a decision, or a reason why not."""

import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pyoxigraph import NamedNode, Quad

from edaphon.contributions.entry import entry
from edaphon.contributions.legible import legible
from edaphon.contributions.payload import Payload, read, skolemised
from edaphon.contributions.places import source_of
from edaphon.contributions.provenance import graph_of
from edaphon.contributions.resolution import resolve
from edaphon.contributions.roles import Actor, Role, require
from edaphon.contributions.verdict import check
from edaphon.errors import ContributionRefused, NotConforming
from edaphon.store.delta import Delta
from edaphon.store.ledger.records import Contribution
from edaphon.store.merge import in_graph, triple_of
from edaphon.store.reading import keeping
from edaphon.store.state import State
from edaphon.store.working import working

__all__ = ["About", "about", "new_identifier", "propose", "requested"]

LONGEST_TITLE: Final = 200
SLUG: Final = 48
# Few enough to read aloud, many enough that two proposals of one day and one title do not meet.
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
# As long as web addresses get (RFC 9110 section 4.1 asks for 8,000).
LONGEST_IRI: Final = 8000
# Characters of what is wrong that a message repeats.
SHOWN: Final = 200
# What a browser would run, or find on the reader's own machine.
NO_SOURCE: Final = {"about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source"}
ABSOLUTE_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]+")


@dataclass(frozen=True, slots=True)
class About:
    """What a contributor says of a contribution. `source` is the IRI of what it rests on."""

    title: str
    source: str | None = None


def about(title: str | None, source: str | None) -> About:
    """What was said, in order. Raises ContributionRefused for what cannot be a title or a source."""
    text = " ".join((title or "").split())
    if len(text) > LONGEST_TITLE:
        raise ContributionRefused(f"the title has {len(text)} characters; {LONGEST_TITLE} are the most")
    if not legible(text):
        raise ContributionRefused("the title has characters that cannot be shown")
    if source is not None and not _is_iri(source):
        raise ContributionRefused(f"the source must be an absolute IRI, not {source[:SHOWN]!r}")
    if source is not None and source.partition(":")[0].lower() in NO_SOURCE:
        raise ContributionRefused(f"the source must be something that others can look up, not {source[:SHOWN]!r}")
    return About(text or "untitled contribution", source)


def _is_iri(text: str) -> bool:
    if len(text) > LONGEST_IRI or not legible(text) or not ABSOLUTE_IRI.fullmatch(text):
        return False
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


def new_identifier(title: str, now: datetime) -> str:
    """An identifier that says when and what, and that no other contribution has."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG].rstrip("-") or "contribution"
    return f"{now:%Y-%m-%d}-{slug}-{''.join(secrets.choice(LETTERS) for _ in range(6))}"


def requested(payload: Payload, identifier: str) -> Delta:
    """The change that a payload asks for, its additions in the contribution's own graph, blank nodes with IRIs."""
    request = read(payload)
    home: NamedNode = graph_of(identifier)
    inserted: Iterable[Quad] = skolemised(request.inserted, identifier)
    return Delta(
        frozenset(in_graph(triple_of(quad), home) for quad in inserted),
        frozenset(request.deleted),
    )


def propose(state: State, actor: Actor, said: About, payload: Payload) -> Contribution:
    """Check a proposal on what is published, and record it.

    Raises ParseError, QuerySyntax and ContributionRefused for the payload; NothingToRetract, AlreadyPublished and
    GraphProtected for what it asks for; NotConforming with the report when the graph would not conform. Then nothing
    is recorded. When this returns the proposal is safe from the end of the process and from a loss of power.
    """
    require(actor, Role.CONTRIBUTOR, "propose a contribution")
    now = datetime.now(UTC)
    identifier = new_identifier(said.title, now)
    request = requested(payload, identifier)
    base = state.current()
    with keeping(base), working(state, "try") as copy:
        with copy.at(base) as held:
            delta = resolve(request, held.store, state.default_graph)
        verdict = check(state, base, delta, source_of(payload, identifier), on=copy)
    if not verdict.conforms:
        raise NotConforming(
            "with this contribution the graph would not conform to its shapes; the report says what to mend",
            report=verdict.report,
        )
    contribution = entry(
        identifier,
        "proposal",
        said.title,
        actor.name,
        now,
        payload.content,
        payload.media_type,
        delta,
        verdict,
        base.number,
        source=said.source,
    )
    state.ledger.submit(contribution, payload.content, request.packed(), verdict.packed())
    return contribution
