"""The head of a request to the SPARQL endpoint, as far as it matters there."""

import re
from collections.abc import Iterable
from typing import Final

from edaphon.sparql import negotiation
from edaphon.web.replies import Scope

__all__ = ["Request", "address"]

HOST: Final = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]+)?|\[[0-9A-Fa-f:.]+\](?::[0-9]+)?")
LOOPBACK: Final = ("127.0.0.1", "::1")


class Request:
    """A request's method and headers, read from its ASGI scope."""

    __slots__ = ("_headers", "_scope", "accept", "gzip", "if_none_match", "method", "query_string")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._headers = joined(scope["headers"])
        self.method: str = scope["method"]
        self.query_string: bytes = scope["query_string"]
        self.accept = self.header(b"accept")
        self.gzip = negotiation.takes_gzip(self.header(b"accept-encoding"))
        self.if_none_match = self.header(b"if-none-match")

    def header(self, name: bytes) -> str | None:
        """The value of a header, named in lower case, several lines of it joined as one list; None without any."""
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def raw_path(self) -> bytes:
        """The path as it was sent."""
        path: bytes = self._scope["raw_path"]
        return path

    @property
    def url_length(self) -> int:
        """The bytes of path and query."""
        return len(self.raw_path) + len(self.query_string)

    @property
    def address(self) -> str:
        """The endpoint's own address, as the client sees it."""
        path: str = self._scope["path"]
        return self.origin + path

    @property
    def origin(self) -> str:
        """The server's scheme and authority, as the client sees them."""
        return address(self._scope)

    @property
    def client(self) -> str:
        """The address of who sent the request."""
        return client(self._scope)

    @property
    def chunks(self) -> bool:
        """HTTP/1.0 has none: there a body of unknown length ends where the connection does, cut or not."""
        return self._scope["http_version"] not in ("0.9", "1.0")

    @property
    def safe(self) -> bool:
        """Whether it only reads by definition, so that If-None-Match counts (RFC 9110 section 13.1.2)."""
        return self.method in ("GET", "HEAD")


def address(scope: Scope) -> str:
    """Scheme and authority as the client sees them. A proxy on this machine may say that it was reached by https."""
    headers = joined(scope["headers"])
    scheme = scope["scheme"]
    if client(scope) in LOOPBACK and headers.get(b"x-forwarded-proto") == b"https":
        scheme = "https"
    host = headers.get(b"host", b"").decode("latin-1")
    if not HOST.fullmatch(host):
        name, port = scope.get("server") or ("localhost", None)
        host = name if port is None else f"{name}:{port}"
    return f"{scheme}://{host}"


def client(scope: Scope) -> str:
    """The address of who sent the request."""
    name, _ = scope.get("client") or ("", None)
    return str(name)


def joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers by name, several lines of one joined as one list."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        found[name] = found[name] + b", " + value if name in found else value
    return found
