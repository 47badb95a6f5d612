"""Whether an update would reach out of this machine, by LOAD or by SERVICE, whatever its spelling.

SERVICE is judged as in queries (`sparql/egress.py`). LOAD in the same way: with every "load" in the text changed to
another word of the same length, a text without such an operation still parses. Operations that load from an allowed
address are taken out before; what is loaded in the end is the address that was compared, not the text.
"""

import re
from collections.abc import Collection
from typing import Final

from edaphon.errors import EgressRefused
from edaphon.sparql import egress
from edaphon.sparql.update import blocks
from edaphon.sparql.update.operations import Load
from edaphon.sparql.update.reading import Request, parses

__all__ = ["refuse_to_reach_out"]

_WORD: Final = re.compile("(loa)(d)", re.IGNORECASE)
# The engine fetches nothing else. An address that nobody can load from is a failure, which SILENT hides.
_FETCHED: Final = re.compile("https?:", re.IGNORECASE)
# As an operation, nothing that could reach out.
_HARMLESS: Final = " CLEAR DEFAULT "


def refuse_to_reach_out(request: Request, allowed: Collection[str]) -> None:
    """Raise EgressRefused when the update names a target that is not exactly one of those allowed."""
    text, refused = request.text, None
    for operation in reversed(request.operations):
        if isinstance(operation, Load):
            source = blocks.iri(request.prologue, operation.source).value
            if source in allowed or (operation.silent and not _FETCHED.match(source)):
                text = text[: operation.start] + _HARMLESS + text[operation.end :]
            else:
                refused = f"<{source}>"
    if refused is None and "load" in text.lower() and not parses(_masked(text)):
        refused = "an address that is not written out as <IRI>"
    refused = refused or egress.reaches_out(text, parses, allowed)
    if refused is not None:
        raise EgressRefused(
            f"this server does not let updates reach {refused}; whoever runs it can allow an address by --allow-service"
        )


def _masked(text: str) -> str:
    # The fourth letter's case is kept, so that two different names stay two.
    return _WORD.sub(lambda match: match[1] + ("x" if match[2] == "d" else "X"), text)
