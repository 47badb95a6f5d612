"""How an update reads with the declarations behind its operations at the start, where alone the engine takes them.

SPARQL allows PREFIX after every `;`, and clients that join updates to one, such as RDFLib's, send it there. At the
start it holds in the whole update, so a prefix that changes its meaning on the way cannot be moved; nor can BASE.
"""

import re
from typing import Final

from edaphon.sparql.diagnosis.diagnose import MOST
from edaphon.sparql.diagnosis.grammar import read

__all__ = ["moved"]

_WORD: Final = re.compile("PREFIX|VERSION", re.IGNORECASE)
_SHOWN: Final = re.compile(r"[^\r\n]")
_ABSOLUTE: Final = re.compile(r"<[A-Za-z][A-Za-z0-9+.\-]*:")


def moved(text: str) -> tuple[str, str]:
    """The text with spaces in place of the declarations that can be moved, and those, one after another.

    The text as it was, and nothing, where there are none, where one cannot be moved, or where the text is no update.
    """
    first = text.find(";")
    if first < 0 or not _WORD.search(text, first):
        return text, ""
    reading = read(text, update=True, most=MOST)
    if reading.tree is None:
        return text, ""
    known: dict[str, str] = {}
    left: list[str] = []
    declarations: list[str] = []
    position = 0
    later = False
    before = ""
    for place, token in enumerate(reading.tokens):
        later = later or before == "SEMICOLON"
        before = token.type
        if before == "BASE" and later:
            return text, ""
        if before not in ("PREFIX", "VERSION"):
            continue
        last = reading.tokens[place + (2 if before == "PREFIX" else 1)]
        start, end = int(token.start_pos or 0), int(last.end_pos or 0)
        if before == "PREFIX":
            name = str(reading.tokens[place + 1])
            if later and name in known and not (known[name] == last and _ABSOLUTE.match(last)):
                return text, ""
            known[name] = str(last)
        if later:
            declarations.append(text[start:end])
            left += text[position:start], _SHOWN.sub(" ", text[start:end])
            position = end
    if not declarations:
        return text, ""
    # A comment may stand inside a declaration; its line must end.
    return "".join((*left, text[position:])), "\n".join(("", *declarations, ""))
