"""Mixes per hour of the Berlin SPARQL Benchmark's explore use case, Edaphon beside the Oxigraph server.

Data: `bsbm_data.py`, 2,785 products, about a million triples. Machine: whatever runs it; both servers run on it and
take turns, round by round, with the same queries, so that only the ratio means much. Edaphon's cache is off. Command:

    python tests/benchmarks/bsbm.py

The queries are the specification's twelve, in our own spelling; a mix is 25 of them in the specification's order.
"""

import argparse
import http.client
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Final
from urllib.parse import quote

import setting
from bsbm_data import COUNTRIES, TODAY, VOCABULARY, Pools, write
from setting import Server

__all__ = ["MIX", "QUERIES", "mix"]

MIX: Final = (1, 2, 2, 3, 2, 2, 4, 2, 2, 5, 7, 7, 6, 7, 7, 8, 9, 9, 8, 9, 9, 10, 10, 11, 12)
ACCEPT: Final = "application/sparql-results+json, application/n-triples"
PREFIXES: Final = f"""PREFIX bsbm: <{VOCABULARY}>
PREFIX country: <http://downlode.org/rdf/iso-3166/countries#>
PREFIX dc: <http://purl.org/dc/elements/1.1/>
PREFIX export: <http://www4.wiwiss.fu-berlin.de/bizer/bsbm/v01/vocabulary/export/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX rev: <http://purl.org/stuff/rev#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
# What each asks, and the text with {names} where parameters go.
QUERIES: Final = {
    # Products of a type with two features and a large enough number.
    1: """SELECT DISTINCT ?product ?label WHERE {{
      ?product rdfs:label ?label ; a <{type}> ; bsbm:productFeature <{feature1}>, <{feature2}> ;
        bsbm:productPropertyNumeric1 ?number .
      FILTER(?number > {x})
    }} ORDER BY ?label LIMIT 10""",
    # All that a product's page shows.
    2: """SELECT ?label ?comment ?producer ?feature ?text1 ?text2 ?text3 ?number1 ?number2 ?text4 ?text5 ?number4
    WHERE {{
      <{product}> rdfs:label ?label ; rdfs:comment ?comment ; bsbm:producer ?maker ; dc:publisher ?maker ;
        bsbm:productFeature ?f ; bsbm:productPropertyTextual1 ?text1 ; bsbm:productPropertyTextual2 ?text2 ;
        bsbm:productPropertyTextual3 ?text3 ; bsbm:productPropertyNumeric1 ?number1 ;
        bsbm:productPropertyNumeric2 ?number2 .
      ?maker rdfs:label ?producer .
      ?f rdfs:label ?feature .
      OPTIONAL {{ <{product}> bsbm:productPropertyTextual4 ?text4 }}
      OPTIONAL {{ <{product}> bsbm:productPropertyTextual5 ?text5 }}
      OPTIONAL {{ <{product}> bsbm:productPropertyNumeric4 ?number4 }}
    }}""",
    # Products with one feature and without another.
    3: """SELECT ?product ?label WHERE {{
      ?product rdfs:label ?label ; a <{type}> ; bsbm:productFeature <{feature1}> ;
        bsbm:productPropertyNumeric1 ?number1 ; bsbm:productPropertyNumeric3 ?number3 .
      FILTER(?number1 > {x})
      FILTER(?number3 < {y})
      OPTIONAL {{ ?product bsbm:productFeature <{feature2}> . ?product rdfs:label ?unwanted }}
      FILTER(!BOUND(?unwanted))
    }} ORDER BY ?label LIMIT 10""",
    # Products with one of two sets of features.
    4: """SELECT DISTINCT ?product ?label ?text WHERE {{
      {{
        ?product rdfs:label ?label ; a <{type}> ; bsbm:productFeature <{feature1}>, <{feature2}> ;
          bsbm:productPropertyTextual1 ?text ; bsbm:productPropertyNumeric1 ?number1 .
        FILTER(?number1 > {x})
      }} UNION {{
        ?product rdfs:label ?label ; a <{type}> ; bsbm:productFeature <{feature1}>, <{feature3}> ;
          bsbm:productPropertyTextual1 ?text ; bsbm:productPropertyNumeric2 ?number2 .
        FILTER(?number2 > {y})
      }}
    }} ORDER BY ?label OFFSET 5 LIMIT 10""",
    # Products like this one.
    5: """SELECT DISTINCT ?product ?label WHERE {{
      ?product rdfs:label ?label .
      FILTER(<{product}> != ?product)
      <{product}> bsbm:productFeature ?feature .
      ?product bsbm:productFeature ?feature .
      <{product}> bsbm:productPropertyNumeric1 ?wanted1 .
      ?product bsbm:productPropertyNumeric1 ?number1 .
      FILTER(?number1 < (?wanted1 + 120) && ?number1 > (?wanted1 - 120))
      <{product}> bsbm:productPropertyNumeric2 ?wanted2 .
      ?product bsbm:productPropertyNumeric2 ?number2 .
      FILTER(?number2 < (?wanted2 + 170) && ?number2 > (?wanted2 - 170))
    }} ORDER BY ?label LIMIT 5""",
    # Products with a word in their label.
    6: """SELECT ?product ?label WHERE {{
      ?product rdfs:label ?label ; a bsbm:Product .
      FILTER REGEX(?label, "{word}")
    }}""",
    # A product with its current offers from one country and its reviews.
    7: """SELECT ?productLabel ?offer ?price ?vendor ?vendorTitle ?review ?title ?reviewer ?name ?rating1 ?rating2
    WHERE {{
      <{product}> rdfs:label ?productLabel .
      OPTIONAL {{
        ?offer bsbm:product <{product}> ; bsbm:price ?price ; bsbm:vendor ?vendor .
        ?vendor rdfs:label ?vendorTitle ; bsbm:country country:{country} .
        ?offer dc:publisher ?vendor ; bsbm:validTo ?until .
        FILTER(?until > "{today}"^^xsd:dateTime)
      }}
      OPTIONAL {{
        ?review bsbm:reviewFor <{product}> ; rev:reviewer ?reviewer ; dc:title ?title .
        ?reviewer foaf:name ?name .
        OPTIONAL {{ ?review bsbm:rating1 ?rating1 }}
        OPTIONAL {{ ?review bsbm:rating2 ?rating2 }}
      }}
    }}""",
    # A product's latest reviews in English.
    8: """SELECT ?title ?text ?date ?reviewer ?name ?rating1 ?rating2 ?rating3 ?rating4 WHERE {{
      ?review bsbm:reviewFor <{product}> ; dc:title ?title ; rev:text ?text ; bsbm:reviewDate ?date ;
        rev:reviewer ?reviewer .
      FILTER LANGMATCHES(LANG(?text), "EN")
      ?reviewer foaf:name ?name .
      OPTIONAL {{ ?review bsbm:rating1 ?rating1 }}
      OPTIONAL {{ ?review bsbm:rating2 ?rating2 }}
      OPTIONAL {{ ?review bsbm:rating3 ?rating3 }}
      OPTIONAL {{ ?review bsbm:rating4 ?rating4 }}
    }} ORDER BY DESC(?date) LIMIT 20""",
    # Who wrote a review.
    9: "DESCRIBE ?who WHERE {{ <{review}> rev:reviewer ?who }}",
    # A product's cheap and quick offers.
    10: """SELECT DISTINCT ?offer ?price WHERE {{
      ?offer bsbm:product <{product}> ; bsbm:vendor ?vendor ; dc:publisher ?vendor ; bsbm:deliveryDays ?days ;
        bsbm:price ?price ; bsbm:validTo ?until .
      ?vendor bsbm:country country:US .
      FILTER(?days <= 3)
      FILTER(?until > "{today}"^^xsd:dateTime)
    }} ORDER BY xsd:double(STR(?price)) LIMIT 10""",
    # All about an offer, in both directions.
    11: """SELECT ?property ?hasValue ?isValueOf WHERE {{
      {{ <{offer}> ?property ?hasValue }} UNION {{ ?isValueOf ?property <{offer}> }}
    }}""",
    # An offer in another vocabulary.
    12: """CONSTRUCT {{
      <{offer}> export:product ?productURI ; export:productlabel ?productlabel ; export:vendor ?vendorname ;
        export:vendorhomepage ?vendorhomepage ; export:offerURL ?offerURL ; export:price ?price ;
        export:deliveryDays ?deliveryDays ; export:validuntil ?validTo .
    }} WHERE {{
      <{offer}> bsbm:product ?productURI ; bsbm:vendor ?vendorURI ; bsbm:offerWebpage ?offerURL ; bsbm:price ?price ;
        bsbm:deliveryDays ?deliveryDays ; bsbm:validTo ?validTo .
      ?productURI rdfs:label ?productlabel .
      ?vendorURI rdfs:label ?vendorname ; foaf:homepage ?vendorhomepage .
    }}""",
}


def mix(pools: Pools, seed: int) -> list[tuple[int, str]]:
    """The queries of one mix, each with its number; the seed decides the parameters."""
    draw = random.Random(seed)
    queries = []
    for number in MIX:
        kind = draw.randrange(len(pools.types))
        features = draw.sample(pools.features[kind], 3)
        parameters = {
            "type": pools.types[kind],
            "feature1": features[0],
            "feature2": features[1],
            "feature3": features[2],
            "x": draw.randint(1, 500),
            "y": draw.randint(1, 500) if number == 4 else draw.randint(500, 2_000),
            "product": draw.choice(pools.products),
            "word": draw.choice(pools.words),
            "country": draw.choice(COUNTRIES),
            "today": f"{TODAY - timedelta(days=draw.randrange(30))}T00:00:00",
            "offer": pools.offer(draw.randrange(pools.offers)),
            "review": pools.review(draw.randrange(pools.reviews)),
        }
        queries.append((number, PREFIXES + QUERIES[number].format(**parameters)))
    return queries


Times = dict[int, list[float]]


def client(port: int, path: str, pools: Pools, seeds: list[int]) -> tuple[float, float, Times]:
    """Ask one mix after the other on one connection: when it began and ended, and each query's seconds by number."""
    targets = [[(number, f"{path}?query={quote(query)}") for number, query in mix(pools, seed)] for seed in seeds]
    times: Times = defaultdict(list)
    connection = http.client.HTTPConnection("127.0.0.1", port)
    began = time.perf_counter()
    for target in targets:
        for number, url in target:
            started = time.perf_counter()
            connection.request("GET", url, headers={"Accept": ACCEPT})
            answer = connection.getresponse()
            body = answer.read()
            times[number].append(time.perf_counter() - started)
            if answer.status != 200:
                raise SystemExit(f"query {number} was answered with {answer.status}: {body[:500]!r}")
    ended = time.perf_counter()
    connection.close()
    return began, ended, dict(times)


