"""Whether a query would reach out of this machine, decided by the engine's own parser so that no spelling evades it.

The engine follows SERVICE to any address and has no switch against it. Its grammar needs no space around keywords:
`1SERVICE<…>`, `trueSERVICE<…>` and `SERVICESILENT<…>` all reach out, so a search for the word misses some, and refuses
innocent strings, variables and prefixes. Hence the *mask*: every "service" in the text is changed to another word of
the same length. Strings, comments, IRIs, variables and prefixed names stay well formed under the mask; the keyword does
not. If the masked text parses, the text has no SERVICE clause.

An allowed endpoint is let through only where its full IRI stands right behind the keyword. Of such a clause the keyword
is masked as `GRAPH`, which has the same grammar, so the rest of the text is still held to the rule. What stands between
keyword and IRI stays: where the match begins in a string, that may be the string's end and a clause of another kind. No
prefix, BASE, escape or variable can make the engine read another address into a literal absolute IRI.
"""

import re
from collections.abc import Callable, Collection
from typing import Final

__all__ = ["calls_service", "mask", "reaches_out"]

_GAP: Final = r"(?:[ \t\r\n]|#[^\r\n]*(?=[\r\n]))*"
_CLAUSE: Final = re.compile(rf"SERVICE(?:({_GAP})SILENT)?({_GAP})<([^<>\"{{}}|^`\\\x00-\x20]*)>", re.IGNORECASE)
_WORD: Final = re.compile("(servi)(c)(e)", re.IGNORECASE)


def mask(text: str, allowed: Collection[str] = ()) -> str:
    """The text with the keyword SERVICE taken out, but where it names an allowed endpoint, which becomes GRAPH."""

    def clause(match: re.Match[str]) -> str:
        return f" GRAPH {match[1] or ''}{match[2]}<{match[3]}>" if match[3] in allowed else match[0]

    # The fourth letter's case is kept, so that two different names stay two.
    return _WORD.sub(
        lambda match: match[1] + ("x" if match[2] == "c" else "X") + match[3],
        _CLAUSE.sub(clause, text) if allowed else text,
    )


def reaches_out(text: str, parses: Callable[[str], bool], allowed: Collection[str] = ()) -> str | None:
    """The first target in `text` that is not allowed: None when there is none.

    `parses` asks the engine's parser about a text; it must not be able to reach the network meanwhile. A text that
    does not parse at all reaches nothing and gives None, too: the engine will say what is wrong with it.
    """
    if not _mentions(text) or parses(mask(text, allowed)) or not parses(text):
        return None
    for match in _CLAUSE.finditer(text):
        if match[3] not in allowed:
            return f"<{match[3]}>"
    return "an endpoint that is not written out as <IRI>"


def calls_service(text: str, parses: Callable[[str], bool]) -> bool:
    """Whether a text that may run has a SERVICE clause, so that it needs its way out left open."""
    return _mentions(text) and not parses(mask(text))


def _mentions(text: str) -> bool:
    return "service" in text.lower()
