"""What one transaction writes for each thing that happens: the event, and what it changes in the tables."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from edaphon.errors import ContributionUnknown, TokenError, WrongStatus
from edaphon.store.ledger import tables
from edaphon.store.ledger.records import (
    Acceptance,
    Brought,
    Cause,
    Check,
    Contribution,
    Happening,
    RevisionRecord,
    Status,
    Token,
)
from edaphon.store.ledger.rows import (
    contribution_of,
    contribution_values,
    revision_values,
    select_contributions,
    token_of,
)

__all__ = [
    "accept",
    "add",
    "bring",
    "check",
    "decide",
    "find",
    "make_token",
    "publish",
    "recheck",
    "revoke_token",
    "unknown",
]

# What publishing is among the events, by what brought the revision about.
PUBLISHED: Final[dict[Cause, Happening]] = {
    "corpus": "corpus",
    "load": "loaded",
    "update": "edited",
    "graph-store": "edited",
    "contribution": "accepted",
    "revert": "accepted",
}


def unknown(id: str) -> ContributionUnknown:
    return ContributionUnknown(f"there is no contribution {id}")


def find(connection: Connection, id: str) -> Contribution:
    """Raises ContributionUnknown."""
    row = connection.execute(select_contributions().where(tables.contribution.c.id == id)).one_or_none()
    if row is None:
        raise unknown(id)
    return contribution_of(row)


def make_token(connection: Connection, name: str, digest: str, role: str, by: str | None) -> Token:
    """Raises TokenError when the name, or the digest, was given before."""
    token = tables.token
    made = Token(name, role, _now(), by, None, digest)
    row = connection.execute(select(token).where((token.c.name == name) | (token.c.digest == digest))).first()
    if row is not None:
        if row.name != name:
            raise TokenError(f"the token {row.name} is the same; make another one")
        what = "exists already" if row.revoked is None else "has been revoked, and its name is not given again"
        raise TokenError(f"a token {name} {what}; take another name")
    connection.execute(insert(token).values(name=name, digest=digest, role=role, created=made.created, created_by=by))
    _note(connection, made.created, "token-made", by, name=name, role=role)
    return made


def revoke_token(connection: Connection, name: str, by: str | None) -> Token:
    """Raises TokenError when there is none of that name, or it was revoked before."""
    now = _now()
    token = tables.token
    row = connection.execute(select(token).where(token.c.name == name)).one_or_none()
    if row is None:
        raise TokenError(f"there is no token {name}; `edaphon token list` has all of them")
    if row.revoked is not None:
        raise TokenError(f"the token {name} was revoked already, on {row.revoked:%Y-%m-%d}")
    connection.execute(update(token).where(token.c.name == name).values(revoked=now))
    _note(connection, now, "token-revoked", by, name=name)
    return replace(token_of(row), revoked=now)


def add(connection: Connection, contribution: Contribution, payload: bytes, request: bytes, report: bytes) -> None:
    """Record a contribution with its payload, the change read from it, and the report of its check."""
    at = contribution.created
    connection.execute(insert(tables.contribution).values(**contribution_values(contribution)))
    connection.execute(
        insert(tables.payload).values(
            contribution=contribution.id,
            media_type=contribution.media_type,
            digest=contribution.digest,
            request=request,
            content=payload,
        )
    )
    connection.execute(insert(tables.check_report).values(contribution=contribution.id, at=at, content=report))
    _note(
        connection,
        at,
        "submitted",
        contribution.contributor,
        contribution.id,
        kind=contribution.kind,
        title=contribution.title,
        digest=contribution.digest,
    )
    _note(
        connection,
        at,
        "checked",
        None,
        contribution.id,
        base=contribution.base,
        conforms=contribution.conforms,
        shapes=contribution.shapes,
    )


def check(
    connection: Connection, id: str, made: Check, at: datetime | None = None, *, once: Status = "proposed"
) -> None:
    """Record a new check of a contribution in that status. Raises ContributionUnknown or WrongStatus."""
    at = at or _now()
    found = {"base": made.base, "conforms": made.conforms, "shapes": made.shapes}
    _move(connection, id, once, **found)
    report = tables.check_report
    connection.execute(update(report).where(report.c.contribution == id).values(at=at, content=made.report))
    _note(connection, at, "checked", None, id, **found)


def recheck(connection: Connection, revision: int, shapes: str, failing: int) -> None:
    """Record that all accepted contributions were checked with that revision's corpus, and how many do not conform."""
    _note(connection, _now(), "rechecked", None, None, revision, shapes=shapes, failing=failing)


