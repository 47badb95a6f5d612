"""In which revisions what is stated of a resource changed, and since when it is there: as far as the ledger tells."""

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode, Quad

from edaphon.settings import DefaultGraph as Mode
from edaphon.store.delta import Delta
from edaphon.store.merge import counts
from edaphon.store.state import State

__all__ = ["Change", "Changes", "changes"]

# Looking through what one small revision changed takes 0.1 ms, and the database about as long to find it.
MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Change:
    """A revision that changed what is stated of the resource, or from which on the ledger can tell. `there` says
    whether anything was stated of it from then on.
    """

    number: int
    at: datetime
    there: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes, oldest first. `since` is the revision from which on they are all, and `earlier` whether anything was
    stated before the first of them.
    """

    changes: tuple[Change, ...]
    since: int
    earlier: bool = False

    def there(self, number: int) -> bool:
        """Whether anything was stated in a revision that is no earlier than `since`."""
        return next((one.there for one in reversed(self.changes) if one.number <= number), self.earlier)

    def nearest(self, number: int) -> int | None:
        """The revision to show for another one: itself, or where nothing was stated then, the last before it that
        stated something, or else the first after it; None when none did.
        """
        number = max(number, self.since)
        if number > 0 and self.there(number):
            return number
        later = [one.number for one in self.changes if one.there and one.number > number]
        # What was there up to a change that took it away.
        gone = [one.number - 1 for one in self.changes if not one.there and one.number <= number]
        before = [one for one in gone if one >= self.since and one > 0 and self.there(one)]
        return before[-1] if before else later[0] if later else None


def changes(state: State, iri: str, number: int, quads: int, most: int = MOST) -> Changes:
    """The changes up to a revision in which `quads` quads speak of the resource, looking at the last `most` revisions.

    A quad speaks of a resource that is its subject or its object, or that names its graph. Its predicate it does not
    speak of. Before a bulk load, or the first publication of a corpus, nothing is known.
    """
    sought = f"<{iri}>".encode()
    node = NamedNode(iri)
    since = max(0, number - most)
    # What each revision added to the number of quads; all about the last one whose change is not known, and after it.
    found: list[tuple[int, datetime, int]] = []
    for record, packed in state.ledger.deltas(since, number):
        if packed is None:
            since = record.number
            found = [(record.number, record.at, 0)]
        elif sought in gzip.decompress(packed):
            delta = Delta.unpacked(packed)
            came, went = (_spoken(node, some, state.default_graph) for some in (delta.added, delta.removed))
            if came or went:
                found.append((record.number, record.at, came - went))
    told = []
    known = bool(found) and found[0][0] == since
    for changed, at, more in reversed(found):
        told.append(Change(changed, at, quads > 0))
        quads -= more
    return Changes(tuple(reversed(told)), since, quads > 0 and not known)


def _spoken(node: NamedNode, quads: Iterable[Quad], mode: Mode) -> int:
    """How many of the quads speak of the node."""
    return sum(
        one.graph_name == node
        or (
            node in (one.subject, one.object)
            and (counts(one.graph_name) or (mode == "plain" and isinstance(one.graph_name, DefaultGraph)))
        )
        for one in quads
    )
