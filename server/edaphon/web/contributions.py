"""`/contributions`: proposals are made, read and decided on."""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from fastapi import Request as Asked

from edaphon.errors import ContributionUnknown
from edaphon.namespaces import CONTRIBUTION
from edaphon.settings import Settings
from edaphon.sparql.negotiation import HTML, JSON, Offer
from edaphon.web import bodies, decisions, records
from edaphon.web.authorization import Gate
from edaphon.web.clerk import Clerk
from edaphon.web.media import rdf_type, text_type
from edaphon.web.pages.results import cell
from edaphon.web.replies import CORS, NEVER_STORED
from edaphon.web.representations import PAGE, RDF, chosen, page, response, written
from edaphon.web.requests import Request

if TYPE_CHECKING:  # costs a server's start half a second, which most servers never need
    from edaphon.contributions.display import Part
    from edaphon.store.ledger.records import Contribution

__all__ = ["MOST", "PATH", "routes"]

PATH: Final = "/contributions"
MEGABYTE: Final = 1_000_000
UPDATE: Final = "application/sparql-update"
PATCH: Final = "application/rdf-patch"
# Entries of one page of a list, and the most that may be asked for.
USUAL, MOST = 50, 200
IDENTIFIER: Final = re.compile(r"[a-z0-9-]{1,120}")

LIST: Final = (Offer(JSON), PAGE)
# The nanopublication has four graphs, so it comes in the formats that have graphs.
NANOPUBLICATION: Final = ("application/trig", "application/n-quads")
ONE: Final = (
    Offer(JSON, ("application/problem+json",)),
    *(Offer(one.media_type) for one in RDF),
    *map(Offer, NANOPUBLICATION),
    PAGE,
)
DIFF: Final = (Offer(PATCH), Offer("text/plain"), Offer(JSON), PAGE)
REPORT: Final = (*(Offer(one.media_type) for one in RDF), Offer(JSON), Offer("text/plain"), PAGE)

Status = Literal["proposed", "accepted", "rejected", "withdrawn", "reverted"]
Decision = Literal["accept", "reject", "withdraw", "revert"]
DECISIONS: Final[dict[Decision, str]] = {
    "accept": "Publish a proposal; answers once queries see it. Takes a reviewer, and not its contributor.",
    "reject": "Decide that a proposal is not to be published, and why. Takes a reviewer, and not its contributor.",
    "withdraw": "Take one's own proposal back.",
    "revert": "Undo an accepted contribution by a new one, and say why; answers once queries see it.",
}
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {
            name: {"schema": {"type": "string"}}
            for name in ("text/turtle", "application/ld+json", "application/n-triples", "application/rdf+xml", UPDATE)
        }
    }
}
REASON: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {
            JSON: {"schema": {"type": "object", "properties": {"reason": {"type": "string"}}}},
        }
    }
}


