"""Work that nobody should wait for: a process that answers does it when its answer is on the way."""

import contextlib
from collections.abc import Callable, Iterator

__all__ = ["afterwards", "deferring"]

# None where nobody waits for an answer.
_due: list[Callable[[], None]] | None = None


def afterwards(work: Callable[[], None]) -> None:
    """Have something done when the present task has been answered; at once where there is none."""
    if _due is None:
        work()
    else:
        _due.append(work)


@contextlib.contextmanager
def deferring() -> Iterator[None]:
    """One task and its answer; what it leaves to be done afterwards is done when the block ends, unless it raises."""
    global _due
    _due = []
    try:
        yield
        while _due:
            _due.pop(0)()
    finally:
        _due = None
