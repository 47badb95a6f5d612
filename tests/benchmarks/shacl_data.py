"""Seeded data and shapes of a realistic kind for the validation benchmarks: bodies, people, activities, documents.

python tests/benchmarks/shacl_data.py 10000 > data.nt      # 10,000 entities, about 104,000 triples
"""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

SHAPES = Path(__file__).with_name("shacl_shapes.ttl")
EX = "http://example.org/"
ORG = "http://www.w3.org/ns/org#"
PROV = "http://www.w3.org/ns/prov#"
DCT = "http://purl.org/dc/terms/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"

# One entity in so many has a fault.
FAULTS = 200


def triples(entities: int, seed: int = 42) -> Iterator[str]:
    """N-Triples lines: a quarter each of bodies, people, activities and documents, about ten triples apiece."""
    random.seed(seed)
    chance, pick = random.random, random.randrange
    each = entities // 4

    def faulty() -> bool:
        return pick(FAULTS) == 0

    def iri(kind: str, number: int) -> str:
        return f"<{EX}{kind}/{number}>"

    def line(subject: str, predicate: str, value: str) -> str:
        return f"{subject} <{predicate}> {value} .\n"

    def typed(value: object, datatype: str) -> str:
        return f'"{value}"^^<{XSD}{datatype}>'

    def day(year: int) -> str:
        return typed(f"{year}-{pick(12) + 1:02}-{pick(28) + 1:02}", "date")

    for cls, parent in (("Agency", "Body"), ("Panel", "Body"), ("Review", "Activity"), ("Report", "Document")):
        yield line(f"<{EX}{cls}>", RDFS + "subClassOf", f"<{EX}{parent}>")
    for number in range(each):
        me = iri("body", number)
        yield line(me, RDF + "type", f"<{EX}{('Body', 'Agency', 'Panel')[pick(3)]}>")
        yield line(me, RDFS + "label", f'"body {number}"@en')
        if chance() < 0.5:
            yield line(me, RDFS + "label", f'"organe {number}"@{"en" if faulty() else "fr"}')
        if not faulty():
            yield line(me, EX + "acronym", f'"{"b" if faulty() else "B"}{number}"')
        yield line(me, EX + "founded", typed(1900 + pick(120), "gYear" if not faulty() else "integer"))
        yield line(me, EX + "status", f'"{"actve" if faulty() else ("active", "closed")[pick(2)]}"')
        yield line(me, ORG + "subOrganizationOf", iri("body" if not faulty() else "person", pick(each)))
        yield line(me, EX + "homepage", f"<http://b{number}.example/>" if not faulty() else '"none"')
        for _ in range(2):
            yield line(me, ORG + "hasMember", iri("person", pick(each)))
        yield line(me, EX + "staff", typed(-1 if faulty() else pick(5000), "integer"))
    for number in range(each):
        me = iri("person", number)
        yield line(me, RDF + "type", f"<{EX}Person>")
        yield line(me, EX + "givenName", f'"G{number}"' if not faulty() else '""')
        yield line(me, EX + "familyName", f'"F{number}"')
        if faulty():
            yield line(me, EX + "familyName", f'"Second{number}"')
        yield line(me, ORG + "memberOf", iri("body", pick(each)))
        yield line(me, EX + "email", f'"p{number}{"" if faulty() else "@"}example.org"')
        yield line(me, EX + "born", day(1940 + pick(60)))
        yield line(me, EX + "role", f"<{EX}role/{pick(5) if not faulty() else 9}>")
        yield line(me, EX + "score", typed(round(chance() * 100, 3) if not faulty() else 250.5, "decimal"))
        yield line(me, EX + "active", typed("true" if chance() < 0.5 else "false", "boolean"))
        yield line(me, EX + "country", f"<{EX}country/{pick(200)}>")
    for number in range(each):
        me, start = iri("activity", number), 1990 + pick(20)
        yield line(me, RDF + "type", f"<{EX}{('Activity', 'Review')[pick(2)]}>")
        yield line(me, RDFS + "label", f'"activity {number}"@en')
        yield line(me, PROV + "startedAtTime", day(start))
        yield line(me, PROV + "endedAtTime", day(start - 1 if faulty() else start + 1 + pick(5)))
        yield line(me, PROV + "wasAssociatedWith", iri("body" if not faulty() else "document", pick(each)))
        if chance() < 0.3:
            yield line(me, PROV + "wasAssociatedWith", iri("person", pick(each)))
        yield line(me, PROV + "used", iri("document", pick(each)))
        if number:
            yield line(me, PROV + "wasInformedBy", iri("activity", pick(number)))
        yield line(me, EX + "budget", typed(pick(100_000), "integer"))
        yield line(me, EX + "spent", typed(200_000 if faulty() else 0, "integer"))
        yield line(me, EX + "theme", f"<{EX}theme/{pick(40)}>")
    for number in range(each):
        me = iri("document", number)
        yield line(me, RDF + "type", f"<{EX}{('Document', 'Report')[pick(2)]}>")
        yield line(me, DCT + "title", f'"document {number}"@en')
        if faulty():
            yield line(me, DCT + "title", f'"again {number}"@en')
        yield line(me, DCT + "creator", iri("person", pick(each)))
        yield line(me, DCT + "publisher", iri("body", pick(each)))
        yield line(me, DCT + "identifier", f'"{"X" if faulty() else "DOC"}-{number:06}"')
        yield line(me, DCT + "issued", day(1990 + pick(30)) if not faulty() else '"soon"')
        yield line(me, DCT + "language", f'"{"xx" if faulty() else ("en", "fr", "es")[pick(3)]}"')
        yield line(me, EX + "pages", typed(pick(900) + 1 if not faulty() else 0, "integer"))
        yield line(me, PROV + "wasGeneratedBy", iri("activity", pick(each)))
        if faulty():
            yield line(me, EX + "stray", '"surprise"')


if __name__ == "__main__":
    sys.stdout.writelines(triples(int(sys.argv[1])))
