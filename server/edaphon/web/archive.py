"""Published revisions by number or by time, made again where they are not kept, and the ledger's dates of them."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from cachetools import LRUCache

from edaphon.errors import RevisionGone, RevisionMissing, RevisionUnknown
from edaphon.sparql.pool import Published
from edaphon.web.clerk import Clerk

if TYPE_CHECKING:  # what costs a server's start time is imported when somebody asks about the past
    from edaphon.store.ledger import RevisionRecord
    from edaphon.store.mentions import Changes
    from edaphon.store.revisions import Revision

__all__ = ["Archive"]

# Times and changes that are remembered; each takes about a kilobyte.
REMEMBERED: Final = 1_000


class Archive:
    """The revisions of one state. Without a clerk there are none but the published one."""

    def __init__(self, current: Callable[[], Published], clerk: Clerk | None) -> None:
        self._current = current
        self._clerk = clerk
        self._making: dict[int, asyncio.Task[Revision]] = {}
        self._times: LRUCache[int, datetime] = LRUCache(REMEMBERED)
        self._changes: LRUCache[tuple[str, int, int, int], Changes] = LRUCache(REMEMBERED)

    async def revision(self, number: int) -> Published:
        """The revision of this number. Raises RevisionUnknown, RevisionGone, and what making it again may meet."""
        now = self._current()
        if number == now.number:
            return now
        if not 0 < number < now.number:
            raise RevisionUnknown(f"no revision {number} has been published; the newest is {now.number}")
        if self._clerk is None:
            raise RevisionGone(f"revision {number} is not kept by this server; the published one is {now.number}")
        await self._clerk.ready()
        from edaphon.store.past import find

        return find(self._clerk.state, number) or await self._made(number, self._clerk)

    async def time(self, number: int) -> datetime | None:
        """When a revision was published; None when that is not recorded."""
        if number not in self._times and self._clerk is not None:
            await self._clerk.ready()
            try:
                record = await self._clerk.ledger(lambda ledger: ledger.revision(number))
            except RevisionMissing:
                return None
            self._times[number] = record.at
        return self._times.get(number)

    async def number_at(self, when: datetime) -> int:
        """The number of the revision that was the published one at a time; 0 before the first."""
        if self._clerk is None:
            return self._current().number
        await self._clerk.ready()
        record: RevisionRecord | None = await self._clerk.ledger(lambda ledger: ledger.revision_at(when))
        return 0 if record is None else record.number

    async def changes(self, iri: str, number: int, quads: int, most: int) -> "Changes":
        """In which revisions up to `number` what is stated of an IRI changed; see `store.mentions.changes`."""
        if self._clerk is None:
            from edaphon.store.mentions import Changes

            return Changes((), number, quads > 0)
        await self._clerk.ready()
        from edaphon.contributions import desk

        key = (iri, number, quads, most)
        known = self._changes.get(key)
        if known is None:
            known = self._changes[key] = await self._clerk.show(desk.changes, iri, number, quads, most)
        return known

    async def _made(self, number: int, clerk: Clerk) -> "Revision":
        """The revision made again: once for all who want it at the same time."""
        from edaphon.contributions import desk

        making = self._making.get(number)
        if making is None:
            making = self._making[number] = asyncio.create_task(clerk.show(desk.past, number))
            making.add_done_callback(lambda done: self._ended(number, done))
        # Who goes away does not take it along.
        return await asyncio.shield(making)

    def _ended(self, number: int, making: "asyncio.Task[Revision]") -> None:
        del self._making[number]
        if not making.cancelled():
            # Everybody who waited for it may be gone.
            making.exception()
