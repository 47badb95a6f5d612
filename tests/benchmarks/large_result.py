"""A SELECT of a million rows: time beside the Oxigraph server, and how much the HTTP processes grow meanwhile.

Data: a million triples of one predicate. Machine: whatever runs it; the servers take turns. Command:

    python tests/benchmarks/large_result.py
"""

import argparse
import statistics
import threading
import time
import urllib.request
from pathlib import Path
from typing import Final

import setting
from setting import Server

QUERY: Final = "SELECT ?s ?o { ?s <http://example.org/value> ?o }"
PIECE: Final = 1 << 16


class Watch:
    """The largest sum of the resident memory of some processes within a block, in megabytes."""

    def __init__(self, pids: list[int]) -> None:
        self._pids = pids
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.before = self._now()
        self.most = self.before

    def _now(self) -> float:
        return sum(map(setting.rss, self._pids))

    def _look(self) -> None:
        while not self._stop.wait(0.02):
            self.most = max(self.most, self._now())

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def read(server: Server, accept: str) -> tuple[float, int]:
    """Seconds to read the whole answer, and its number of lines."""
    headers = {"Accept": accept, "Content-Type": "application/sparql-query"}
    started = time.perf_counter()
    lines = 0
    with urllib.request.urlopen(urllib.request.Request(server.url, QUERY.encode(), headers), timeout=300) as answer:
        while piece := answer.read(PIECE):
            lines += piece.count(b"\n")
    return time.perf_counter() - started, lines


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--accept", default="text/tab-separated-values")
    arguments.add_argument("--folder", type=Path, help="where data and states are kept [default: a temporary folder]")
    given = arguments.parse_args()
    with setting.scratch(given.folder) as folder:
        data = folder / "rows.nt"
        with data.open("w") as out:
            for number in range(given.rows):
                out.write(f'<http://example.org/thing/{number}> <http://example.org/value> "value number {number}" .\n')
        setting.load_edaphon(folder / "state", data)
        setting.load_oxigraph(folder / "oxigraph", data)
        print(setting.machine())
        print(f"SELECT of {given.rows:,} rows as {given.accept}, {given.rounds} rounds")
        with setting.edaphon(folder / "state", "--cache", "0") as ours, setting.oxigraph(folder / "oxigraph") as theirs:
            read(ours, given.accept), read(theirs, given.accept)
            pairs = []
            with Watch(setting.children(ours.pid)) as watch:
                for _ in range(given.rounds):
                    pairs.append((read(ours, given.accept), read(theirs, given.accept)))
        if given.accept == "text/tab-separated-values":
            assert {lines for pair in pairs for _, lines in pair} == {given.rows + 1}, "an answer is not complete"
        one, other = ([seconds for seconds, _ in side] for side in zip(*pairs, strict=True))
        setting.table(
            ("", ours.name, theirs.name, "ratio"),
            [
                (
                    "seconds, median of the rounds",
                    statistics.median(one),
                    statistics.median(other),
                    statistics.median(a / b for a, b in zip(one, other, strict=True)),
                )
            ],
        )
        grown = watch.most - watch.before
        print(f"HTTP processes: {watch.before:.0f} MB before, {watch.most:.0f} MB at most, so {grown:+.0f} MB")


if __name__ == "__main__":
    main()
