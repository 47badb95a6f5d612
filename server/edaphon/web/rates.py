"""Whether somebody has sent too many requests of a kind lately: sliding windows of a minute, over all processes."""

import math
import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import Storage
from limits.storage.base import SlidingWindowCounterSupport, TimestampedSlidingWindow
from limits.strategies import SlidingWindowCounterRateLimiter

from edaphon.errors import TooManyRequests
from edaphon.web.tally import Tally

__all__ = ["FAILURES", "Rates"]

# Unknown tokens that one address may send per minute. Who mistypes needs a few, who guesses needs very many.
FAILURES: Final = 30


class Shared(Storage, SlidingWindowCounterSupport, TimestampedSlidingWindow):
    """A storage of the `limits` library in a tally that processes share."""

    STORAGE_SCHEME = None

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self._tally = tally

    @property
    def base_exceptions(self) -> type[Exception]:
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        with self._tally.alone():
            return self._tally.add(key, amount, expiry)

    def get(self, key: str) -> int:
        with self._tally.alone():
            return self._tally.count(key)

    def get_expiry(self, key: str) -> float:
        with self._tally.alone():
            return self._tally.ends(key) or time.time()

    def check(self) -> bool:
        return True

    def reset(self) -> None:
        with self._tally.alone():
            self._tally.clear()

    def clear(self, key: str) -> None:
        with self._tally.alone():
            self._tally.forget(key)

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = time.time()
        with self._tally.alone():
            before, remaining, current, _ = self._window(key, expiry, now)
            if math.floor(before * remaining / expiry + current) + amount > limit:
                return False
            _, name = self.sliding_window_keys(key, expiry, now)
            # It counts in the window after its own, too.
            self._tally.add(name, amount, 2 * expiry)
            return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        with self._tally.alone():
            return self._window(key, expiry, time.time())

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        with self._tally.alone():
            for name in self.sliding_window_keys(key, expiry, time.time()):
                self._tally.forget(name)

    def _window(self, key: str, expiry: int, now: float) -> tuple[int, float, int, float]:
        """The counts of the last window and of this one, and for how long they matter, in seconds."""
        before, current = map(self._tally.count, self.sliding_window_keys(key, expiry, now))
        remaining = expiry - now % expiry
        return before, remaining if before else 0.0, current, remaining + expiry


class Rates:
    """What one token, and one address, may send: `writes` per minute, 0 for no limit, and not many unknown tokens."""

    def __init__(self, writes: int, tally: Tally) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(Shared(tally))
        self._writes = RateLimitItemPerMinute(writes) if writes else None
        self._failures = RateLimitItemPerMinute(FAILURES) if writes else None

    def write(self, *sender: str) -> None:
        """Count a write of a sender, named by what it is and its name. Raises TooManyRequests."""
        if self._writes is not None and not self._limiter.hit(self._writes, "writes", *sender):
            raise self._too_many(self._writes, "writes", *sender)

    def failed(self, address: str) -> None:
        """Count an unknown token from an address."""
        if self._failures is not None:
            self._limiter.hit(self._failures, "failures", address)

    def may_try(self, address: str) -> None:
        """Raise TooManyRequests for an address from which too many unknown tokens came."""
        if self._failures is not None and not self._limiter.test(self._failures, "failures", address):
            raise self._too_many(self._failures, "failures", address)

    def _too_many(self, limit: RateLimitItemPerMinute, kind: str, *sender: str) -> TooManyRequests:
        until = self._limiter.get_window_stats(limit, kind, *sender).reset_time
        seconds = max(1, math.ceil(until - time.time()))
        what = "unknown tokens came from your address" if kind == "failures" else f"writes came from your {sender[0]}"
        return TooManyRequests(
            f"more than {limit.amount} {what} in a minute; try again in {seconds} s", retry_after=seconds
        )
