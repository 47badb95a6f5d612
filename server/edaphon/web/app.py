"""The HTTP application: `/sparql` first, then the routes of the other modules, problems for all that goes wrong."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from edaphon import __version__
from edaphon.errors import EdaphonError
from edaphon.settings import Settings
from edaphon.sparql import negotiation
from edaphon.sparql.answers import Answers
from edaphon.sparql.cache import AnswerCache
from edaphon.sparql.description import Census
from edaphon.sparql.pool import Published
from edaphon.web import contributions, documents, graph_store, health, history, home, memento, problems, refusals
from edaphon.web import validation as validating
from edaphon.web.access import AccessLog
from edaphon.web.archive import Archive
from edaphon.web.asking import LONGEST_URL, PATH, Service
from edaphon.web.authorization import Gate
from edaphon.web.bodies import ClientGone
from edaphon.web.clerk import Clerk
from edaphon.web.documents import Documents
from edaphon.web.endpoint import Endpoint
from edaphon.web.exchange import Watched
from edaphon.web.pages.examples import Example
from edaphon.web.replies import CORS, Headers, Message, Receive, Reply, Scope, Send
from edaphon.web.requests import Request as Sent
from edaphon.web.tally import Tally
from edaphon.web.updating import Updates
from edaphon.web.validation import Validation

__all__ = ["Application", "Contributing", "create_app"]

logger = logging.getLogger(__name__)

TITLE: Final = "Edaphon"
# What routes cannot do without.
NEEDS: Final = {"/diff": "from= and to=, the numbers of two published revisions"}
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Contributing:
    """What lets people contribute: where contributions are worked on, and who is let in."""

    clerk: Clerk
    gate: Gate


def create_app(
    settings: Settings,
    current: Callable[[], Published],
    pool: Answers,
    log: AccessLog,
    examples: tuple[Example, ...] = (),
    contributing: Contributing | None = None,
) -> "Application":
    """The application over a started pool; `current` gives the published revision.

    Without `contributing` the graph is only read.
    """
    census = Census(pool, current, settings.timeout)
    clerk = None if contributing is None else contributing.clerk
    gate = Gate(settings, None, Tally()) if contributing is None else contributing.gate
    updates = None if clerk is None else Updates(clerk, gate, settings.allow_service)
    archive = Archive(current, clerk)
    service = Service(settings, current, pool, census, AnswerCache(settings.cache), log, archive, examples, updates)
    # The pages that FastAPI would offer load scripts from elsewhere.
    router = FastAPI(title=TITLE, version=__version__, docs_url=None, redoc_url=None, redirect_slashes=False)
    validation = Validation(settings, current)
    # Later groups of routes join here: one module each, with a function that takes what it needs.
    groups = [
        health.routes(pool, current),
        home.routes(settings, census, examples, contributions=clerk is not None),
        validating.routes(validation, settings, gate),
        graph_store.routes(settings, current, pool, clerk, gate),
    ]
    if clerk is not None:
        groups += [contributions.routes(settings, clerk, gate), history.routes(clerk)]
    linked = Documents(settings, current, pool, archive)
    groups += [documents.routes(linked), memento.routes(linked.past, current)]
    for group in groups:
        router.include_router(group)
    router.state.groups = groups
    router.add_exception_handler(EdaphonError, _family)
    router.add_exception_handler(HTTPException, _status)
    router.add_exception_handler(RequestValidationError, _parameters)
    router.add_exception_handler(ClientGone, _gone)
    # Raised again after it has been answered, so that it is logged below.
    router.add_exception_handler(Exception, _defect)
    router.openapi = lambda: _openapi(router)  # type: ignore[method-assign]  # the way that FastAPI documents
    return Application(Endpoint(service), router, log, (validation,) if clerk is None else (validation, clerk))


class Application:
    """Sends each request where it belongs, and logs it. `endpoint` is for connections that know what belongs there."""

    def __init__(
        self, endpoint: Endpoint, router: FastAPI, log: AccessLog, owned: "tuple[Validation | Clerk, ...]"
    ) -> None:
        self._owned = owned
        self.endpoint = endpoint
        self._router = router
        self._log = log

    def close(self) -> None:
        """End the processes that the application has started itself."""
        for one in self._owned:
            one.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == PATH:
            await self.endpoint(scope, receive, send)
        else:
            await self._route(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        watched = Watched(send)
        source = "fresh"
        revision: int | None = None

        async def open_to_all(message: Message) -> None:
            nonlocal revision
            if message["type"] == "http.response.start":
                present = dict(message["headers"])
                if b"edaphon-revision" in present:
                    revision = int(present[b"edaphon-revision"])
                message["headers"] = [*message["headers"], *(pair for pair in CORS if pair[0] not in present)]
            await watched(message)

        # Whatever can be got can be asked for its head; the server below leaves the body out.
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        try:
            if Sent(scope).url_length > LONGEST_URL:
                # Else what is named by what the connection has left of it would be read, or written.
                problem = problems.of_status(414, "the address is too long; what is long goes into the body")
                await refusals.told(problem, Sent(scope).accept).send(watched)
            else:
                await self._router(asked, receive, open_to_all)
            if watched.status == 0:
                source = "gone"
        except asyncio.CancelledError:
            # Only a shutdown whose grace period is over cancels requests. What has been begun for them is finished.
            source = "cut"
        except Exception as error:  # The last resort: a defect of ours, of which the client learns that it was ours.
            logger.error("a defect in answering %s %s", scope["method"], scope["path"], exc_info=error)
            if watched.status == 0:
                await refusals.refusal(error, Sent(scope).accept).send(watched)
        finally:
            self._log.request(
                scope["method"],
                scope["raw_path"],
                watched.status,
                time.perf_counter() - started,
                0 if scope["method"] == "HEAD" else watched.size,
                revision,
                source,
            )


def _response(reply: Reply) -> Response:
    response = Response(reply.body, reply.status)
    response.raw_headers = list(reply.all_headers)
    return response


async def _family(request: Request, error: Exception) -> Response:
    problems.note(error)
    return _response(refusals.refusal(error, request.headers.get("accept")))


async def _defect(request: Request, error: Exception) -> Response:
    return _response(refusals.refusal(error, request.headers.get("accept")))


class _Nothing(Response):
    """No response, for a client that has gone away."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pass


