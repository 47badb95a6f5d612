"""A representation in the format that its client asks for, and the headers that go with it."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from fastapi import Response

from edaphon.errors import NotAcceptable
from edaphon.namespaces import PREFIXES
from edaphon.sparql import negotiation
from edaphon.sparql.cache import entity_tag
from edaphon.sparql.negotiation import HTML, Offer
from edaphon.web import pages
from edaphon.web.answering import standing
from edaphon.web.replies import Headers, Reply, packed
from edaphon.web.requests import Request

__all__ = ["PAGE", "RDF", "chosen", "page", "response", "written"]

RDF: Final = negotiation.DESCRIPTION
# Only who asks for HTML gets it.
PAGE: Final = Offer(HTML, ("application/xhtml+xml",), wild=False)
# The prefixes of what is said about contributions and revisions.
SHOWN: Final = {name: PREFIXES[name] for name in ("dcterms", "prov", "rdf", "rdfs", "xsd")}


def chosen(request: Request, offers: Sequence[Offer]) -> str:
    """The media type for a client; the first offer for one that takes anything. Raises NotAcceptable."""
    found = negotiation.choose(request.accept, offers)
    if found is None:
        raise NotAcceptable(
            f"no format on offer fits Accept: {request.accept}", offered=tuple(offer.media_type for offer in offers)
        )
    return found


def written(triples: Iterable[Any], media_type: str) -> bytes:
    """Triples in one of the formats of RDF."""
    from pyoxigraph import RdfFormat, serialize

    form = RdfFormat.from_media_type(media_type)
    assert form is not None, "one of the formats on offer"
    return serialize(triples, format=form, prefixes=SHOWN) or b""


def response(
    request: Request,
    media_type: str,
    content: bytes,
    *,
    status: int = 200,
    revision: int | None = None,
    headers: Iterable[tuple[str, str]] = (),
) -> Response:
    """The response with a representation, or 304 where the client of a GET has it already.

    `revision` is the published one that it speaks of.
    """
    body, packing = packed(content, gzip=request.gzip)
    tag = entity_tag(media_type, content, bool(packing)) if request.safe else None
    own: Headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    if media_type == HTML:
        own.append((b"content-security-policy", pages.policy().encode()))
    reply = Reply(status, [*standing(media_type, None, revision, tag), *packing, *own], body, revision, tag)
    if request.safe and request.if_none_match is not None and reply.known_to(request.if_none_match):
        reply = reply.not_modified()
    made = Response(reply.body, reply.status)
    made.raw_headers = list(reply.all_headers)
    return made


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    revision: int | None = None,
    headers: Iterable[tuple[str, str]] = (),
    **context: Any,
) -> Response:
    """The response with a page for people."""
    content = pages.render(template, **context)
    return response(request, HTML, content, status=status, revision=revision, headers=headers)
