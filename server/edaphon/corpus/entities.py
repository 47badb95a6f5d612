"""Whether an RDF/XML document refers to entities that it declares itself, which nobody here expands."""

import re
from typing import Final

from edaphon.errors import ParseError

__all__ = ["refuse_entities"]

DECLARED: Final = b"<!ENTITY"
# A reference to any but the five that XML has by itself, and to no character.
REFERENCE: Final = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([^#;&<>\s\"'][^;&<>\s\"']*);")


def refuse_entities(content: bytes, name: str) -> None:
    """Raise ParseError, with the line, for a document that needs entities of its own; `name` is what it is called.

    A few lines of them can stand for gigabytes of text.
    """
    if DECLARED not in content:
        return
    # Entities may be declared by means of others; what counts is whether the document needs any.
    end = content.find(b"]", content.rindex(DECLARED))
    reference = REFERENCE.search(content, max(end, 0))
    if reference is not None:
        raise ParseError(
            f"the entity {reference[1].decode('utf-8', 'replace')!r} is declared by the document itself; write out "
            "what it stands for",
            source=name,
            line=content.count(b"\n", 0, reference.start()) + 1,
        )
