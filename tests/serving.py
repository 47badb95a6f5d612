"""A real server in a process of its own, on a free port, over a state folder that the test may publish to."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import Quad

from edaphon.store.delta import Delta
from edaphon.store.ledger.records import RevisionRecord
from edaphon.store.preparing import made_from, prepare
from edaphon.store.state import State

__all__ = ["Server", "children", "publish", "serving"]


@dataclass(frozen=True)
class Server:
    """A running server. `log` is where its standard error goes."""

    url: str
    pid: int
    log: Path

    @property
    def sparql(self) -> str:
        """The address of the query endpoint."""
        return self.url + "/sparql"


@contextmanager
def serving(state: State, *options: str) -> Iterator[Server]:
    """Serve a state folder for the length of the block; `options` go to `edaphon serve`."""
    log = state.folder.with_name(state.folder.name + ".log")
    command = [sys.executable, "-m", "edaphon", "serve", "--port", "0", "--state", str(state.folder), *options]
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            address = next((word for word in line.split() if word.startswith("http://")), None)
            assert address is not None, f"the server did not start: {line!r}\n{log.read_text()}"
            yield Server(address.rstrip("/"), process.pid, log)
        finally:
            process.terminate()
            process.wait(30)


def publish(state: State, quads: Iterable[Quad]) -> int:
    """Publish a revision that holds just these quads, as they are, and give its number."""
    # Or the server would publish its corpus over them when it starts.
    prepare(state)
    with state.publishing() as revisions, revisions.next() as candidate:
        before, after = set(candidate.store), set(quads)
        candidate.store.clear()
        candidate.store.extend(after)
        delta = Delta(frozenset(after - before), frozenset(before - after))
        record = RevisionRecord(
            number=candidate.number,
            at=datetime.now(UTC),
            cause="update",
            actor=None,
            contribution=None,
            title=None,
            added=len(delta.added),
            removed=len(delta.removed),
            corpus=made_from(state),
            complete=True,
        )
        # Or the server would take what is published for something that its ledger has lost.
        candidate.commit = lambda: state.ledger.publish(record, delta.packed())
    return state.current().number


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
