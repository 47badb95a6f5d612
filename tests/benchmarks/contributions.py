"""How long does it take to propose 100 triples, and from accepting them until a query sees them, as the graph grows?

    python tests/benchmarks/contributions.py --folder FOLDER --entities 1000 100000 1000000

Data: bodies, people, activities and documents (`shacl_data.py`), about ten triples an entity, loaded with the merged
default graph, and the shapes of `shacl_shapes.ttl`; FOLDER keeps the states for the next run (the largest takes some
minutes to load). One client over HTTP proposes `shacl_incremental.py`'s change number N, accepts it, and asks for one
of its triples. Prints milliseconds: median, 95th percentile, worst; and each size's 95th percentile over that of the
smallest.

    python tests/benchmarks/contributions.py --sustained 10000 --entities 1000

does the same so often on one state, and prints what the folder takes on the disk on the way.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import setting
from pyoxigraph import RdfFormat, Triple, serialize
from shacl_data import SHAPES, triples
from shacl_incremental import change

QUESTION = "ASK {{ <http://example.org/person/new{number}-0> ?p ?o }}"
JSON = "application/json"


def prepared(folder: Path, entities: int) -> Path:
    """The state of a graph of so many entities and of the benchmark's shapes."""
    corpus, state = folder / "corpus", folder / f"state-{entities}"
    (corpus / "shapes").mkdir(parents=True, exist_ok=True)
    (corpus / "ontology").mkdir(exist_ok=True)
    shutil.copy(SHAPES, corpus / "shapes")
    if not state.exists():
        data = folder / f"{entities}.nt"
        with data.open("w") as file:
            file.writelines(triples(entities))
        graph = ["--graph", "http://example.org/published"]
        command = [sys.executable, "-m", "edaphon", "load", str(data), *graph]
        subprocess.run([*command, "--state", str(state), "--corpus", str(corpus)], check=True)
        data.unlink()
    return state


def token(state: Path, role: str) -> str:
    """A new token for that role."""
    name = f"{role}-{time.time_ns()}"
    command = [sys.executable, "-m", "edaphon", "token", "create", name, "--role", role, "--state", str(state)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Client:
    """One connection after another, each with a token."""

    def __init__(self, url: str, state: Path) -> None:
        self._url = url
        self._tokens = {role: token(state, role) for role in ("contributor", "reviewer")}

    def propose(self, number: int) -> str:
        """Propose a change; its identifier."""
        body = serialize(
            [Triple(quad.subject, quad.predicate, quad.object) for quad in change(number, 1000)],
            format=RdfFormat.TURTLE,
        )
        said = urlencode({"title": f"change {number}"})
        answer = self._post(f"/contributions?{said}", body or b"", "text/turtle", "contributor")
        return str(json.loads(answer)["id"])

    def accept(self, identifier: str, number: int) -> None:
        """Accept it and see that a query sees it."""
        self._post(f"/contributions/{identifier}/accept", b"{}", JSON, "reviewer")
        asked = urlencode({"query": QUESTION.format(number=number)})
        with urllib.request.urlopen(f"{self._url}/sparql?{asked}") as answer:
            assert json.load(answer)["boolean"] is True, f"change {number} was accepted and is not there"

    def _post(self, path: str, body: bytes, media_type: str, role: str) -> bytes:
        headers = {"Content-Type": media_type, "Accept": JSON, "Authorization": f"Bearer {self._tokens[role]}"}
        with urllib.request.urlopen(urllib.request.Request(self._url + path, body, headers)) as answer:
            content: bytes = answer.read()
            return content


def fresh() -> int:
    """A number of six digits, as documents have them, from which to go on with changes that no earlier run has made."""
    return 100_000 + time.time_ns() // 10_000_000 % 800_000


def percentile(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def measure(state: Path, changes: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each proposal, and of each acceptance until a query saw it."""
    proposed, seen = [], []
    with setting.edaphon(state, "--rate", "0") as server:
        client = Client(server.url.removesuffix("/sparql"), state)
        first = fresh()
        for number in range(changes + 5):
            started = time.perf_counter()
            identifier = client.propose(first + number)
            between = time.perf_counter()
            client.accept(identifier, first + number)
            ended = time.perf_counter()
            # The first ones start the processes that work on them.
            if number >= 5:
                proposed.append(1000 * (between - started))
                seen.append(1000 * (ended - between))
    return proposed, seen


def size(folder: Path) -> int:
    """The megabytes that a folder takes, each file counted once however many names it has."""
    files = {(status.st_dev, status.st_ino): status.st_blocks for status in map(os.lstat, folder.rglob("*"))}
    return sum(files.values()) * 512 // 1_000_000


def sustained(state: Path, changes: int) -> None:
    """Propose and accept again and again, and print what it takes."""
    rows = [("before", size(state), len(list((state / "revisions").iterdir())), "")]
    began = time.perf_counter()
    with setting.edaphon(state, "--rate", "0") as server:
        client = Client(server.url.removesuffix("/sparql"), state)
        first = fresh()
        seen: list[float] = []
        for number in range(1, changes + 1):
            identifier = client.propose(first + number)
            started = time.perf_counter()
            client.accept(identifier, first + number)
            seen.append(1000 * (time.perf_counter() - started))
            if number % max(1, changes // 10) == 0:
                folders = len(list((state / "revisions").iterdir()))
                rows.append((f"{number:,}", size(state), folders, f"{percentile(seen):.0f}"))
                print(*rows[-1], f"{time.perf_counter() - began:.0f} s", sep="\t", flush=True)
                seen = []
    setting.table(("contributions", "MB on disk", "revisions kept", "accept p95 ms"), rows)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--folder", type=Path)
    arguments.add_argument("--entities", type=int, nargs="+", default=[1000, 100_000])
    arguments.add_argument("--changes", type=int, default=200)
    arguments.add_argument("--sustained", type=int)
    given = arguments.parse_args()
    with setting.scratch(given.folder) as folder:
        print(setting.machine())
        if given.sustained:
            sustained(prepared(folder, given.entities[0]), given.sustained)
            return
        rows = []
        base: tuple[float, float] | None = None
        for entities in given.entities:
            both = measure(prepared(folder, entities), given.changes)
            high = (percentile(both[0]), percentile(both[1]))
            base = base or high
            for name, times, p95, least in zip(("propose", "accept to visible"), both, high, base, strict=True):
                rows.append((f"{entities:,} entities, {name}", statistics.median(times), p95, max(times), p95 / least))
        setting.table(("milliseconds", "median", "p95", "worst", "p95 ratio"), rows)


if __name__ == "__main__":
    main()
