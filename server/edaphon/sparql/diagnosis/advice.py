"""What someone who wrote this SPARQL text perhaps meant, and how to write that."""

import html
import re
import unicodedata
from collections.abc import Callable
from difflib import get_close_matches
from typing import Final
from urllib.parse import unquote_plus

from lark import Token

from edaphon.sparql.diagnosis.functions import AGGREGATES, FUNCTIONS
from edaphon.sparql.diagnosis.grammar import Reading, read
from edaphon.sparql.diagnosis.scanning import BAD_CHARACTER, BAD_IRI, BAD_STRING, END, KEYWORDS, UNKNOWN_WORD, Lines

__all__ = ["Situation", "advise"]

_OPENS: Final = {
    "LBRACE": "RBRACE",
    "LPAREN": "RPAREN",
    "LBRACKET": "RBRACKET",
    "LANNOTATION": "RANNOTATION",
    "LREIFIED": "RREIFIED",
    "LTRIPLE": "RTRIPLE",
}
_CLOSERS: Final = frozenset(_OPENS.values())
_QUOTES: Final = "“”„‟«»‘’‚‛′″＂＇`"  # noqa: RUF001  # the characters that people paste
_LITERALS: Final = frozenset({"STRING", "LONG_STRING", "INTEGER", "DECIMAL", "DOUBLE"})
_TERMS: Final = _LITERALS | {"VAR", "IRIREF", "PNAME_LN", "PNAME_NS", "BLANK_NODE_LABEL", "ANON", "NIL", "LBRACKET"}
_STARTS: Final = _TERMS | {"LBRACE", UNKNOWN_WORD}
_QUERY_WORDS: Final = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_UPDATE_WORDS: Final = ("INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH")
_MODIFIERS: Final = ("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET")
# Words of other languages, and what SPARQL has instead.
_ELSEWHERE: Final = {
    "AND": "Write && instead of AND.",
    "OR": "Write || instead of OR.",
    "LIKE": "SPARQL has no LIKE; use CONTAINS(text, part), STRSTARTS(text, part) or REGEX(text, pattern).",
    "IS": "SPARQL has no IS; use BOUND(?variable), or = to compare.",
    "NULL": "SPARQL has no NULL; test with BOUND(?variable), and write UNDEF in VALUES.",
    "JOIN": "Statements in one group are joined by the variables they share; there is no JOIN.",
    "LET": "SPARQL sets variables with BIND(expression AS ?variable).",
    "UPDATE": "SPARQL changes data with DELETE { … } INSERT { … } WHERE { … }.",
    "BINDINGS": "It is called VALUES.",
    "BETWEEN": "Write ?x >= low && ?x <= high.",
    "LENGTH": "The function is called STRLEN.",
    "LEN": "The function is called STRLEN.",
    "UPPER": "The function is called UCASE.",
    "LOWER": "The function is called LCASE.",
    "SUBSTRING": "The function is called SUBSTR.",
    "ISNULL": "Use !BOUND(?variable).",
    "CAST": "Use a datatype as a function, such as xsd:integer(?x).",
    "TOP": "Use LIMIT at the end of the query.",
    "ELSE": "Use IF(condition, value if true, value if false).",
    "CASE": "Use IF(condition, value if true, value if false).",
}


