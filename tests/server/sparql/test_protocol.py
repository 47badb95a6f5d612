"""What a request asks, read from its URL and body."""

from urllib.parse import quote_plus, unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edaphon.errors import MalformedRequest, UnsupportedMedia
from edaphon.sparql import protocol
from edaphon.sparql.protocol import DIRECT_QUERY, DIRECT_UPDATE, FORM, Operation, Update, in_body, in_url


def test_a_query_in_the_url_is_decoded() -> None:
    assert in_url(b"query=ASK+%7B%7D&timeout=2.5") == Operation("ASK {}", seconds=2.5)
    assert in_url("query=ASK %7B?s ?p 'é'%7D".encode()) == Operation("ASK {?s ?p 'é'}")


def test_the_dataset_is_read_in_order() -> None:
    asked = in_url(b"default-graph-uri=http://a/1&query=q&named-graph-uri=urn:x:y&default-graph-uri=http://a/%C3%A9")
    assert asked == Operation("q", ("http://a/1", "http://a/é"), ("urn:x:y",))


def test_an_empty_field_for_a_graph_names_none() -> None:
    asked = in_url(b"query=q&default-graph-uri=&named-graph-uri=")
    assert asked == in_url(b"query=q")


@pytest.mark.parametrize("query_string", [b"", b"timeout=3", b"default-graph-uri=http://a/"])
def test_a_get_without_a_query_asks_nothing(query_string: bytes) -> None:
    assert in_url(query_string) is None


def test_an_empty_query_is_a_query() -> None:
    assert in_url(b"query=") == Operation("")


def test_parameters_of_other_services_are_ignored() -> None:
    assert in_url(b"query=q&format=json&debug=on") == Operation("q")


@pytest.mark.parametrize(
    ("query_string", "why"),
    [
        (b"query=a&query=b", "more than once"),
        (b"update=CLEAR+ALL", "by POST"),
        (b"query=a&update=b", "by POST"),
        (b"query=%FF", "not UTF-8"),
        (b"query=\xff", "not UTF-8"),
        (b"query=q&default-graph-uri=relative", "absolute IRI"),
        (b"query=q&named-graph-uri=http://a/%20b", "absolute IRI"),
        (b"query=q&named-graph-uri=http://a/%3E", "absolute IRI"),
        (b"query=q&named-graph-uri=//a/b", "absolute IRI"),
        (b"query=q&timeout=", "timeout"),
        (b"query=q&timeout=0", "timeout"),
        (b"query=q&timeout=-1", "timeout"),
        (b"query=q&timeout=soon", "timeout"),
        (b"query=q&timeout=10s", "timeout"),
        (b"query=q&timeout=inf", "timeout"),
        (b"query=q&timeout=nan", "timeout"),
        (b"query=q&timeout=1e9", "timeout"),
        ("query=q&timeout=٣".encode(), "timeout"),
        (b"query=q&timeout=1&timeout=2", "more than once"),
        (b"query=q&revision=", "revision"),
        (b"query=q&revision=-1", "revision"),
        (b"query=q&revision=1.0", "revision"),
        (b"query=q&revision=latest", "revision"),
        (b"query=q&revision=1234567890", "revision"),
        ("query=q&revision=٣".encode(), "revision"),
        (b"query=q&revision=1&revision=2", "more than once"),
        (b"query=q&" + b"x=&" * 10_001, "parameters"),
    ],
)
def test_a_url_that_makes_no_sense_is_malformed(query_string: bytes, why: str) -> None:
    with pytest.raises(MalformedRequest, match=why):
        in_url(query_string)


def test_a_revision_is_named_with_any_query() -> None:
    asked = Operation("q", revision=7)
    assert in_url(b"query=q&revision=7") == asked
    assert in_url(b"query=q&revision=0007") == asked
    assert in_body(b"", FORM, b"query=q&revision=7") == asked
    assert in_body(b"revision=7", FORM, b"query=q") == asked
    assert in_body(b"revision=7", DIRECT_QUERY, b"q") == asked


def test_a_revision_does_not_go_with_an_update() -> None:
    with pytest.raises(MalformedRequest, match="what is published now"):
        in_body(b"revision=7", DIRECT_UPDATE, b"CLEAR ALL")


def test_a_form_carries_everything() -> None:
    body = b"query=ASK+%7B%7D&default-graph-uri=http%3A%2F%2Fa%2F&timeout=1"
    assert in_body(b"", FORM, body) == Operation("ASK {}", ("http://a/",), seconds=1)
    assert in_body(b"", FORM + "; charset=UTF-8", body + b"\r\n") == Operation("ASK {}", ("http://a/",), seconds=1)


def test_a_query_is_the_body_and_its_dataset_is_in_the_url() -> None:
    asked = in_body(b"default-graph-uri=http://a/&timeout=4", DIRECT_QUERY, "ASK { ?s ?p '+é%7B' }".encode())
    assert asked == Operation("ASK { ?s ?p '+é%7B' }", ("http://a/",), seconds=4)


def test_the_type_of_a_body_is_read_as_http_says() -> None:
    assert in_body(b"", 'Application/SPARQL-Query ; Charset="utf-8"', b"q") == Operation("q")
    assert in_body(b"", DIRECT_QUERY, b"\xef\xbb\xbfASK {}") == Operation("ASK {}")


@pytest.mark.parametrize(
    ("query_string", "kind", "body"),
    [
        (b"", FORM, b"query=a&query=b"),
        (b"query=a", FORM, b"query=b"),
        (b"", FORM, b"query=a&update=b"),
        (b"", FORM, b"update=a&update=b"),
        (b"", FORM, b""),
        (b"", FORM, b"timeout=3"),
        (b"", FORM, b"query=%C3"),
        (b"query=a", DIRECT_QUERY, b"q"),
        (b"update=a", DIRECT_QUERY, b"q"),
        (b"", DIRECT_QUERY, b"\xc3("),
        (b"", DIRECT_UPDATE, b"\xff"),
        (b"query=a", DIRECT_UPDATE, b"u"),
    ],
)
def test_a_body_that_makes_no_sense_is_malformed(query_string: bytes, kind: str, body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        in_body(query_string, kind, body)


@pytest.mark.parametrize(
    "kind",
    [None, "", "text/plain", "application/json", "multipart/form-data; boundary=x", DIRECT_QUERY + "; charset=latin-1"],
)
def test_a_body_of_another_type_is_not_taken(kind: str | None) -> None:
    with pytest.raises(UnsupportedMedia):
        in_body(b"", kind, b"ASK {}")


@pytest.mark.parametrize(("kind", "body"), [(FORM, b"update=CLEAR+ALL"), (DIRECT_UPDATE, b"CLEAR ALL")])
def test_an_update_is_told_from_a_query(kind: str, body: bytes) -> None:
    assert in_body(b"", kind, body) == Update("CLEAR ALL")


@given(st.binary())
@example(b"a%20b%zz%")
@example(b"=3D%3d+%%\r\n%0A = ")
def test_percent_encoding_is_read_as_the_standard_library_reads_it(encoded: bytes) -> None:
    assert protocol.unquoted(encoded) == unquote_to_bytes(encoded.replace(b"+", b" "))


@given(st.text())
def test_what_was_percent_encoded_comes_back(text: str) -> None:
    assert protocol.unquoted(quote_plus(text, errors="surrogatepass").encode()) == text.encode("utf-8", "surrogatepass")
