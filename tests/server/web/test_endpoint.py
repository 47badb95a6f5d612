"""What `/sparql` answers, over a pool that answers from a table."""

import asyncio
import gzip
import json
from pathlib import Path

import pytest
from endpoint import BROWSER, Canned, Service

from edaphon import errors

SELECT = "SELECT * { ?s ?p ?o }"
ASK = "ASK {}"
CONSTRUCT = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"
LARGE = "SELECT * { ?large ?p ?o }"
STREAM = "SELECT * { ?stream ?p ?o }"
CUT = "SELECT * { ?cut ?p ?o }"
NOW = "SELECT (NOW() AS ?now) {}"

ANSWERS = {
    SELECT: Canned((b'{"rows": 1}',)),
    ASK: Canned((b"true",), "boolean"),
    CONSTRUCT: Canned((b"<a:a> <a:b> <a:c> .\n",), "graph"),
    LARGE: Canned((b"x" * 5000,)),
    STREAM: Canned((b"x" * 70_000, b"y" * 70_000)),
    CUT: Canned((b"x" * 70_000, b"y" * 70_000), failure=errors.DeadlineReached(30)),
    NOW: Canned((b"now",)),
}


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path, dict(ANSWERS))


# Ways to ask


def test_a_query_may_come_by_get_by_form_and_as_the_body(service: Service) -> None:
    direct = {"content-type": "application/sparql-query"}
    answers = [
        service.get(SELECT),
        service.request("POST", "/sparql", data={"query": SELECT}),
        service.request("POST", "/sparql", content=SELECT, headers=direct),
    ]
    assert [(one.status_code, one.content) for one in answers] == [(200, b'{"rows": 1}')] * 3


def test_a_gzipped_body_is_unpacked(service: Service) -> None:
    headers = {"content-type": "application/sparql-query", "content-encoding": "gzip"}
    packed = gzip.compress(SELECT[:5].encode()) + gzip.compress(SELECT[5:].encode())
    assert service.request("POST", "/sparql", content=packed, headers=headers).status_code == 200


def test_the_protocol_s_dataset_and_the_capped_timeout_reach_the_pool(tmp_path: Path) -> None:
    service = Service(tmp_path, dict(ANSWERS), timeout=20.0)
    # In two formats, or the second one would come from the cache.
    for timeout, accept in (("5", "text/csv"), ("500", "text/tab-separated-values")):
        parameters = {"query": SELECT, "timeout": timeout, "default-graph-uri": "urn:a", "named-graph-uri": "urn:b"}
        service.request("GET", "/sparql", params=parameters, headers={"accept": accept})
    assert [query.seconds for query in service.pool.asked] == [5, 20]
    assert {(query.default_graphs, query.named_graphs) for query in service.pool.asked} == {(("urn:a",), ("urn:b",))}


def test_head_has_the_headers_of_get(service: Service) -> None:
    got = service.get(SELECT)
    head = service.request("HEAD", "/sparql", params={"query": SELECT})
    assert head.status_code == 200
    assert head.headers == got.headers


