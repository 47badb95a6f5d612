"""A data set of the Berlin SPARQL Benchmark, made after its public specification (version 3.1) with our own code.

Products of a type hierarchy with features, their producers, vendors with offers, and reviewers with reviews. The same
seed and number of products give the same bytes; 2,785 products give about a million triples.

    python tests/benchmarks/bsbm_data.py --products 2785 --seed 1 > bsbm.nt
"""

import argparse
import bisect
import hashlib
import itertools
import math
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import IO, Final

__all__ = ["COUNTRIES", "INST", "VOCABULARY", "Pools", "write"]

BSBM: Final = "http://www4.wiwiss.fu-berlin.de/bizer/bsbm/v01/"
VOCABULARY: Final = BSBM + "vocabulary/"
INST: Final = BSBM + "instances/"
DC: Final = "http://purl.org/dc/elements/1.1/"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
REV: Final = "http://purl.org/stuff/rev#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
COUNTRY: Final = "http://downlode.org/rdf/iso-3166/countries#"

OFFERS_PER_PRODUCT: Final = 20
REVIEWS_PER_PRODUCT: Final = 10
PRODUCTS_PER_PRODUCER: Final = 50
OFFERS_PER_VENDOR: Final = 2_000
REVIEWS_PER_REVIEWER: Final = 20
REVIEWS_PER_SITE: Final = 10_000
TODAY: Final = date(2008, 6, 20)

COUNTRIES: Final = ("US", "GB", "JP", "CN", "DE", "FR", "ES", "RU", "KR", "AT")
SHARES: Final = (40, 10, 10, 10, 5, 5, 5, 5, 5, 5)
LANGUAGES: Final = ("en", "ja", "zh", "de", "fr", "es", "ru", "ko")
SYLLABLES: Final = tuple(a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "el", "or"))


@dataclass(frozen=True, slots=True)
class Pools:
    """What the queries' parameters are drawn from: IRIs, and the words of product labels."""

    types: tuple[str, ...]
    # Each type's features, its ancestors' included: the ones that its products may have.
    features: tuple[tuple[str, ...], ...]
    products: tuple[str, ...]
    offers: int
    offers_per_vendor: tuple[int, ...]
    reviews: int
    words: tuple[str, ...]

    def offer(self, number: int) -> str:
        """The IRI of an offer, which is named within its vendor's data."""
        return f"{INST}dataFromVendor{bisect.bisect(self.offers_per_vendor, number) + 1}/Offer{number + 1}"

    def review(self, number: int) -> str:
        """The IRI of a review, which is named within its rating site's data."""
        return f"{INST}dataFromRatingSite{number // REVIEWS_PER_SITE + 1}/Review{number + 1}"


@dataclass(frozen=True, slots=True)
class Type:
    number: int
    parent: "Type | None"
    features: tuple[int, ...]

    def line(self) -> Iterator["Type"]:
        """The type and its ancestors."""
        one: Type | None = self
        while one is not None:
            yield one
            one = one.parent


