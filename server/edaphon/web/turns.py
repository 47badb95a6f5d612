"""Whose turn it is at something that does one thing at a time: those who wait take turns, whatever each one asks."""

import asyncio
from collections import deque
from typing import Final

from edaphon.errors import PoolBusy

__all__ = ["Turns"]

NOBODY: Final = ""


class Turns:
    """Turns for one thing: `most` requests may wait for it, `each` of one owner. For one event loop."""

    def __init__(self, most: int, each: int) -> None:
        self._most = most
        self._each = each
        self._taken = False
        # By owner, those who are to come next first; each owner's requests in their order.
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    async def wait(self, owner: str = NOBODY, retry_after: int = 1) -> None:
        """Return when it is this request's turn; `done` ends it. A request that is cancelled takes no turn.

        `owner` is whose request it is; one without a name counts among all only. Raises PoolBusy when too many wait,
        and says that it is worth trying again after so many seconds.
        """
        if not self._taken:
            self._taken = True
            return
        own = self._waiting.get(owner, ())
        if owner != NOBODY and len(own) >= self._each:
            raise PoolBusy(f"{len(own)} of your requests are waiting to be worked on already", retry_after=retry_after)
        if sum(map(len, self._waiting.values())) >= self._most:
            raise PoolBusy("too many requests are waiting to be worked on", retry_after=retry_after)
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if not mine.cancelled():
                # It had just become its turn.
                self.done()
            elif mine in self._waiting.get(owner, ()):
                self._waiting[owner].remove(mine)
                if not self._waiting[owner]:
                    del self._waiting[owner]
            raise

    def done(self) -> None:
        """End a turn: the next one is that of the owner who has waited longest since the last."""
        while self._waiting:
            owner = next(iter(self._waiting))
            own = self._waiting.pop(owner)
            first = own.popleft()
            if own:
                self._waiting[owner] = own
            # One that has been cancelled may not have heard of it yet.
            if not first.cancelled():
                first.set_result(None)
                return
        self._taken = False
