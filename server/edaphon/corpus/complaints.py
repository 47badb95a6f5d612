"""What the engine says against RDF that does not parse, in words that tell what to do."""

import re
from typing import Final

from edaphon.namespaces import PREFIXES

__all__ = ["complaint"]

# The parser repeats in its message what it says in the error's attributes.
_PLACE: Final = re.compile(r"^Parser error (?:at|between) line \d+ [^:]*: ")
_UNDECLARED: Final = re.compile(r"The prefix (.*): has not been declared")
_MISPLACED: Final = re.compile(r"(.*) is not a valid (?:subject or graph name|RDF object|predicate)")
# The beginning of what the engine says → how to say it to a person.
_SAID: Final = {
    "No scheme found in an absolute IRI": "this IRI is relative, and no base is declared; write the whole address",
    "No LoadDocumentCallback": "it names a JSON-LD context elsewhere; none is fetched, so put the context itself there",
    "Unexpected end": "the text ends in the middle of a statement; each ends in a dot, each string in its quotes",
    "XML namespaces are required": "this is no RDF/XML: its elements are in no namespace",
}


def complaint(error: SyntaxError) -> str:
    """What is wrong with the text, and what to do where that can be told; the error has the place."""
    said = _PLACE.sub("", str(error.msg))
    undeclared = _UNDECLARED.fullmatch(said)
    if undeclared is not None:
        meant = PREFIXES.get(undeclared[1])
        return f"{said}; declare it at the top: PREFIX {undeclared[1]}: <{'…' if meant is None else meant}>"
    if _MISPLACED.fullmatch(said):
        return f"{said}; an IRI stands between < and >, or is a prefixed name"
    return next((better for beginning, better in _SAID.items() if said.startswith(beginning)), said)