def test_an_update_needs_a_token(service: Service) -> None:
    answer = service.request("POST", "/sparql", data={"update": "CLEAR ALL"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["type"] == "https://w3id.org/edaphon/problem/token"


def test_a_preflight_is_answered_for_every_site(service: Service) -> None:
    answer = service.request("OPTIONS", "/sparql", headers={"origin": "https://elsewhere.example"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"].lower()
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "GE"])
def test_other_methods_are_not_allowed(service: Service, method: str) -> None:
    answer = service.request(method, "/sparql")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"


# Answers


def test_an_answer_says_what_it_is(service: Service) -> None:
    answer = service.get(SELECT)
    assert answer.headers["content-type"] == "application/sparql-results+json"
    assert answer.headers["content-length"] == "11"
    assert answer.headers["edaphon-revision"] == "1"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert answer.headers["cache-control"] == "public, no-cache"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]
    assert answer.headers["etag"].startswith('"')


def test_text_says_that_it_is_utf8(service: Service) -> None:
    assert service.get(SELECT, "text/csv").headers["content-type"] == "text/csv; charset=utf-8"
    assert service.get(CONSTRUCT).headers["content-type"] == "text/turtle; charset=utf-8"


def test_the_form_of_the_answer_decides_which_format_counts(service: Service) -> None:
    accept = "text/csv, application/n-triples"
    assert service.get(ASK, accept).headers["content-type"].startswith("text/csv")
    assert service.get(CONSTRUCT, accept).headers["content-type"] == "application/n-triples"


@pytest.mark.parametrize(
    ("query", "accept", "offered"),
    [
        (SELECT, "text/turtle", "text/csv"),
        (CONSTRUCT, "text/csv", "text/turtle"),
        (SELECT, "image/png", "application/sparql-results+xml"),
    ],
)
def test_what_cannot_be_given_is_406_with_what_can(service: Service, query: str, accept: str, offered: str) -> None:
    answer = service.get(query, accept)
    assert answer.status_code == 406
    assert answer.json()["type"].endswith("/not-acceptable")
    assert offered in answer.json()["offered"]


def test_a_stream_has_no_length_until_it_is_repeated(service: Service) -> None:
    first, second = service.get(STREAM), service.get(STREAM)
    assert "content-length" not in first.headers
    assert second.headers["content-length"] == "140000"
    assert first.content == second.content == b"x" * 70_000 + b"y" * 70_000
    assert first.headers["etag"] == second.headers["etag"]


def test_a_worker_is_asked_to_pack_only_for_those_who_take_it(service: Service) -> None:
    service.get(SELECT)
    service.get(SELECT, accept_encoding="gzip")
    assert [query.gzip for query in service.pool.asked] == [False, True]


def test_a_packed_answer_says_so(tmp_path: Path) -> None:
    body = gzip.compress(b"x" * 5000)
    service = Service(tmp_path, {LARGE: Canned((body,), encoding="gzip")})
    answer = service.get(LARGE, accept_encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == b"x" * 5000


# Repeats


def test_a_repeat_does_not_reach_the_pool(service: Service) -> None:
    assert service.get(SELECT).content == service.get(SELECT).content
    service.request("POST", "/sparql", data={"query": SELECT})
    service.get(SELECT, "*/*")
    assert len(service.pool.asked) == 1


def test_another_format_or_packing_is_another_answer(service: Service) -> None:
    answers = [
        service.get(SELECT),
        service.get(SELECT, "text/csv"),
        service.get(CONSTRUCT),
        service.get(CONSTRUCT, "text/turtle"),
    ]
    assert len({answer.headers["etag"] for answer in answers}) == 3


def test_a_new_revision_is_asked_anew(service: Service) -> None:
    before = service.get(SELECT)
    service.pool.revision = 2
    service.pool.answers[SELECT] = Canned((b'{"rows": 2}',))
    service.folder = service.folder.parent
    after = service.get(SELECT, if_none_match=before.headers["etag"])
    assert after.status_code == 200
    assert after.headers["edaphon-revision"] == "2"
    assert after.content == b'{"rows": 2}'
    assert after.headers["etag"] != before.headers["etag"]


def test_a_query_of_the_moment_is_never_repeated(service: Service) -> None:
    answer = service.get(NOW)
    service.get(NOW)
    assert len(service.pool.asked) == 2
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_an_answer_on_a_newer_revision_than_was_looked_up_is_not_kept(service: Service) -> None:
    class Moving:
        number = 1
        folder = service.folder

    service.pool.revision = 2
    service.current = lambda: Moving()  # type: ignore[method-assign,assignment]  # the pool is a revision ahead
    answer = service.get(SELECT)
    assert answer.headers["edaphon-revision"] == "2"
    assert "etag" not in answer.headers
    service.get(SELECT)
    assert len(service.pool.asked) == 2


@pytest.mark.parametrize("shape", ["{}", "W/{}", '"other", {}', '{}, W/"other"', "*"])
def test_a_client_that_has_the_answer_is_told_so(service: Service, shape: str) -> None:
    etag = service.get(SELECT).headers["etag"]
    answer = service.get(SELECT, if_none_match=shape.format(etag))
    assert answer.status_code == 304
    assert answer.content == b""
    assert answer.headers["etag"] == etag
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert answer.headers["cache-control"] == "public, no-cache"
    assert answer.headers["edaphon-revision"] == "1"
    assert not {"content-type", "content-length", "content-encoding"} & set(answer.headers)


def test_a_client_that_has_the_answer_costs_no_evaluation_even_without_the_cache(tmp_path: Path) -> None:
    etag = Service(tmp_path, dict(ANSWERS)).get(SELECT).headers["etag"]
    other = Service(tmp_path, dict(ANSWERS), cache=0)
    assert other.get(SELECT, if_none_match=etag).status_code == 304
    assert other.pool.asked == []
    assert other.get(SELECT, "text/csv", if_none_match=etag).status_code == 200
    assert other.get(SELECT, if_none_match="*").status_code == 304


def test_a_post_is_answered_whatever_the_client_has(service: Service) -> None:
    etag = service.get(SELECT).headers["etag"]
    answer = service.request("POST", "/sparql", data={"query": SELECT}, headers={"if-none-match": etag})
    assert answer.status_code == 200


# Failures

FAILURES = [
    (errors.QuerySyntax("unexpected }", line=2, column=7, hint="close it"), 400, "syntax"),
    (errors.EgressRefused("no"), 403, "egress"),
    (errors.RemoteFailed("no"), 502, "remote"),
    (errors.EngineRefused("no"), 400, "unsupported"),
    (errors.EngineFailed("no"), 500, "engine"),
    (errors.DeadlineReached(3), 503, "deadline"),
    (errors.MemoryReached("no", limit="stack"), 507, "memory"),
    (errors.ResultTooLarge("no"), 507, "result"),
    (errors.PoolBusy("full", retry_after=7), 503, "busy"),
    (errors.RevisionMissing("none"), 503, "no-revision"),
]


@pytest.mark.parametrize(("failure", "status", "name"), FAILURES, ids=[name for _, _, name in FAILURES])
def test_a_failure_is_a_problem_document(tmp_path: Path, failure: Exception, status: int, name: str) -> None:
    answer = Service(tmp_path, {SELECT: Canned((), failure=failure)}).get(SELECT)
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"https://w3id.org/edaphon/problem/{name}"
    assert problem["title"]
    assert problem["detail"] == str(failure)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_syntax_error_says_where_and_what_to_do(tmp_path: Path) -> None:
    failure = errors.QuerySyntax("unexpected }", line=2, column=7, hint="close it")
    problem = Service(tmp_path, {SELECT: Canned((), failure=failure)}).get(SELECT).json()
    assert (problem["line"], problem["column"], problem["hint"]) == (2, 7, "close it")


def test_a_full_server_says_when_to_come_back(tmp_path: Path) -> None:
    answer = Service(tmp_path, {SELECT: Canned((), failure=errors.PoolBusy("full", retry_after=7))}).get(SELECT)
    assert answer.headers["retry-after"] == "7"
    assert answer.json()["retry_after"] == 7


def test_a_failure_is_not_kept(service: Service) -> None:
    service.pool.answers[SELECT] = Canned((), failure=errors.DeadlineReached(3))
    assert service.get(SELECT).status_code == 503
    service.pool.answers[SELECT] = ANSWERS[SELECT]
    assert service.get(SELECT).status_code == 200


def test_a_cut_answer_has_no_end_and_is_not_kept(service: Service) -> None:
    messages: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        messages.append(message)

    async def receive() -> dict[str, object]:
        # As long as the client is there.
        await asyncio.Event().wait()
        raise AssertionError

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/sparql",
        "raw_path": b"/sparql",
        "query_string": b"query=" + CUT.replace(" ", "+").encode(),
        "headers": [],
        "scheme": "http",
        "http_version": "1.1",
        "client": ("127.0.0.1", 1),
    }
    for _ in range(2):
        messages.clear()
        asyncio.run(service.app(scope, receive, send))  # type: ignore[arg-type]  # plain dictionaries
        assert messages[0]["status"] == 200
        assert all(message["more_body"] for message in messages[1:])
    assert len(service.pool.asked) == 2


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"method": "GET", "params": [("query", "a"), ("query", "b")]}, 400),
        ({"method": "GET", "params": {"query": SELECT, "timeout": "never"}}, 400),
        ({"method": "GET", "params": {"query": SELECT, "default-graph-uri": "a b"}}, 400),
        ({"method": "POST", "content": b"\xff", "headers": {"content-type": "application/sparql-query"}}, 400),
        ({"method": "POST", "content": b"ASK {}", "headers": {"content-type": "text/plain"}}, 415),
        ({"method": "POST", "content": b"ASK {}"}, 415),
        (
            {
                "method": "POST",
                "content": b"ASK {}",
                "headers": {"content-type": "application/sparql-query", "content-encoding": "br"},
            },
            415,
        ),
        (
            {
                "method": "POST",
                "content": b"no gzip",
                "headers": {"content-type": "application/sparql-query", "content-encoding": "gzip"},
            },
            400,
        ),
        (
            {
                "method": "POST",
                "content": gzip.compress(b"ASK {}")[:-4],
                "headers": {"content-type": "application/sparql-query", "content-encoding": "gzip"},
            },
            400,
        ),
        ({"method": "GET", "params": {"query": "x" * 40_000}}, 414),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(service: Service, request_: dict[str, object], status: int) -> None:
    method = str(request_.pop("method"))
    answer = service.request(method, "/sparql", **request_)
    request_["method"] = method
    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert service.pool.asked == []


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_over_the_limit_is_refused_unpacked_size_counted(tmp_path: Path, packed: bool) -> None:
    service = Service(tmp_path, dict(ANSWERS), max_body=1)
    body = b" " * 1_000_001
    headers = {"content-type": "application/sparql-query"}
    if packed:
        body, headers["content-encoding"] = gzip.compress(body), "gzip"
    answer = service.request("POST", "/sparql", content=body, headers=headers)
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(b"\0" * 100_000_000)
    headers = {"content-type": "application/sparql-query", "content-encoding": "gzip"}
    answer = Service(tmp_path, dict(ANSWERS), max_body=1).request("POST", "/sparql", content=bomb, headers=headers)
    assert answer.status_code == 413


def test_an_unforeseen_failure_tells_nothing_of_the_inside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    service = Service(tmp_path, {SELECT: Canned((), failure=RuntimeError("a secret path"))})
    answer = service.get(SELECT)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert json.loads(answer.text)["type"].endswith("/internal")
    assert "a secret path" in caplog.text


# Pages


def test_a_browser_gets_the_form_where_a_program_gets_the_description(service: Service) -> None:
    page = service.get(accept=BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "PREFIX edo: &lt;https://w3id.org/edaphon/ontology#&gt;" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert service.pool.asked == []


def test_a_browser_gets_the_problem_on_the_page_with_its_query(tmp_path: Path) -> None:
    failure = errors.QuerySyntax("unexpected <x>", line=2, column=7, hint="close it")
    page = Service(tmp_path, {SELECT: Canned((), failure=failure)}).get(SELECT, BROWSER)
    assert page.status_code == 400
    assert "unexpected &lt;x&gt;" in page.text
    assert "Line 2, column 7." in page.text
    assert SELECT in page.text
