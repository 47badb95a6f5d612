"""How long does it take to check a change of 100 triples on published revisions of different sizes?

    python tests/benchmarks/shacl_incremental.py FOLDER 1000 100000 1000000

Makes an on-disk store in FOLDER for each number of entities (about ten triples each, see `shacl_data.py`; one that is
there already is used again), then times 200 changes on each: on a copy of the store opened for reading and writing,
the triples added, their effect checked against both states, and taken back. Prints median, 95th percentile and worst in
milliseconds, of the check alone and of the whole `check_proposal` with its copy.
"""

import random
import shutil
import statistics
import sys
import time
from functools import partial
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, parse
from shacl_data import DCT, EX, ORG, RDF, SHAPES, XSD, triples

from edaphon.conformance.change.candidate import Proposal, check_proposal
from edaphon.conformance.change.incremental import Incremental
from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.reading.graph import read_shapes

CHANGES = 200


def change(number: int, entities: int) -> tuple[Quad, ...]:
    """About 100 triples: eight new people and documents, tied to published bodies, people and activities."""
    rng = random.Random(number)
    each = entities // 4
    graph = NamedNode(f"{EX}contribution/{number}")
    quads: list[Quad] = []

    def iri(kind: str, which: object) -> NamedNode:
        return NamedNode(f"{EX}{kind}/{which}")

    def say(subject: NamedNode, predicate: str, value: NamedNode | Literal) -> None:
        quads.append(Quad(subject, NamedNode(predicate), value, graph))

    for one in range(5):
        person, document = iri("person", f"new{number}-{one}"), iri("document", f"new{number}-{one}")
        say(person, RDF + "type", NamedNode(EX + "Person"))
        say(person, EX + "givenName", Literal("Given"))
        say(person, EX + "familyName", Literal("Family"))
        say(person, ORG + "memberOf", iri("body", rng.randrange(each)))
        say(person, EX + "email", Literal("someone@example.org"))
        say(person, EX + "born", Literal("1970-01-01", datatype=NamedNode(XSD + "date")))
        say(person, EX + "role", iri("role", 1))
        say(person, EX + "score", Literal("3.5", datatype=NamedNode(XSD + "decimal")))
        say(person, EX + "active", Literal("true", datatype=NamedNode(XSD + "boolean")))
        say(iri("body", rng.randrange(each)), ORG + "hasMember", person)
        say(document, RDF + "type", NamedNode(EX + "Report"))
        say(document, DCT + "title", Literal("a new document", language="en"))
        say(document, DCT + "creator", person)
        say(document, DCT + "creator", iri("person", rng.randrange(each)))
        say(document, DCT + "publisher", iri("body", rng.randrange(each)))
        say(document, DCT + "identifier", Literal(f"DOC-{number:06}"))
        say(document, DCT + "issued", Literal("2020-05-04", datatype=NamedNode(XSD + "date")))
        say(document, DCT + "language", Literal("en"))
        say(document, EX + "pages", Literal("12", datatype=NamedNode(XSD + "integer")))
        say(document, "http://www.w3.org/ns/prov#wasGeneratedBy", iri("activity", rng.randrange(each)))
    return tuple(quads)


def published(folder: Path, entities: int) -> Path:
    """The folder of a store with that many entities in one graph and in the default graph."""
    place = folder / str(entities) / "revisions" / "000001"
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        store = Store(str(place))
        store.bulk_load("".join(triples(entities)), RdfFormat.N_TRIPLES)
        store.bulk_load("".join(triples(entities)), RdfFormat.N_TRIPLES, to_graph=NamedNode(EX + "published"))
        store.flush()
        del store
    return place


def show(name: str, times: list[float]) -> None:
    cuts = statistics.quantiles(times, n=20)
    print(f"   {name:12} median {statistics.median(times):7.2f}   p95 {cuts[-1]:7.2f}   worst {max(times):7.2f} ms")


def main(folder: Path, sizes: list[int]) -> None:
    shapes = Incremental(read_shapes(parse(path=SHAPES)))
    for entities in sizes:
        place = published(folder, entities)
        reader = Store.read_only(str(place))
        copy = folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        reader.backup(str(copy))
        store = Store(str(copy))
        print(f"{entities:,} entities: {len(store) // 2:,} triples, a change of {len(change(0, entities))}")
        alone: list[float] = []
        for number in range(CHANGES):
            quads = [Quad(one.subject, one.predicate, one.object) for one in change(number, entities)]
            store.extend(quads)
            start = time.perf_counter()
            shapes.check(partial(Dataset, reader), Dataset(store), quads)
            alone.append(1000 * (time.perf_counter() - start))
            for quad in quads:
                store.remove(quad)
        show("check", alone)
        whole: list[float] = []
        for number in range(CHANGES):
            proposal = Proposal(change(number, entities))
            start = time.perf_counter()
            check_proposal(place, proposal, shapes)
            whole.append(1000 * (time.perf_counter() - start))
        show("proposal", whole)
        del store
        shutil.rmtree(copy, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(one) for one in sys.argv[2:]])
