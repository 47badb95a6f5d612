"""How long hostile queries take to be answered truthfully, and what the other clients notice of them meanwhile.

Data: `tests/pathological.py`, 10,000 triples and its queries. Machine: whatever runs it. Two clients ask quick queries
all the time; the hostile ones come one after the other. Command:

    python tests/benchmarks/hostile_queries.py
"""

import argparse
import http.client
import json
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import setting
from setting import Server

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pathological import PATHOLOGICAL, quads

from edaphon.store.preparing import prepare
from edaphon.store.state import State


class Others:
    """Clients who ask one quick query after the other; every answer's time, in seconds, and what failed."""

    def __init__(self, server: Server, clients: int) -> None:
        self.times: list[float] = []
        self.failures = 0
        self._port = server.port
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]

    def _ask(self, client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        number = 0
        while not self._stop.wait(0.005):
            number += 1
            query = f"SELECT ?o {{ <http://example.org/person{number % 2_000}> ?p ?o FILTER({client}{number} > 0) }}"
            started = time.perf_counter()
            connection.request("GET", f"/sparql?query={quote(query)}")
            answer = connection.getresponse()
            answer.read()
            self.times.append(time.perf_counter() - started)
            self.failures += answer.status != 200

    def __enter__(self) -> "Others":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def ask(server: Server, query: str) -> str:
    """How a query is answered: the problem's type, the status, or that the answer was cut."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"Content-Type": "application/sparql-query"}
    connection.request("POST", "/sparql", query.encode(), headers)
    answer = connection.getresponse()
    try:
        body = answer.read()
    except http.client.IncompleteRead:
        return "cut"
    finally:
        connection.close()
    if answer.status == 200:
        return "answer"
    problem: str = json.loads(body)["type"]
    return f"{answer.status} {problem.rpartition('/')[2]}"


def percentile(times: list[float], share: float) -> float:
    """In milliseconds."""
    return 1000 * sorted(times)[min(len(times) - 1, int(share * len(times)))]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--timeout", type=float, default=2)
    arguments.add_argument("--memory", type=int, default=512)
    arguments.add_argument("--clients", type=int, default=2)
    given = arguments.parse_args()
    with setting.scratch(None) as folder:
        state = State.open(folder / "state", corpus="none", default_graph="plain")
        prepare(state)
        with state.publishing() as revisions, revisions.next() as candidate:
            candidate.store.clear()
            candidate.store.extend(quads())
        print(setting.machine())
        print(f"{len(PATHOLOGICAL)} hostile queries, {given.timeout:g} s and {given.memory} MB each")
        options = ("--timeout", f"{given.timeout:g}", "--memory", str(given.memory), "--cache", "0")
        with setting.edaphon(folder / "state", *options) as server, Others(server, given.clients) as others:
            time.sleep(2)
            quiet = others.times.copy()
            before = setting.children(server.pid)
            rows, late = [], []
            for case in PATHOLOGICAL:
                since = len(others.times)
                started = time.perf_counter()
                outcome = ask(server, case.query)
                seconds = time.perf_counter() - started
                late.append(seconds)
                meanwhile = others.times[since:]
                rows.append(
                    (case.name, len(case.query), outcome, seconds, percentile(meanwhile, 0.99) if meanwhile else "none")
                )
            assert setting.children(server.pid) == before, "an HTTP process was replaced"
            loud = others.times[len(quiet) :]
        setting.table(("query", "bytes", "answered", "seconds", "others' p99, ms"), rows)
        print(f"The others, alone: median {percentile(quiet, 0.5):.1f} ms, p99 {percentile(quiet, 0.99):.1f} ms")
        print(
            f"The others, meanwhile: {len(loud):,} answers, {others.failures} failed, median "
            f"{percentile(loud, 0.5):.1f} ms, p99 {percentile(loud, 0.99):.1f} ms, worst {1000 * max(loud):.0f} ms"
        )
        print(f"The hostile: the latest answer after {max(late):.2f} s, with a time limit of {given.timeout:g} s")


if __name__ == "__main__":
    main()
