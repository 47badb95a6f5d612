"""Where a SPARQL query or update stops making sense, in words that a person understands."""

import re
from collections.abc import Sequence
from typing import Final

from lark import Token

from edaphon.errors import QuerySyntax
from edaphon.sparql.diagnosis.advice import Situation, advise
from edaphon.sparql.diagnosis.faults import Fault
from edaphon.sparql.diagnosis.grammar import Reading, read
from edaphon.sparql.diagnosis.scanning import BAD_CHARACTER, BAD_IRI, BAD_STRING, END, UNKNOWN_WORD, Lines
from edaphon.sparql.diagnosis.scoping import scope_faults
from edaphon.sparql.diagnosis.terms import term_faults
from edaphon.sparql.diagnosis.wording import expectation, naming

__all__ = ["MOST", "diagnose", "locate"]

# Reading more would take longer than most people wait.
MOST: Final = 1_000_000

_POSITION: Final = re.compile(r"error at (\d+):(\d+)")
# What the engine says of a text as a whole, and how to say it to a person.
_ENGINE_SAYS: Final = (
    ("Prefix not found", "A prefix is used that is not declared."),
    ("IRI parsing failed", "An IRI is not valid, or is relative without a BASE."),
    ("Duplicated variable name", "A variable is selected twice."),
    ("expression with a variable that is unbound", "SELECT uses a variable that has no value after grouping."),
    ("variable that is unbound", "SELECT names a variable that has no value after grouping."),
    ("SELECT overrides", "AS gives a value to a variable that already has one."),
    ("SELECT * is not authorized", "SELECT * does not go together with GROUP BY or an aggregate."),
    ("BIND is overriding", "BIND gives a value to a variable that already has one."),
    ("right side of LATERAL", "LATERAL sets a variable that already has a value."),
    ("Repeated variables", "VALUES names a variable twice."),
    ("VALUES clause rows", "A row of VALUES has more or fewer values than there are variables."),
    ("Reifiers are not allowed", "A statement about a statement needs a plain predicate, not a property path."),
    ("Already used blank node", "A blank node's label is used in two groups."),
    ("cannot be shared by multiple blocks", "A blank node's label is used in two operations."),
    ("Variables are not allowed in INSERT DATA", "INSERT DATA takes no variables."),
    ("not allowed in DELETE DATA", "DELETE DATA takes neither variables nor blank nodes."),
    ("Blank nodes are not allowed in DELETE WHERE", "Blank nodes cannot be used in what is to be deleted."),
    ("language tag parsing failed", "A language tag is not valid."),
    ("base directions", "A direction of writing is neither `ltr` nor `rtl`."),
    ("aggregate function", "A function is used as an aggregate, or an aggregate as a function."),
    ("non negative integer", "LIMIT or OFFSET has a number that is too large."),
)


def diagnose(text: str, engine_message: str, *, update: bool = False) -> QuerySyntax:
    """Why the engine refuses `text`, a query or (`update`) an update.

    The place is the first token that cannot stand there, or right behind the last token where the text ends too
    early; for rules beyond the grammar, the token that breaks one. Where nothing is found, the place is the
    token that the engine was at last, and the message says so. `engine_message` is the text of its SyntaxError.

    Takes time in proportion to the text read up to that place, 4 to 8 s for a million characters, and no recursion.
    Of a longer text, MOST characters are read; a fault behind them is where the engine was at last.
    """
    lines = Lines(text)
    reading = read(text, update=update, most=MOST)
    fault = _fault(text, reading, lines, update) or _by_the_engine(text, reading, engine_message, update)
    line, column = lines.at(fault.start)
    return QuerySyntax(fault.detail, line=line, column=column, hint=fault.hint)


def locate(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset into a text.

    Both count from 1. A line ends at \\n, \\r\\n or a lone \\r. Every character counts one, a tab and one beyond U+FFFF
    too; a byte order mark at the very beginning counts none.
    """
    return Lines(text).at(offset)


def _fault(text: str, reading: Reading, lines: Lines, update: bool) -> Fault | None:
    # A name without meaning is met before any token that follows it.
    for fault in term_faults(reading.tokens):
        return fault
    if reading.stray is not None:
        situation = Situation(text, reading, lines, update)
        return Fault(int(reading.stray.start_pos or 0), _detail(situation), advise(situation))
    if reading.tree is not None:
        for fault in scope_faults(reading.tree):
            return fault
    if text.startswith("\ufeff") and reading.tree is not None:
        return Fault(
            0,
            "The text begins with a byte order mark (U+FEFF), which is no part of SPARQL.",
            "Save the file as UTF-8 without a byte order mark.",
        )
    return None


def _detail(situation: Situation) -> str:
    stray = situation.stray
    whole = "update" if situation.update else "query"
    match stray.type:
        case type_ if type_ == BAD_STRING:
            return _bad_string(stray)
        case type_ if type_ == BAD_IRI:
            return _bad_iri(stray)
        case type_ if type_ == BAD_CHARACTER:
            return f"The character {situation.character} has no meaning here."
    wanted = expectation(situation.expected, situation.opened, whole)
    if stray.type == END:
        return f"The {whole} ends too early; expected {wanted}."
    if stray.type == UNKNOWN_WORD:
        return f"{naming(stray)} is not a word of SPARQL; expected {wanted}."
    return f"{naming(stray)} cannot stand here; expected {wanted}."


def _bad_string(token: Token) -> str:
    quotes = token[:3] if token[:3] in ("'''", '"""') else token[:1]
    if len(token) >= 2 * len(quotes) and token.endswith(quotes):
        escape = re.search(
            r"\\(?![tbnrf\"'\\]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})(?:[uU][0-9A-Fa-f]*|.)",
            token.replace("\\\\", "  "),
            re.DOTALL,
        )
        if escape:
            return f"This string has the escape `{escape[0]}`, which means nothing."
    return f"The string that begins here with {quotes} does not end."


def _bad_iri(token: Token) -> str:
    if not token.endswith(">"):
        return "The IRI that begins here with `<` is not closed by `>`."
    inside = token[1:-1]
    if re.search(r"\s", inside):
        return "The IRI that begins here has a space in it."
    character = re.search(r"[<\"{}|^`\\\x00-\x20]", inside)
    shown = f"`{character[0]}`" if character and character[0].isprintable() else "a control character"
    return f"The IRI that begins here has {shown} in it, which no IRI may have."


def _by_the_engine(text: str, reading: Reading, message: str, update: bool) -> Fault:
    whole = "update" if update else "query"
    offset = _offset(text, message)
    # Of a text too long to be read to the end, the tokens around the place are not known.
    start = offset if offset > MOST else _token_before(reading.tokens, offset)
    for phrase, words in _ENGINE_SAYS:
        if phrase in message:
            return Fault(start, f"{words} The engine stopped reading the {whole} near here.")
    if offset > MOST:
        return Fault(
            start,
            f"The engine refuses this {whole} and stopped reading near here; the {whole} is too long to say more.",
            f"The first {MOST:,} characters follow the grammar; look behind them, or send less at a time.",
        )
    return Fault(start, f"The engine refuses this {whole}, and does not say why; it stopped reading near here.")


def _offset(text: str, message: str) -> int:
    """Where the engine says it was. It counts lines by \\n alone."""
    match = _POSITION.search(message)
    if match is None:
        return 0
    line, column = int(match[1]), int(match[2])
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return min(start + column - 1, len(text))


def _token_before(tokens: Sequence[Token], offset: int) -> int:
    found = 0
    for token in tokens:
        start = int(token.start_pos or 0)
        if start > offset:
            break
        found = start
    return found
