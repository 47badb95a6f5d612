"""The documents about our IRIs: `/id/…` leads to `/doc/…`, and each IRI has a page and the formats of RDF.

The IRIs stay those under https://w3id.org/edaphon/ wherever the server runs; links on pages lead to its own documents.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from fastapi import Request as Asked
from pyoxigraph import RdfFormat, serialize

from edaphon import __version__
from edaphon.errors import PoolBusy, ResourceGone, ResourceUnknown, RevisionMissing
from edaphon.linking import vocabulary
from edaphon.linking.addresses import SUFFIXES, Address, iri_at, read_address
from edaphon.linking.dereference import MOST, Description, describe
from edaphon.linking.vocabulary import VOCABULARIES, Vocabulary
from edaphon.namespaces import BASE, PREFIXES
from edaphon.settings import Settings
from edaphon.sparql.answers import Answers
from edaphon.sparql.cache import entity_tag, matches
from edaphon.sparql.negotiation import HTML
from edaphon.sparql.pool import Published
from edaphon.sparql.protocol import revision_number
from edaphon.sparql.xml import rdf_xml
from edaphon.web import pages
from edaphon.web.answering import identity, standing
from edaphon.web.archive import Archive
from edaphon.web.memento import LINK_FORMAT, Past, datetime_asked, http_date, link, subject_of, version_of
from edaphon.web.pages.entity import entity
from edaphon.web.pages.results import short
from edaphon.web.replies import NEVER_STORED, Headers, Reply, packed
from edaphon.web.representations import PAGE, RDF, chosen
from edaphon.web.requests import Request

__all__ = ["Documents", "routes"]

VARY: Final = (b"vary", b"Accept, Accept-Encoding, Accept-Datetime")
LICENSE: Final = "https://creativecommons.org/licenses/by/4.0/"
DOCUMENTS: Final = ("doc", "concept", "source", "graph", "contributor", ".well-known/genid")
# How many revisions are looked through to tell what is gone from what never was.
LOOK_BACK: Final = 1_000

Number = Annotated[str | None, Query(alias="revision", description="The revision to answer from")]


@dataclass(frozen=True, slots=True)
class Document:
    """One request for a document, and what it is answered from.

    `past` is the revision that the request names; None when it wants the published one.
    """

    request: Request
    address: Address
    media_type: str
    published: Published
    past: int | None

    @property
    def iri(self) -> str:
        """What the document is about."""
        iri = iri_at(self.address.path)
        assert iri is not None, "looked at before"
        return iri

    @property
    def original(self) -> str:
        """The document's own address, whichever version of it is asked for."""
        return self.request.origin + self.request.raw_path.decode("latin-1")

    @property
    def version(self) -> str:
        """The part of an address that keeps to the version."""
        return "" if self.past is None else f"?revision={self.past}"

    def in_format(self, suffix: str) -> str:
        """The path of the same document in one format."""
        return f"{self.stem}.{suffix}{self.version}"

    @property
    def stem(self) -> str:
        """The path as it was sent, without the suffix."""
        sent = self.request.raw_path.decode("latin-1")
        return sent if self.address.media_type is None else sent.rpartition(".")[0]

    def tag(self, encoding: str | None) -> str:
        """The opaque part of the ETag of one representation: a revision never changes."""
        parts = (identity(self.published.folder), self.request.raw_path, self.past, self.media_type, encoding)
        return entity_tag(__version__, *parts)


