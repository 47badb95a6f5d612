"""Where the words and signs of a SPARQL text begin and end."""

import re
from bisect import bisect_right
from collections.abc import Container, Iterator
from typing import Final

from lark import Token

from edaphon.sparql.diagnosis.functions import AGGREGATES, FUNCTIONS, terminal_of

__all__ = [
    "BAD_CHARACTER",
    "BAD_IRI",
    "BAD_STRING",
    "END",
    "GAP",
    "IRIREF",
    "KEYWORDS",
    "PATTERNS",
    "SIGNS",
    "UNKNOWN_WORD",
    "Lines",
    "Scanner",
]

# Types of tokens that no grammar rule takes.
END: Final = "$END"
BAD_CHARACTER: Final = "BAD_CHARACTER"
BAD_STRING: Final = "BAD_STRING"
BAD_IRI: Final = "BAD_IRI"
UNKNOWN_WORD: Final = "UNKNOWN_WORD"

SIGNS: Final[dict[str, str]] = {
    "LTRIPLE": "<<(",
    "RTRIPLE": ")>>",
    "LREIFIED": "<<",
    "RREIFIED": ">>",
    "LANNOTATION": "{|",
    "RANNOTATION": "|}",
    "DATATYPE": "^^",
    "OR": "||",
    "AND": "&&",
    "NE": "!=",
    "GE": ">=",
    "LE": "<=",
    "LBRACE": "{",
    "RBRACE": "}",
    "LPAREN": "(",
    "RPAREN": ")",
    "LBRACKET": "[",
    "RBRACKET": "]",
    "DOT": ".",
    "SEMICOLON": ";",
    "COMMA": ",",
    "TILDE": "~",
    "CARET": "^",
    "PIPE": "|",
    "SLASH": "/",
    "STAR": "*",
    "PLUS": "+",
    "MINUS": "-",
    "QUESTION": "?",
    "BANG": "!",
    "EQ": "=",
    "GT": ">",
    "LT": "<",
}

_WORDS: Final = [
    "ADD",
    "ALL",
    "AS",
    "ASC",
    "ASK",
    "BASE",
    "BIND",
    "BY",
    "CLEAR",
    "CONSTRUCT",
    "COPY",
    "CREATE",
    "DATA",
    "DEFAULT",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "DROP",
    "EXISTS",
    "FILTER",
    "FROM",
    "GRAPH",
    "GROUP",
    "HAVING",
    "IN",
    "INSERT",
    "INTO",
    "LATERAL",
    "LIMIT",
    "LOAD",
    "MOVE",
    "NAMED",
    "NOT",
    "OFFSET",
    "OPTIONAL",
    "ORDER",
    "PREFIX",
    "REDUCED",
    "SELECT",
    "SEPARATOR",
    "SERVICE",
    "SILENT",
    "TO",
    "UNDEF",
    "UNION",
    "USING",
    "VALUES",
    "VERSION",
    "WHERE",
    "WITH",
]

# Every word with a meaning of its own, in capitals, and its terminal.
KEYWORDS: Final[dict[str, str]] = (
    {word: word for word in _WORDS}
    # MINUS is the sign's name.
    | {"MINUS": "EXCEPT"}
    | {name: terminal for name in (*FUNCTIONS, *AGGREGATES) if (terminal := terminal_of(name))}
)
# The only words whose case matters, to SPARQL or to this engine.
_CASED: Final = {"a": "A", "true": "TRUE", "false": "FALSE"}

_LETTER: Final = (
    r"A-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_NAME: Final = rf"_\-0-9\u00B7\u0300-\u036F\u203F-\u2040{_LETTER}"
_PREFIX: Final = rf"(?:[{_LETTER}](?:[{_NAME}.]*[{_NAME}])?)?"
_ESCAPED: Final = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_LOCAL: Final = rf"(?:[_0-9:{_LETTER}]|{_ESCAPED})(?:[{_NAME}:]|{_ESCAPED}|\.+(?=[{_NAME}:]|{_ESCAPED}))*+"
_ESCAPE: Final = r"\\(?:[tbnrf\"'\\]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})"

# What may stand between two tokens.
GAP: Final = r"(?:[ \t\r\n]++|#[^\r\n]*+)*+"
# Each kind of token as a regular expression; where two fit, the earlier is meant.
PATTERNS: Final[dict[str, str]] = {
    "VAR": rf"[?$][_0-9{_LETTER}][_0-9\u00B7\u0300-\u036F\u203F-\u2040{_LETTER}]*+",
    "BLANK_NODE_LABEL": rf"_:[_0-9{_LETTER}](?:[{_NAME}]|\.+(?=[{_NAME}]))*+",
    "PNAME_LN": f"{_PREFIX}:{_LOCAL}",
    "PNAME_NS": f"{_PREFIX}:",
    "WORD": rf"[_{_LETTER}][_0-9\u00B7\u0300-\u036F{_LETTER}]*+",
    "DOUBLE": r"(?:[0-9]+\.[0-9]*|\.?[0-9]+)[eE][+-]?[0-9]+",
    "DECIMAL": r"[0-9]*\.[0-9]+",
    "INTEGER": r"[0-9]+",
    "LONG_STRING": rf"'''(?:[^'\\]|{_ESCAPE}|'(?!''))*+'''|\"\"\"(?:[^\"\\]|{_ESCAPE}|\"(?!\"\"))*+\"\"\"",
    # Three quotes that no LONG_STRING takes open one that does not end, not an empty string.
    "STRING": rf"(?!'''|\"\"\")(?:'(?:[^'\\\r\n]|{_ESCAPE})*+'|\"(?:[^\"\\\r\n]|{_ESCAPE})*+\")",
    "LANGTAG": r"@[A-Za-z]+(?:-[A-Za-z0-9]+)*(?:--[A-Za-z]+)?",
    "NIL": r"\([ \t\r\n]*+\)",
    "ANON": r"\[[ \t\r\n]*+\]",
    "SIGN": "|".join(re.escape(sign) for sign in sorted(SIGNS.values(), key=len, reverse=True)),
}
_GAP: Final = re.compile(GAP)
_TOKEN: Final = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in PATTERNS.items()))
IRIREF: Final = r"<(?:[^<>\"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>"
_IRI: Final = re.compile(IRIREF)
# What was perhaps meant as an IRI: it starts like one.
_MEANT_IRI: Final = re.compile(r"<(?=[A-Za-z][A-Za-z0-9+.\-]*:|[/#>])")
_SIGN_TYPES: Final = {sign: name for name, sign in SIGNS.items()}


