"""What the grammar expects, in words that people use."""

from collections.abc import Callable, Collection
from typing import Final

from lark import Token

from edaphon.sparql.diagnosis.scanning import END, SIGNS

__all__ = ["expectation", "naming"]

_NUMBERS: Final = frozenset({"INTEGER", "DECIMAL", "DOUBLE"})
_STRINGS: Final = frozenset({"STRING", "LONG_STRING"})
_IRIS: Final = frozenset({"IRIREF", "PNAME_LN", "PNAME_NS"})
_LITERALS: Final = _NUMBERS | _STRINGS | {"TRUE", "FALSE", "PLUS", "MINUS"}
_CALLS: Final = frozenset(
    [
        "CALL_0",
        "CALL_0_1",
        "CALL_1",
        "CALL_2",
        "CALL_2_3",
        "CALL_3",
        "CALL_3_4",
        "CALL_MANY",
        "BOUND",
        "COUNT",
        "AGGREGATE",
        "GROUP_CONCAT",
        "EXISTS",
        "NOT",
    ]
)
_NODES: Final = frozenset(["BLANK_NODE_LABEL", "ANON", "NIL", "LPAREN", "LBRACKET", "LTRIPLE", "LREIFIED"])
_OPERATORS: Final = frozenset(
    ["OR", "AND", "EQ", "NE", "LT", "GT", "LE", "GE", "PLUS", "MINUS", "STAR", "SLASH", "IN", "NOT"]
)
_ELEMENTS: Final = frozenset(
    ["BIND", "EXCEPT", "FILTER", "GRAPH", "LATERAL", "LBRACE", "OPTIONAL", "SERVICE", "VALUES"]
)

# Each line: when all of the first set are expected and none of the second, say the words, parted by |; they cover the
# third set. Earlier lines win.
_PHRASES: Final[tuple[tuple[frozenset[str], frozenset[str], str, frozenset[str]], ...]] = tuple(
    (frozenset(needed.split()), frozenset(barred.split()), words, covered)
    for needed, barred, words, covered in (
        ("BANG CALL_1 VAR", "", "an expression", _LITERALS | _IRIS | _CALLS | {"BANG", "VAR", "LPAREN", "LTRIPLE"}),
        (
            "CALL_1 VAR ASC",
            "",
            "a variable|ASC(…)|DESC(…)|another expression",
            _CALLS | _IRIS | {"VAR", "ASC", "DESC", "LPAREN"},
        ),
        (
            "CALL_1 VAR",
            "",
            "a variable|a function call|an expression in parentheses",
            _CALLS | _IRIS | {"VAR", "LPAREN"},
        ),
        ("CALL_1 LPAREN", "", "a condition in parentheses|a function call", _CALLS | _IRIS | {"LPAREN"}),
        (
            "VAR STRING LPAREN PIPE",
            "",
            "an object (a variable, an IRI, a literal or a blank node)",
            _LITERALS | _IRIS | _NODES | {"VAR", "PIPE", "SLASH", "STAR", "QUESTION"},
        ),
        ("VAR STRING IRIREF", "", "a variable|an IRI|a literal|a blank node", _LITERALS | _IRIS | _NODES | {"VAR"}),
        ("STRING IRIREF", "VAR", "an IRI|a literal", _LITERALS | _IRIS | {"LTRIPLE"}),
        (
            "IRIREF BANG VAR",
            "",
            "a predicate (a variable, an IRI, `a` or a property path)",
            _IRIS | {"BANG", "CARET", "A", "LPAREN", "VAR"},
        ),
        ("IRIREF BANG A", "", "an IRI|`a`|a property path", _IRIS | {"BANG", "CARET", "A", "LPAREN"}),
        ("IRIREF A VAR", "", "a predicate (a variable, an IRI or `a`)", _IRIS | {"A", "VAR"}),
        ("IRIREF A", "", "an IRI|`a`", _IRIS | {"A", "CARET"}),
        ("IRIREF PNAME_LN VAR", "", "a variable|an IRI", _IRIS | {"VAR"}),
        ("IRIREF PNAME_LN", "", "an IRI", _IRIS),
        ("IRIREF", "", "an IRI between `<` and `>`", frozenset({"IRIREF"})),
        ("PNAME_NS", "", "a prefix with its colon, such as `ex:`", frozenset({"PNAME_NS"})),
        ("VAR", "", "a variable", frozenset({"VAR"})),
        ("STRING", "", "a string", _STRINGS),
        ("INTEGER DECIMAL", "", "a number", _NUMBERS),
        ("INTEGER", "", "a whole number", frozenset({"INTEGER"})),
        ("OPTIONAL FILTER", "", "a pattern (OPTIONAL, FILTER …)", _ELEMENTS),
        ("EQ LT", "", "an operator (`=`, `&&` …)", _OPERATORS),
        ("STAR SLASH", "", "an operator (`+`, `&&` …)", _OPERATORS),
        ("OR AND", "", "`&&`", _OPERATORS),
        ("SELECT ASK", "", "SELECT|ASK|CONSTRUCT|DESCRIBE", frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})),
        (
            "INSERT LOAD",
            "",
            "an operation (INSERT, DELETE …)",
            frozenset(["INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"]),
        ),
        ("PREFIX BASE", "", "PREFIX|BASE", frozenset({"PREFIX", "BASE", "VERSION"})),
    )
)
# Rare signs, left out of a list that has other things to say.
_RARE: Final = frozenset({"TILDE", "LANNOTATION", "LANGTAG", "DATATYPE", "QUESTION", "PIPE"})
_PAIRED: Final = {
    "GROUP": "GROUP BY",
    "ORDER": "ORDER BY",
    "EXCEPT": "MINUS",
    "A": "`a`",
    "TRUE": "`true`",
    "FALSE": "`false`",
    "NIL": "`()`",
}
# What closes something is named first, then what goes on, then the rest.
_FIRST: Final = ("RBRACE", "RPAREN", "RBRACKET", "RANNOTATION", "RREIFIED", "RTRIPLE", "DOT", "SEMICOLON", "COMMA")