class Generator:
    """The steps of the specification's section on data, in its order."""

    def __init__(self, products: int, seed: int, out: IO[str]) -> None:
        self.size = products
        self.random = random.Random(seed)
        self.out = out
        self.words = tuple(
            sorted({"".join(self.random.choices(SYLLABLES, k=self.random.randint(2, 4))) for _ in range(8_000)})
        )
        self.triples = 0

    def say(self, subject: str, predicate: str, thing: str) -> None:
        self.out.write(f"<{subject}> <{predicate}> {thing} .\n")
        self.triples += 1

    def text(self, least: int, most: int) -> str:
        return " ".join(self.random.choices(self.words, k=self.random.randint(least, most)))

    def about(self, start: date, days: int) -> date:
        return start + timedelta(days=self.random.randrange(days))

    def publication(self, subject: str, publisher: str, day: date) -> None:
        self.say(subject, DC + "publisher", f"<{publisher}>")
        self.say(subject, DC + "date", typed(day.isoformat(), XSD + "date"))

    def country(self) -> str:
        return f"<{COUNTRY}{self.random.choices(COUNTRIES, SHARES)[0]}>"

    def shares(self, total: int, mean: int) -> Iterator[int]:
        """Split `total` into normally distributed parts."""
        left = total
        while left > 0:
            part = min(left, max(1, round(self.random.gauss(mean, mean / 3))))
            yield part
            left -= part

    def types(self) -> tuple[list[Type], list[Type], int]:
        """The tree of product types with their features: all types, the leaves, and the number of features."""
        magnitude = round(math.log10(self.size))
        depth = max(2, round(math.log10(self.size) / 2) + 1)
        # Children per node from the root downwards.
        branching = (2 * magnitude, *([8] * (depth - 2)), (2, 4, 8)[magnitude % 3])
        counter = itertools.count(1)
        features = itertools.count(1)
        root = Type(next(counter), None, ())
        every, level = [root], [root]
        # Types further down have more features of their own.
        steps = depth * (depth + 1) // 2 - 1
        for below, width in enumerate(branching, 1):
            least, most = 35 * below // steps, 75 * below // steps
            level = [
                Type(
                    next(counter),
                    parent,
                    tuple(next(features) for _ in range(self.random.randint(least, most))),
                )
                for parent in level
                for _ in range(width)
            ]
            every += level
        return every, level, next(features) - 1

    def write(self) -> Pools:
        types, leaves, features = self.types()
        institute = INST + "StandardizationInstitution1"
        for type_ in types:
            subject = f"{INST}ProductType{type_.number}"
            self.say(subject, RDF + "type", f"<{VOCABULARY}ProductType>")
            self.described(subject, 1, 3, 20, 50)
            if type_.parent is not None:
                self.say(subject, RDFS + "subClassOf", f"<{INST}ProductType{type_.parent.number}>")
            self.publication(subject, institute, self.about(date(2000, 7, 1), 180))
        for number in range(1, features + 1):
            subject = f"{INST}ProductFeature{number}"
            self.say(subject, RDF + "type", f"<{VOCABULARY}ProductFeature>")
            self.described(subject, 1, 3, 20, 50)
            self.publication(subject, institute, self.about(date(2000, 7, 1), 180))
        products = self.products(leaves)
        ends = self.offers(products)
        reviews = self.reviews(products)
        return Pools(
            types=tuple(f"{INST}ProductType{one.number}" for one in leaves),
            features=tuple(
                tuple(f"{INST}ProductFeature{n}" for one in leaf.line() for n in one.features) for leaf in leaves
            ),
            products=tuple(products),
            offers=ends[-1],
            offers_per_vendor=tuple(ends),
            reviews=reviews,
            words=self.words,
        )

    def described(self, subject: str, least: int, most: int, least_words: int, most_words: int) -> None:
        self.say(subject, RDFS + "label", quoted(self.text(least, most)))
        self.say(subject, RDFS + "comment", quoted(self.text(least_words, most_words)))

    def organisation(self, subject: str, kind: str, number: int) -> None:
        """A producer or vendor, which publishes the data about itself."""
        self.say(subject, RDF + "type", f"<{VOCABULARY}{kind}>")
        self.described(subject, 1, 3, 20, 50)
        self.say(subject, FOAF + "homepage", f"<http://www.{kind}{number}.com/>")
        self.say(subject, VOCABULARY + "country", self.country())
        self.publication(subject, subject, self.about(date(2000, 7, 1), 1_800))

    def products(self, leaves: list[Type]) -> list[str]:
        made: list[str] = []
        for number, share in enumerate(self.shares(self.size, PRODUCTS_PER_PRODUCER), 1):
            place = f"{INST}dataFromProducer{number}/"
            producer = f"{place}Producer{number}"
            self.organisation(producer, "Producer", number)
            for _ in range(share):
                made.append(f"{place}Product{len(made) + 1}")
                self.product(made[-1], producer, self.random.choice(leaves))
        return made

    def product(self, subject: str, producer: str, leaf: Type) -> None:
        self.say(subject, RDF + "type", f"<{VOCABULARY}Product>")
        self.described(subject, 1, 3, 50, 150)
        for one in leaf.line():
            self.say(subject, RDF + "type", f"<{INST}ProductType{one.number}>")
        self.say(subject, VOCABULARY + "producer", f"<{producer}>")
        # The first three properties always, the fourth and fifth of either kind to 70 and 80 per cent.
        for number, chance in enumerate((1, 1, 1, 0.7, 0.8), 1):
            if self.random.random() < chance:
                value = min(2_000, max(1, round(self.random.gauss(1_000, 330))))
                self.say(subject, f"{VOCABULARY}productPropertyNumeric{number}", typed(str(value), XSD + "integer"))
            if self.random.random() < chance:
                self.say(subject, f"{VOCABULARY}productPropertyTextual{number}", quoted(self.text(3, 15)))
        for feature in [n for one in leaf.line() for n in one.features if self.random.random() < 0.25]:
            self.say(subject, VOCABULARY + "productFeature", f"<{INST}ProductFeature{feature}>")
        self.publication(subject, producer, self.about(date(2000, 9, 20), 2_200))

    def chosen(self, products: list[str]) -> str:
        """A product; those in the middle are in demand."""
        while True:
            position = round(self.random.gauss(len(products) / 2, len(products) / 4))
            if 0 <= position < len(products):
                return products[position]

    def offers(self, products: list[str]) -> list[int]:
        """Every vendor with its offers; the number of offers up to and with each vendor."""
        ends: list[int] = [0]
        for number, share in enumerate(self.shares(self.size * OFFERS_PER_PRODUCT, OFFERS_PER_VENDOR), 1):
            place = f"{INST}dataFromVendor{number}/"
            vendor = f"{place}Vendor{number}"
            self.organisation(vendor, "Vendor", number)
            for offer in range(ends[-1] + 1, ends[-1] + share + 1):
                subject = f"{place}Offer{offer}"
                start = TODAY - timedelta(days=self.random.randrange(60))
                end = start + timedelta(days=self.random.randrange(7, 90))
                price = f"{self.random.uniform(5, 10_000):.2f}"
                self.say(subject, RDF + "type", f"<{VOCABULARY}Offer>")
                self.say(subject, VOCABULARY + "product", f"<{self.chosen(products)}>")
                self.say(subject, VOCABULARY + "vendor", f"<{vendor}>")
                self.say(subject, VOCABULARY + "price", typed(price, VOCABULARY + "USD"))
                self.say(subject, VOCABULARY + "validFrom", typed(f"{start}T00:00:00", XSD + "dateTime"))
                self.say(subject, VOCABULARY + "validTo", typed(f"{end}T00:00:00", XSD + "dateTime"))
                delivery = min(self.random.randint(1, 7), self.random.randint(1, 7))
                self.say(subject, VOCABULARY + "deliveryDays", typed(str(delivery), XSD + "integer"))
                self.say(subject, VOCABULARY + "offerWebpage", f"<http://www.Vendor{number}.com/offers/Offer{offer}>")
                self.publication(subject, vendor, start)
            ends.append(ends[-1] + share)
        return ends[1:]

    def reviews(self, products: list[str]) -> int:
        made = 0
        for number, share in enumerate(self.shares(self.size * REVIEWS_PER_PRODUCT, REVIEWS_PER_REVIEWER), 1):
            site = f"{INST}dataFromRatingSite{made // REVIEWS_PER_SITE + 1}/"
            reviewer = f"{site}Reviewer{number}"
            self.say(reviewer, RDF + "type", f"<{FOAF}Person>")
            self.say(reviewer, FOAF + "name", quoted(self.text(2, 2)))
            self.say(reviewer, FOAF + "mbox_sha1sum", quoted(hashlib.sha1(reviewer.encode()).hexdigest()))
            self.say(reviewer, VOCABULARY + "country", self.country())
            self.publication(reviewer, f"{site}RatingSite{made // REVIEWS_PER_SITE + 1}", self.about(TODAY, 30))
            for _ in range(share):
                place = f"{INST}dataFromRatingSite{made // REVIEWS_PER_SITE + 1}/"
                made += 1
                self.review(f"{place}Review{made}", reviewer, self.chosen(products))
        return made

    def review(self, subject: str, reviewer: str, product: str) -> None:
        day = TODAY - timedelta(days=self.random.randrange(365))
        language = self.random.choices(LANGUAGES, (50, 5, 5, 10, 10, 10, 5, 5))[0]
        self.say(subject, RDF + "type", f"<{REV}Review>")
        self.say(subject, VOCABULARY + "reviewFor", f"<{product}>")
        self.say(subject, REV + "reviewer", f"<{reviewer}>")
        self.say(subject, VOCABULARY + "reviewDate", typed(f"{day}T00:00:00", XSD + "dateTime"))
        self.say(subject, DC + "title", quoted(self.text(4, 15)))
        self.say(subject, REV + "text", f"{quoted(self.text(50, 200))}@{language}")
        for number in range(1, 5):
            if self.random.random() < 0.7:
                rating = typed(str(self.random.randint(1, 10)), XSD + "integer")
                self.say(subject, f"{VOCABULARY}rating{number}", rating)
        site = subject.rpartition("/")[0]
        self.publication(subject, f"{site}/RatingSite{site.rpartition('RatingSite')[2]}", day)


def quoted(text: str) -> str:
    return f'"{text}"'


def typed(text: str, datatype: str) -> str:
    return f'"{text}"^^<{datatype}>'


def write(products: int, seed: int, out: IO[str]) -> tuple[Pools, int]:
    """Write a data set as N-Triples; what its queries draw from, and the number of triples."""
    generator = Generator(products, seed, out)
    pools = generator.write()
    return pools, generator.triples


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--products", type=int, default=2_785)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    _, triples = write(given.products, given.seed, sys.stdout)
    print(f"{triples:,} triples", file=sys.stderr)


if __name__ == "__main__":
    main()
