"""Which status, type and title each failure has over HTTP, and the problem document that tells of it (RFC 9457)."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from edaphon import errors
from edaphon.namespaces import BASE
from edaphon.web.replies import CORS, NEGOTIATED, NEVER_STORED, Headers, Reply, packed

__all__ = ["MEDIA_TYPE", "Kind", "Problem", "note", "of", "of_status", "reply"]

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
# Seconds after which a change that takes its time is over, as a rule.
PUBLISHING: Final = 10
TYPES: Final = BASE + "problem/"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem. `facts` are the attributes of its exception that the document repeats."""

    status: int
    name: str
    title: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem document. `facts` are its extension members; `headers` go with it."""

    kind: Kind
    detail: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()

    def document(self) -> dict[str, Any]:
        """The members of the JSON document."""
        return {
            "type": TYPES + self.kind.name,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            **self.facts,
        }


INTERNAL: Final = Kind(500, "internal", "The server made a mistake")

# An exception is looked up along its ancestors, so that a new member of the family has its parent's status.
KINDS: Final[dict[type[BaseException], Kind]] = {
    errors.EdaphonError: INTERNAL,
    errors.ParseError: Kind(400, "parse", "RDF that does not parse", ("line", "column")),
    errors.ShapesError: Kind(400, "shapes", "The shapes cannot be used"),
    errors.RevisionMissing: Kind(503, "no-revision", "Nothing is published yet"),
    errors.RevisionUnknown: Kind(404, "unknown-revision", "There is no such revision"),
    errors.RevisionGone: Kind(410, "revision-gone", "The revision is not kept any more"),
    errors.StateBusy: Kind(503, "busy", "The server is busy"),
    errors.StateFull: Kind(507, "disk", "The server's disk is full"),
    errors.LedgerError: Kind(503, "ledger", "The ledger cannot be reached"),
    errors.ContributionError: Kind(400, "contribution", "The change cannot be made"),
    errors.ContributionUnknown: Kind(404, "no-contribution", "There is no such contribution"),
    errors.ContributionRefused: Kind(400, "refused", "The contribution asks for what it cannot have"),
    errors.GraphProtected: Kind(403, "protected-graph", "The graph is not open to contributions", ("graph",)),
    errors.DefaultGraphKept: Kind(409, "default-graph", "The default graph is kept by the server"),
    errors.GraphUnknown: Kind(404, "no-graph", "There is no such graph"),
    errors.NothingToRetract: Kind(409, "nothing-to-retract", "What should go is not stated"),
    errors.AlreadyPublished: Kind(409, "duplicate", "Everything in it is published already"),
    errors.WrongStatus: Kind(409, "status", "The contribution is not in a status for that", ("contribution_status",)),
    errors.NotConforming: Kind(422, "shapes-violated", "The graph would not conform to the shapes"),
    errors.NoLongerConforming: Kind(409, "no-longer-conforms", "The graph would no longer conform to the shapes"),
    errors.TokenError: Kind(409, "token-name", "The token cannot be made or revoked"),
    errors.QueryError: Kind(400, "query", "A query without an answer"),
    errors.QuerySyntax: Kind(400, "syntax", "The query does not parse", ("line", "column", "hint")),
    errors.EgressRefused: Kind(403, "egress", "The query would reach out to another server"),
    errors.RemoteFailed: Kind(502, "remote", "A remote endpoint failed"),
    errors.EngineRefused: Kind(400, "unsupported", "The engine cannot evaluate the query"),
    errors.EngineFailed: Kind(500, "engine", "The engine broke on the query"),
    errors.DeadlineReached: Kind(503, "deadline", "Out of time", ("seconds",)),
    errors.MemoryReached: Kind(507, "memory", "It ran out of memory", ("limit",)),
    errors.ResultTooLarge: Kind(507, "result", "The result is too large"),
    errors.PoolBusy: Kind(503, "busy", "The server is full", ("retry_after",)),
    errors.RequestError: Kind(400, "request", "The request cannot be served"),
    errors.MalformedRequest: Kind(400, "malformed", "The request makes no sense"),
    errors.TokenRequired: Kind(401, "token", "A token is needed"),
    errors.Forbidden: Kind(403, "forbidden", "You may not do that"),
    errors.TooManyRequests: Kind(429, "too-many", "Too many requests from you", ("retry_after",)),
    errors.PreconditionFailed: Kind(412, "precondition", "It has changed meanwhile"),
    errors.ResourceUnknown: Kind(404, "unknown", "Nothing is known of that"),
    errors.ResourceGone: Kind(410, "gone", "Nothing is said of that any more"),
    errors.NotAcceptable: Kind(406, "not-acceptable", "No format on offer is acceptable", ("offered",)),
    errors.UnsupportedMedia: Kind(415, "unsupported-media", "The body's type is not taken"),
    errors.BodyTooLarge: Kind(413, "too-large", "The request is too large"),
    errors.BodyTimeout: Kind(408, "slow-body", "The body stopped arriving"),
}

# What clients are told in place of messages that name files of this server; None where these name none.
UNPLACED: Final[dict[type[BaseException], str | None]] = {
    errors.RevisionMissing: None,
    errors.RevisionTaken: None,
    errors.StateFull: "the server's disk is full, so nothing was changed; try again later, and tell whoever runs it",
    errors.StateBusy: "another change is being published and takes its time, so nothing was changed; try again",
    errors.LedgerError: "the ledger of contributions cannot be used just now, so nothing was changed; try again later",
    errors.StateError: "the state folder cannot be used; the server's log says why",
}

# For what the router finds out by itself.
STATUSES: Final = {
    404: Kind(404, "not-found", "There is nothing here"),
    405: Kind(405, "method-not-allowed", "The method is not allowed here"),
    414: Kind(414, "too-long", "The address is too long"),
}


def note(error: BaseException) -> None:
    """Log what clients are not told."""
    if _detail(error) != str(error):
        logger.error("%s", error)


def of(error: BaseException) -> Problem:
    """The problem that an exception stands for. Of one that is not of the family, nothing is told."""
    kind = next((KINDS[ancestor] for ancestor in type(error).__mro__ if ancestor in KINDS), INTERNAL)
    if kind is INTERNAL:
        return Problem(kind, "the request could not be answered; the server's log says more")
    facts = {name: getattr(error, name) for name in kind.facts}
    headers: list[tuple[str, str]] = []
    if isinstance(error, errors.PoolBusy | errors.TooManyRequests):
        headers.append(("retry-after", str(error.retry_after)))
    if isinstance(error, errors.StateBusy):
        headers.append(("retry-after", str(PUBLISHING)))
    if isinstance(error, errors.TokenRequired):
        reason = "" if error.error is None else f', error="{error.error}"'
        headers.append(("www-authenticate", f'Bearer realm="edaphon"{reason}'))
    if isinstance(error, errors.BodyTooLarge | errors.BodyTimeout):
        # The rest of the body may still be on its way, and is not to be taken for a request.
        headers.append(("connection", "close"))
    known = {name: value for name, value in facts.items() if value is not None and value != ()}
    if isinstance(error, errors.NotConforming):
        known |= _report(error)
    return Problem(kind, _detail(error), known, tuple(headers))


def _detail(error: BaseException) -> str:
    """What is told of an error: of the state folder not where it is, which is for the operator alone to know."""
    return next((UNPLACED[ancestor] for ancestor in type(error).__mro__ if ancestor in UNPLACED), None) or str(error)


def _report(error: errors.NotConforming) -> dict[str, Any]:
    """The SHACL report of a refused change: a list of findings, and the report itself in JSON-LD."""
    # Only where there is a report; it costs a server's start a sixth of a second.
    from edaphon.conformance.report.json import as_json
    from edaphon.conformance.report.rdf import write_jsonld

    return {
        "findings": [as_json(finding) for finding in error.report.findings],
        "report": json.loads(write_jsonld(error.report)),
    }


def of_status(status: int, detail: str | None = None, headers: Mapping[str, str] | None = None) -> Problem:
    """The problem that goes with a bare status."""
    phrase = HTTPStatus(status).phrase
    kind = STATUSES.get(status, Kind(status, phrase.lower().replace(" ", "-"), phrase))
    return Problem(kind, detail or kind.title, headers=tuple((headers or {}).items()))


def reply(problem: Problem, page: bytes | None = None, policy: str | None = None, *, gzip: bool = False) -> Reply:
    """The response that tells of a problem: the document, or the page given, with its content security policy."""
    if page is None:
        media_type, content = MEDIA_TYPE, json.dumps(problem.document(), ensure_ascii=False).encode("utf-8", "replace")
    else:
        media_type, content = "text/html; charset=utf-8", page
    body, packing = packed(content, gzip=gzip)
    headers: Headers = [(b"content-type", media_type.encode()), *packing, NEGOTIATED, NEVER_STORED, *CORS]
    if policy is not None:
        headers.append((b"content-security-policy", policy.encode()))
    headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in problem.headers]
    return Reply(problem.kind.status, headers, body)
