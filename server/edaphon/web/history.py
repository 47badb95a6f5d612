"""`/history` and `/diff`: which revisions were published because of what, and what changed between two of them."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import APIRouter, Query, Response
from fastapi import Request as Asked

from edaphon.namespaces import CONTRIBUTION
from edaphon.sparql.negotiation import HTML, JSON, Offer
from edaphon.web import records
from edaphon.web.clerk import Clerk
from edaphon.web.pages.results import cell
from edaphon.web.representations import PAGE, RDF, chosen, page, response, written
from edaphon.web.requests import Request

if TYPE_CHECKING:  # costs a server's start the time that importing databases takes
    from edaphon.store.ledger.records import RevisionRecord

__all__ = ["routes"]

USUAL, MOST = 50, 200
HISTORY: Final = (Offer(JSON), *(Offer(one.media_type) for one in RDF), PAGE)
DIFF: Final = (Offer("application/rdf-patch"), Offer("application/n-quads"), Offer(JSON), Offer("text/plain"), PAGE)
# The largest number that every database takes for a revision's.
LAST: Final = 2**31 - 1

Number = Annotated[int, Query(ge=0, le=LAST)]


def routes(clerk: Clerk) -> APIRouter:
    """`/history` and `/diff`."""
    router = APIRouter()

    @router.get("/history")
    async def history(
        asked: Asked,
        limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL,
        before: Annotated[int | None, Query(ge=0, le=LAST)] = None,
    ) -> Response:
        """List the published revisions, the newest first; `next` leads to older ones."""
        request = Request(asked.scope)
        offered = chosen(request, HISTORY)
        await clerk.ready()
        found = await clerk.ledger(lambda ledger: ledger.revisions(limit=limit + 1, before=before))
        following = None
        if len(found) > limit:
            following = f"{request.origin}/history?limit={limit}&before={found[limit - 1].number}"
        return _history(request, offered, found[:limit], following)

    @router.get("/diff")
    async def diff(
        asked: Asked,
        start: Annotated[int, Query(alias="from", ge=0, le=LAST)],
        to: Number,
        part: Annotated[Literal["added", "removed"], Query()] = "added",
    ) -> Response:
        """Answer with what leads from one revision to another: RDF Patch, JSON, a page, or N-Quads.

        N-Quads tell one side, by `part`: the statements that were added, or those that were removed.
        """
        request = Request(asked.scope)
        offered = chosen(request, DIFF)
        await clerk.ready()
        from edaphon.contributions import desk

        if offered == HTML:
            change = await clerk.show(desk.change_shown, start, to)
            return page(
                request,
                "diff.html",
                revision=to,
                start=start,
                end=to,
                change=change,
                cell=cell,
                contribution=CONTRIBUTION,
                own=None,
            )
        content = await clerk.show(desk.change, start, to, offered, part)
        return response(request, offered, content, revision=to)

    return router


def _history(request: Request, offered: str, found: "Sequence[RevisionRecord]", following: str | None) -> Response:
    headers = [] if following is None else [("link", f'<{following}>; rel="next"')]
    entries = [records.revision(one, request.origin) for one in found]
    if offered == HTML:
        return page(request, "history.html", entries=entries, following=following)
    if offered == JSON:
        content = json.dumps({"revisions": entries, "next": following}, ensure_ascii=False).encode() + b"\n"
    else:
        from edaphon.contributions.history import described

        content = written(described(found), offered)
    return response(request, offered, content, headers=headers)
