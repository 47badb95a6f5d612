"""What an HTTP request asks of a SPARQL service: SPARQL 1.1 Protocol section 2, without any network."""

import re
from binascii import a2b_qp
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from edaphon.errors import MalformedRequest, UnsupportedMedia

__all__ = [
    "DIRECT_QUERY",
    "DIRECT_UPDATE",
    "FORM",
    "Operation",
    "Update",
    "in_body",
    "in_url",
    "media_type",
    "refuse_charset",
    "revision_number",
]

FORM: Final = "application/x-www-form-urlencoded"
DIRECT_QUERY: Final = "application/sparql-query"
DIRECT_UPDATE: Final = "application/sparql-update"
TAKEN: Final = (DIRECT_QUERY, FORM, DIRECT_UPDATE)

MAX_PARAMETERS: Final = 10_000
SECONDS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{0,9})?", re.ASCII)
NUMBER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
# RFC 3987, as far as SPARQL's IRIREF goes: a scheme, then anything but what may not stand between < and >.
ABSOLUTE_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*")

Parameters = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Update:
    """An update operation (section 2.2) with the dataset that its patterns see, where the request names one."""

    text: str
    using: tuple[str, ...] = ()
    using_named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """A query operation. `seconds` is the time the client asks for, None where it leaves that to the server; `revision`
    the number of the revision to answer from, None for the published one.
    """

    query: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    seconds: float | None = None
    revision: int | None = None


def in_url(query_string: bytes) -> Operation | None:
    """The operation of a GET (section 2.1.1); None when it names no query. Raises MalformedRequest."""
    if query_string.startswith(b"query=") and b"&" not in query_string:
        # Nearly always.
        return Operation(utf8(unquoted(query_string.removeprefix(b"query=")), "the URL"))
    given = parameters(query_string, "the URL")
    names = {name for name, _ in given}
    if "update" in names:
        raise MalformedRequest("an update cannot be sent by GET; send it by POST")
    return operation(given) if "query" in names else None


def refuse_charset(options: Mapping[str, str]) -> None:
    """Raise UnsupportedMedia for the parameters of a Content-Type that tell of another charset than UTF-8."""
    if options.get("charset", "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMedia(f"the charset {options['charset']} is not taken here; send UTF-8")


def in_body(query_string: bytes, content_type: str | None, body: bytes) -> Operation | Update:
    """The operation of a POST: a form (sections 2.1.2 and 2.2.1), or the query or update itself (2.1.3 and 2.2.2).

    Raises MalformedRequest and UnsupportedMedia.
    """
    kind, options = media_type(content_type)
    if kind not in TAKEN:
        what = f"a body of type {kind}" if kind else "a body without a Content-Type"
        raise UnsupportedMedia(f"{what} is not taken here; send one of {', '.join(TAKEN)}")
    refuse_charset(options)
    given = parameters(query_string, "the URL")
    if kind == FORM:
        given += parameters(body.strip(b"\r\n"), "the form")
    else:
        name = "query" if kind == DIRECT_QUERY else "update"
        if any(key in ("query", "update") for key, _ in given):
            raise MalformedRequest(f"the body is the {name}, so the URL can have neither query= nor update=")
        given.append((name, utf8(body, "the body").removeprefix("\ufeff")))
    names = [name for name, _ in given]
    if "update" in names:
        if "query" in names:
            raise MalformedRequest("query= and update= in one request; send one of them")
        if names.count("update") > 1:
            raise MalformedRequest("update= is given more than once")
        if "revision" in names:
            raise MalformedRequest("an update changes what is published now; revision= cannot go with it")
        return update(given)
    if "query" not in names:
        raise MalformedRequest("the form has no query=")
    return operation(given)


def media_type(header: str | None) -> tuple[str, dict[str, str]]:
    """The media type and the parameters of a Content-Type header, in lower case but for the parameters' values."""
    name, *rest = (header or "").split(";")
    options = {}
    for option in rest:
        key, _, value = option.partition("=")
        options[key.strip().lower()] = value.strip().strip('"')
    return name.strip().lower(), options


def parameters(encoded: bytes, where: str) -> Parameters:
    """Name and value of each parameter. Raises MalformedRequest when they are not percent-encoded UTF-8."""
    pairs = encoded.split(b"&", MAX_PARAMETERS)
    if len(pairs) > MAX_PARAMETERS:
        raise MalformedRequest(f"{where} has more than {MAX_PARAMETERS} parameters")
    given = []
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        if pair:
            given.append((utf8(unquoted(name), where), utf8(unquoted(value), where)))
    return given


def unquoted(encoded: bytes) -> bytes:
    """A name or value of a form without its percent-encoding, as `urllib.parse.unquote_to_bytes` reads it."""
    text = encoded.replace(b"+", b" ")
    if b"%" not in text:
        return text
    if b"\n" not in text and b"\r" not in text:
        # A query has hundreds of escapes. Quoted-printable is the same code with another sign, and read ten times as
        # fast. Each escape is two bytes shorter when read; whatever is none, less, but for the ends of lines.
        quoted = text.replace(b"=", b"=3D").replace(b"%", b"=")
        read = a2b_qp(quoted)
        if len(quoted) - len(read) == 2 * quoted.count(b"="):
            return read
    return unquote_to_bytes(text)


def utf8(encoded: bytes, where: str) -> str:
    try:
        return encoded.decode()
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"{where} is not UTF-8: see byte {error.start}") from error


def operation(given: Parameters) -> Operation:
    """The operation that these parameters, with at least one query, describe."""
    names = ("query", "default-graph-uri", "named-graph-uri", "timeout", "revision")
    found: dict[str, list[str]] = {name: [] for name in names}
    for name, value in given:
        if name in found:
            found[name].append(value)
    for name in ("query", "timeout", "revision"):
        if len(found[name]) > 1:
            raise MalformedRequest(f"{name}= is given more than once")
    (query,) = found["query"]
    # Forms send empty fields for graphs that nobody has named.
    default, named = (tuple(filter(None, found[name])) for name in ("default-graph-uri", "named-graph-uri"))
    return Operation(
        query,
        graphs(default),
        graphs(named),
        time(found["timeout"][0]) if found["timeout"] else None,
        revision_number(found["revision"][0]) if found["revision"] else None,
    )


def revision_number(given: str) -> int:
    """The number that the parameter revision= gives. Raises MalformedRequest."""
    if not NUMBER.fullmatch(given):
        raise MalformedRequest(f"revision= must be the number of a published revision, not {given[:100]!r}")
    return int(given)


def update(given: Parameters) -> Update:
    """The update that these parameters, with exactly one update=, describe."""
    found: dict[str, list[str]] = {"update": [], "using-graph-uri": [], "using-named-graph-uri": []}
    for name, value in given:
        if name in ("default-graph-uri", "named-graph-uri"):
            raise MalformedRequest(f"{name} is for queries; an update has using-graph-uri and using-named-graph-uri")
        if name in found:
            found[name].append(value)
    (text,) = found["update"]
    return Update(text, graphs(tuple(found["using-graph-uri"])), graphs(tuple(found["using-named-graph-uri"])))


def graphs(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not ABSOLUTE_IRI.fullmatch(name):
            raise MalformedRequest(f"a graph must be named by an absolute IRI, not by {name!r}")
    return names


def time(given: str) -> float:
    seconds = float(given) if SECONDS.fullmatch(given) else 0.0
    if seconds <= 0:
        raise MalformedRequest(f"timeout= must be a number of seconds above 0, not {given!r}")
    return seconds
