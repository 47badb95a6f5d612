"""Does the compiled engine agree with pySHACL, and a check of what changed with a whole check, on many small worlds?

    python tests/benchmarks/shacl_agreement.py 10000 [seed]

Draws as many worlds (see `tests/shacl_worlds.py`) and changes of them as asked for, compares, and prints the first
worlds that differ, smallest first, with a count. Ends with status 1 if any did.
"""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hypothesis import HealthCheck, Phase, given, seed, settings
from shacl_worlds import REFUSED, Changed, changes, keys, turtle, unexplained

from edaphon.conformance.change.incremental import Incremental, difference
from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.engine.engine import Engine
from edaphon.conformance.engine.reference import reference_findings
from edaphon.conformance.model.findings import Finding
from edaphon.conformance.reading.graph import read_shapes
from edaphon.errors import ShapesError

SHOWN = 5


def differences(change: Changed) -> list[str]:
    """What the two engines, and the two ways to check a change, do not agree on."""
    world, found = change.world, []
    shapes = read_shapes(world.shapes)
    before = Dataset.of(world.data)
    after = Dataset.of((world.data | change.added) - change.removed)
    ours = Engine(shapes, before).validate()
    try:
        theirs: list[Finding] | None = reference_findings(world.data, shapes)
    except ShapesError as error:
        theirs = None
        if REFUSED not in str(error):
            found.append(f"pySHACL: {error}")
    if theirs is not None and (more := unexplained(keys(ours) - keys(theirs))):
        found.append(f"only the engine: {list(map(str, more))}")
    if theirs is not None and (less := keys(theirs) - keys(ours)):
        found.append(f"only pySHACL: {list(map(str, less))}")
    came, went = difference(ours, Engine(shapes, after).validate())
    partial = Incremental(shapes).check(lambda: before, after, change.added | change.removed)
    if keys(partial.introduced) != keys(came) or keys(partial.removed) != keys(went):
        found.append(f"change: {partial}\nwhole: {came} {went}")
    return found


def main(count: int, start: int) -> int:
    failed: list[tuple[int, str]] = []
    examined = findings = 0

    @seed(start)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(changes())
    def examine(change: Changed) -> None:
        nonlocal examined, findings
        examined += 1
        found = differences(change)
        if found:
            world = change.world
            text = f"{turtle(world.shapes)}\n--\n{turtle(world.data)}\n-- added\n{turtle(change.added)}"
            text += f"\n-- removed\n{turtle(change.removed)}\n== " + "\n== ".join(found)
            failed.append((len(world.shapes) + len(world.data), text))

    examine()
    for _, text in sorted(failed)[:SHOWN]:
        print(text, end="\n\n########\n\n")
    print(f"{examined} worlds, seed {start}: {len(failed)} differ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)))
