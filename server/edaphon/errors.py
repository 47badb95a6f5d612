"""Every failure that a user can meet, as one family; `web/problems.py` gives each its HTTP status.

EdaphonError
├── AddressUnusable        the server cannot listen where it was told to
├── CorpusError            a folder or file of the corpus is missing or says something unusable
├── ParseError             RDF that does not parse: which file, line and column
├── ShapesError            shapes that cannot be used, and why
├── StateError             a state folder that cannot be used
│   ├── StateMismatch      it was made with another corpus or default-graph mode
│   ├── StateBusy          another process holds its lock
│   │   └── RevisionTaken  another server has published a revision of that number
│   ├── StateFull          its disk has no room left
│   ├── LedgerError        its ledger cannot be reached, read or written
│   └── RevisionMissing    no such revision, or none published yet
│       ├── RevisionUnknown    none of that number was ever published
│       └── RevisionGone       it was, but is not kept and cannot be made again
├── QueryError             a query that has no answer
│   ├── QuerySyntax        it does not parse: line, column, hint
│   ├── EgressRefused      it names a SERVICE or LOAD target that the operator did not allow
│   ├── RemoteFailed       an allowed remote endpoint failed
│   ├── EngineRefused      the engine parsed it but says that it cannot evaluate it
│   ├── EngineFailed       the engine broke on it, which is a defect
│   ├── DeadlineReached    it ran out of time
│   ├── MemoryReached      it ran out of memory, heap or stack
│   ├── ResultTooLarge     its result outgrew the limit
│   └── PoolBusy           all workers and the queue are taken
├── ContributionError      a change of the graph that cannot be made
│   ├── ContributionUnknown    there is none of that id
│   ├── ContributionRefused    what it asks for cannot be asked of this graph
│   ├── GraphProtected         it touches a graph that contributions must leave alone
│   ├── DefaultGraphKept       it writes to a default graph that the server keeps
│   ├── GraphUnknown           it drops a graph that is not there
│   ├── NothingToRetract       it retracts what is not stated
│   ├── AlreadyPublished       it brings nothing that is not stated already
│   ├── WrongStatus            it is not in a status for that decision
│   ├── NotConforming          the graph would not conform to the shapes: the report
│   └── NoLongerConforming     it did once, but what is published has changed since: the report
├── TokenError             a token that cannot be made or revoked
└── RequestError           an HTTP request that cannot be served as it stands
    ├── MalformedRequest   a parameter or body that makes no sense
    ├── TokenRequired      it needs a token that is missing or unknown
    ├── Forbidden          its token's role does not suffice, or it decides on its own proposal
    ├── TooManyRequests    its sender has sent too many
    ├── PreconditionFailed what it changes has changed meanwhile
    ├── ResourceUnknown    nothing is said of what it asks about
    │   └── ResourceGone   something was, but is not any more
    ├── NotAcceptable      no format on offer fits Accept
    ├── UnsupportedMedia   a body of a type or coding that is not taken
    ├── BodyTooLarge       more bytes than allowed, unpacked size counted
    └── BodyTimeout        the body stopped arriving
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # pathlib costs a query worker a third of its start-up
    from pathlib import Path
    from typing import Any

__all__ = [
    "AddressUnusable",
    "AlreadyPublished",
    "BodyTimeout",
    "BodyTooLarge",
    "ContributionError",
    "ContributionRefused",
    "ContributionUnknown",
    "CorpusError",
    "DeadlineReached",
    "DefaultGraphKept",
    "EdaphonError",
    "EgressRefused",
    "EngineFailed",
    "EngineRefused",
    "Forbidden",
    "GraphProtected",
    "GraphUnknown",
    "LedgerError",
    "MalformedRequest",
    "MemoryReached",
    "NoLongerConforming",
    "NotAcceptable",
    "NotConforming",
    "NothingToRetract",
    "ParseError",
    "PoolBusy",
    "PreconditionFailed",
    "QueryError",
    "QuerySyntax",
    "RemoteFailed",
    "RequestError",
    "ResourceGone",
    "ResourceUnknown",
    "ResultTooLarge",
    "RevisionGone",
    "RevisionMissing",
    "RevisionTaken",
    "RevisionUnknown",
    "ShapesError",
    "StateBusy",
    "StateError",
    "StateFull",
    "StateMismatch",
    "TokenError",
    "TokenRequired",
    "TooManyRequests",
    "UnsupportedMedia",
    "WrongStatus",
]


class EdaphonError(Exception):
    """A failure with a message for the person who can mend it: what is wrong, and what to do."""


class AddressUnusable(EdaphonError):
    """The server cannot listen where it was told to."""


class CorpusError(EdaphonError):
    """A folder or file of the corpus is missing or says something unusable."""


class ParseError(EdaphonError):
    """RDF that does not parse. `line` and `column` count from 1; None where the parser does not tell."""

    def __init__(self, detail: str, *, source: Path | str, line: int | None = None, column: int | None = None) -> None:
        where = ":".join(str(part) for part in (source, line, column) if part is not None)
        super().__init__(f"{where}: {detail}")
        self.detail = detail
        self.source = source
        self.line = line
        self.column = column


class ShapesError(EdaphonError):
    """Shapes that cannot be used, and why."""


class StateError(EdaphonError):
    """A state folder that cannot be used."""


class StateMismatch(StateError):
    """The state folder was made with another corpus or default-graph mode than the one asked for."""


class StateBusy(StateError):
    """Another process holds the state folder's lock."""


