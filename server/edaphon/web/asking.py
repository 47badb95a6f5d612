"""One request to the SPARQL endpoint, from its head to its reply."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from edaphon.errors import EdaphonError, NotAcceptable, RevisionMissing, TokenRequired
from edaphon.namespaces import PREFIXES
from edaphon.settings import Settings
from edaphon.sparql import negotiation, protocol
from edaphon.sparql.answers import Answer, Answers
from edaphon.sparql.cache import AnswerCache, entity_tag, matches
from edaphon.sparql.description import Census, describe
from edaphon.sparql.negotiation import HTML
from edaphon.sparql.pool import Published
from edaphon.sparql.query import Query
from edaphon.web import answering, bodies, pages, problems
from edaphon.web.access import AccessLog
from edaphon.web.answering import Asked, standing
from edaphon.web.archive import Archive
from edaphon.web.exchange import Exchange
from edaphon.web.pages.examples import Example
from edaphon.web.pages.results import Result
from edaphon.web.problems import Problem
from edaphon.web.replies import CORS, Reply, packed
from edaphon.web.requests import Request
from edaphon.web.updating import Updates

__all__ = ["LONGEST_URL", "PATH", "RAW_PATH", "Asking", "Service"]

logger = logging.getLogger(__name__)

PATH: Final = "/sparql"
RAW_PATH: Final = PATH.encode()
METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")
ALLOW: Final = ", ".join(METHODS)
MEGABYTE: Final = 1_000_000
# Longer addresses are cut or refused somewhere on the way to other servers, too; a long query goes by POST.
LONGEST_URL: Final = 32_000
# A body from this size on is not read on the event loop.
LARGE: Final = 200_000
SAMPLE: Final = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in PREFIXES.items()) + (
    "\nSELECT ?subject ?predicate ?object ?evidence\nWHERE {\n"
    "  GRAPH ?evidence { ?subject ?predicate ?object }\n}\nLIMIT 100"
)

PREFLIGHT: Final = Reply(
    204,
    [
        (b"allow", ALLOW.encode()),
        (b"access-control-allow-methods", ALLOW.encode()),
        (b"access-control-allow-headers", b"Accept, Authorization, Content-Encoding, Content-Type, If-None-Match"),
        (b"access-control-max-age", b"86400"),
        *CORS,
    ],
)


@dataclass(frozen=True, slots=True)
class Service:
    """What the endpoint works with, the same for all requests."""

    settings: Settings
    current: Callable[[], Published]
    pool: Answers
    census: Census
    cache: AnswerCache[Reply]
    log: AccessLog
    archive: Archive
    examples: tuple[Example, ...] = ()
    updates: Updates | None = None

    async def update(self, request: Request, one: protocol.Update) -> Reply:
        """Make an update, where anybody may."""
        if self.updates is None:
            raise TokenRequired("an update needs a token with the role editor, and this server has given none")
        return await self.updates.make(request, one)


class Asking:
    """One request. `revision`, `query` and `source` are for the log, each set as soon as it is known."""

    def __init__(self, service: Service, request: Request, exchange: Exchange) -> None:
        self._service = service
        self._request = request
        self._exchange = exchange
        seen = exchange.seen
        self._spelling = None if seen is None else seen.spelling
        self._published = None if seen is None else seen.revision
        self._operation: protocol.Operation | None = None
        self.revision: int | None = None
        self.source = "fresh"

    @property
    def query(self) -> str | None:
        """The text of the query, once it is known."""
        return None if self._operation is None else self._operation.query

    async def reply(self) -> Reply | None:
        """The response; None when it has been sent already, piece by piece.

        Raises ClientGone when nobody waits for it any more, and Cut when it broke off after its first byte.
        """
        request = self._request
        if request.method == "OPTIONS":
            return PREFLIGHT
        if request.method not in METHODS:
            detail = f"{request.method} is not a method of a SPARQL endpoint"
            return self._trouble(problems.of_status(405, detail, {"allow": ALLOW}))
        if request.url_length > LONGEST_URL:
            return self._trouble(problems.of_status(414, "the address is too long; send the query by POST"))
        try:
            if request.safe:
                self._operation = protocol.in_url(request.query_string)
            else:
                body = await self._body()
                given = (request.query_string, request.header(b"content-type"), body)
                if len(body) > LARGE:
                    # Megabytes of percent-encoding take seconds, in which other clients want to be answered.
                    sent = await asyncio.to_thread(protocol.in_body, *given)
                else:
                    sent = protocol.in_body(*given)
                if isinstance(sent, protocol.Update):
                    return await self._service.update(request, sent)
                self._operation = sent
            work = self._describe() if self._operation is None else self._answer(self._operation)
            return await self._exchange.while_there(work)
        except EdaphonError as error:
            return self.trouble(error)

    async def _body(self) -> bytes:
        request = self._request
        return await bodies.read(
            self._exchange.receive,
            request.header(b"content-encoding"),
            request.header(b"content-length"),
            self._service.settings.max_body * MEGABYTE,
        )

    async def _describe(self) -> Reply:
        """The service description, or the page with the query form (SPARQL 1.1 Service Description section 2)."""
        request, settings = self._request, self._service.settings
        if negotiation.prefers_page(request.accept, negotiation.DESCRIPTION):
            page = self._page(SAMPLE)
            body, packing = packed(page, gzip=request.gzip)
            tag = entity_tag(body)
            return self._unless_known(Reply(200, [*packing, *self._page_headers(None, tag)], body, etag=tag))
        chosen = negotiation.choose(request.accept, negotiation.DESCRIPTION)
        if chosen is None:
            offered = tuple(offer.media_type for offer in negotiation.DESCRIPTION)
            raise NotAcceptable("the service describes itself in none of the formats asked for", offered=offered)
        extent = await self._service.census.extent()
        document = describe(
            request.address,
            chosen,
            extent,
            default_graph=settings.default_graph or "merge",
            allow_service=settings.allow_service,
            updates=self._service.updates is not None,
        )
        body, packing = packed(document, gzip=request.gzip)
        self.revision = None if extent is None else extent.revision
        tag = entity_tag(body)
        headers = [*packing, *standing(chosen, None, self.revision, tag)]
        return self._unless_known(Reply(200, headers, body, self.revision, tag))

    async def _answer(self, operation: protocol.Operation) -> Reply | None:
        """Answer a query: from the cache, by 304, or from a worker."""
        service, request = self._service, self._request
        seen = self._published or service.current()
        past = None if operation.revision is None else await service.archive.revision(operation.revision)
        asked = Asked(operation, negotiation.formats(request.accept), request.gzip, past or seen)
        query = asked.query(service.settings.timeout)
        repeatable = query.repeatable
        if repeatable:
            # What is kept goes when another revision is published, answers from older ones with it.
            kept = service.cache.find(asked.key, seen.number, self._spelling)
            if kept is not None:
                self.revision, self.source = kept.revision, "repeat"
                return self._unless_known(kept)
            known = request.if_none_match
            # What `*` stands for is known only once the query has been answered.
            if known is not None and request.safe and known.strip() != "*":
                for tag in asked.tags():
                    if matches(known, tag):
                        # The client holds this very representation, and a revision never changes.
                        self.revision = asked.revision.number
                        return Reply(304, standing(None, None, self.revision, tag), b"", self.revision, tag)
        try:
            try:
                return await self._ask(asked, query, past, seen)
            except RevisionMissing:
                if operation.revision is None:
                    raise
                # Tidied away since it was looked for.
                past = await service.archive.revision(operation.revision)
                return await self._ask(asked, query, past, seen)
        except NotAcceptable as error:
            offers = negotiation.GRAPH if query.graph is None else negotiation.SOLUTIONS
            raise NotAcceptable(str(error), offered=tuple(offer.media_type for offer in offers)) from error

    async def _ask(self, asked: Asked, query: Query, past: Published | None, seen: Published) -> Reply | None:
        """Have a worker answer, from an older revision if one is given."""
        begun, self._exchange.begun = self._exchange.begun, None
        if begun is None:
            begun = self._service.pool.answer(query, past, client=self._request.client, seen=seen)
        async with begun as answer:
            self.revision = answer.head.revision
            # A revision may be published between our looking and the pool's.
            steady = query.repeatable and answer.head.revision == asked.revision.number
            return await self._pass_on(asked, answer, seen.number, steady=steady)

    async def _pass_on(self, asked: Asked, answer: Answer, published: int, *, steady: bool) -> Reply | None:
        """Hand an answer to the client and, where it may be given again, to the cache."""
        service, request = self._service, self._request

        def keep(reply: Reply) -> None:
            if steady:
                service.cache.keep(asked.key, published, reply, self._spelling)

        if asked.media_type(answer.head.form) == HTML:
            reply = await self._result_page(asked, answer, steady=steady)
        elif answer.whole is not None:
            reply = answering.stored(asked, answer.head, answer.whole, steady=steady)
        else:
            body = await answering.stream(
                asked,
                answer,
                self._exchange,
                steady=steady,
                chunks=request.chunks,
                body=request.method != "HEAD",
                most=service.cache.largest if steady else 0,
            )
            if body is not None:
                keep(answering.stored(asked, answer.head, body, steady=steady))
            return None
        keep(reply)
        return self._unless_known(reply)

    async def _result_page(self, asked: Asked, answer: Answer, *, steady: bool) -> Reply:
        revision = answer.head.revision
        result = await answering.table(answer)
        offers = negotiation.GRAPH if answer.head.form == "graph" else negotiation.SOLUTIONS
        page = self._page(
            asked.operation.query,
            result=result,
            rows_are="triples" if answer.head.form == "graph" else "rows",
            revision=revision,
            formats=[offer.media_type for offer in offers],
        )
        body, packing = packed(page, gzip=self._request.gzip)
        tag = asked.tag(HTML, "gzip" if packing else None) if steady else None
        return Reply(200, [*packing, *self._page_headers(revision, tag)], body, revision, tag)

    def _page(self, text: str, *, result: Result | None = None, problem: Problem | None = None, **more: Any) -> bytes:
        """The query page: what came of the query, if there was one, and the form with its text."""
        operation = self._operation
        kept = [] if operation is None else [("default-graph-uri", name) for name in operation.default_graphs]
        kept += [] if operation is None else [("named-graph-uri", name) for name in operation.named_graphs]
        if operation is None:
            given = protocol.parameters(self._request.query_string, "the URL")
            kept += [(name, value) for name, value in given if name == "revision"]
        elif operation.revision is not None:
            kept.append(("revision", str(operation.revision)))
        return pages.render(
            "query.html",
            text=text,
            kept=kept,
            result=result,
            problem=problem,
            examples=self._service.examples,
            address=self._request.address,
            **more,
        )

    def _page_headers(self, revision: int | None, tag: str | None) -> list[tuple[bytes, bytes]]:
        return [*standing(HTML, None, revision, tag), (b"content-security-policy", pages.policy().encode())]

    def trouble(self, error: Exception) -> Reply:
        """The reply that tells of a failure."""
        problems.note(error)
        return self._trouble(problems.of(error))

    def _trouble(self, problem: Problem) -> Reply:
        """The reply that tells of a problem, to a program or on a page."""
        request = self._request
        if not negotiation.prefers_page(request.accept):
            return problems.reply(problem, gzip=request.gzip)
        if self.query is None:
            page = pages.render("problem.html", problem=problem)
        else:
            page = self._page(self.query, problem=problem)
        return problems.reply(problem, page, pages.policy(), gzip=request.gzip)

    def _unless_known(self, reply: Reply) -> Reply:
        """The reply, or 304 where the client says that it has it."""
        known = self._request.if_none_match
        if known is not None and self._request.safe and reply.known_to(known):
            return reply.not_modified()
        return reply
