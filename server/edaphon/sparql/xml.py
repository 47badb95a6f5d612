"""What XML has no way to write, and is refused before it becomes a document that no parser takes.

The engine writes every property as the name of an element, and every character of a text as it is. A name cannot be
empty (RDF 1.1 XML Syntax section 5.3), and the control characters but tab and line ends are in no XML document.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import IO, Any, Final, Protocol, cast

from pyoxigraph import RdfFormat, serialize

from edaphon.errors import NotAcceptable

__all__ = ["CheckedFile", "nameable", "rdf_xml"]

# The end of an IRI that can be an element's name (Namespaces in XML 1.0, NCName).
_START: Final = (
    "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME: Final = re.compile(rf"[{_START}][-.0-9\xb7\u0300-\u036f\u203f-\u2040{_START}]*\Z")
# In UTF-8; the last two are U+FFFE and U+FFFF.
_FORBIDDEN: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")


def rdf_xml(triples: Iterable[Any], prefixes: Mapping[str, str]) -> bytes:
    """The triples in RDF/XML. Raises NotAcceptable where that cannot be."""
    file = BytesIO()
    # The engine asks of a file only that it can be written and flushed.
    serialize(nameable(triples), cast("IO[bytes]", CheckedFile(file)), RdfFormat.RDF_XML, prefixes=dict(prefixes))
    return file.getvalue()


class _File(Protocol):
    def write(self, part: bytes, /) -> int: ...

    def flush(self) -> None: ...


def nameable(triples: Iterable[Any]) -> Iterator[Any]:
    """The triples, as long as each property has a name in RDF/XML. Raises NotAcceptable."""
    known = set()
    for triple in triples:
        property = triple.predicate
        if property not in known:
            if _NAME.search(property.value) is None:
                raise NotAcceptable(
                    f"RDF/XML has no name for the property {property}, whose IRI ends in no letter; "
                    "ask for another format, such as text/turtle",
                    offered=(),
                )
            known.add(property)
        yield triple


class CheckedFile:
    """A file for the engine to write an XML document to, which passes on what XML can have. Raises NotAcceptable."""

    def __init__(self, file: _File) -> None:
        self._file = file
        # A character may come in two parts.
        self._last = b""

    def write(self, part: bytes) -> int:
        """Take a part of the document."""
        part = bytes(part)
        if _FORBIDDEN.search(self._last + part):
            raise NotAcceptable(
                "the answer has a control character in it, which no XML document can have; "
                "ask for another format, such as text/turtle or application/sparql-results+json",
                offered=(),
            )
        self._last = part[-2:]
        return self._file.write(part)

    def flush(self) -> None:
        """The engine's wish to have its bytes out."""
        self._file.flush()
