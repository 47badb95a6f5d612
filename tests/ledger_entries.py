"""Entries of a ledger for tests that care about one thing in them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from edaphon.store.ledger import Contribution, RevisionRecord

__all__ = ["NOON", "entry", "proposal", "revision"]

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def proposal(id: str = "kenya", *, minutes: int = 0, **other: Any) -> Contribution:
    """A proposal made so many minutes after noon."""
    known: dict[str, Any] = {
        "kind": "proposal",
        "title": f"About {id}",
        "source": None,
        "contributor": "wanjiru",
        "status": "proposed",
        "created": NOON + timedelta(minutes=minutes),
        "decided": None,
        "decided_by": None,
        "reason": None,
        "revision": None,
        "base": 1,
        "added": 3,
        "removed": 0,
        "conforms": True,
        "shapes": "shapes-1",
        "media_type": "text/turtle",
        "digest": "d1",
        "reverts": None,
        "reverted_by": None,
    }
    return Contribution(id=id, **{**known, **other})


def revision(number: int, *, minutes: int = 0, **other: Any) -> RevisionRecord:
    """A revision with its delta, published so many minutes after noon."""
    known: dict[str, Any] = {
        "at": NOON + timedelta(minutes=minutes),
        "cause": "contribution",
        "actor": "rita",
        "contribution": None,
        "title": None,
        "added": 2,
        "removed": 1,
        "corpus": "corpus-1",
        "complete": True,
    }
    return RevisionRecord(number=number, **{**known, **other})


def entry(id: str) -> tuple[Contribution, bytes, bytes, bytes]:
    """What `Ledger.submit` takes, with contents that tell whose they are."""
    return proposal(id), f"payload {id}".encode(), f"request {id}".encode(), f"report {id}".encode()