class Scanner:
    """Cuts a text into tokens, one at a time.

    What a `<` is depends on what may stand there, so each step is told: an operator in `?a<?b&&?c>?d`, an IRI in
    `?a <?b> ?c`. So does whether `SELECTDISTINCT` is two words: the engine needs no space between keywords.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.declared: set[str] = set()

    def start(self, after: int) -> int:
        """Where the next token at or after the offset `after` begins: behind spaces and comments."""
        gap = _GAP.match(self.text, after)
        return gap.end() if gap else after

    def token(self, start: int, possible: Container[str]) -> Token:
        """The token that begins at the offset `start`; `possible` are the types that may stand there.

        A token of a type not in `possible` is returned all the same. Of type END, without length, at the end of the
        text; of a type named BAD_… when what stands there is no token.
        """
        text = self.text
        if start >= len(text):
            return _token(END, "", start)
        if text[start] == "<":
            return self._angle(start, possible)
        match = _TOKEN.match(text, start)
        if match is None:
            if text[start] in "'\"":
                return _token(BAD_STRING, text[start : _string_end(text, start)], start)
            return _token(BAD_CHARACTER, text[start], start)
        kind, value = str(match.lastgroup), match[0]
        if kind == "WORD":
            return _word(value, start, possible)
        if kind == "SIGN":
            kind = _SIGN_TYPES[value]
            if kind == "OR" and "OR" not in possible and "PIPE" in possible:
                return _token("PIPE", "|", start)
        elif kind in ("PNAME_LN", "PNAME_NS"):
            word = value.partition(":")[0]
            keyword = KEYWORDS.get(word.upper())
            if keyword is not None and keyword in possible and word not in self.declared:
                return _token(keyword, word, start)
        # Point at the parenthesis that closes too early, not at the one that may open.
        elif kind == "NIL" and kind not in possible and "LPAREN" in possible:
            return _token("LPAREN", "(", start)
        return _token(kind, value, start)

    def _angle(self, start: int, possible: Container[str]) -> Token:
        text = self.text
        operator = "LE" if text.startswith("<=", start) else "LT"
        if "LT" in possible and "IRIREF" not in possible:
            return _token(operator, SIGNS[operator], start)
        iri = _IRI.match(text, start)
        if iri:
            return _token("IRIREF", iri[0], start)
        for kind in ("LTRIPLE", "LREIFIED"):
            if text.startswith(SIGNS[kind], start):
                return _token(kind, SIGNS[kind], start)
        if _MEANT_IRI.match(text, start) or ("IRIREF" in possible and re.compile(r"<[^\s=]").match(text, start)):
            close = re.compile(r"[>\r\n]").search(text, start)
            end = len(text) if close is None else close.end() if close[0] == ">" else close.start()
            return _token(BAD_IRI, text[start:end], start)
        return _token(operator, SIGNS[operator], start)


def _token(kind: str, value: str, start: int) -> Token:
    return Token(kind, value, start_pos=start, end_pos=start + len(value))


def _terminal(word: str) -> str | None:
    return _CASED.get(word) or KEYWORDS.get(word.upper())


def _word(word: str, start: int, possible: Container[str]) -> Token:
    kind = _terminal(word)
    if kind is not None and kind in possible:
        return _token(kind, word, start)
    for end in range(min(len(word) - 1, 14), 0, -1):
        first = _terminal(word[:end])
        if first is not None and first in possible and _divides(word[end:]):
            return _token(first, word[:end], start)
    return _token(kind or UNKNOWN_WORD, word, start)


def _divides(rest: str) -> bool:
    """Whether what follows a keyword without a space is a number or begins with another keyword."""
    if rest[0].isdigit():
        return rest.isdigit() or _divides(rest.lstrip("0123456789"))
    return len(rest) > 1 and (rest.upper() in KEYWORDS or rest in _CASED)


def _string_end(text: str, start: int) -> int:
    """Where the string that is none ends: at its closing quotes, else at the end of its line or of the text."""
    quote = text[start]
    if text.startswith(quote * 3, start):
        close = text.find(quote * 3, start + 3)
        return len(text) if close < 0 else close + 3
    rest = re.compile(rf"{quote}(?:[^{quote}\\\r\n]|\\[^\r\n])*+{quote}?+").match(text, start)
    return rest.end() if rest else start + 1


class Lines:
    """The lines of a text: \\n, \\r\\n and a lone \\r each end one."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *self._ends(text)]
        self._marked = text.startswith("\ufeff")

    @staticmethod
    def _ends(text: str) -> Iterator[int]:
        return (match.end() for match in re.finditer(r"\r\n?|\n", text))

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1; every character counts one, a leading byte order mark none."""
        line = bisect_right(self._starts, offset)
        column = offset - self._starts[line - 1] + 1
        if line == 1 and self._marked and column > 1:
            column -= 1
        return line, column
