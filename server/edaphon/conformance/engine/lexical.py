"""Whether the text of a literal is one that its XML Schema datatype allows."""

import re
from calendar import monthrange
from collections.abc import Callable
from typing import Final

from pyoxigraph import Literal

from edaphon.conformance.model.vocabulary import XSD

__all__ = ["FORMS", "INTEGER_RANGES", "is_well_formed"]

# The least and the greatest value of each datatype derived from xsd:integer; None is no bound.
INTEGER_RANGES: Final[dict[str, tuple[int | None, int | None]]] = {
    "integer": (None, None),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-(2**7), 2**7 - 1),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 2**8 - 1),
}

ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))?"
YEAR = r"(?P<year>-?(?:[1-9]\d{3,}|0\d{3}))"
MONTH = r"(?P<month>0[1-9]|1[0-2])"
DAY = r"(?P<day>0[1-9]|[12]\d|3[01])"
CLOCK = r"(?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?|24:00:00(?:\.0+)?)"
NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)"
CLOCK_PARTS = r"T(?:\d+H(?:\d+M)?(?:\d+(?:\.\d+)?S)?|\d+M(?:\d+(?:\.\d+)?S)?|\d+(?:\.\d+)?S)"

FORMS: Final = {
    name: re.compile(pattern, re.ASCII)
    for name, pattern in {
        "boolean": r"true|false|1|0",
        "decimal": rf"[+-]?{NUMBER}",
        "double": rf"[+-]?{NUMBER}(?:[eE][+-]?\d+)?|[+-]?INF|NaN",
        "float": rf"[+-]?{NUMBER}(?:[eE][+-]?\d+)?|[+-]?INF|NaN",
        "date": rf"{YEAR}-{MONTH}-{DAY}{ZONE}",
        "dateTime": rf"{YEAR}-{MONTH}-{DAY}T{CLOCK}{ZONE}",
        "dateTimeStamp": rf"{YEAR}-{MONTH}-{DAY}T{CLOCK}{ZONE[:-1]}",
        "time": rf"{CLOCK}{ZONE}",
        "gYear": rf"{YEAR}{ZONE}",
        "gYearMonth": rf"{YEAR}-{MONTH}{ZONE}",
        "gMonth": rf"--{MONTH}{ZONE}",
        "gDay": rf"---{DAY}{ZONE}",
        "gMonthDay": rf"--{MONTH}-{DAY}{ZONE}",
        "duration": rf"-?P(?:(?=\d|T)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:{CLOCK_PARTS})?)",
        "yearMonthDuration": r"-?P(?:\d+Y(?:\d+M)?|\d+M)",
        "dayTimeDuration": rf"-?P(?:\d+D(?:{CLOCK_PARTS})?|{CLOCK_PARTS})",
        "hexBinary": r"(?:[0-9a-fA-F]{2})*",
        "base64Binary": r"(?:(?:[A-Za-z0-9+/] ?){4})*(?:(?:[A-Za-z0-9+/] ?){2}(?:= ?=|[AEIMQUYcgkosw048] ?=))?",
        "language": r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*",
        **dict.fromkeys(INTEGER_RANGES, r"[+-]?\d+"),
    }.items()
}


def is_well_formed(literal: Literal) -> bool:
    """True unless the datatype is one of XML Schema's and has no such lexical form; others are not judged."""
    name = literal.datatype.value.removeprefix(XSD)
    form = FORMS.get(name)
    if form is None or len(name) == len(literal.datatype.value):
        return True
    match = form.fullmatch(literal.value)
    if match is None:
        return False
    if name in INTEGER_RANGES:
        return _in_range(literal.value, *INTEGER_RANGES[name])
    check = EXTRA.get(name)
    return check is None or check(match)


def _in_range(text: str, least: int | None, greatest: int | None) -> bool:
    if least is None and greatest is None:
        return True
    digits = text.lstrip("+-0")
    if len(digits) > 20:
        # Beyond every bound; int() would refuse very long texts.
        return least is None if text.startswith("-") else greatest is None
    value = int(text)
    return (least is None or value >= least) and (greatest is None or value <= greatest)


def _is_day(match: re.Match[str]) -> bool:
    """Whether the month has that day; the year 0 and years before it follow the proleptic calendar."""
    year = int(match["year"]) % 400 + 400
    return int(match["day"]) <= monthrange(year, int(match["month"]))[1]


def _is_day_of_month(match: re.Match[str]) -> bool:
    return int(match["day"]) <= monthrange(2000, int(match["month"]))[1]


EXTRA: Final[dict[str, Callable[[re.Match[str]], bool]]] = {
    "date": _is_day,
    "dateTime": _is_day,
    "dateTimeStamp": _is_day,
    "gMonthDay": _is_day_of_month,
}
