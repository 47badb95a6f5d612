"""The routes beside `/sparql`: health, the start page, the API's description, and what is not there."""

import contextlib
import json
import os
from pathlib import Path

import pytest
from endpoint import BROWSER, Canned, Service

from edaphon import errors
from edaphon.sparql.description import DEFAULT, NAMED
from edaphon.web.access import AccessLog

ASK = "ASK {}"


def counts(**graphs: int) -> bytes:
    rows = [
        {"graph": {"type": "uri", "value": f"urn:{name}"}, "triples": number(triples)}
        for name, triples in graphs.items()
    ]
    return json.dumps({"head": {"vars": ["graph", "triples"]}, "results": {"bindings": rows}}).encode()


def total(triples: int) -> bytes:
    rows = [{"triples": number(triples)}]
    return json.dumps({"head": {"vars": ["triples"]}, "results": {"bindings": rows}}).encode()


def number(value: int) -> dict[str, str]:
    return {"type": "literal", "value": str(value), "datatype": "http://www.w3.org/2001/XMLSchema#integer"}


@pytest.fixture
def service(tmp_path: Path) -> Service:
    answers = {
        ASK: Canned((b"true",), "boolean"),
        NAMED: Canned((counts(a=1200, b=34),)),
        DEFAULT: Canned((total(1234),)),
    }
    return Service(tmp_path, answers)


def test_a_process_says_that_it_is_alive(service: Service) -> None:
    answer = service.request("GET", "/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert service.request("HEAD", "/healthz").content == b""
    assert service.pool.asked == []


def test_ready_is_who_answers_a_query(service: Service) -> None:
    answer = service.request("GET", "/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "revision": 1})
    assert answer.headers["edaphon-revision"] == "1"


@pytest.mark.parametrize("failure", [errors.PoolBusy("full", retry_after=1), errors.DeadlineReached(5)])
def test_who_cannot_answer_is_not_ready(service: Service, failure: Exception) -> None:
    service.pool.answers[ASK] = Canned((), failure=failure)
    answer = service.request("GET", "/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_start_page_says_how_much_there_is(service: Service) -> None:
    page = service.request("GET", "/", headers={"accept": BROWSER})
    assert page.status_code == 200
    assert "<dd>1,234</dd>" in page.text
    assert "<dd>2</dd>" in page.text
    assert "http://graph.example/sparql" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_the_start_page_stands_when_nothing_can_be_counted(service: Service) -> None:
    service.pool.answers[NAMED] = Canned((), failure=errors.DeadlineReached(30))
    assert service.request("GET", "/").status_code == 200

    def none() -> Service:
        raise errors.RevisionMissing("nothing is published")

    service.current = none  # type: ignore[method-assign]  # a state without a revision
    assert service.request("GET", "/").status_code == 200


def test_what_is_not_there_is_a_problem_or_a_page(service: Service) -> None:
    answer = service.request("GET", "/nothing/here")
    assert answer.status_code == 404
    assert answer.json()["type"] == "https://w3id.org/edaphon/problem/not-found"
    assert answer.json()["detail"] == "nothing is at /nothing/here"
    page = service.request("GET", "/nothing/here", headers={"accept": BROWSER})
    assert page.status_code == 404
    assert page.headers["content-type"] == "text/html; charset=utf-8"


def test_a_method_that_a_route_lacks_is_a_problem_with_what_it_has(service: Service) -> None:
    answer = service.request("DELETE", "/healthz")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert answer.json()["detail"] == f"DELETE is not allowed here; {answer.headers['allow']} are"


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/openapi.json"])
def test_every_site_may_read_everything(service: Service, path: str) -> None:
    answer = service.request("GET", path)
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]


def test_the_api_describes_itself_without_help_from_elsewhere(service: Service) -> None:
    schema = service.request("GET", "/openapi.json").json()
    assert {"/sparql", "/healthz", "/readyz"} <= set(schema["paths"])
    assert service.request("GET", "/docs").status_code == 404


def test_each_request_is_one_line_in_the_log(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    service.log = AccessLog(descriptor)
    secret = "ASK { <urn:secret> ?p ?o }"
    service.pool.answers[secret] = Canned((b"true",), "boolean")
    for _ in range(2):
        service.get(secret)
        service.log.flush()
    service.request("GET", "/healthz?a=%0Ab")
    service.log.flush()
    os.close(descriptor)
    lines = path.read_text().splitlines()
    assert [line.split()[1:4] for line in lines] == [["GET", "/sparql", "200"]] * 2 + [["GET", "/healthz", "200"]]
    assert [line.split()[5:] for line in lines] == [
        ["4B", "r1", "fresh"],
        ["4B", "r1", "repeat"],
        ["18B", "r-", "fresh"],
    ]
    assert "secret" not in path.read_text()


def test_a_log_that_nobody_reads_holds_up_nobody(service: Service) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"." * 4096)
    os.set_blocking(writing, True)
    service.log = AccessLog(writing)
    # Written to a full pipe, this would wait for ever.
    assert service.request("GET", "/healthz").status_code == 200
    service.log.flush()
    os.set_blocking(reading, False)
    with contextlib.suppress(BlockingIOError):
        while os.read(reading, 65536):
            pass
    assert service.request("GET", "/healthz").status_code == 200
    service.log.flush()
    os.close(writing)
    assert os.read(reading, 65536).count(b"/healthz") == 1
    os.close(reading)


def test_queries_are_in_the_log_only_when_asked_for(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    service.log = AccessLog(descriptor, queries=True)
    for _ in range(2):
        service.get("ASK {}")
        service.log.flush()
    os.close(descriptor)
    assert [line.split(maxsplit=8)[-1] for line in path.read_text().splitlines()] == ['"ASK {}"'] * 2
