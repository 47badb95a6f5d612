"""Triples per second of `edaphon load` beside `oxigraph load`: N-Triples, Turtle, and with the merged default graph.

Data: `bsbm_data.py`, 2,785 products, about a million triples, as N-Triples and as Turtle. Machine: whatever runs it;
the two take turns; the time of the whole command counts. Command:

    python tests/benchmarks/bulk_load.py
"""

import argparse
import statistics
from pathlib import Path

import pyoxigraph as ox
import setting
from bsbm_data import VOCABULARY, write

PREFIXES = {
    "bsbm": VOCABULARY,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--products", type=int, default=2_785)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--folder", type=Path, help="where data and states are kept [default: a temporary folder]")
    given = arguments.parse_args()
    with setting.scratch(given.folder) as folder:
        ntriples, turtle = folder / "bsbm.nt", folder / "bsbm.ttl"
        with ntriples.open("w") as out:
            _, triples = write(given.products, 1, out)
        with turtle.open("wb") as file:
            ox.serialize(ox.parse(path=ntriples), file, ox.RdfFormat.TURTLE, prefixes=PREFIXES)
        print(setting.machine())
        print(f"{triples:,} triples, {given.rounds} rounds")
        rows = []
        for label, data, merge in (
            ("N-Triples, plain", ntriples, False),
            ("Turtle, plain", turtle, False),
            ("N-Triples into a graph, merge", ntriples, True),
        ):
            graph = "http://example.org/bsbm" if merge else None
            pairs = [
                (
                    triples / setting.load_edaphon(folder / "state", data, merge=merge, graph=graph),
                    triples / setting.load_oxigraph(folder / "oxigraph", data),
                )
                for _ in range(given.rounds)
            ]
            one, other = (statistics.median(side) for side in zip(*pairs, strict=True))
            rows.append((label, f"{one:,.0f}", f"{other:,.0f}", statistics.median(a / b for a, b in pairs)))
        setting.table(("triples per second", "edaphon", "oxigraph", "ratio"), rows)
        print("In merge mode every triple is stored in its graph and in the default graph; Oxigraph stores it once.")


if __name__ == "__main__":
    main()
