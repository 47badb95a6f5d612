"""Where on a server the document about one of our IRIs is, and which IRI a document is about.

The IRIs stay the same wherever the server runs, so a link to one of ours leads to a path on the server itself.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from pyoxigraph import NamedNode

from edaphon.namespaces import BASE, ID, ONTOLOGY, SHAPES

__all__ = ["SUFFIXES", "Address", "document_of", "iri_at", "read_address"]

# Suffix of a path → the one format of that address.
SUFFIXES: Final = {
    "html": "text/html",
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
}
# What may stand between < and > in SPARQL (IRIREF), of which a path is a part.
SPELLABLE: Final = re.compile(r"[^\x00-\x20<>\"{}|^`\\]+")
DOC: Final = "doc/"
# One document for all terms of a namespace, whose IRIs differ after the #.
VOCABULARIES: Final = {ONTOLOGY: ONTOLOGY[:-1], SHAPES: SHAPES[:-1]}
# What else has a document, besides the things below id/.
DESCRIBED: Final = ("concept/", "source/", "graph/", "contribution/", "contributor/", ".well-known/genid/")
# What a path keeps as it is (RFC 3986 section 3.3), and so need not be percent-encoded.
KEPT: Final = "/:@!$&'()*+,;=~-._"


@dataclass(frozen=True, slots=True)
class Address:
    """A document's path without the suffix, and the format that the suffix stands for; None where there is none."""

    path: str
    media_type: str | None


def read_address(path: str) -> Address:
    """The address that a path names, suffix and all; `path` is without percent-encoding."""
    stem, dot, suffix = path.rpartition(".")
    if dot and stem and not stem.endswith("/") and suffix in SUFFIXES:
        return Address(stem, SUFFIXES[suffix])
    return Address(path, None)


def iri_at(path: str) -> str | None:
    """The IRI that the document at this path, without its suffix, is about; None when no IRI can be."""
    rest = path.removeprefix("/")
    if rest.startswith(DOC):
        rest = ID.removeprefix(BASE) + rest.removeprefix(DOC)
    if not SPELLABLE.fullmatch(rest):
        return None
    try:
        # Not every character that can be written may be in an IRI, such as the one that stands for bytes of no text.
        return NamedNode(BASE + rest).value
    except ValueError:
        return None


def document_of(iri: str) -> str | None:
    """The path, perhaps with a fragment, at which one reads about an IRI of ours; None for the IRIs of others."""
    for namespace, document in VOCABULARIES.items():
        if iri == document:
            return "/" + document.removeprefix(BASE)
        if iri.startswith(namespace):
            return f"/{document.removeprefix(BASE)}#{quote(iri.removeprefix(namespace), safe=KEPT)}"
    if not iri.startswith(BASE):
        return None
    rest = iri.removeprefix(BASE)
    if iri.startswith(ID):
        rest = DOC + iri.removeprefix(ID)
    elif not rest.startswith(DESCRIBED):
        return None
    path, mark, fragment = rest.partition("#")
    return "/" + quote(path, safe=KEPT) + mark + quote(fragment, safe=KEPT)