class Situation:
    """A text at the token where it stops making sense."""

    def __init__(self, text: str, reading: Reading, lines: Lines, update: bool) -> None:
        assert reading.stray is not None
        self.text = text
        self.tokens = reading.tokens
        self.stray = reading.stray
        self.expected = reading.expected
        self.lines = lines
        self.update = update
        self.open: list[Token] = []
        for token in self.tokens:
            if token.type in _OPENS:
                self.open.append(token)
            elif token.type in _CLOSERS and self.open:
                self.open.pop()

    def before(self, distance: int = 1) -> Token:
        """The token so many places before the stray one; an empty one where there is none."""
        return self.tokens[-distance] if distance <= len(self.tokens) else Token("", "")

    def opened(self, closing: str) -> str:
        """For a closing bracket, a remark on where its partner was opened, when it is not on the stray token's line."""
        if not self.open or _OPENS[self.open[-1].type] != closing:
            return ""
        line, column = self.lines.at(int(self.open[-1].start_pos or 0))
        if line == self.lines.at(int(self.stray.start_pos or 0))[0]:
            return ""
        return f" to close the `{self.open[-1]}` of line {line}, column {column}"

    @property
    def caller(self) -> str:
        """In capitals, the word before the innermost open parenthesis: the function that is being called."""
        if not self.open or self.open[-1].type != "LPAREN":
            return ""
        index = next((index for index, token in enumerate(self.tokens) if token is self.open[-1]), 0)
        return self.tokens[index - 1].upper() if index else ""

    @property
    def clause(self) -> str:
        """In capitals, the last keyword outside closed brackets; empty where a group has just begun."""
        depth = 0
        for token in reversed(self.tokens):
            if token.type in _CLOSERS:
                depth += 1
            elif token.type == "LBRACE" and depth == 0:
                return ""
            elif token.type in _OPENS:
                # An open parenthesis does not hide the clause it stands in; an open brace begins something new.
                depth = max(depth - 1, 0)
            elif depth == 0 and token.upper() in KEYWORDS:
                return token.upper()
        return ""

    @property
    def character(self) -> str:
        """The stray token's first character with its name."""
        character = self.text[int(self.stray.start_pos or 0)]
        name = unicodedata.name(character, "").lower()
        shown = f"`{character}` " if character.isprintable() and not character.isspace() else ""
        return f"{shown}(U+{ord(character):04X}{', ' + name if name else ''})"

    def follows(self, pattern: str) -> re.Match[str] | None:
        """Whether the text from the stray token on matches a pattern."""
        return re.compile(pattern, re.IGNORECASE).match(self.text, int(self.stray.start_pos or 0))


def advise(situation: Situation) -> str | None:
    """The first hint that fits; None when none does."""
    return next((hint for rule in _RULES if (hint := rule(situation))), None)


def _is_query(s: Situation) -> bool:
    return any(token.type in _QUERY_WORDS for token in s.tokens[:200])


def _empty(s: Situation) -> str | None:
    if s.stray.type != END or s.tokens:
        return None
    if s.text.strip():
        return "Everything is commented out: a # makes the rest of its line a comment."
    return "Write a query, such as SELECT * WHERE { ?s ?p ?o } LIMIT 10."


def _escaped_for_html(s: Situation) -> str | None:
    if re.search(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-f]+);", s.text[:100_000], re.IGNORECASE) and (
        s.stray.type == BAD_CHARACTER or s.follows(r"&|\S{0,8};")
    ):
        sample = re.search(r"&(?:lt|gt|amp|quot|#\w+);", s.text, re.IGNORECASE)
        found = sample[0] if sample else "&lt;"
        return f"The text is escaped for HTML: write {html.unescape(found)} instead of {found}."
    return None


def _escaped_for_urls(s: Situation) -> str | None:
    start = s.text[:2000]
    encoded = re.search(r"%(?:20|7B|3F|0A|0D|3C|2B)", start, re.IGNORECASE)
    plussed = re.match(r"\s*\w+\+[?*(\w]", start) and not re.search(r"\s", start.strip())
    if (encoded and s.follows(r"%|\S*%[0-9A-F]{2}")) or plussed:
        return f"The text is still URL-encoded; decoded, it begins {unquote_plus(start)[:40].strip()!r}."
    if s.follows(r"query=") and not s.tokens:
        return "Send the query alone as the body, or as a form with the type application/x-www-form-urlencoded."
    return None


def _other_kind(s: Situation) -> str | None:
    if any(token.type not in ("BASE", "PREFIX", "VERSION", "IRIREF", "PNAME_NS", "STRING") for token in s.tokens):
        return None
    word = s.stray.upper()
    if not s.update and word in _UPDATE_WORDS:
        return "This is an update: send it as an update (form field `update`, or application/sparql-update)."
    if s.update and word in _QUERY_WORDS:
        return "This is a query: send it as a query (parameter `query`, or application/sparql-query)."
    if s.follows(r"@prefix|@base"):
        return "In SPARQL, write PREFIX and BASE without @ and without a dot at the end of the line."
    if s.stray.type in _STARTS and not s.update and not _near(s) and not s.follows("query="):
        return "A query begins with SELECT, ASK, CONSTRUCT or DESCRIBE, after its PREFIX lines."
    if s.stray.type == "DOT" and s.tokens:
        return "PREFIX and BASE lines have no dot at the end."
    return None


