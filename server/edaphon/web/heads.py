"""The heads of plain queries: what matters of one, and whether the next one differs from it in its query alone.

Who asks a second query on a connection spells its head like the first one's, but for the address. Then what the parser
would make of it is known, and it need not be parsed: for a repeat that is half of the work.
"""

from typing import Final, NamedTuple

from uvicorn._types import HTTPScope

from edaphon.web.asking import RAW_PATH
from edaphon.web.replies import Headers

__all__ = ["Known", "Wanted"]

BEGINNING: Final = b"GET " + RAW_PATH + b"?"
VERSION: Final = b" HTTP/1.1\r\n"
END: Final = b"\r\n\r\n"


class Wanted(NamedTuple):
    """The headers on which the answer to a query depends, several lines of one joined as one list."""

    accept: bytes | None
    accept_encoding: bytes | None
    if_none_match: bytes | None

    @classmethod
    def of(cls, headers: Headers) -> "Wanted":
        """Those of a request."""
        accept = accept_encoding = if_none_match = None
        for name, value in headers:
            if name == b"accept":
                accept = value if accept is None else accept + b", " + value
            elif name == b"accept-encoding":
                accept_encoding = value if accept_encoding is None else accept_encoding + b", " + value
            elif name == b"if-none-match":
                if_none_match = value if if_none_match is None else if_none_match + b", " + value
        return cls(accept, accept_encoding, if_none_match)


class Known:
    """A head that has been parsed: a GET of the endpoint that keeps its connection and has no body.

    `scope` is what the parser made of it, for whatever has the same headers.
    """

    __slots__ = ("_tail", "scope", "wanted")

    def __init__(self, tail: bytes, scope: HTTPScope, wanted: Wanted) -> None:
        self._tail = tail
        self.scope = scope
        self.wanted = wanted

    @classmethod
    def by(cls, data: bytes, scope: HTTPScope, wanted: Wanted) -> "Known | None":
        """What was parsed of these bytes; None unless they are one such head and nothing else."""
        if not data.startswith(BEGINNING) or data.find(END) != len(data) - len(END):
            return None
        known = cls(data[data.find(VERSION) :], scope, wanted)
        return None if known.query(data) is None else known

    def query(self, data: bytes) -> bytes | None:
        """The query string of a request that has this head but for its query; None for whatever else these bytes are.

        Nothing passes as a query string that the parser might not take, or not to its end.
        """
        if not data.startswith(BEGINNING) or not data.endswith(self._tail):
            return None
        query = data[len(BEGINNING) : -len(self._tail)]
        # Letters, digits and signs: no blank, no end of a line, nothing beyond ASCII. Behind a # would stand no query.
        plain = query.isascii() and query.decode().isprintable() and b" " not in query and b"#" not in query
        return query if plain else None
