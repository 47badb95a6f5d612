"""Which functions SPARQL has, and what each takes between its parentheses."""

from typing import Final

__all__ = ["AGGREGATES", "FUNCTIONS", "terminal_of"]

# What a person has to write: the engine's functions, those of SPARQL 1.2 and ADJUST included. An argument in square
# brackets may be left out.
FUNCTIONS: Final[dict[str, tuple[str, ...]]] = {
    "ABS": ("number",),
    "ADJUST": ("dateTime", "timezone"),
    "BNODE": ("[label]",),
    "BOUND": ("?variable",),
    "CEIL": ("number",),
    "COALESCE": ("value, …",),
    "CONCAT": ("text, …",),
    "CONTAINS": ("text", "part"),
    "DATATYPE": ("literal",),
    "DAY": ("dateTime",),
    "ENCODE_FOR_URI": ("text",),
    "FLOOR": ("number",),
    "HASLANG": ("literal",),
    "HASLANGDIR": ("literal",),
    "HOURS": ("dateTime",),
    "IF": ("condition", "value if true", "value if false"),
    "IRI": ("text",),
    "ISBLANK": ("term",),
    "ISIRI": ("term",),
    "ISLITERAL": ("term",),
    "ISNUMERIC": ("term",),
    "ISTRIPLE": ("term",),
    "ISURI": ("term",),
    "LANG": ("literal",),
    "LANGDIR": ("literal",),
    "LANGMATCHES": ("language", "range"),
    "LCASE": ("text",),
    "MD5": ("text",),
    "MINUTES": ("dateTime",),
    "MONTH": ("dateTime",),
    "NOW": (),
    "OBJECT": ("triple term",),
    "PREDICATE": ("triple term",),
    "RAND": (),
    "REGEX": ("text", "pattern", "[flags]"),
    "REPLACE": ("text", "pattern", "replacement", "[flags]"),
    "ROUND": ("number",),
    "SAMETERM": ("term", "term"),
    "SECONDS": ("dateTime",),
    "SHA1": ("text",),
    "SHA256": ("text",),
    "SHA384": ("text",),
    "SHA512": ("text",),
    "STR": ("term",),
    "STRAFTER": ("text", "part"),
    "STRBEFORE": ("text", "part"),
    "STRDT": ("text", "datatype"),
    "STRENDS": ("text", "part"),
    "STRLANG": ("text", "language"),
    "STRLANGDIR": ("text", "language", "direction"),
    "STRLEN": ("text",),
    "STRSTARTS": ("text", "part"),
    "STRUUID": (),
    "SUBJECT": ("triple term",),
    "SUBSTR": ("text", "start", "[length]"),
    "TIMEZONE": ("dateTime",),
    "TRIPLE": ("subject", "predicate", "object"),
    "TZ": ("dateTime",),
    "UCASE": ("text",),
    "URI": ("text",),
    "UUID": (),
    "YEAR": ("dateTime",),
}

AGGREGATES: Final = ("AVG", "COUNT", "GROUP_CONCAT", "MAX", "MIN", "SAMPLE", "SUM")


def terminal_of(name: str) -> str | None:
    """The grammar's terminal for the function or aggregate called `name` (upper case); None for any other word."""
    if name in AGGREGATES:
        return name if name in ("COUNT", "GROUP_CONCAT") else "AGGREGATE"
    if name == "BOUND":
        return name
    arguments = FUNCTIONS.get(name)
    if arguments is None:
        return None
    if arguments and arguments[-1].endswith("…"):
        return "CALL_MANY"
    needed = sum(not argument.startswith("[") for argument in arguments)
    return f"CALL_{needed}" if needed == len(arguments) else f"CALL_{needed}_{len(arguments)}"
