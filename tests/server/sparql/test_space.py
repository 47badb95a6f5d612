"""What a query may grow the process by, and what it may not."""

import subprocess
import sys

import pytest

SCRIPT = """
import mmap
from edaphon.sparql.space import Space

MB = 1_000_000
space = Space()
def fits(megabytes):
    try:
        held.append(mmap.mmap(-1, megabytes * MB))
    except OSError:
        return False
    return True
held = []
space.bound(100 * MB)
print("less", fits(50))
print("more in all", not fits(80))
space.measure()
space.bound(100 * MB)
print("as much again", fits(80))
held.clear()
print("more than before it shrank", fits(100))
held.clear()
space.measure()
space.bound(100 * MB)
print("more after it shrank", not fits(120))
space.lift()
print("anything once lifted", fits(500))
"""


@pytest.fixture(scope="module")
def told() -> str:
    return subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ("less", "a query may take what is within its bound"),
        ("more in all", "what a query has taken counts"),
        ("as much again", "the next query may take as much, beyond what the last one left behind"),
        ("more than before it shrank", "the bound stays where it is until it is set anew"),
        ("more after it shrank", "what the last query gave back is not the next one's"),
        ("anything once lifted", "without a bound the process may grow"),
    ],
)
def test_growth_is_bounded(told: str, step: str, what: str) -> None:
    assert f"{step} True" in told.splitlines(), what
