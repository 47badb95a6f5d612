"""The head of a request to the SPARQL endpoint, as far as it matters there."""

import re
from dataclasses import dataclass
from typing import Final

from edaphon.sparql import negotiation
from edaphon.web.replies import Headers, Scope, joined

__all__ = ["Request", "address", "read_head"]

HOST: Final = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]+)?|\[[0-9A-Fa-f:.]+\](?::[0-9]+)?")
LOOPBACK: Final = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Request:
    """A request's method and headers. `address` is the endpoint's own, as the client sees it."""

    method: str
    query_string: bytes
    url_length: int
    address: str
    client: str
    accept: str | None
    gzip: bool
    if_none_match: str | None
    content_type: str | None
    content_encoding: str | None
    content_length: str | None
    # HTTP/1.0 has no chunks: there a body of unknown length ends where the connection does, cut or not.
    chunks: bool

    @property
    def safe(self) -> bool:
        """Whether it only reads by definition, so that If-None-Match counts (RFC 9110 section 13.1.2)."""
        return self.method in ("GET", "HEAD")


def read_head(scope: Scope) -> Request:
    """The head of a request from its ASGI scope."""
    headers: Headers = scope["headers"]
    query_string: bytes = scope["query_string"]
    return Request(
        method=scope["method"],
        query_string=query_string,
        url_length=len(scope["raw_path"]) + len(query_string),
        address=address(scope) + scope["path"],
        client=client(scope),
        accept=joined(headers, b"accept"),
        gzip=negotiation.takes_gzip(joined(headers, b"accept-encoding")),
        if_none_match=joined(headers, b"if-none-match"),
        content_type=joined(headers, b"content-type"),
        content_encoding=joined(headers, b"content-encoding"),
        content_length=joined(headers, b"content-length"),
        chunks=scope["http_version"] not in ("0.9", "1.0"),
    )


def address(scope: Scope) -> str:
    """Scheme and authority as the client sees them. A proxy on this machine may say that it was reached by https."""
    headers: Headers = scope["headers"]
    scheme = scope["scheme"]
    if client(scope) in LOOPBACK and joined(headers, b"x-forwarded-proto") == "https":
        scheme = "https"
    host = joined(headers, b"host") or ""
    if not HOST.fullmatch(host):
        name, port = scope.get("server") or ("localhost", None)
        host = name if port is None else f"{name}:{port}"
    return f"{scheme}://{host}"


def client(scope: Scope) -> str:
    """The address of who sent the request."""
    name, _ = scope.get("client") or ("", None)
    return str(name)