async def _gone(request: Request, error: Exception) -> Response:  # noqa: ARG001 - as FastAPI calls it
    return _Nothing()


async def _status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = ", ".join(_methods(request))
        if request.method == "OPTIONS":
            return _response(Reply(204, [*_preflight(allowed), *CORS]))
        detail = f"{request.method} is not allowed here; {allowed} are"
        problem = problems.of_status(405, detail, {"Allow": allowed})
    else:
        details = {404: f"nothing is at {request.url.path}"}
        detail = details.get(error.status_code, error.detail)
        problem = problems.of_status(error.status_code, detail, error.headers)
    return _response(refusals.told(problem, request.headers.get("accept")))


def _methods(request: Request) -> list[str]:
    """The methods of whatever is at the address of a request."""
    found = {"OPTIONS"}
    for group in request.app.state.groups:
        for route in group.routes:
            match, _ = route.matches(request.scope)
            if match is not Match.NONE:
                found |= route.methods or set()
    if "GET" in found:
        found.add("HEAD")
    return [method for method in METHODS if method in found]


def _preflight(allowed: str) -> Headers:
    """What a browser may send here from another site's page, a token included (Fetch Standard, CORS protocol)."""
    return [
        (b"allow", allowed.encode()),
        (b"access-control-allow-methods", allowed.encode()),
        (
            b"access-control-allow-headers",
            b"Accept, Accept-Datetime, Authorization, Content-Encoding, Content-Type, If-None-Match",
        ),
        (b"access-control-max-age", b"86400"),
    ]


async def _parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = error.errors()
    path = request.url.path
    missing = " and ".join(f"{one['loc'][-1]}=" for one in wrong if one["type"] == "missing")
    parts = [f"{path} needs {NEEDS.get(path, missing)}"] if missing else []
    parts += [_expected(one) for one in wrong if one["type"] != "missing"]
    return _response(refusals.told(problems.of_status(400, "; ".join(parts)), request.headers.get("accept")))


def _expected(wrong: dict[str, Any]) -> str:
    """What to write for a parameter that says something else, in words that need no knowledge of the framework."""
    limits = wrong.get("ctx", {})
    wanted = {
        "int_parsing": "has to be a whole number",
        "greater_than_equal": f"has to be at least {limits.get('ge')}",
        "less_than_equal": f"has to be at most {limits.get('le')}",
        "literal_error": f"has to be {limits.get('expected')}",
    }
    return f"{wrong['loc'][-1]}= {wanted.get(wrong['type'], wrong['msg'])}, not {str(wrong['input'])[:100]!r}"


def _openapi(router: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the endpoint that the router does not see."""
    if router.openapi_schema is None:
        schema = get_openapi(title=router.title, version=router.version, routes=router.routes)
        schema["paths"] = {PATH: SPARQL, **schema["paths"]}
        router.openapi_schema = schema
    return router.openapi_schema


def _parameter(name: str, description: str, *, several: bool = False, kind: str = "string") -> dict[str, Any]:
    schema: dict[str, Any] = {"type": kind}
    if several:
        schema = {"type": "array", "items": schema}
    return {"name": name, "in": "query", "description": description, "schema": schema}


ANSWERS: Final = {
    "200": {
        "description": "The answer; without a query, the service description",
        "content": {offer.media_type: {} for offer in (*negotiation.SOLUTIONS, *negotiation.GRAPH)},
    },
    "default": {"description": "A problem", "content": {problems.MEDIA_TYPE: {}}},
}
SPARQL: Final[dict[str, Any]] = {
    "get": {
        "summary": "Query by GET (SPARQL 1.1 Protocol)",
        "parameters": [
            _parameter("query", "The query; without it, the service description"),
            _parameter("default-graph-uri", "A graph of the query's default graph", several=True),
            _parameter("named-graph-uri", "A named graph that the query sees", several=True),
            _parameter("timeout", "Seconds that the query may take, capped by the server", kind="number"),
            _parameter("revision", "The published revision to answer from; without it, the newest", kind="integer"),
        ],
        "responses": ANSWERS,
    },
    "post": {
        "summary": "Query by POST (SPARQL 1.1 Protocol)",
        "requestBody": {
            "content": {
                "application/sparql-query": {"schema": {"type": "string"}},
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "query": {"type": "string"},
                            "default-graph-uri": {"type": "array", "items": {"type": "string"}},
                            "named-graph-uri": {"type": "array", "items": {"type": "string"}},
                            "timeout": {"type": "number"},
                            "revision": {"type": "integer"},
                        },
                        "required": ["query"],
                    }
                },
            }
        },
        "responses": ANSWERS,
    },
}
