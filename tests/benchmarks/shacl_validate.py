"""How long does a whole check take, and how much memory: 26 shapes on generated data, beside pySHACL where asked.

    python tests/benchmarks/shacl_validate.py 10000 [--reference] [--repeat 3]

The number is of entities, about ten triples each (see `shacl_data.py`). Prints one line for each engine: seconds to
take in the triples, seconds to validate (the best of the repeats), findings, peak memory of the process.
"""

import argparse
import resource
import sys
import time
from collections import Counter
from pathlib import Path

from pyoxigraph import RdfFormat, parse
from shacl_data import SHAPES, triples

from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.engine.engine import Engine
from edaphon.conformance.model.findings import Finding
from edaphon.conformance.reading.graph import read_shapes


def key(finding: Finding) -> tuple[object, ...]:
    return (finding.focus, finding.component, finding.severity, finding.path, finding.value)


def peak() -> int:
    """Megabytes that the process has taken at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("entities", type=int)
    parser.add_argument("--reference", action="store_true", help="run pySHACL too, and compare the findings")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    shapes = read_shapes(parse(path=SHAPES))
    constraints = sum(len(shape.constraints) for shape in shapes.by_name.values())
    text = "".join(triples(options.entities))
    print(f"{text.count(chr(10)):,} triples, {len(shapes.targeted())} shapes with targets, {constraints} constraints")

    start = time.perf_counter()
    dataset = Dataset.of(parse(text, RdfFormat.N_TRIPLES))
    loaded = time.perf_counter() - start
    best, found = float("inf"), []
    for _ in range(options.repeat):
        start = time.perf_counter()
        found = Engine(shapes, dataset).validate()
        best = min(best, time.perf_counter() - start)
    print(f"compiled   load {loaded:7.2f} s   validate {best:7.2f} s   {len(found)} findings   {peak()} MB")
    if not options.reference:
        return 0

    from edaphon.conformance.engine.reference import reference_findings

    start = time.perf_counter()
    reference = reference_findings(parse(text, RdfFormat.N_TRIPLES), shapes)
    taken = time.perf_counter() - start
    print(f"pySHACL    load and validate {taken:7.2f} s   {len(reference)} findings   {peak()} MB")
    print(f"ratio {taken / best:.0f}, or {taken / (loaded + best):.0f} with loading")
    return 0 if Counter(map(key, found)) == Counter(map(key, reference)) else 1


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    sys.exit(main())
