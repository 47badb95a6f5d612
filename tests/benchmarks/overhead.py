"""What HTTP and the worker add to a small query: median time over HTTP less that of the same query in process.

Data: `bsbm_data.py`, 280 products, about 110,000 triples. Machine: whatever runs it. Edaphon's cache is off; every
query asks for another thing; the two ways, and the Oxigraph server for comparison, take turns query by query. Command:

    python tests/benchmarks/overhead.py
"""

import argparse
import http.client
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import setting
from bsbm_data import write
from setting import Server

from edaphon.store.state import State

JSON = "application/sparql-results+json"


def over_http(server: Server) -> Callable[[str], bytes]:
    """Asks on one connection that stays open."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    path = "/" + server.url.rpartition("/")[2]

    def ask(query: str) -> bytes:
        connection.request("GET", f"{path}?query={quote(query)}", headers={"Accept": JSON})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return body

    return ask


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--products", type=int, default=280)
    arguments.add_argument("--queries", type=int, default=2_000)
    arguments.add_argument("--folder", type=Path, help="where data and states are kept [default: a temporary folder]")
    given = arguments.parse_args()
    with setting.scratch(given.folder) as folder:
        data = folder / "bsbm.nt"
        with data.open("w") as out:
            pools, triples = write(given.products, 1, out)
        setting.load_edaphon(folder / "state", data)
        setting.load_oxigraph(folder / "oxigraph", data)
        print(setting.machine())
        print(f"{given.queries:,} small queries, {triples:,} triples")
        store = ox.Store.read_only(str(State.open(folder / "state").current().folder))

        def in_process(query: str) -> bytes:
            answer = store.query(query)
            assert isinstance(answer, ox.QuerySolutions)
            return answer.serialize(format=ox.QueryResultsFormat.JSON) or b""

        with setting.edaphon(folder / "state", "--cache", "0") as ours, setting.oxigraph(folder / "oxigraph") as theirs:
            ways = {"in process": in_process, "edaphon": over_http(ours), "oxigraph": over_http(theirs)}
            times: dict[str, list[float]] = {name: [] for name in ways}
            for number in range(given.queries):
                query = f"SELECT ?p ?o {{ <{pools.offer(number % pools.offers)}> ?p ?o }}"
                sizes = set()
                for name, ask in ways.items():
                    started = time.perf_counter()
                    body = ask(query)
                    times[name].append(1000 * (time.perf_counter() - started))
                    sizes.add(len(json.loads(body)["results"]["bindings"]))
                assert len(sizes) == 1, f"the ways do not agree on {query}"
        least = statistics.median(times["in process"])
        setting.table(
            ("milliseconds", "median", "p95", "median less in process"),
            [
                (name, statistics.median(each), statistics.quantiles(each, n=20)[-1], statistics.median(each) - least)
                for name, each in times.items()
            ],
        )


if __name__ == "__main__":
    main()