def _characters(s: Situation) -> str | None:
    if s.stray.type != BAD_CHARACTER:
        return None
    character = s.text[int(s.stray.start_pos or 0)]
    if character in _QUOTES:
        return "Use straight quotes, \" or ', around strings."
    category = unicodedata.category(character)
    if category in ("Zs", "Cf") or character in "\x0b\x0c\x85":
        return "It looks like a space, but is none: delete it and type a space."
    if category == "Pd" or character == "\N{MINUS SIGN}":
        return "Type a plain hyphen, -."
    plain = unicodedata.normalize("NFKC", character)
    if plain != character and plain.isascii():
        return f"Type {plain} instead."
    if character == "&":
        return "The logical AND is written &&."
    if character == "@":
        return 'A language tag comes right after its string, such as "soil"@en.'
    if character == "$":
        return "A variable needs a name: $name or ?name."
    if character == "\\":
        return "A \\ may stand in strings and IRIs, and before a punctuation mark within a prefixed name."
    if character == "%":
        return "There is no remainder operator; % may stand only in IRIs, before two hexadecimal digits."
    return None


def _strings(s: Situation) -> str | None:
    if s.stray.type != BAD_STRING:
        return None
    quote = s.stray[0]
    if s.stray.startswith(quote * 3):
        closed = len(s.stray) >= 6 and s.stray.endswith(quote * 3)
        return "Write \\\\ for a backslash." if closed else f"Close the string with {quote * 3}."
    if len(s.stray) > 1 and s.stray.endswith(quote):
        return r"Escapes are \t \n \r \b \f \" \' \\ and \u with four digits; write \\ for a backslash."
    return (
        f"Close the string with {quote} on the same line; text of several lines goes between {quote * 3} … {quote * 3}."
    )


def _iris(s: Situation) -> str | None:
    if s.stray.type != BAD_IRI:
        return None
    if not s.stray.endswith(">"):
        return "Close the IRI with >."
    if re.search(r"\s", s.stray):
        return "Take the space out, or write it as %20."
    return "Write the character as % and its two hexadecimal digits."


def _assignments(s: Situation) -> str | None:
    if s.stray.type in ("PNAME_NS", "PNAME_LN") and s.follows(":="):
        return "SPARQL sets variables with BIND(expression AS ?variable) or SELECT (expression AS ?variable)."
    if s.stray.type == "EQ" and s.before().type == "EQ":
        return "Equality is a single =."
    if s.stray.type == "EQ" and s.before().type == "PNAME_NS" and s.before() == ":":
        return "SPARQL sets variables with BIND(expression AS ?variable) or SELECT (expression AS ?variable)."
    if s.stray.type == "GT" and s.before().type == "LT":
        return "Not equal is written !=."
    if s.stray.type in ("EQ", "NE", "LT", "GT", "LE", "GE") and "EQ" not in s.expected and "AND" in s.expected:
        return "Comparisons do not chain: write ?a < ?b && ?b < ?c."
    if s.stray.type == "RPAREN" and "AS" in s.expected and s.caller == "BIND":
        return "BIND takes an expression and a new variable: BIND(expression AS ?variable)."
    return None


def _calls(s: Situation) -> str | None:
    name = s.caller
    if name in FUNCTIONS and s.stray.type in ("COMMA", "RPAREN", "LPAREN"):
        arguments = FUNCTIONS[name]
        if not arguments:
            return f"{name} takes nothing between its parentheses: {name}()."
        return f"It is {name}({', '.join(arguments)})."
    if name in AGGREGATES and s.stray.type == "STAR":
        return f"Only COUNT takes *; {name} needs an expression."
    if name == "GROUP_CONCAT" and s.stray.type == "COMMA":
        return 'The separator comes after a semicolon: GROUP_CONCAT(?x; SEPARATOR=", ").'
    if name in AGGREGATES and s.stray.type == "COMMA":
        return f"{name} takes one expression."
    before = s.before().upper()
    if before in FUNCTIONS and "NIL" in s.expected and "LPAREN" not in s.expected:
        return f"{before} takes nothing between its parentheses: {before}()."
    if before in FUNCTIONS and "LPAREN" in s.expected:
        return f"It is {before}({', '.join(FUNCTIONS[before])})."
    return None