def routes(settings: Settings, clerk: Clerk, gate: Gate) -> APIRouter:
    """`/contributions`, and what lies below."""
    router = APIRouter()
    desk = _Counter(clerk)

    @router.post(PATH, status_code=201, openapi_extra=BODY)
    async def propose(
        asked: Asked, title: Annotated[str | None, Query()] = None, source: Annotated[str | None, Query()] = None
    ) -> Response:
        """Check what the body asks for and record it as a proposal: RDF, or INSERT DATA and DELETE DATA."""
        request = Request(asked.scope)
        offered = chosen(request, ONE)
        # Before the body is read, so that nobody has to send one for nothing.
        actor = await gate.writer(request)
        from edaphon.contributions import desk as tasks
        from edaphon.contributions.payload import Payload
        from edaphon.contributions.proposal import about

        said = about(title, source)
        kind = text_type(request.header(b"content-type"))
        kind = UPDATE if kind == UPDATE else rdf_type(kind, "the body")
        body = await _body(asked, request, settings.max_body * MEGABYTE)
        made = await clerk.check_in(tasks.propose, actor, said, Payload(body, kind))
        location = ("location", records.place(request.origin, made.id))
        return await desk.show(request, made, offered, status=201, headers=[location])

    @router.get(PATH)
    async def several(
        asked: Asked,
        status: Annotated[Status | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL,
        before: Annotated[str | None, Query()] = None,
    ) -> Response:
        """List contributions, the newest first; `next` leads to older ones."""
        request = Request(asked.scope)
        offered = chosen(request, LIST)
        last = None if before is None else _identifier(before)
        await clerk.ready()
        found = await clerk.ledger(lambda ledger: ledger.contributions(status=status, limit=limit + 1, before=last))
        following = _next(request.origin, status, limit, found)
        return _list(request, offered, found[:limit], status, following)

    @router.get(PATH + "/{identifier}")
    async def one(asked: Asked, identifier: str) -> Response:
        """Answer with a contribution: JSON, PROV-O, a nanopublication (TriG, N-Quads), or a page."""
        request = Request(asked.scope)
        offered = chosen(request, ONE)
        return await desk.show(request, await desk.find(identifier), offered)

    @router.get(PATH + "/{identifier}/payload")
    async def payload(asked: Asked, identifier: str) -> Response:
        """Answer with the bytes as they were submitted, for keeping and not for showing."""
        request = Request(asked.scope)
        found = await desk.find(identifier)
        kind, content = await clerk.ledger(lambda ledger: ledger.payload(found.id))
        headers = [
            ("content-disposition", f'attachment; filename="{found.id}"'),
            ("x-content-type-options", "nosniff"),
            # Nothing that somebody submits may run as a page of this server.
            ("content-security-policy", "default-src 'none'; sandbox"),
        ]
        return response(request, kind, content, revision=found.revision, headers=headers)

    @router.get(PATH + "/{identifier}/diff")
    async def diff(asked: Asked, identifier: str) -> Response:
        """Answer with what it changes, or would change: RDF Patch, JSON, or a page."""
        return await desk.part(Request(asked.scope), identifier, "diff", DIFF)

    @router.get(PATH + "/{identifier}/report")
    async def report(asked: Asked, identifier: str) -> Response:
        """Answer with the SHACL report of its last check: RDF, JSON, text, or a page."""
        return await desk.part(Request(asked.scope), identifier, "report", REPORT)

    for name, description in DECISIONS.items():
        router.add_api_route(
            f"{PATH}/{{identifier}}/{name}",
            _deciding(name, clerk, gate, desk),
            methods=["POST"],
            name=name,
            description=description,
            openapi_extra=REASON,
        )

    @router.get("/contribution/{identifier}", include_in_schema=False)
    async def named(asked: Asked, identifier: str) -> Response:
        """Lead from a contribution's IRI to what is known of it."""
        request = Request(asked.scope)
        return _see(records.place(request.origin, _identifier(identifier)))

    return router


def _deciding(
    decision: Decision, clerk: Clerk, gate: Gate, desk: "_Counter"
) -> Callable[[Asked, str], Awaitable[Response]]:
    async def decide(asked: Asked, identifier: str) -> Response:
        request = Request(asked.scope)
        offered = chosen(request, ONE)
        actor = await gate.writer(request)
        from edaphon.contributions import desk as tasks
        from edaphon.contributions.roles import Role, require

        if decision != "withdraw":
            require(actor, Role.REVIEWER, f"{decision} a contribution")
        body = await _body(asked, request, decisions.LARGEST)
        because = decisions.reason(request.header(b"content-type"), body)
        task = {
            "accept": tasks.accept,
            "reject": tasks.reject,
            "withdraw": tasks.withdraw,
            "revert": tasks.revert,
        }[decision]
        made = await clerk.register(task, actor, _identifier(identifier), because)
        return await desk.show(request, made, offered)

    return decide


class _Counter:
    """Where contributions are shown."""

    def __init__(self, clerk: Clerk) -> None:
        self._clerk = clerk

    async def find(self, identifier: str) -> "Contribution":
        """The contribution of that id. Raises ContributionUnknown."""
        wanted = _identifier(identifier)
        await self._clerk.ready()
        return await self._clerk.ledger(lambda ledger: ledger.contribution(wanted))

    async def show(
        self,
        request: Request,
        found: "Contribution",
        media_type: str,
        *,
        status: int = 200,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Response:
        """A contribution in one of its formats."""
        if media_type == HTML:
            return await self._page(request, found.id, status, headers)
        if media_type == JSON:
            from edaphon.contributions.verdict import counted

            counts = await self._clerk.ledger(lambda ledger: counted(ledger.report(found.id)))
            content = _json(records.contribution(found, request.origin, counts))
        elif media_type in NANOPUBLICATION:
            content = await self._made(found.id, "nanopublication", media_type)
        else:
            from edaphon.contributions.provenance import described

            content = written(described(found), media_type)
        revision = await self._revision(found)
        return response(request, media_type, content, status=status, revision=revision, headers=headers)

    async def part(self, request: Request, identifier: str, what: "Part", offers: Sequence[Offer]) -> Response:
        """What belongs to a contribution, in the format that the client asks for."""
        offered = chosen(request, offers)
        found = await self.find(identifier)
        if offered == HTML:
            return await self._page(request, found.id, 200, ())
        content = await self._made(found.id, what, offered)
        return response(request, offered, content, revision=found.revision)

    async def _made(self, identifier: str, what: "Part", media_type: str) -> bytes:
        from edaphon.contributions import desk as tasks

        return await self._clerk.show(tasks.represented, identifier, what, media_type)

    async def _page(
        self, request: Request, identifier: str, status: int, headers: Sequence[tuple[str, str]]
    ) -> Response:
        from edaphon.contributions import desk as tasks

        shown = await self._clerk.show(tasks.shown, identifier)
        found = shown.contribution
        return page(
            request,
            "contribution.html",
            status=status,
            revision=await self._revision(found),
            headers=headers,
            one=records.contribution(found, request.origin),
            events=shown.events,
            change=shown.change,
            cell=cell,
            contribution=CONTRIBUTION,
            own=CONTRIBUTION + found.id,
            rows=shown.findings,
        )

    async def _revision(self, found: "Contribution") -> int | None:
        """The published revision that has what is said of a contribution: the one that undid it, if it was undone."""
        undoing = found.reverted_by
        if undoing is None:
            return found.revision
        return (await self._clerk.ledger(lambda ledger: ledger.contribution(undoing))).revision


def _list(
    request: Request, offered: str, found: "Sequence[Contribution]", status: str | None, following: str | None
) -> Response:
    entries = [records.contribution(one, request.origin) for one in found]
    if offered == HTML:
        return page(request, "contributions.html", entries=entries, only=status, following=following)
    headers = [] if following is None else [("link", f'<{following}>; rel="next"')]
    return response(request, JSON, _json({"contributions": entries, "next": following}), headers=headers)


def _next(origin: str, status: str | None, limit: int, found: "Sequence[Contribution]") -> str | None:
    """The address of the next page of a list, when one more than the limit was found."""
    if len(found) <= limit:
        return None
    asked = {"status": status, "limit": limit, "before": found[limit - 1].id}
    return f"{origin}{PATH}?{urlencode({name: value for name, value in asked.items() if value is not None})}"


async def _body(asked: Asked, request: Request, limit: int) -> bytes:
    coding, declared = request.header(b"content-encoding"), request.header(b"content-length")
    return await bodies.read(asked.receive, coding, declared, limit)


def _identifier(text: str) -> str:
    """The text, if it can be the id of a contribution. Raises ContributionUnknown."""
    if not IDENTIFIER.fullmatch(text):
        raise ContributionUnknown(f"there is no contribution {text[:120]!r}")
    return text


def _see(address: str) -> Response:
    made = Response(status_code=303)
    made.raw_headers = [(b"location", address.encode("latin-1")), (b"content-length", b"0"), NEVER_STORED, *CORS]
    return made


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode() + b"\n"