def drive(server: Server, pools: Pools, clients: int, mixes: int, seed: int) -> tuple[float, Times]:
    """Mixes per hour with several clients at once, and the times of the queries."""
    path = "/" + server.url.rpartition("/")[2]
    shares = [list(range(seed + one, seed + mixes, clients)) for one in range(clients)]
    # Processes, because the clients would wait for each other in threads.
    with get_context("fork").Pool(clients) as processes:
        answers = processes.starmap(client, [(server.port, path, pools, share) for share in shares], chunksize=1)
    # One clock for all processes of a machine.
    elapsed = max(ended for _, ended, _ in answers) - min(began for began, _, _ in answers)
    times: Times = defaultdict(list)
    for _, _, spent in answers:
        for number, seconds in spent.items():
            times[number] += seconds
    return mixes / elapsed * 3600, times


def compare(
    servers: tuple[Server, Server], run: Callable[[Server, int], tuple[float, Times]], rounds: int
) -> tuple[list[list[float]], list[Times]]:
    """Rates and times of both servers over several rounds, the order within a round alternating."""
    rates: list[list[float]] = [[], []]
    times: list[Times] = [defaultdict(list), defaultdict(list)]
    for number in range(rounds):
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            rate, spent = run(servers[which], number)
            rates[which].append(rate)
            for query, seconds in spent.items():
                times[which][query] += seconds
    return rates, times


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--products", type=int, default=2_785)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--mixes", type=int, default=40, help="mixes per round")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--clients", type=int, nargs="*", default=[1, 4])
    arguments.add_argument("--folder", type=Path, help="where data and states are kept [default: a temporary folder]")
    given = arguments.parse_args()
    with setting.scratch(given.folder) as folder:
        data = folder / "bsbm.nt"
        with data.open("w") as out:
            pools, triples = write(given.products, given.seed, out)
        print(setting.machine())
        print(f"BSBM explore, {given.products:,} products, {triples:,} triples")
        setting.load_edaphon(folder / "state", data)
        setting.load_oxigraph(folder / "oxigraph", data)
        with (
            setting.edaphon(folder / "state", "--cache", "0") as ours,
            setting.oxigraph(folder / "oxigraph") as theirs,
        ):
            servers = (ours, theirs)
            for server in servers:
                assert setting.count(server) == triples, f"{server.name} does not hold all triples"
                drive(server, pools, 4, max(8, given.mixes // 4), seed=10_000_000)
            rows = []
            for clients in given.clients:

                def one_round(server: Server, number: int, clients: int = clients) -> tuple[float, Times]:
                    return drive(server, pools, clients, given.mixes, seed=1_000 * number + 1_000_000 * clients)

                rates, times = compare(servers, one_round, given.rounds)
                ratios = [one / other for one, other in zip(*rates, strict=True)]
                rows.append((f"{clients} client{'s' * (clients > 1)}", *map(statistics.median, [*rates, ratios])))
                print(f"\nMilliseconds per query, median, {clients} client{'s' * (clients > 1)}")
                each = [[1000 * statistics.median(one[query]) for one in times] for query in sorted(times[0])]
                setting.table(
                    ("query", ours.name, theirs.name, "ratio"),
                    [(f"Q{query}", *row, row[0] / row[1]) for query, row in zip(sorted(times[0]), each, strict=True)],
                )
            print("\nMixes per hour, median of the rounds; ratio: median of the rounds' ratios")
            setting.table(("", ours.name, theirs.name, "ratio"), rows)


if __name__ == "__main__":
    main()
