"""Requests per second for one repeated point query: Edaphon (from its cache) beside the Oxigraph server.

Data: `bsbm_data.py`, 2,785 products, about a million triples. Machine: whatever runs it; `wrk`, which must be
installed, runs on it too. The servers take turns. Command:

    python tests/benchmarks/repeated_query.py
"""

import argparse
import re
import statistics
from pathlib import Path
from typing import Final
from urllib.parse import quote

import setting
from bsbm_data import INST, write
from setting import Server

QUERY: Final = f"SELECT ?p ?o {{ <{INST}ProductType1> ?p ?o }}"


def rate(server: Server, connections: int, seconds: int) -> float:
    """Requests per second; the benchmark ends when any answer is not a success."""
    done = setting.run(
        "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-H", "Accept: application/sparql-results+json",
        f"{server.url}?query={quote(QUERY)}",
    )  # fmt: skip
    if "Non-2xx" in done.stdout:
        raise SystemExit(f"{server.name}: not every answer was a success\n{done.stdout}")
    found = re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--products", type=int, default=2_785)
    arguments.add_argument("--connections", type=int, default=16)
    arguments.add_argument("--seconds", type=int, default=5)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--folder", type=Path, help="where data and states are kept [default: a temporary folder]")
    given = arguments.parse_args()
    with setting.scratch(given.folder) as folder:
        data = folder / "bsbm.nt"
        with data.open("w") as out:
            _, triples = write(given.products, 1, out)
        setting.load_edaphon(folder / "state", data)
        setting.load_oxigraph(folder / "oxigraph", data)
        print(setting.machine())
        print(f"One point query, {triples:,} triples, {given.connections} connections, {given.rounds} rounds")
        with setting.edaphon(folder / "state") as ours, setting.oxigraph(folder / "oxigraph") as theirs:
            assert len(setting.ask(ours, QUERY)) > 100
            pairs = [
                (rate(ours, given.connections, given.seconds), rate(theirs, given.connections, given.seconds))
                for _ in range(given.rounds)
            ]
        one, other = (statistics.median(side) for side in zip(*pairs, strict=True))
        setting.table(
            ("requests per second", ours.name, theirs.name, "ratio"),
            [("median of the rounds", one, other, statistics.median(a / b for a, b in pairs))],
        )


if __name__ == "__main__":
    main()
