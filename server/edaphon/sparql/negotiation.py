"""Which representation a client gets: its Accept and Accept-Encoding headers against what is on offer."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final, Literal

from edaphon.errors import NotAcceptable

__all__ = [
    "DESCRIPTION",
    "FAILURE",
    "GRAPH",
    "HTML",
    "JSON",
    "SOLUTIONS",
    "Formats",
    "Offer",
    "choose",
    "formats",
    "prefers_page",
    "takes_gzip",
]

Kind = Literal["solutions", "graph"]

HTML: Final = "text/html"
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Offer:
    """A media type that can be sent, and the names under which clients ask for it as well.

    An alias counts only where it is named; so does the media type itself unless `wild`.
    """

    media_type: str
    aliases: tuple[str, ...] = ()
    wild: bool = True


# In the server's order of preference: the first is what `*/*` gets.
SOLUTIONS: Final = (
    Offer("application/sparql-results+json", (JSON,)),
    Offer("application/sparql-results+xml", ("application/xml", "text/xml")),
    Offer("text/csv"),
    Offer("text/tab-separated-values"),
)
GRAPH: Final = (
    Offer("text/turtle"),
    Offer("application/n-triples"),
    Offer("application/ld+json", (JSON,)),
    Offer("application/rdf+xml", ("application/xml", "text/xml")),
    Offer("application/trig"),
    Offer("application/n-quads"),
)
DESCRIPTION: Final = GRAPH[:4]
FAILURE: Final = (Offer("application/problem+json", (JSON,)),)
# A page comes after everything else: only who asks for HTML gets it.
PAGE: Final = (Offer(HTML, ("application/xhtml+xml",), wild=False),)


@dataclass(frozen=True, slots=True)
class Range:
    """One element of an Accept header; `position` is its place in the header."""

    type: str
    subtype: str
    quality: float
    position: int

    def covers(self, media_type: str) -> int:
        """How specifically this range covers a media type: 3 by name, 2 by `type/*`, 1 by `*/*`, 0 not at all."""
        type_, _, subtype = media_type.partition("/")
        if self.type == "*":
            return 1
        if self.type != type_:
            return 0
        if self.subtype == "*":
            return 2
        return 3 if self.subtype == subtype else 0


@dataclass(frozen=True, slots=True)
class Formats:
    """The media type for each kind of answer, None where the client takes none on offer; `text/html` means a page."""

    solutions: str | None
    graph: str | None


# Elements are separated by commas, parameters by semicolons, except within quoted strings (RFC 9110 section 5.6).
ELEMENT: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
PARAMETER: Final = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"?)+')
TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Browsers send a dozen elements, programs fewer. Each is held against every offer, so there must be an end to them.
MOST_ELEMENTS: Final = 100
QUALITY: Final = re.compile(r"(?:[01](?:\.[0-9]*)?|\.[0-9]+)")


def ranges(accept: str) -> Iterator[Range]:
    """The elements of an Accept header, the first hundred; one that cannot be read is passed over."""
    for position, element in enumerate(islice(ELEMENT.finditer(accept), MOST_ELEMENTS)):
        name, *parameters = (part.strip() for part in PARAMETER.findall(element[0]))
        # Java's HttpURLConnection has sent a lone `*` for decades.
        type_, slash, subtype = ("*", "/", "*") if name == "*" else name.lower().partition("/")
        quality = weight(parameters)
        if not slash or quality is None or not TOKEN.fullmatch(type_) or not TOKEN.fullmatch(subtype):
            continue
        if type_ == "*" and subtype != "*":
            continue
        yield Range(type_, subtype, quality, position)


def weight(parameters: Sequence[str]) -> float | None:
    """The element's `q`, 1 when it has none; None when it cannot be read. Other parameters do not matter here."""
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if name.strip().lower() == "q":
            value = value.strip()
            return min(float(value), 1.0) if equals and QUALITY.fullmatch(value) else None
    return 1.0


def choose(accept: str | None, offers: Sequence[Offer]) -> str | None:
    """The media type to send; None when no offer is acceptable. No header, or an empty one, accepts anything.

    Each offer has the quality of the most specific range that covers it (RFC 9110 section 12.5.1), a range that
    names it before one that names an alias. Between equals, a format asked for by name goes before one that a
    wildcard lets in, then the client's order counts, then the server's.
    """
    if accept is None or not accept.strip():
        return offers[0].media_type
    wanted = list(ranges(accept))
    best: tuple[float, int, int] | None = None
    chosen = None
    for offer in offers:
        found = cover(offer, wanted)
        if found is not None and found[0] > 0 and (best is None or found > best):
            best, chosen = found, offer.media_type
    return chosen


def cover(offer: Offer, wanted: Sequence[Range]) -> tuple[float, int, int] | None:
    """Quality, specificity and precedence in the header of the range that decides about one offer."""
    candidates = [
        (range_.covers(name), own, -range_.position, range_.quality)
        for own, names in ((True, (offer.media_type,)), (False, offer.aliases))
        for name in names
        for range_ in wanted
        if range_.covers(name) >= (1 if own and offer.wild else 3)
    ]
    if not candidates:
        return None
    specificity, _, precedence, quality = max(candidates)
    # Wildcards have no order among formats: there the server's preference stands.
    return quality, specificity, precedence if specificity == 3 else 0


@lru_cache(maxsize=64)
def formats(accept: str | None, *, page: bool = True) -> Formats:
    """The formats for both kinds of answer. Raises NotAcceptable when the client takes neither kind in any of them."""
    extra = PAGE if page else ()
    both = Formats(choose(accept, (*SOLUTIONS, *extra)), choose(accept, (*GRAPH, *extra)))
    if both.solutions is None and both.graph is None:
        offered = tuple(dict.fromkeys(offer.media_type for offer in (*SOLUTIONS, *GRAPH)))
        raise NotAcceptable(f"no format on offer fits Accept: {accept}", offered=offered)
    return both


def prefers_page(accept: str | None, offers: Sequence[Offer] = FAILURE) -> bool:
    """Whether the client would rather have a page than any of these; every browser would."""
    return choose(accept, (*offers, *PAGE)) == HTML


@lru_cache(maxsize=64)
def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether the client takes a gzipped body. Without the header it gets it as it is (RFC 9110 section 12.5.3)."""
    if not accept_encoding:
        return False
    qualities: dict[str, float] = {}
    for element in accept_encoding.split(","):
        name, *parameters = (part.strip() for part in element.split(";"))
        quality = weight(parameters)
        if quality is not None:
            qualities[name.lower()] = quality
    return qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", 0.0))) > 0
