"""`/validate`: what would be wrong with a body, alone or on top of what is published. Stores nothing."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from edaphon.conformance.isolation import Checker
from edaphon.errors import MalformedRequest, NotAcceptable, PoolBusy
from edaphon.settings import Settings
from edaphon.sparql.negotiation import HTML, JSON, Offer, choose, takes_gzip
from edaphon.sparql.pool import Published
from edaphon.web import bodies, pages
from edaphon.web.authorization import Gate
from edaphon.web.media import field_bytes, rdf_type, text_type
from edaphon.web.replies import CORS, NEGOTIATED, NEVER_STORED, packed
from edaphon.web.requests import Request as Sent

if TYPE_CHECKING:  # costs a server's start a sixth of a second, which most servers never need
    from edaphon.conformance.model.findings import Report
    from edaphon.conformance.submission import Submission

__all__ = ["Validation", "routes"]

MEGABYTE: Final = 1_000_000
MULTIPART: Final = "multipart/form-data"
# Media type → the writer of the report in that format.
REPORTS: Final = {
    "text/turtle": "turtle",
    "application/ld+json": "jsonld",
    JSON: "json",
    "application/n-triples": "ntriples",
    "application/rdf+xml": "rdfxml",
    "text/csv": "csv",
    "application/sarif+json": "sarif",
    "text/plain": "text",
}
OFFERS: Final = (*(Offer(name) for name in REPORTS), Offer(HTML, ("application/xhtml+xml",)))
# Checks that may wait for the one process that makes them.
WAITING: Final = 8


class Validation:
    """The checks of one HTTP process: one at a time, in a process of their own that is started when it is needed."""

    def __init__(self, settings: Settings, current: Callable[[], Published]) -> None:
        self._settings = settings
        self._current = current
        self._checker = Checker(memory=settings.memory)
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def check(
        self, data: "Submission", shapes: "Submission | None", on: Literal["published", "nothing"]
    ) -> "Report":
        """Check a submission against its own shapes, or the shipped ones where it brings none."""
        if self._waiting >= WAITING:
            raise PoolBusy("too many checks are waiting", retry_after=1 + round(self._settings.timeout / 4))
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(self._run, data, shapes, on)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the process that makes the checks."""
        self._checker.close()

    def _run(self, data: "Submission", shapes: "Submission | None", on: Literal["published", "nothing"]) -> "Report":
        from edaphon.conformance.submission import check_on_nothing, check_on_published

        settings = self._settings
        corpus, seconds = settings.corpus or "shipped", settings.timeout
        if on == "nothing":
            return self._checker.run(check_on_nothing, data, shapes or corpus, seconds=seconds)
        mode = settings.default_graph or "merge"
        folder = self._current().folder
        return self._checker.run(check_on_published, data, folder, corpus, mode, shapes, seconds=seconds)


def routes(validation: Validation, settings: Settings, gate: Gate) -> APIRouter:
    """`/validate`."""
    router = APIRouter()

    @router.post("/validate")
    async def validate(
        request: Request, on: Annotated[Literal["published", "nothing"], Query()] = "published"
    ) -> Response:
        """Answer 200 with the SHACL report, whether or not the body conforms.

        The body is any RDF serialisation, or multipart/form-data with the fields `data` and, to check against one's
        own shapes, `shapes`.
        """
        accept = request.headers.get("accept")
        chosen = choose(accept, OFFERS)
        if chosen is None:
            raise NotAcceptable(f"no format of a report fits Accept: {accept}", offered=(*REPORTS, HTML))
        # It takes as much work as a write.
        await gate.anybody(Sent(request.scope))
        data, shapes = await submissions(request, settings.max_body * MEGABYTE)
        report = await validation.check(data, shapes, on)
        return _response(report, chosen, gzip=takes_gzip(request.headers.get("accept-encoding")))

    return router


async def submissions(request: Request, limit: int) -> "tuple[Submission, Submission | None]":
    """The data of a request, and the shapes that it brings, if any; `limit` is in bytes, of the unpacked body."""
    from edaphon.conformance.submission import Submission

    head = request.headers
    body = await bodies.read(request.receive, head.get("content-encoding"), head.get("content-length"), limit)
    kind = text_type(head.get("content-type"))
    if kind != MULTIPART:
        return Submission("the body", body, rdf_type(kind, "the body")), None
    parts = await _parts(head, body, limit)
    if "data" not in parts:
        raise MalformedRequest("the form has no field data, the RDF to check")
    unknown = parts.keys() - {"data", "shapes"}
    if unknown:
        raise MalformedRequest(f"the form has a field {min(unknown)}; there are data and shapes")
    return parts["data"], parts.get("shapes")


async def _parts(headers: Headers, body: bytes, limit: int) -> "dict[str, Submission]":
    from edaphon.conformance.submission import Submission

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await MultiPartParser(headers, whole(), max_files=2, max_fields=2, max_part_size=limit).parse()
    except (MultiPartException, KeyError) as error:
        raise MalformedRequest(f"the multipart body cannot be read: {getattr(error, 'message', error)}") from error
    parts = {}
    for name, value in form.multi_items():
        if name in parts:
            raise MalformedRequest(f"the form has two fields {name}")
        if isinstance(value, UploadFile):
            kind = text_type(value.content_type)
            parts[name] = Submission(f"the field {name}", await value.read(), rdf_type(kind, name, value.filename))
        else:
            # A field without a type: Turtle reads N-Triples as well.
            parts[name] = Submission(f"the field {name}", field_bytes(value, body, f"the field {name}"), "text/turtle")
    await form.close()
    return parts


def _response(report: "Report", chosen: str, *, gzip: bool) -> Response:
    from edaphon.conformance.report import WRITERS
    from edaphon.conformance.report.json import as_json

    headers = dict([NEGOTIATED, NEVER_STORED, *CORS])
    if chosen == HTML:
        rows = [as_json(finding) for finding in report.findings]
        content = pages.render("report.html", report=report, rows=rows)
        headers[b"content-security-policy"] = pages.policy().encode()
    else:
        content = WRITERS[REPORTS[chosen]](report).encode()
    body, packing = packed(content, gzip=gzip)
    suffix = "; charset=utf-8" if chosen.startswith("text/") else ""
    response = Response(body)
    response.raw_headers = [
        (b"content-type", (chosen + suffix).encode()),
        (b"content-length", b"%d" % len(body)),
        *packing,
        *headers.items(),
    ]
    return response
