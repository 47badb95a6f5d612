"""What the ledger's entries say: contributions, revisions, tokens, and the events they come from.

Every time is an aware datetime in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

__all__ = [
    "Acceptance",
    "Brought",
    "Cause",
    "Check",
    "Contribution",
    "Event",
    "Happening",
    "Kind",
    "RevisionRecord",
    "Status",
    "Token",
]

Kind = Literal["proposal", "revert", "update", "graph-store"]
Status = Literal["proposed", "accepted", "rejected", "withdrawn", "reverted"]
Cause = Literal["corpus", "contribution", "revert", "update", "graph-store", "load"]
Happening = Literal[
    "submitted",
    "checked",
    "accepted",
    "rejected",
    "withdrawn",
    "reverted",
    "edited",
    "loaded",
    "corpus",
    "rechecked",
    "token-made",
    "token-revoked",
]


@dataclass(frozen=True, slots=True)
class Contribution:
    """A change that somebody proposed or made; `status` and what follows from it sum up its events."""

    id: str
    kind: Kind
    title: str
    # The IRI of the source that it rests on.
    source: str | None
    # The name of the token that it was sent with.
    contributor: str
    status: Status
    created: datetime
    decided: datetime | None
    decided_by: str | None
    reason: str | None
    # The revision that published it.
    revision: int | None
    # The published revision on which it was last checked.
    base: int
    # Quads: as counted at submission; those really added and removed once it is accepted.
    added: int
    removed: int
    conforms: bool
    # The digest of the shapes that it was last checked with.
    shapes: str
    media_type: str
    # SHA-256 of the payload as sent, in hexadecimal.
    digest: str
    # The contribution that it undoes, and the one that undid it.
    reverts: str | None
    reverted_by: str | None


@dataclass(frozen=True, slots=True)
class RevisionRecord:
    """A published revision: what brought it about, and how many quads it added and removed."""

    number: int
    at: datetime
    cause: Cause
    actor: str | None
    contribution: str | None
    title: str | None
    added: int
    removed: int
    # The digest of the corpus that the revision rests on.
    corpus: str | None
    # Whether its delta is in the ledger.
    complete: bool
    # What else is known of it: of a bulk load, the kept copies of its files.
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Token:
    """Who may do what; the token itself is known to nobody but its holder."""

    name: str
    role: str
    created: datetime
    created_by: str | None
    revoked: datetime | None
    # SHA-256 of the token in hexadecimal.
    digest: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `seq` grows with time and names it for ever."""

    seq: int
    at: datetime
    kind: Happening
    actor: str | None
    contribution: str | None
    revision: int | None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a contribution against the shapes, on top of the published revision `base`."""

    base: int
    report: bytes
    conforms: bool
    shapes: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The decision that publishes a proposal; `added` and `removed` count what it really changes.

    `check` is the last check where it was made again since the one that the ledger knows.
    """

    id: str
    by: str
    reason: str | None
    added: int
    removed: int
    check: Check | None = None


@dataclass(frozen=True, slots=True)
class Brought:
    """A contribution that is recorded and published in one step.

    Its status, revision and who decided it when are those of the publication, whatever the record says.
    `payload` is what was sent, `request` the change as asked for, `report` that of its check.
    """

    contribution: Contribution
    payload: bytes
    request: bytes
    report: bytes
