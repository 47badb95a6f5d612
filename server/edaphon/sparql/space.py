"""How much memory a query may take: a bound on the growth of the process's address space."""

import os
import resource
import sys
from typing import Final

__all__ = ["Space"]

PAGE: Final = resource.getpagesize()


class Space:
    """The address space of this process. `size` is what it took when it was measured last, in bytes.

    A bound stays until it is set anew, so that two queries in a row that leave the process as large as it was cost
    one look at its size each, and nothing else.
    """

    def __init__(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        self._given = (soft, hard)
        # What was set for us from outside holds, too.
        self._most = min((limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY), default=sys.maxsize)
        self._bound: int | None = None
        # Kept open, since it is read for every query.
        self._sizes = os.open("/proc/self/statm", os.O_RDONLY)
        self.size = self.measure()

    def measure(self) -> int:
        """Look how much the process takes now, in the measure that RLIMIT_AS bounds."""
        self.size = int(os.pread(self._sizes, 128, 0).split(None, 1)[0]) * PAGE
        return self.size

    def bound(self, growth: int) -> None:
        """Let the process grow by so many bytes beyond `size`, and no more."""
        bound = min(self.size + growth, self._most)
        if bound != self._bound:
            resource.setrlimit(resource.RLIMIT_AS, (bound, self._given[1]))
            self._bound = bound

    def lift(self) -> None:
        """Take the bound away."""
        if self._bound is not None:
            resource.setrlimit(resource.RLIMIT_AS, self._given)
            self._bound = None