_KINDS: Final = {
    "VAR": "The variable ",
    "STRING": "The string ",
    "LONG_STRING": "The string ",
    "INTEGER": "The number ",
    "DECIMAL": "The number ",
    "DOUBLE": "The number ",
    "LANGTAG": "The language tag ",
    "BLANK_NODE_LABEL": "The blank node ",
    "IRIREF": "The IRI ",
    "PNAME_LN": "The name ",
    "PNAME_NS": "The name ",
}


def naming(token: Token) -> str:
    """The token as the subject of a sentence."""
    spaced = " ".join(token[:200].split())
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in spaced)
    shown = shown if len(shown) <= 40 else shown[:39] + "…"
    return f"{_KINDS.get(token.type, '')}`{shown}`"


def expectation(expected: Collection[str], opened: Callable[[str], str], whole: str) -> str:
    """The expected types of tokens as a list in words.

    `opened` gives for the type of a closing bracket where its partner was opened, as `whole` names what ends.
    """
    left = set(expected)
    phrases = []
    for needed, barred, words, covered in _PHRASES:
        if needed <= left and not barred & left:
            phrases.extend(words.split("|"))
            left -= covered
    if phrases or len(left) > 2:
        left -= _RARE
    for kind in _FIRST[::-1]:
        if kind in left:
            left.remove(kind)
            phrases.insert(0, f"`{SIGNS[kind]}`{opened(kind)}")
    ends = END in left
    left.discard(END)
    phrases.extend(f"`{SIGNS[kind]}`" if kind in SIGNS else _PAIRED.get(kind, kind) for kind in sorted(left))
    if ends:
        phrases.append(f"the end of the {whole}")
    if len(phrases) > 8:
        phrases = [*phrases[:7], "something else"]
    return phrases[0] if len(phrases) == 1 else ", ".join(phrases[:-1]) + " or " + phrases[-1]
