"""A timer that is set anew all the time and hardly ever goes off, as limits on what mostly ends at once are."""

import asyncio
from collections.abc import Callable

__all__ = ["Alarm"]


class Alarm:
    """Calls `ring` once the time that it was last set to has come. Setting it to a later time costs nothing.

    The loop's own timers cost more than a short query's whole way through a process: each is made, put in order, and
    taken out again. This one goes off as first set, and is then set to what it should be.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._ring = ring
        self._due: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._at = 0.0

    @property
    def due(self) -> float | None:
        """When it will ring, in the loop's time; None while it will not."""
        return self._due

    def set(self, due: float) -> None:
        """Have it ring at this time, of the loop's clock, and not before."""
        self._due = due
        if self._timer is None or due < self._at:
            if self._timer is not None:
                self._timer.cancel()
            self._at = due
            self._timer = self._loop.call_at(due, self._look)

    def unset(self) -> None:
        """Have it not ring."""
        self._due = None

    def end(self) -> None:
        """Have it not ring, and let go of the loop's timer."""
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        due = self._due
        if due is None:
            return
        if due > self._at:
            self.set(due)
        else:
            self._due = None
            self._ring()