def _select(s: Situation) -> str | None:
    if len(s.stray) > 40 or s.clause not in ("SELECT", "DISTINCT", "REDUCED", *AGGREGATES, "AS", *FUNCTIONS):
        return None
    in_parentheses = bool(s.open) and s.open[-1].type == "LPAREN"
    if s.before().upper() in ("SELECT", "DISTINCT", "REDUCED") and "STAR" in s.expected:
        if s.stray.type in ("LBRACE", "WHERE"):
            return "Say what to select: SELECT * for everything, or the variables."
        if s.stray.upper() in (*AGGREGATES, *FUNCTIONS):
            return f"Put the expression in parentheses and name it: ({s.stray.upper()}(…) AS ?name)."
        if s.stray.type == UNKNOWN_WORD and not _near(s):
            return f"Variables begin with a question mark: ?{s.stray}."
    if s.stray.type == "COMMA" and not in_parentheses:
        return "Variables in SELECT are separated by spaces, not commas."
    if s.stray.type == "AS" and not in_parentheses:
        return f"Put the expression in parentheses: ({s.before()} AS ?name)."
    if s.stray.upper() in (*AGGREGATES, *FUNCTIONS) and not in_parentheses:
        return f"Put the expression in parentheses and name it: ({s.stray.upper()}(…) AS ?name)."
    if s.stray.type == "RPAREN" and in_parentheses and "AS" in s.expected:
        return "Name the result: (expression AS ?name)."
    if s.stray.type == UNKNOWN_WORD and not in_parentheses and "VAR" in s.expected and not _near(s):
        return f"Variables begin with a question mark: ?{s.stray}."
    return None


def _modifiers(s: Situation) -> str | None:
    before = s.before().type
    if before in ("GROUP", "ORDER") and s.expected == {"BY"}:
        return f"Write {before} BY."
    if before in ("LIMIT", "OFFSET"):
        return f"{before} takes a whole number that is not negative, such as {before} 10."
    if s.clause == "LIMIT" and s.stray.type == "COMMA":
        return "Write LIMIT 10 OFFSET 20; there is no comma form."
    if before in ("ASC", "DESC"):
        return f"Put the expression in parentheses: {before}(?variable)."
    if s.stray.type in ("ASC", "DESC") and s.clause in ("BY", "ORDER"):
        return f"The direction comes first: {s.stray.type}({s.before()})."
    if before in ("FILTER", "HAVING") and s.stray.type in _TERMS | {"BANG"}:
        return f"Put the condition in parentheses: {before} (…)."
    if s.stray.type == "COMMA" and s.clause == "BY":
        return "Expressions are separated by spaces, not commas."
    if s.stray.type in _MODIFIERS and any(token.type == "LBRACE" for token in s.open):
        return f"{_by(s.stray.type)} comes after the closing `}}`."
    if s.stray.type in _MODIFIERS and s.clause in ("BY", "LIMIT", "OFFSET", "VALUES", "HAVING", "ASC", "DESC"):
        return "The order is GROUP BY, HAVING, ORDER BY, LIMIT and OFFSET, VALUES; each at most once."
    return None


def _by(word: str) -> str:
    return f"{word} BY" if word in ("GROUP", "ORDER") else word


