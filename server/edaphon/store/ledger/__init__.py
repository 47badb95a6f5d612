"""What was proposed, decided and published, by whom and when: the source of truth that revisions are made from."""

from typing import TYPE_CHECKING, Any

from edaphon.store.ledger.records import (
    Acceptance,
    Brought,
    Cause,
    Check,
    Contribution,
    Event,
    Happening,
    Kind,
    RevisionRecord,
    Status,
    Token,
)

if TYPE_CHECKING:
    from edaphon.store.ledger.ledger import Ledger

__all__ = [
    "Acceptance",
    "Brought",
    "Cause",
    "Check",
    "Contribution",
    "Event",
    "Happening",
    "Kind",
    "Ledger",
    "RevisionRecord",
    "Status",
    "Token",
]


def __getattr__(name: str) -> Any:
    # The database library takes longer to import than everything else: who only speaks of records does without it.
    if name == "Ledger":
        from edaphon.store.ledger.ledger import Ledger

        return Ledger
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
