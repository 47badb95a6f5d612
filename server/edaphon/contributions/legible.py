"""What people write about contributions, for others to read: a title, a reason."""

import unicodedata
from typing import Final

__all__ = ["legible", "made_legible"]

# They turn the text that follows round, also outside of what they are written in (Unicode Standard Annex 9).
TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
BREAKS: Final = "\n\r\t"


def legible(text: str, *, breaks: bool = False) -> bool:
    """Whether all of a text can be shown, kept and written in any format; `breaks` says whether it may have lines."""
    return not any(_hidden(sign) for sign in text if not (breaks and sign in BREAKS))


def made_legible(text: str) -> str:
    """The text on one line, without what cannot be shown."""
    return " ".join("".join(" " if _hidden(sign) else sign for sign in text).split())


def _hidden(sign: str) -> bool:
    # Control characters, halves of a pair, and the code points that are no characters: XML and databases take none.
    code = ord(sign)
    nothing = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return nothing or sign in TURNING or unicodedata.category(sign) in ("Cc", "Cs")