def _words(s: Situation) -> str | None:
    word = s.stray.upper()
    if s.stray.type in ("TRUE", "FALSE", "A") or not word.isidentifier() or len(word) > 40:
        return None
    if word in ("TRUE", "FALSE"):
        return f"In this engine the booleans are written in small letters: {word.lower()}."
    if word == "A" and "A" in s.expected:
        return "The short form of rdf:type is a small a."
    if s.stray.type == UNKNOWN_WORD:
        before = s.before()
        if before.type == "STRING" and before.end_pos == s.stray.start_pos:
            return f"If {before[0]} is part of the text, write it as \\{before[0]}, or use the other kind of quotes."
        near = _near(s)
        if near:
            return f"Did you mean {_by(near)}?"
        if word in _ELSEWHERE:
            return _ELSEWHERE[word]
        if s.follows(r"\w+\s*\("):
            closest = get_close_matches(word, [*FUNCTIONS, *AGGREGATES], n=1, cutoff=0.6)
            return f"SPARQL has no function {s.stray}." + (f" Did you mean {closest[0]}?" if closest else "")
        if s.expected & _TERMS:
            return f'A variable is written ?{s.stray}, a name with its prefix ex:{s.stray}, a string "{s.stray}".'
    return None


def _near(s: Situation) -> str | None:
    """The keyword that may stand here and looks most like the stray word."""
    words = [
        word
        for word, kind in KEYWORDS.items()
        if kind in s.expected and (kind == word or "CALL" not in kind or s.follows(r"\w+\s*\("))
    ]
    word = s.stray.upper()
    near = get_close_matches(word, words, n=1, cutoff=0.67)
    if near:
        return near[0]
    # A word cut short, or letters swapped.
    return next((one for one in words if len(word) > 2 and (one.startswith(word) or sorted(one) == sorted(word))), None)


def _patterns(s: Situation) -> str | None:
    before = s.before()
    if before.type in ("OPTIONAL", "EXCEPT", "UNION", "WHERE", "EXISTS", "LATERAL") and s.expected <= {"LBRACE", "NOT"}:
        return f"{before.upper()} takes a group in braces: {before.upper()} {{ … }}."
    if before.type == "NOT" and s.stray.type != UNKNOWN_WORD:
        return "A condition is negated by !, as in !(…); NOT stands before EXISTS and IN."
    if before.type == "IN":
        return "IN takes a list in parentheses: ?x IN (1, 2, 3)."
    if s.stray.type in ("PLUS", "MINUS", "STAR", "SLASH") and "DOT" in s.expected:
        return "A statement holds terms, not sums: compute in FILTER, in BIND (… AS ?x) or in SELECT."
    if s.stray.type == "UNION":
        return "UNION stands between groups in braces: { … } UNION { … }."
    if s.stray.type == "FROM" and any(token.type == "LBRACE" for token in s.open):
        return "FROM stands between SELECT and WHERE of the outermost query; inside, use GRAPH."
    if s.stray.type == "SELECT" and s.open:
        return "A sub-SELECT needs braces of its own: { SELECT … }."
    if before.type in ("INTO", "CLEAR", "DROP", "CREATE", "SILENT") and "GRAPH" in s.expected:
        return "Write GRAPH before the graph's IRI."
    if s.expected == {"TO"}:
        return "Write TO between the two graphs: COPY GRAPH <…> TO GRAPH <…>."
    if s.stray.type == "LBRACE" and "PIPE" in s.expected:
        return "SPARQL paths have no counts; they have ? (none or one), * (any number) and + (at least one)."
    if s.stray.type in ("SLASH", "PIPE", "CARET", "STAR", "PLUS", "BANG") and s.expected & _TERMS and s.open:
        return (
            "Property paths match what is there, so they cannot stand in data or in a template."
            if _in_template(s)
            else None
        )
    if "UNDEF" in s.expected and s.stray.type in ("VAR", "BLANK_NODE_LABEL", "ANON"):
        return "VALUES takes IRIs and literals; write UNDEF for no value."
    if s.stray.type in _TERMS and "DOT" in s.expected:
        return "End the statement before with a dot, or write `;` to go on about the same subject."
    if s.stray.type == "DOT" and before.type == "DOT":
        return "One dot is enough."
    if s.stray.type == "SEMICOLON" and not s.open and not s.update:
        return "A query ends without a semicolon."
    if s.stray.type == "SEMICOLON" and before.type == "SEMICOLON":
        return "One semicolon between two operations is enough."
    if s.stray.type in ("DOT", "RBRACE", "SEMICOLON", "COMMA") or s.stray.upper() in KEYWORDS:
        if "CARET" in s.expected or ("A" in s.expected and "STRING" not in s.expected):
            return "A statement has three parts: a subject, a predicate and an object. The predicate is missing."
        if "STRING" in s.expected and "RBRACE" not in s.expected and "BANG" not in s.expected and s.open:
            return "A statement has three parts: a subject, a predicate and an object. The object is missing."
    if s.stray.type in ("STRING", "INTEGER", "BLANK_NODE_LABEL") and "A" in s.expected:
        return "Only an IRI, a variable or a property path can be a predicate."
    return None


