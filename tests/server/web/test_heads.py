"""A request that is taken for a known head with another query is what the parser would have made of it."""

from typing import Any, cast

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from uvicorn._types import HTTPScope

from edaphon.web.heads import Known, Wanted

TAIL = b" HTTP/1.1\r\nHost: graph.example\r\nAccept: text/csv\r\n\r\n"
NONE = Wanted(None, None, None)
SCOPE = cast("HTTPScope", {})


def known() -> Known:
    head = Known.by(b"GET /sparql?query=ASK" + TAIL, SCOPE, NONE)
    assert head is not None
    return head


class Parsed:
    """What the parser makes of some bytes."""

    def __init__(self, data: bytes) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.heads = self.ends = 0
        self.body = b""
        parser = httptools.HttpRequestParser(self)
        parser.feed_data(data)
        self.method = parser.get_method()

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.heads += 1

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.ends += 1


def test_another_query_is_read() -> None:
    assert known().query(b"GET /sparql?query=SELECT%20*&timeout=3" + TAIL) == b"query=SELECT%20*&timeout=3"
    assert known().query(b"GET /sparql?" + TAIL) == b""


@given(
    st.one_of(
        st.binary(max_size=40),
        st.text("ab%=&#? \r\n\t:\x7f\x00é", max_size=12).map(str.encode),
        st.sampled_from([b" HTTP/1.1\r\n", b"\r\n\r\n", b" HTTP/1.1\r\nA: b\r\n\r\nGET /sparql?q", b"#"]),
    )
)
@example(b"\r\n")
@example(b"a HTTP/1.1\r\nContent-Length: 9\r\n\r\nGET /sparql?b")
@example(b"a b")
@example(b"\x80")
@example(b"a#b")
def test_what_is_taken_for_a_query_is_one_for_the_parser_too(query: bytes) -> None:
    data = b"GET /sparql?" + query + TAIL
    if known().query(data) is None:
        return
    parsed = Parsed(data)
    assert (parsed.method, parsed.url) == (b"GET", b"/sparql?" + query)
    assert parsed.headers == [(b"Host", b"graph.example"), (b"Accept", b"text/csv")]
    assert (parsed.heads, parsed.ends, parsed.body) == (1, 1, b"")
    assert httptools.parse_url(parsed.url).query in (query, None if query == b"" else query)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET",
        b"GET /sparql",
        b"GET /sparql?query=ASK",
        b"HEAD /sparql?query=ASK" + TAIL,
        b"GET /sparq1?query=ASK" + TAIL,
        b"GET /sparql/?query=ASK" + TAIL,
        b"GET /sparql?query=ASK#part" + TAIL,
        b"GET /sparql?query=A SK" + TAIL,
        b"GET /sparql?query=ASK" + TAIL + b"G",
        b"GET /sparql?query=ASK" + TAIL * 2,
        b"GET /sparql?query=ASK" + TAIL + b"GET /sparql?query=ASK" + TAIL,
        b"GET /sparql?query=ASK" + TAIL.replace(b"csv", b"tab-separated-values"),
        b"GET /sparql?query=ASK" + TAIL.replace(b"1.1", b"1.0"),
        b"GET /sparql?query=ASK" + TAIL.replace(b"\r\n\r\n", b"\r\nIf-None-Match: *\r\n\r\n"),
        TAIL,
    ],
)
def test_whatever_else_comes_is_parsed(data: bytes) -> None:
    assert known().query(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"GET /other?query=ASK" + TAIL,
        b"POST /sparql?query=ASK" + TAIL,
        b"GET /sparql?query=ASK" + TAIL + b"x",
        b"GET /sparql?query=ASK#part" + TAIL,
        b"GET /sparql?query=ASK" + TAIL + b"GET /sparql?query=ASK" + TAIL,
        # Of another request's body, the first half.
        b"GET /sparql?query=ASK",
    ],
)
def test_only_a_plain_query_alone_becomes_known(data: bytes) -> None:
    assert Known.by(data, SCOPE, NONE) is None


def test_headers_of_several_lines_are_one_list() -> None:
    headers: list[Any] = [
        (b"accept", b"text/csv"),
        (b"if-none-match", b'"a"'),
        (b"accept", b"*/*"),
        (b"accept-encoding", b"br"),
        (b"accept-encoding", b"gzip"),
        (b"if-none-match", b'"b"'),
    ]
    assert Wanted.of(headers) == (b"text/csv, */*", b"br, gzip", b'"a", "b"')
