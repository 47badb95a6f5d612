"""What a body is by its Content-Type, or else by its file's name."""

from pathlib import PurePath

from edaphon.errors import MalformedRequest, UnsupportedMedia
from edaphon.sparql.protocol import media_type, refuse_charset

__all__ = ["field_bytes", "rdf_type", "text_type"]


def text_type(content_type: str | None) -> str:
    """The media type that a Content-Type names, in lower case; empty where there is none.

    Raises UnsupportedMedia where it says that the text is in another charset than UTF-8, as which it would be read.
    """
    kind, options = media_type(content_type)
    refuse_charset(options)
    return kind


def field_bytes(value: str, body: bytes, where: str) -> bytes:
    """A field of a multipart body, which has been decoded, as it was sent. Raises MalformedRequest if not in UTF-8.

    What is not UTF-8 is read as Latin-1 by the library, which would make other letters of it.
    """
    sent = value.encode()
    if sent not in body:
        raise MalformedRequest(f"{where} is not UTF-8")
    return sent


def rdf_type(kind: str, where: str, filename: str | None = None) -> str:
    """The RDF media type that a content type, or else a file's name, tells. Raises UnsupportedMedia."""
    from pyoxigraph import RdfFormat  # not at the start of a server

    form = RdfFormat.from_media_type(kind) if kind else None
    if form is None and filename:
        form = RdfFormat.from_extension(PurePath(filename).suffix.removeprefix("."))
    if form is None:
        told = f"is of type {kind}" if kind else "has no Content-Type"
        raise UnsupportedMedia(f"{where} {told}; send RDF, such as text/turtle or application/ld+json")
    return form.media_type