def _in_template(s: Situation) -> bool:
    """Whether the outermost open brace belongs to data or a template, not to a WHERE clause."""
    outer = next((token for token in s.open if token.type == "LBRACE"), None)
    index = next((index for index, token in enumerate(s.tokens) if token is outer), 0)
    before = s.tokens[index - 1].upper() if index else ""
    earlier = s.tokens[index - 2].upper() if index > 1 else ""
    return before in ("DATA", "CONSTRUCT", "INSERT", "DELETE") or (
        before == "WHERE" and earlier in ("CONSTRUCT", "DELETE")
    )


def _brackets(s: Situation) -> str | None:
    """A bracket that closes what was not opened last."""
    if s.stray.type in _CLOSERS and s.open and _OPENS[s.open[-1].type] != s.stray.type:
        line, column = s.lines.at(int(s.open[-1].start_pos or 0))
        return f"The `{s.open[-1]}` opened at line {line}, column {column} is not closed yet."
    if s.stray.type in _CLOSERS and not s.open:
        return f"There is one `{s.stray}` too many, or an opening one is missing before."
    return None


def _unclosed(s: Situation) -> str | None:
    if s.stray.type == END and s.open:
        line, column = s.lines.at(int(s.open[-1].start_pos or 0))
        many = f" ({len(s.open)} brackets are open)" if len(s.open) > 1 else ""
        return f"The `{s.open[-1]}` opened at line {line}, column {column} is not closed{many}."
    return None


def _declarations(s: Situation) -> str | None:
    before = s.before()
    if before.type == "PREFIX":
        name = s.stray.partition(":")[0]
        name = name if name.isidentifier() else "ex"
        return f"Write PREFIX {name}: <http://…/>, with a colon after the name and the IRI between < and >."
    if before.type == "VERSION":
        return 'The version is a string between single or double quotes, such as VERSION "1.2".'
    if s.expected == {"IRIREF"}:
        return "Put the IRI between < and >."
    return None


def _two_texts(s: Situation) -> str | None:
    if not s.update and s.stray.type in ("PREFIX", "BASE") and _is_query(s):
        return "PREFIX and BASE come before SELECT, ASK, CONSTRUCT or DESCRIBE."
    if s.stray.type in _QUERY_WORDS and END in s.expected:
        return "One request takes one query."
    if s.update and s.stray.type in _UPDATE_WORDS and "SEMICOLON" in s.expected:
        return "Put a semicolon between two operations."
    if s.update and s.stray.type == END and s.expected == {"WHERE", "USING", "INSERT"}:
        return "Add WHERE { … }, or write INSERT DATA { … } when there are no variables."
    if s.update and s.stray.type == END and "WHERE" in s.expected:
        return "Add WHERE { … }, or write DATA after INSERT or DELETE when there are no variables."
    return None


def _meant_as_update(s: Situation) -> str | None:
    """A text that would do as the other kind of request."""
    if s.update or len(s.text) > 100_000 or not any(word in s.text.upper() for word in _UPDATE_WORDS):
        return None
    return (
        "This is an update: send it as an update."
        if not _is_query(s) and read(s.text, update=True).stray is None
        else None
    )


_RULES: Final[tuple[Callable[[Situation], str | None], ...]] = (
    _empty,
    _escaped_for_html,
    _escaped_for_urls,
    _declarations,
    _other_kind,
    _characters,
    _strings,
    _iris,
    _assignments,
    _calls,
    _select,
    _modifiers,
    _words,
    _two_texts,
    _brackets,
    _patterns,
    _unclosed,
    _meant_as_update,
)
