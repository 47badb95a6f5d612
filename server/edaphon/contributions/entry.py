"""The ledger's record of a contribution, as it stands when it is first written down."""

import hashlib
from datetime import datetime

from edaphon.contributions.verdict import Verdict
from edaphon.store.delta import Delta
from edaphon.store.ledger.records import Contribution, Kind

__all__ = ["entry"]


def entry(
    identifier: str,
    kind: Kind,
    title: str,
    by: str,
    created: datetime,
    content: bytes,
    media_type: str,
    delta: Delta,
    verdict: Verdict,
    base: int,
    *,
    source: str | None = None,
    decided: datetime | None = None,
    reason: str | None = None,
    reverts: str | None = None,
) -> Contribution:
    """A contribution whose change, `delta`, conforms by its verdict on the revision `base`.

    It is proposed; with `decided` it is accepted in the same step by whoever made it, in the revision after `base`.
    """
    return Contribution(
        id=identifier,
        kind=kind,
        title=title,
        source=source,
        contributor=by,
        status="proposed" if decided is None else "accepted",
        created=created,
        decided=decided,
        decided_by=None if decided is None else by,
        reason=reason,
        revision=None if decided is None else base + 1,
        base=base,
        added=len(delta.added),
        removed=len(delta.removed),
        conforms=True,
        shapes=verdict.shapes,
        media_type=media_type,
        digest=hashlib.sha256(content).hexdigest(),
        reverts=reverts,
        reverted_by=None,
    )