def decide(connection: Connection, id: str, status: Status, by: str, reason: str | None) -> Contribution:
    """Close a proposal without publishing it. Raises ContributionUnknown or WrongStatus."""
    now = _now()
    happening: Happening = "withdrawn" if status == "withdrawn" else "rejected"
    _move(connection, id, "proposed", status=happening, decided=now, decided_by=by, reason=reason)
    _note(connection, now, happening, by, id, reason=reason)
    return find(connection, id)


def publish(connection: Connection, record: RevisionRecord, delta: bytes | None) -> None:
    """Record a revision, and that its contribution is published, as which `accept` or `bring` have recorded it."""
    connection.execute(insert(tables.revision).values(**revision_values(record), delta=delta))
    details: dict[str, Any] = {"added": record.added, "removed": record.removed}
    if record.contribution is None:
        _note(connection, record.at, PUBLISHED[record.cause], record.actor, None, record.number, **details)
        return
    contribution = find(connection, record.contribution)
    actor, details["reason"] = contribution.decided_by, contribution.reason
    _note(connection, record.at, PUBLISHED[record.cause], actor, contribution.id, record.number, **details)
    if contribution.reverts is not None:
        undone = contribution.reverts
        _move(connection, undone, "accepted", status="reverted", reverted_by=contribution.id)
        by, why = contribution.id, contribution.reason
        _note(connection, record.at, "reverted", actor, undone, record.number, by=by, reason=why)


def accept(connection: Connection, acceptance: Acceptance, record: RevisionRecord) -> None:
    """Decide that a proposal is published as that revision. Raises ContributionUnknown or WrongStatus."""
    if acceptance.check is not None:
        check(connection, acceptance.id, acceptance.check, record.at)
    _move(
        connection,
        acceptance.id,
        "proposed",
        status="accepted",
        decided=record.at,
        decided_by=acceptance.by,
        reason=acceptance.reason,
        revision=record.number,
        added=acceptance.added,
        removed=acceptance.removed,
    )


def bring(connection: Connection, brought: Brought, record: RevisionRecord) -> None:
    """Record a contribution that is published as that revision at once."""
    contribution = replace(
        brought.contribution,
        status="accepted",
        decided=record.at,
        decided_by=record.actor,
        revision=record.number,
    )
    add(connection, contribution, brought.payload, brought.request, brought.report)


def _now() -> datetime:
    return datetime.now(UTC)


def _note(
    connection: Connection,
    at: datetime,
    kind: Happening,
    actor: str | None,
    contribution: str | None = None,
    revision: int | None = None,
    /,
    **details: Any,
) -> None:
    """Record an event."""
    connection.execute(
        insert(tables.event).values(
            at=at, kind=kind, actor=actor, contribution=contribution, revision=revision, details=details
        )
    )


def _move(connection: Connection, id: str, once: Status, /, **values: Any) -> None:
    """Change what is said of a contribution, provided that its status is `once` at this moment."""
    contribution = tables.contribution
    changed = connection.execute(
        update(contribution).where(contribution.c.id == id, contribution.c.status == once).values(**values)
    )
    if changed.rowcount == 0:
        status = find(connection, id).status
        raise WrongStatus(f"the contribution {id} is {status}, not {once}", contribution_status=status)
