"""Which IRIs, names, tags and numbers of a SPARQL text the engine refuses, although they are well written."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Final
from urllib.parse import urljoin

from lark import Token
from pyoxigraph import Literal, NamedNode

from edaphon.namespaces import PREFIXES
from edaphon.sparql.diagnosis.faults import Fault
from edaphon.sparql.diagnosis.scanning import KEYWORDS
from edaphon.sparql.diagnosis.wording import naming

__all__ = ["term_faults"]

# What many people expect to be known, beyond the prefixes of our own files.
_WELL_KNOWN: Final = PREFIXES | {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dct": "http://purl.org/dc/terms/",
    "fn": "http://www.w3.org/2005/xpath-functions#",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "skosxl": "http://www.w3.org/2008/05/skos-xl#",
    "wd": "http://www.wikidata.org/entity/",
    "wdt": "http://www.wikidata.org/prop/direct/",
}
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_CODE_POINT: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")
# Tokens with a name that people choose. SPARQL takes letters of every plane in it.
_NAMED: Final = frozenset({"VAR", "PNAME_NS", "PNAME_LN", "BLANK_NODE_LABEL"})
# The engine counts rows in 64 bits.
_MOST: Final = 2**64 - 1


def term_faults(tokens: Sequence[Token]) -> Iterator[Fault]:
    """What the engine refuses about single tokens, in the order of the text."""
    prefixes: dict[str, str] = {}
    base: str | None = None
    judged: dict[str, Fault | None] = {}
    before = Token("", "")
    earlier = Token("", "")
    # Whether an operation of an update has gone before: declarations then follow a `;`.
    later = False
    for token in tokens:
        start = int(token.start_pos or 0)
        later = later or (before.type == "SEMICOLON" and token.type in ("PREFIX", "BASE", "VERSION"))
        if token.type in _NAMED and max(token) > "\uffff":
            yield _character_fault(token, start)
        match token.type:
            case "IRIREF":
                iri = _unescaped(token[1:-1])
                fault = _iri_fault(start, iri, base)
                if fault:
                    yield fault
                whole = _resolved(iri, base)
                if before.type == "BASE":
                    base = whole
                elif before.type == "PNAME_NS" and earlier.type == "PREFIX":
                    if later and prefixes.get(before[:-1], whole) != whole:
                        yield Fault(
                            int(before.start_pos or 0),
                            "This engine takes one meaning of a prefix in the whole of an update, and "
                            f"{naming(before)} stands for <{prefixes[before[:-1]]}> above.",
                            "Choose another prefix here, or send the operations that follow in an update of their own.",
                        )
                    prefixes[before[:-1]] = whole
            case "PNAME_NS" | "PNAME_LN" if before.type != "PREFIX":
                if token not in judged:
                    judged[token] = _name_fault(token, prefixes)
                fault = judged[token]
                if fault:
                    yield fault
            case "LANGTAG":
                yield from _tag_faults(token, start)
            case "INTEGER" if before.type in ("LIMIT", "OFFSET") and int(token[:32]) > _MOST:
                yield Fault(start, f"{before.upper()} takes numbers up to {_MOST}; {token} is larger.")
            case "STRING" | "LONG_STRING":
                yield from _escape_faults(token, start)
            case "NIL" | "LPAREN":
                yield from _space_faults(before, token, start)
            case "BASE" if later:
                yield Fault(
                    start,
                    "This engine takes BASE only at the start of an update, not after a `;`.",
                    "Move it to the top, before the first operation, or write the IRIs that follow in full.",
                )
        earlier, before = before, token


def _character_fault(token: Token, start: int) -> Fault:
    character = next(character for character in token if character > "\uffff")
    return Fault(
        start,
        f"{naming(token)} has the character U+{ord(character):X} in it; this engine takes none beyond U+FFFF in names.",
        "Strings and IRIs between `<` and `>` may have it; write the IRI in full."
        if token.type in ("PNAME_NS", "PNAME_LN")
        else "Choose a name of letters, digits and `_`.",
    )


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        code = int(match[1] or match[2], 16)
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\x00"

    return _CODE_POINT.sub(character, text)


def _resolved(iri: str, base: str | None) -> str:
    whole = urljoin(base, iri) if base else iri
    # Nothing is relative to a URN for urljoin; the scheme is all that the check of an IRI needs.
    return whole if base is None or _SCHEME.match(whole) else base.partition(":")[0] + ":" + whole


def _iri_fault(start: int, iri: str, base: str | None) -> Fault | None:
    if "\x00" in iri:
        return Fault(start, "The IRI that begins here has an escape that names no character.")
    if base is None and not _SCHEME.match(iri):
        return Fault(
            start,
            f"The IRI <{iri}> is relative, and there is no BASE that it could be relative to.",
            f"Write the whole address, such as <http://example.org/{iri.lstrip('/#')}>, or put a line "
            "BASE <http://…/> at the top.",
        )
    try:
        NamedNode(_resolved(iri, base))
    except ValueError as error:
        return Fault(start, f"<{iri}> is not a valid IRI: {str(error).removesuffix('.')}.")
    return None


def _name_fault(token: Token, prefixes: dict[str, str]) -> Fault | None:
    start = int(token.start_pos or 0)
    prefix, _, local = token.partition(":")
    if prefix not in prefixes:
        return Fault(start, f"The prefix `{prefix}:` is not declared.", _prefix_hint(prefix, local, prefixes))
    if len(re.findall(r"(?<!\\)\.+", local)) > 1:
        # spargebra 0.5: one dotted part at most.
        return Fault(
            start,
            f"This engine takes only one dot within the name `{token}`.",
            f"Write the IRI in full: <{prefixes[prefix]}{local}>.",
        )
    try:
        NamedNode(prefixes[prefix] + local.replace("\\", ""))
    except ValueError as error:
        return Fault(start, f"`{token}` does not make a valid IRI: {str(error).removesuffix('.')}.")
    return None


def _prefix_hint(prefix: str, local: str, prefixes: dict[str, str]) -> str:
    if prefix in _WELL_KNOWN:
        return f"Add this line at the top: PREFIX {prefix}: <{_WELL_KNOWN[prefix]}>"
    if prefix.lower() in ("http", "https", "urn", "mailto") or local.startswith("//"):
        return "If this is an IRI, put it between < and >."
    if prefix.upper() in KEYWORDS:
        return f"If you meant the keyword {prefix.upper()}, put a space after it."
    near = get_close_matches(prefix, list(prefixes), n=1, cutoff=0.6)
    if near:
        return f"Did you mean `{near[0]}:`, which is declared?"
    near = get_close_matches(prefix, list(_WELL_KNOWN), n=1, cutoff=0.7)
    known = f" If you meant {near[0]}:, that is PREFIX {near[0]}: <{_WELL_KNOWN[near[0]]}>" if near else ""
    return f"Add a line at the top: PREFIX {prefix}: <…>, with the IRI that it stands for.{known}"


def _tag_faults(token: Token, start: int) -> Iterator[Fault]:
    language, _, direction = token[1:].partition("--")
    if direction and direction not in ("ltr", "rtl"):
        yield Fault(start, f"`{direction}` is no direction of writing; it is `ltr` or `rtl`.")
    try:
        Literal("", language=language.lower())
    except ValueError:
        yield Fault(start, f"`{language}` is not a language tag.", "Language tags look like `en`, `fr` or `pt-BR`.")


def _escape_faults(token: Token, start: int) -> Iterator[Fault]:
    for match in _CODE_POINT.finditer(token.replace("\\\\", "  ")):
        code = int(match[1] or match[2], 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            yield Fault(
                start,
                f"The escape `{match[0]}` in this string names no character.",
                "Write characters beyond U+FFFF as \\U and eight digits, or type them as they are.",
            )


def _space_faults(before: Token, token: Token, start: int) -> Iterator[Fault]:
    gap = start > int(before.end_pos or 0)
    if gap and (before.type == "CALL_MANY" or (before.type == "CALL_0_1" and token.type == "NIL")):
        yield Fault(
            start,
            f"This engine takes no space between {before.upper()} and its parenthesis.",
            f"Write {before.upper()}(…) in one piece.",
        )
