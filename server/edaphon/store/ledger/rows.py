"""Rows of the ledger's tables become its records, and the other way round."""

from typing import Any, Final

from sqlalchemy import Column, Row, Select, select

from edaphon.store.ledger import tables
from edaphon.store.ledger.records import Contribution, Event, RevisionRecord, Token

__all__ = [
    "contribution_of",
    "contribution_values",
    "event_of",
    "revision_of",
    "revision_values",
    "select_contributions",
    "select_revisions",
    "token_of",
]

CONTRIBUTION: Final[list[Column[Any]]] = [column for column in tables.contribution.columns if column.name != "seq"]
# Deltas are large, and read one by one.
REVISION: Final[list[Column[Any]]] = [column for column in tables.revision.columns if column.name != "delta"]


def select_contributions() -> Select[Any]:
    """The contributions, as `contribution_of` reads them."""
    payload = tables.payload
    # What the payload is stands beside it, where nothing can change it.
    return select(*CONTRIBUTION, payload.c.media_type, payload.c.digest).join(
        payload, payload.c.contribution == tables.contribution.c.id
    )


def contribution_of(row: Row[Any]) -> Contribution:
    return Contribution(**row._mapping)


def contribution_values(contribution: Contribution) -> dict[str, Any]:
    return {column.name: getattr(contribution, column.name) for column in CONTRIBUTION}


def select_revisions() -> Select[Any]:
    """The revisions without their deltas, as `revision_of` reads them."""
    return select(*REVISION)


def revision_of(row: Row[Any]) -> RevisionRecord:
    return RevisionRecord(**{column.name: row._mapping[column] for column in REVISION})


def revision_values(record: RevisionRecord) -> dict[str, Any]:
    return {column.name: getattr(record, column.name) for column in REVISION}


def token_of(row: Row[Any]) -> Token:
    return Token(row.name, row.role, row.created, row.created_by, row.revoked, row.digest)


def event_of(row: Row[Any]) -> Event:
    return Event(row.seq, row.at, row.kind, row.actor, row.contribution, row.revision, row.details)
