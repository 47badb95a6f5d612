"""Contributions and revisions as JSON: what programs rely on, with the addresses of what belongs to each."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from edaphon.namespaces import CONTRIBUTION

if TYPE_CHECKING:  # costs a server's start the time that importing databases takes
    from edaphon.store.ledger.records import Contribution, RevisionRecord

__all__ = ["contribution", "place", "revision", "utc"]


def place(origin: str, identifier: str) -> str:
    """The address of a contribution on the server that has this origin."""
    return f"{origin}/contributions/{identifier}"


def utc(moment: datetime | None) -> str | None:
    """A time in ISO 8601, with Z for UTC."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def contribution(one: "Contribution", origin: str, found: Mapping[str, int] | None = None) -> dict[str, Any]:
    """All that is known of a contribution. Its IRI is that of its graph as well.

    `found` is how many findings of each severity its last check has, for one that is not in a list.
    """
    own = place(origin, one.id)
    return {
        "id": one.id,
        "iri": CONTRIBUTION + one.id,
        "graph": CONTRIBUTION + one.id,
        "kind": one.kind,
        "title": one.title,
        "source": one.source,
        "contributor": one.contributor,
        "status": one.status,
        "created": utc(one.created),
        "decided": utc(one.decided),
        "decided_by": one.decided_by,
        "reason": one.reason,
        "revision": one.revision,
        "checked_on": one.base,
        "added": one.added,
        "removed": one.removed,
        "conforms": one.conforms,
        **(found or {}),
        "shapes": one.shapes,
        "media_type": one.media_type,
        "sha256": one.digest,
        "reverts": one.reverts,
        "reverted_by": one.reverted_by,
        "links": {
            "self": own,
            "payload": f"{own}/payload",
            "diff": f"{own}/diff",
            "report": f"{own}/report",
            **({} if one.reverts is None else {"reverts": place(origin, one.reverts)}),
            **({} if one.reverted_by is None else {"reverted_by": place(origin, one.reverted_by)}),
        },
    }


def revision(one: "RevisionRecord", origin: str) -> dict[str, Any]:
    """All that is known of a revision; `diff` is there when the ledger has what it changed."""
    links = {}
    if one.complete and one.number > 1:
        links["diff"] = f"{origin}/diff?from={one.number - 1}&to={one.number}"
    if one.contribution is not None:
        links["contribution"] = place(origin, one.contribution)
    return {
        "revision": one.number,
        "at": utc(one.at),
        "cause": one.cause,
        "actor": one.actor,
        "contribution": one.contribution,
        "title": one.title,
        "added": one.added,
        "removed": one.removed,
        "links": links,
    }
