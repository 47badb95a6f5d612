"""In which RDF format a body is, by its Content-Type or else by its file's name."""

from pathlib import PurePath

from edaphon.errors import UnsupportedMedia

__all__ = ["rdf_type"]


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
