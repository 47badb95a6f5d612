"""An update sent to the endpoint: by whom, and what came of it (SPARQL 1.1 Protocol section 2.2)."""

from edaphon.sparql.protocol import Update
from edaphon.web.authorization import Gate
from edaphon.web.clerk import Clerk
from edaphon.web.replies import CORS, NEVER_STORED, Headers, Reply
from edaphon.web.requests import Request

__all__ = ["Updates"]


class Updates:
    """The updates of one HTTP process. `allow_service` are the endpoints that their patterns may call."""

    def __init__(self, clerk: Clerk, gate: Gate, allow_service: tuple[str, ...]) -> None:
        self._clerk = clerk
        self._gate = gate
        self._allow_service = allow_service

    async def make(self, request: Request, one: Update) -> Reply:
        """Make the update and answer 204 once queries see what it changed.

        Raises TokenRequired, Forbidden, TooManyRequests; what an update can run into: QuerySyntax, EgressRefused,
        NotConforming with the report, GraphProtected; DeadlineReached and MemoryReached, and then nothing has changed.
        """
        from edaphon.contributions import desk, direct

        actor = await self._gate.writer(request)
        asked = direct.Update(one.text, one.using, one.using_named, self._allow_service)
        made = await self._clerk.edit(desk.update, actor, asked)
        headers: Headers = [NEVER_STORED, *CORS]
        if made is not None:
            headers.append((b"location", f"{request.origin}/contributions/{made.id}".encode()))
            headers.append((b"edaphon-revision", b"%d" % (made.revision or 0)))
        return Reply(204, headers, revision=None if made is None else made.revision)
