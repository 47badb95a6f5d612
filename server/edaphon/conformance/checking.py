"""The process in which checks run: it bounds its own memory, then does what it is asked, one check at a time."""

import os
import pickle
import resource
import signal
import sys
from typing import IO, Final

from edaphon.afterwards import deferring
from edaphon.conformance.isolation import LENGTH, Failure
from edaphon.errors import EdaphonError, MemoryReached

__all__ = ["main", "serve"]

# What the interpreter and the engine map before any check begins, in megabytes.
BASELINE: Final = 600


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until there are no more: in the process of its own."""
    while header := requests.read(LENGTH.size):
        (length,) = LENGTH.unpack(header)
        task, arguments = pickle.loads(requests.read(length))
        with deferring():
            try:
                answer = pickle.dumps((task(*arguments),))
            except RecursionError:
                deep = MemoryReached("what was sent is nested too deep to be worked on", limit="stack")
                answer = pickle.dumps(Failure(type(deep), deep.args, vars(deep)))
            except (EdaphonError, MemoryError) as error:
                answer = pickle.dumps(Failure(type(error), error.args, vars(error)))
            answers.write(LENGTH.pack(len(answer)) + answer)
            answers.flush()


def main() -> None:
    """Be the process: limits first, then whatever is asked."""
    limit = (int(sys.argv[1]) + BASELINE) * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