class Documents:
    """The documents of one HTTP process."""

    def __init__(self, settings: Settings, current: Callable[[], Published], pool: Answers, archive: Archive) -> None:
        self.past = Past(archive, pool, settings)
        self._settings = settings
        self._current = current
        self._pool = pool
        self._archive = archive

    async def answer(self, asked: Asked, revision: str | None) -> Response:
        """The document about an IRI, a redirection to a version of it, or 304."""
        request = Request(asked.scope)
        address = read_address(asked.scope["path"])
        iri = iri_at(address.path)
        if iri is None:
            raise ResourceUnknown(f"there is no document at {asked.scope['path']}")
        when = request.header(b"accept-datetime")
        number = None if revision is None else revision_number(revision)
        if when is not None and number is None:
            return await self._version(request, address, when)
        media_type = address.media_type or chosen(request, (*RDF, PAGE))
        published = self._current() if number is None else await self._archive.revision(number)
        document = Document(request, address, media_type, published, number)
        known = request.if_none_match
        if known is not None and known.strip() != "*":
            for encoding in (None, "gzip") if request.gzip else (None,):
                if matches(known, document.tag(encoding)):
                    return _made(Reply(200, await self._headers(document, encoding)).not_modified())
        try:
            content = await self._content(document)
        except RevisionMissing:
            # Retired since it was looked for.
            published = self._current() if number is None else await self._archive.revision(number)
            document = replace(document, published=published)
            content = await self._content(document)
        body, packing = packed(content, gzip=request.gzip)
        encoding = "gzip" if packing else None
        headers = await self._headers(document, encoding)
        if media_type == HTML:
            headers.append((b"content-security-policy", pages.policy().encode()))
        reply = Reply(200, headers, body, published.number, document.tag(encoding))
        if known is not None and reply.known_to(known):
            reply = reply.not_modified()
        return _made(reply)

    async def _version(self, request: Request, address: Address, when: str) -> Response:
        """The redirection to the version of a time (RFC 7089 section 4.1.1)."""
        moment = datetime_asked(when)
        number = await self.past.version(request, self._current(), subject_of(address), moment)
        original = request.origin + request.raw_path.decode("latin-1")
        target = version_of(original, number)
        at = await self._archive.time(number)
        links = [
            link(original, "original timegate"),
            link(_timemap(request), "timemap", type=LINK_FORMAT),
            link(target, "memento", **({} if at is None else {"datetime": http_date(at)})),
        ]
        headers = [(b"location", target.encode()), VARY, (b"link", ", ".join(links).encode()), NEVER_STORED]
        return _made(Reply(302, headers))

    async def _content(self, document: Document) -> bytes:
        """The body of a document. Raises ResourceUnknown."""
        if document.address.path in VOCABULARIES:
            return await self._vocabulary(document, VOCABULARIES[document.address.path])
        seconds, client = self._settings.timeout, document.request.client
        page = document.media_type == HTML
        found = await describe(self._pool, document.published, document.iri, seconds=seconds, client=client, names=page)
        if not found:
            raise await self._unknown(document)
        # Either takes a while for thousands of statements, in which others want to be answered.
        if not page:
            return await asyncio.to_thread(_rdf, found, document.media_type)
        frame = await self._frame(document)
        return await asyncio.to_thread(_page, found, document.past, frame)

    async def _vocabulary(self, document: Document, one: Vocabulary) -> bytes:
        seconds, client = self._settings.timeout, document.request.client
        entries = await vocabulary.entries(self._pool, document.published, one, seconds=seconds, client=client)
        if not entries:
            raise await self._unknown(document)
        if document.media_type == HTML:
            frame = await self._frame(document)
            return pages.render("vocabulary.html", vocabulary=one, entries=entries, short=short, **frame)
        return await vocabulary.written(
            self._pool, document.published, one, document.media_type, seconds=seconds, client=client
        )

    async def _frame(self, document: Document) -> dict[str, Any]:
        """What every page says besides its content."""
        at = None if document.past is None else await self._archive.time(document.past)
        return {
            "iri": document.iri,
            "formats": [(kind, document.in_format(suffix)) for suffix, kind in SUFFIXES.items() if kind != HTML],
            "timemap": f"/timemap{document.stem}",
            "revision": document.past,
            "at": at,
            "now": document.request.raw_path.decode("latin-1"),
        }

    async def _unknown(self, document: Document) -> ResourceUnknown:
        """What to say where nothing is said of an IRI: that something was, as far as that is quick to tell."""
        iri, number = document.iri, document.published.number
        if document.past is not None:
            return ResourceUnknown(f"revision {number} says nothing of {iri}")
        # Where many ask at once for what is not there, they are told just that.
        with contextlib.suppress(PoolBusy):
            changes = await self._archive.changes(subject_of(document.address), number, 0, LOOK_BACK)
            last = changes.nearest(number)
            if last is not None:
                return ResourceGone(
                    f"nothing is said of {iri} any more; the last to say something was revision {last}: "
                    f"{version_of(document.request.raw_path.decode('latin-1'), last)}"
                )
        return ResourceUnknown(f"nothing is said of {iri}")

    async def _headers(self, document: Document, encoding: str | None) -> Headers:
        """The headers of a representation, and of the remark that it has not changed."""
        found = standing(document.media_type, encoding, document.published.number, document.tag(encoding))
        headers = [VARY if name == b"vary" else (name, value) for name, value in found]
        suffix = next(name for name, kind in SUFFIXES.items() if kind == document.media_type)
        headers.append((b"content-location", document.in_format(suffix).encode()))
        if document.past is not None:
            at = await self._archive.time(document.past)
            if at is not None:
                headers.append((b"memento-datetime", http_date(at).encode()))
        headers.append((b"link", ", ".join(self._links(document)).encode()))
        return headers

    def _links(self, document: Document) -> Iterable[str]:
        """What else there is, by its relation to this (RFC 8288)."""
        yield link(document.original, "original timegate")
        yield link(_timemap(document.request), "timemap", type=LINK_FORMAT)
        yield link(BASE + document.stem.removeprefix("/"), "canonical")
        yield link(document.iri, "cite-as")
        for suffix, kind in SUFFIXES.items():
            relation = "alternate" if kind == HTML else "alternate describedby"
            yield link(document.in_format(suffix), relation, type=kind)
        if self._settings.corpus in (None, "shipped"):
            yield link(LICENSE, "license")


