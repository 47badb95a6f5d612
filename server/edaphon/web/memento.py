"""Documents in time (RFC 7089): which revision a datetime asks for, and the list of those that changed a document.

Each document is its own TimeGate and redirects to its version, pattern 1.1 of section 4.1: to ask for `/doc/fao` with
Accept-Datetime leads by 302 to `/doc/fao?revision=7`, which says in Memento-Datetime when that revision was published.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi import Request as Asked

from edaphon.errors import MalformedRequest, ResourceUnknown
from edaphon.linking.addresses import Address, document_of, iri_at, read_address
from edaphon.linking.dereference import spoken
from edaphon.linking.vocabulary import VOCABULARIES
from edaphon.settings import Settings
from edaphon.sparql.answers import Answers
from edaphon.sparql.negotiation import HTML, JSON, Offer
from edaphon.sparql.pool import Published
from edaphon.web.archive import Archive
from edaphon.web.records import utc
from edaphon.web.representations import PAGE, chosen, page, response
from edaphon.web.requests import Request

if TYPE_CHECKING:
    from edaphon.store.mentions import Changes

__all__ = ["LINK_FORMAT", "Past", "datetime_asked", "http_date", "link", "routes", "subject_of", "version_of"]

LINK_FORMAT: Final = "application/link-format"
TIMEMAP: Final = (Offer(LINK_FORMAT), Offer(JSON), PAGE)
# RFC 1123, in GMT, and nothing else (section 2.1.1).
PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))
DATE: Final = "%a, %d %b %Y %H:%M:%S GMT"
# How many revisions are looked through for a TimeMap.
MOST: Final = 10_000


def http_date(when: datetime) -> str:
    """A time as HTTP spells it, which knows whole seconds."""
    return format_datetime(when.astimezone(UTC), usegmt=True)


def datetime_asked(header: str) -> datetime:
    """The time that Accept-Datetime names. Raises MalformedRequest."""
    try:
        return datetime.strptime(header.strip(), DATE).replace(tzinfo=UTC)
    except ValueError:
        example = http_date(datetime(2026, 11, 24, 12, tzinfo=UTC))
        raise MalformedRequest(f"Accept-Datetime must be spelt like {example}, not {header[:100]!r}") from None


def link(target: str, relation: str, **attributes: str) -> str:
    """One element of a Link header, or of a link-format document (RFC 8288 section 3)."""
    # An IRI may have other characters than a header.
    address = quote(target, safe=PRINTABLE)
    return "; ".join(
        [f"<{address}>", f'rel="{relation}"', *(f'{name}="{value}"' for name, value in attributes.items())]
    )


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of documents in time."""

    archive: Archive
    pool: Answers
    settings: Settings

    async def changes(self, request: Request, published: Published, iri: str) -> "Changes":
        """In which revisions, up to the published one, what is stated of a document's subject changed."""
        settings = self.settings
        mode, seconds = settings.default_graph or "merge", settings.timeout
        quads = await spoken(self.pool, published, iri, mode, seconds=seconds, client=request.client)
        return await self.archive.changes(iri, published.number, quads, MOST)

    async def version(self, request: Request, published: Published, iri: str, when: datetime) -> int:
        """The revision that shows what was stated of an IRI at a time, or nearest to it. Raises ResourceUnknown."""
        # A version says to the second when it was published, and is found by what it says.
        number = await self.archive.number_at(when.replace(microsecond=999_999))
        found = (await self.changes(request, published, iri)).nearest(number)
        if found is None:
            raise ResourceUnknown(f"nothing is or was said of {iri}")
        return found


def routes(past: Past, published: Callable[[], Published]) -> APIRouter:
    """`/timemap/…`; `published` gives the published revision."""
    router = APIRouter()

    @router.get("/timemap/{path:path}")
    async def timemap(asked: Asked, path: str) -> Response:
        """List the versions of the document at this path, as links (RFC 7089 section 5), as JSON or on a page.

        A version is a revision that changed what is stated of the document's subject. What follows from changes of the
        ontology, or of the names of other things, is not counted.
        """
        request = Request(asked.scope)
        offered = chosen(request, TIMEMAP)
        address = read_address(f"/{path}")
        iri = iri_at(address.path)
        if iri is None or document_of(iri) is None:
            raise ResourceUnknown(f"there is no document at /{path}")
        iri, revision = subject_of(address), published()
        changes = await past.changes(request, revision, iri)
        versions = [(one.number, one.at) for one in changes.changes if one.there]
        if not versions:
            raise ResourceUnknown(f"nothing is or was said of {iri}, as far as the ledger tells")
        original = request.origin + "/" + request.raw_path.decode("latin-1").removeprefix("/timemap/")
        if offered == HTML:
            now = original.removeprefix(request.origin)
            rows = [(one, at, version_of(now, one)) for one, at in reversed(versions)]
            return page(request, "versions.html", revision=revision.number, iri=iri, versions=rows, now=now)
        write = _links if offered == LINK_FORMAT else _json
        return response(request, offered, write(request.address, original, versions), revision=revision.number)

    return router


def subject_of(address: Address) -> str:
    """Whose changes are those of a document: its IRI's, or a vocabulary's graph. The path is one that has an IRI."""
    if address.path in VOCABULARIES:
        return VOCABULARIES[address.path].graph
    iri = iri_at(address.path)
    assert iri is not None, address
    return iri


def _links(own: str, original: str, versions: Sequence[tuple[int, datetime]]) -> bytes:
    """A TimeMap in link-format (RFC 7089 section 5)."""
    first, last = (http_date(versions[place][1]) for place in (0, -1))
    rows = [
        link(original, "original timegate"),
        link(own, "self", type=LINK_FORMAT, **{"from": first, "until": last}),
    ]
    for place, (number, at) in enumerate(versions):
        ends = ("first " if place == 0 else "") + ("last " if place == len(versions) - 1 else "")
        rows.append(link(version_of(original, number), f"{ends}memento", datetime=http_date(at)))
    return ",\n".join(rows).encode() + b"\n"


def _json(own: str, original: str, versions: Iterable[tuple[int, datetime]]) -> bytes:
    """The same as JSON, with the names that other Memento services use."""
    listed = [{"datetime": utc(at), "revision": number, "uri": version_of(original, number)} for number, at in versions]
    document = {
        "original_uri": original,
        "timegate_uri": original,
        "timemap_uri": {"link_format": own, "json_format": own},
        "mementos": {"first": listed[0], "last": listed[-1], "list": listed},
    }
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def version_of(original: str, number: int) -> str:
    """The address of a document's version."""
    return f"{original}?revision={number}"
