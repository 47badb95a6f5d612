"""`/store`: whole graphs, read and written (SPARQL 1.1 Graph Store HTTP Protocol)."""

import hashlib
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi import Request as Asked
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import StreamingResponse

from edaphon.errors import GraphUnknown, MalformedRequest, NotAcceptable
from edaphon.settings import Settings
from edaphon.sparql import negotiation, protocol
from edaphon.sparql.answers import Answer, Answers
from edaphon.sparql.pool import Published
from edaphon.sparql.query import Query
from edaphon.web import bodies
from edaphon.web.authorization import Gate
from edaphon.web.clerk import Clerk
from edaphon.web.media import field_bytes, rdf_type, text_type
from edaphon.web.replies import CORS, NEGOTIATED, NEVER_STORED, REVALIDATE, Headers, Receive, Scope, Send
from edaphon.web.requests import Request

if TYPE_CHECKING:  # only once somebody writes
    from edaphon.contributions.graph_store import Outcome
    from edaphon.contributions.payload import Payload

__all__ = ["PATH", "routes"]

PATH: Final = "/store"
MEGABYTE: Final = 1_000_000
MULTIPART: Final = "multipart/form-data"
ALLOW: Final = "GET, HEAD, PUT, POST, DELETE, OPTIONS"
FORMATS: Final = tuple(offer for offer in negotiation.GRAPH if offer.media_type != negotiation.HTML)
# A graph's tag begins with the revision in which it was read, so that whoever writes it back can say so.
TAG: Final = re.compile(r'(?:W/)?"r([0-9]+)-[0-9a-f]+"')
# Documents in one multipart body.
DOCUMENTS: Final = 100


class Streamed(StreamingResponse):
    """An answer as it comes; its worker is free again when it has gone out or its client has gone away."""

    def __init__(self, answer: Answer, stack: AsyncExitStack) -> None:
        super().__init__(answer)
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._stack:
            await super().__call__(scope, receive, send)


def routes(
    settings: Settings, current: Callable[[], Published], pool: Answers, clerk: Clerk | None, gate: Gate | None
) -> APIRouter:
    """`/store`. Without a clerk graphs are only read."""
    router = APIRouter()
    limit = settings.max_body * MEGABYTE

    @router.get(PATH)
    async def read(asked: Asked) -> Response:
        """Answer with the triples of one graph (section 5.2)."""
        request = Request(asked.scope)
        graph = _graph(asked)
        if graph is None:
            raise MalformedRequest("name a graph by ?graph=IRI, or the default graph by ?default")
        chosen = negotiation.choose(request.accept, FORMATS)
        if chosen is None:
            offered = tuple(offer.media_type for offer in FORMATS)
            raise NotAcceptable(f"no format of a graph fits Accept: {request.accept}", offered=offered)
        return await _read(request, graph, chosen, settings.timeout, current(), pool)

    @router.api_route(PATH, methods=["PUT", "POST", "DELETE"], include_in_schema=False)
    async def write(asked: Asked) -> Response:
        """Replace a graph, add to it, or drop it (sections 5.3 to 5.5)."""
        request = Request(asked.scope)
        if clerk is None or gate is None:
            raise MalformedRequest("graphs of this server can be read only")
        from edaphon.contributions import desk, graph_store

        # Before the body is read, so that nobody has to send one for nothing.
        actor = await gate.writer(request)
        graph = _graph(asked)
        method = _method(request.method)
        if graph is None and method != "POST":
            raise MalformedRequest("name a graph by ?graph=IRI, or the default graph by ?default")
        payloads = () if method == "DELETE" else await _documents(asked, request, limit)
        since, present, absent = _preconditions(request)
        wanted = graph_store.Write(
            method, graph_store.NEW if graph is None else graph or graph_store.DEFAULT, payloads, since, absent, present
        )
        return _written(await clerk.edit(desk.write_graph, actor, wanted), request)

    @router.options(PATH, include_in_schema=False)
    async def options() -> Response:
        """Say what browsers may send from other sites."""
        return Response(
            status_code=204,
            headers={
                "Allow": ALLOW,
                "Access-Control-Allow-Methods": ALLOW,
                "Access-Control-Allow-Headers": "Accept, Authorization, Content-Encoding, Content-Type, "
                "If-Match, If-None-Match",
                "Access-Control-Max-Age": "86400",
            },
        )

    return router


def _graph(asked: Asked) -> str | None:
    """The IRI of the graph that the address names, the empty text for the default graph, None for neither."""
    given = asked.query_params.multi_items()
    names = [value for key, value in given if key == "graph"]
    default = [value for key, value in given if key == "default"]
    if len(names) + len(default) > 1:
        raise MalformedRequest("name one graph, by graph= or by default")
    if default:
        if default[0]:
            raise MalformedRequest("default takes no value; name a graph by graph=")
        return ""
    return protocol.graphs((names[0],))[0] if names else None