def routes(documents: Documents) -> APIRouter:
    """`/id/…`, `/doc/…` and the paths of the other IRIs."""
    router = APIRouter()

    @router.get("/id/{slug:path}", status_code=303)
    async def thing(asked: Asked, slug: str, revision: Number = None) -> Response:  # noqa: ARG001 - as the router has it
        """Lead from a thing, which cannot be sent, to the document about it (Cool URIs for the Semantic Web)."""
        request = Request(asked.scope)
        version = "" if revision is None else f"?revision={revision_number(revision)}"
        path = "/doc/" + request.raw_path.decode("latin-1").removeprefix("/id/")
        headers = [(b"location", (path + version).encode()), (b"link", link(path + version, "describedby").encode())]
        return _made(Reply(303, headers))

    async def document(asked: Asked, revision: Number = None) -> Response:
        """Answer with what is said of an IRI, in HTML, Turtle, JSON-LD, N-Triples or RDF/XML."""
        return await documents.answer(asked, revision)

    for name in DOCUMENTS:
        router.add_api_route(f"/{name}/{{path:path}}", document, methods=["GET"], name=name)
    for path in VOCABULARIES:
        router.add_api_route(path, document, methods=["GET"], name=path[1:])
        router.add_api_route(f"{path}.{{suffix}}", document, methods=["GET"], include_in_schema=False)
    return router


def _page(found: Description, past: int | None, frame: dict[str, Any]) -> bytes:
    return pages.render("entity.html", page=entity(found, past), cut=found.cut, most=MOST, **frame)


def _rdf(found: Description, media_type: str) -> bytes:
    form = RdfFormat.from_media_type(media_type)
    assert form is not None, "one of the formats on offer"
    triples = list(found.triples())
    text = "".join(map(str, triples))
    # Only those that are used: a short document is read by people as well.
    prefixes = {name: namespace for name, namespace in PREFIXES.items() if f"<{namespace}" in text}
    if form == RdfFormat.RDF_XML:
        return rdf_xml(triples, prefixes)
    return serialize(triples, format=form, prefixes=prefixes) or b""


def _timemap(request: Request) -> str:
    return f"{request.origin}/timemap{request.raw_path.decode('latin-1')}"


def _made(reply: Reply) -> Response:
    made = Response(reply.body, reply.status)
    made.raw_headers = list(reply.all_headers)
    return made