class RevisionTaken(StateBusy):
    """Another server has published a revision of that number, or a later one: one has to catch up with it first."""


class RevisionMissing(StateError):
    """There is no such revision, or none has been published yet."""


class RevisionUnknown(RevisionMissing):
    """No revision of that number has been published."""


class RevisionGone(RevisionMissing):
    """The revision was published once, but is not kept any more, and making it again is impossible or too much work."""


class StateFull(StateError):
    """The disk has no room left for the next revision; what was published is as it was."""


class LedgerError(StateError):
    """The ledger cannot be reached, read or written."""


class QueryError(EdaphonError):
    """A query that has no answer."""


class QuerySyntax(QueryError):
    """A query that does not parse. `line` and `column` count characters from 1; `hint` says what to do."""

    def __init__(self, detail: str, *, line: int, column: int, hint: str | None = None) -> None:
        super().__init__(detail)
        self.line = line
        self.column = column
        self.hint = hint


class EgressRefused(QueryError):
    """A query or update that would reach out to an address the operator did not allow."""


class RemoteFailed(QueryError):
    """An allowed remote endpoint refused, failed or answered nonsense."""


class EngineRefused(QueryError):
    """The engine parsed the query but cannot evaluate it."""


class EngineFailed(QueryError):
    """The engine broke on the query: a defect of the engine or of ours, not of the query."""


class DeadlineReached(QueryError):
    """The query, or another piece of work, ran out of time. `seconds` is the time it was given."""

    def __init__(
        self,
        seconds: float,
        work: str = "the query",
        advice: str = "ask for less at once, by patterns that fit fewer statements or by LIMIT",
    ) -> None:
        super().__init__(f"{work} was stopped after {seconds:g} s, its time limit; {advice}")
        self.seconds = seconds


class MemoryReached(QueryError):
    """The query ran out of memory. `limit` says which: `heap` or `stack`."""

    def __init__(self, detail: str, *, limit: str) -> None:
        super().__init__(detail)
        self.limit = limit


class ResultTooLarge(QueryError):
    """The result outgrew the limit on one result's size."""


class PoolBusy(QueryError):
    """No worker became free in time. `retry_after` is in whole seconds."""

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class ContributionError(EdaphonError):
    """A change of the graph that cannot be made; nothing has been changed."""


class ContributionUnknown(ContributionError):
    """There is no contribution of that id."""


class ContributionRefused(ContributionError):
    """A contribution that asks for something that contributions to this graph cannot ask for."""


class GraphProtected(ContributionError):
    """A contribution that touches a graph which contributions must leave alone. `graph` is its IRI."""

    def __init__(self, detail: str, *, graph: str) -> None:
        super().__init__(detail)
        self.graph = graph


class DefaultGraphKept(ContributionError):
    """A write to a default graph that the server keeps as the merge of all others."""


class GraphUnknown(ContributionError):
    """There is no graph of that name."""


class NothingToRetract(ContributionError):
    """A contribution that retracts what is not stated."""


class AlreadyPublished(ContributionError):
    """A contribution that brings nothing that is not stated already."""


class WrongStatus(ContributionError):
    """A decision for which the contribution is not in the right status. `contribution_status` is the one it has."""

    def __init__(self, detail: str, *, contribution_status: str) -> None:
        super().__init__(detail)
        self.contribution_status = contribution_status


class NotConforming(ContributionError):
    """The graph would not conform to the shapes with the change. `report` is a conformance.model.findings.Report."""

    # Any, since the folders below this module may not be known here (tests/server/test_layers.py).
    def __init__(self, detail: str, *, report: Any) -> None:
        super().__init__(detail)
        self.report = report


class NoLongerConforming(NotConforming):
    """The change conformed when it was proposed, but what is published has changed since."""


class TokenError(EdaphonError):
    """A token that cannot be made or revoked: its name is taken or unknown."""


class RequestError(EdaphonError):
    """An HTTP request that cannot be served as it stands."""


class MalformedRequest(RequestError):
    """A parameter or body that makes no sense."""


class TokenRequired(RequestError):
    """The request needs a token, and the one given is missing or unknown.

    `error` is the code of RFC 6750 section 3.1 that tells why; None where no token was given.
    """

    def __init__(self, detail: str, *, error: str | None = None) -> None:
        super().__init__(detail)
        self.error = error


class Forbidden(RequestError):
    """The role of the request's token does not suffice, or the request decides on its sender's own proposal."""


class TooManyRequests(RequestError):
    """The request's sender has sent too many. `retry_after` is in whole seconds."""

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class PreconditionFailed(RequestError):
    """What the request would change has changed since its sender looked (RFC 9110 section 13.1)."""


class ResourceUnknown(RequestError):
    """Nothing is said of the resource that the request asks about."""


class ResourceGone(ResourceUnknown):
    """Something was said of the resource in an earlier revision, but nothing is any more."""


class NotAcceptable(RequestError):
    """No format on offer fits the request's Accept header. `offered` lists the media types that would."""

    def __init__(self, detail: str, *, offered: tuple[str, ...]) -> None:
        super().__init__(detail)
        self.offered = offered


class UnsupportedMedia(RequestError):
    """A body of a media type or content coding that is not taken here."""


class BodyTooLarge(RequestError):
    """More bytes than allowed; unpacked size counted."""


class BodyTimeout(RequestError):
    """The body stopped arriving."""