async def _read(
    request: Request, graph: str, chosen: str, seconds: float, revision: Published, pool: Answers
) -> Response:
    of = (graph,) if graph else ()
    tag = f'"r{revision.number}-{hashlib.sha256(repr((graph, chosen, request.gzip)).encode()).hexdigest()[:12]}"'
    headers: Headers = [
        (b"etag", tag.encode()),
        (b"edaphon-revision", b"%d" % revision.number),
        REVALIDATE,
        NEGOTIATED,
        *CORS,
    ]
    if request.if_none_match is not None and tag in request.if_none_match:
        return _bare(304, headers)
    if graph and not await _exists(graph, seconds, revision, pool, request.client):
        raise GraphUnknown(f"there is no graph <{graph}>")
    wanted = Query(
        "CONSTRUCT WHERE { ?s ?p ?o }",
        default_graphs=of,
        solutions=None,
        graph=chosen,
        gzip=request.gzip,
        seconds=seconds,
    )
    stack = AsyncExitStack()
    # Entered here, so that what goes wrong before the first byte still has a status of its own.
    answer = await stack.enter_async_context(pool.answer(wanted, revision, client=request.client))

    response = Streamed(answer, stack)
    suffix = "; charset=utf-8" if chosen.startswith("text/") else ""
    packing: Headers = [] if answer.head.encoding is None else [(b"content-encoding", answer.head.encoding.encode())]
    response.raw_headers = [(b"content-type", (chosen + suffix).encode()), *packing, *headers]
    return response


async def _exists(graph: str, seconds: float, revision: Published, pool: Answers, client: str) -> bool:
    # As CSV, the answer is one word.
    wanted = Query("ASK { ?s ?p ?o }", default_graphs=(graph,), solutions="text/csv", graph=None, seconds=seconds)
    async with pool.answer(wanted, revision, client=client) as answer:
        return b"".join([part async for part in answer]).strip() == b"true"


def _method(name: str) -> Literal["PUT", "POST", "DELETE"]:
    match name:
        case "PUT" | "POST" | "DELETE":
            return name
        case other:
            raise AssertionError(f"the router lets no {other} through")


async def _documents(asked: Asked, request: Request, limit: int) -> "tuple[Payload, ...]":
    """The documents that a request brings; `limit` is in bytes, of the unpacked body."""
    from edaphon.contributions.payload import Payload

    body = await bodies.read(
        asked.receive, request.header(b"content-encoding"), request.header(b"content-length"), limit
    )
    kind = text_type(request.header(b"content-type"))
    if kind != MULTIPART:
        return (Payload(body, rdf_type(kind, "the body")),)
    if request.method != "POST":
        raise MalformedRequest("a multipart body adds several documents to a graph; send it by POST")

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await MultiPartParser(
            asked.headers, whole(), max_files=DOCUMENTS, max_fields=DOCUMENTS, max_part_size=limit
        ).parse()
    except (MultiPartException, KeyError) as error:
        raise MalformedRequest(f"the multipart body cannot be read: {getattr(error, 'message', error)}") from error
    found = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            kind = text_type(value.content_type)
            found.append(Payload(await value.read(), rdf_type(kind, f"the part {name}", value.filename)))
        else:
            # A field without a type: Turtle reads N-Triples as well.
            found.append(Payload(field_bytes(value, body, f"the part {name}"), "text/turtle"))
    await form.close()
    if not found:
        raise MalformedRequest("the multipart body has no parts")
    return tuple(found)


def _preconditions(request: Request) -> tuple[int | None, bool, bool]:
    """In which revision the client saw the graph, whether there must be one, whether there must be none."""
    if_match, if_none_match = request.header(b"if-match"), request.if_none_match
    absent = if_none_match is not None and if_none_match.strip() == "*"
    if if_match is None:
        return None, False, absent
    if if_match.strip() == "*":
        return None, True, absent
    seen = [int(number) for number in TAG.findall(if_match)]
    if not seen:
        raise MalformedRequest("If-Match has no tag that a graph of this server ever had")
    return max(seen), False, absent


def _written(outcome: "Outcome", request: Request) -> Response:
    headers: Headers = [NEVER_STORED, *CORS]
    one = outcome.contribution
    if one is not None:
        headers.append((b"edaphon-revision", b"%d" % (one.revision or 0)))
    if not outcome.created:
        return _bare(204, headers)
    headers.append((b"location", f"{request.origin}{PATH}?graph={quote(outcome.graph, safe='')}".encode()))
    return _bare(201, [*headers, (b"content-length", b"0")])


def _bare(status: int, headers: Headers) -> Response:
    response = Response(status_code=status)
    response.raw_headers = headers
    return response
