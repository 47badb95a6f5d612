"""From the command to the first answer: `edaphon serve` on the shipped graph, with a new state and with its own.

Data: the shipped graph. Machine: whatever runs it; "cold" means that the state is new, so that the corpus is parsed and
published first, not that the operating system's caches are empty. Command:

    python tests/benchmarks/start.py
"""

import argparse
import shutil
import statistics
import time
from pathlib import Path

import setting


def start(state: Path) -> tuple[float, int]:
    """Seconds from starting the server to an answer from the graph, and how many triples it counts."""
    started = time.perf_counter()
    with setting.edaphon(state) as server:
        triples = setting.count(server)
        return time.perf_counter() - started, triples


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    with setting.scratch(None) as folder:
        print(setting.machine())
        new, again = [], []
        for _ in range(given.rounds):
            shutil.rmtree(folder / "state", ignore_errors=True)
            seconds, triples = start(folder / "state")
            new.append(seconds)
            again.append(start(folder / "state")[0])
        print(f"The shipped graph, {triples:,} triples in the default graph, {given.rounds} rounds")
        setting.table(
            ("seconds to the first answer", "median", "worst"),
            [
                (name, statistics.median(each), max(each))
                for name, each in (("new state", new), ("its own state", again))
            ],
        )


if __name__ == "__main__":
    main()
