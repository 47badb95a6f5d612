"""`/validate` reports what would be wrong with a body, where in it, and stores nothing."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from endpoint import BROWSER, Service
from pyoxigraph import RdfFormat, parse

from edaphon.store.preparing import prepare
from edaphon.store.state import State

TURTLE = """\
PREFIX edo: <https://w3id.org/edaphon/ontology#>
PREFIX edi: <https://w3id.org/edaphon/id/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>

edi:invitation-to-nobody
    a edo:Invitation ;
    rdfs:label "invitation to nobody"@en ;
    edo:task "nothing"@en ;
    edo:givenBy edi:cop-decision-14-30 ;
    edo:addressee edi:other-organizations ;
.
"""
CONFORMING = TURTLE.replace("edi:other-organizations", "edi:fao").replace(
    '"nothing"@en ;', '"nothing"@en ; <http://schema.org/about> edi:fao ;'
)
SHAPES = """\
PREFIX ex: <http://example.org/>
PREFIX sh: <http://www.w3.org/ns/shacl#>

ex:Thing
    a sh:NodeShape ;
    sh:targetClass ex:Thing ;
    sh:property ex:Thing-name ;
.

ex:Thing-name
    a sh:PropertyShape ;
    sh:path ex:name ;
    sh:minCount 1 ;
    sh:message "Give it a name."@en ;
.
"""
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
THING = "<http://example.org/a> a <http://example.org/Thing> ."


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> State:
    state = State.open(tmp_path_factory.mktemp("validation") / "state")
    prepare(state)
    return state


@pytest.fixture
def service(state: State) -> Iterator[Service]:
    service = Service(state.current().folder, {})
    yield service
    service.app.close()


def ask(service: Service, body: str | bytes, on: str | None = None, **headers: str) -> Any:
    sent = {"content-type": "text/turtle", "accept": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    content = body.encode() if isinstance(body, str) else body
    return service.request("POST", "/validate", params={} if on is None else {"on": on}, content=content, headers=sent)


def findings(answer: Any) -> set[tuple[str, int | None]]:
    assert answer.status_code == 200, answer.text
    return {(finding["shape"].rpartition("#")[2], finding["line"]) for finding in answer.json()}


def test_findings_on_top_of_what_is_published_have_their_lines(service: Service, state: State) -> None:
    before = state.current()
    assert findings(ask(service, TURTLE)) == {("Mandate-addressee", 10), ("Mandate-about", 6)}
    assert state.current() == before
    assert not list(state.folder.glob("copy-*"))


def test_what_conforms_has_no_findings(service: Service) -> None:
    assert findings(ask(service, CONFORMING)) == set()


def test_what_is_published_does_not_count_when_on_nothing(service: Service) -> None:
    assert "Mandate-giver" in {name for name, _ in findings(ask(service, CONFORMING, on="nothing"))}


@pytest.mark.parametrize(
    ("media_type", "beginning"),
    [
        ("text/turtle", b"@prefix"),
        ("application/ld+json", b"{"),
        ("application/n-triples", b"_:"),
        ("application/rdf+xml", b"<?xml"),
        ("text/csv", b""),
        ("text/plain", b""),
    ],
)
def test_the_report_comes_in_the_format_asked_for(service: Service, media_type: str, beginning: bytes) -> None:
    answer = ask(service, TURTLE, accept=media_type)
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.content.startswith(beginning)
    assert b"org:Organization" in answer.content


def test_the_report_is_turtle_by_default_and_parses(service: Service) -> None:
    answer = ask(service, TURTLE, accept="*/*")
    conforms = [
        q.object.value for q in parse(answer.content, RdfFormat.TURTLE) if q.predicate.value.endswith("#conforms")
    ]
    assert conforms == ["false"]


def test_a_browser_gets_a_page_in_which_everything_is_escaped(service: Service) -> None:
    body = TURTLE.replace('"invitation to nobody"', '"<script>alert(1)</script>"')
    answer = ask(service, body, accept=BROWSER)
    assert answer.headers["content-type"].startswith("text/html")
    assert "script" not in answer.text.replace("&lt;script&gt;", "").replace("&lt;/script&gt;", "")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_own_shapes_come_with_the_data_as_multipart(service: Service) -> None:
    files = {"data": ("thing.ttl", THING, "text/turtle"), "shapes": ("shapes.ttl", SHAPES, "text/turtle")}
    answer = service.request("POST", "/validate?on=nothing", files=files, headers={"accept": "application/json"})
    assert [finding["message"] for finding in answer.json()] == ["Give it a name."]


def test_a_part_without_a_type_is_told_by_its_file_name(service: Service) -> None:
    files = {
        "data": ("thing.nt", THING.replace(" a ", f" <{TYPE}> "), "application/octet-stream"),
        "shapes": ("shapes.ttl", SHAPES, ""),
    }
    answer = service.request("POST", "/validate?on=nothing", files=files, headers={"accept": "application/json"})
    assert len(answer.json()) == 1


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("sh:minCount 1", "sh:minCount 1 ; sh:dataType ex:string", "sh:dataType"),
        ("sh:minCount 1", 'sh:pattern "("', "pattern"),
        ("sh:property ex:Thing-name", "sh:node ex:Thing", "recursive"),
        (
            "sh:property ex:Thing-name",
            'sh:sparql [ sh:select "SELECT $this { SERVICE <http://127.0.0.1:9/> { $this ?p ?o } }" ]',
            "SERVICE",
        ),
    ],
)
def test_shapes_that_cannot_be_used_are_told_with_the_reason(
    service: Service, old: str, new: str, complaint: str
) -> None:
    files = {"data": ("a.ttl", THING, "text/turtle"), "shapes": ("s.ttl", SHAPES.replace(old, new), "text/turtle")}
    answer = service.request("POST", "/validate?on=nothing", files=files, headers={"accept": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/shapes")
    assert complaint in answer.json()["detail"]


def test_a_body_that_does_not_parse_is_told_with_line_and_column(service: Service) -> None:
    answer = ask(service, TURTLE + "edi:x a <no iri> .")
    assert answer.status_code == 400
    assert (answer.json()["line"], answer.json()["column"]) == (12, 9)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_type": "image/png"}, 415),
        ({"content_type": ""}, 415),
        ({"content_encoding": "br"}, 415),
        ({"accept": "image/png"}, 406),
        ({"content_type": "multipart/form-data"}, 400),
        ({"content_type": "multipart/form-data; boundary=x"}, 400),
    ],
)
def test_what_cannot_be_served_has_its_status(service: Service, headers: dict[str, str], status: int) -> None:
    answer = ask(service, TURTLE, **headers)
    assert answer.status_code == status
    assert answer.json()["status"] == status


@pytest.mark.parametrize("names", [["shapes"], ["data", "other"]])
def test_a_form_without_data_or_with_other_fields_is_refused(service: Service, names: list[str]) -> None:
    files = dict.fromkeys(names, ("a.ttl", THING, "text/turtle"))
    answer = service.request("POST", "/validate", files=files, headers={"accept": "application/json"})
    assert answer.status_code == 400


def test_on_must_be_one_of_two(service: Service) -> None:
    answer = ask(service, TURTLE, on="everything")
    assert answer.status_code == 400
    assert "published" in json.dumps(answer.json())


def test_a_packed_body_is_unpacked_and_its_size_counted(state: State) -> None:
    service = Service(state.current().folder, {}, max_body=1)
    try:
        assert ask(service, gzip.compress(TURTLE.encode()), content_encoding="gzip").status_code == 200
        bomb = gzip.compress(b"#" * 2_000_000)
        assert ask(service, bomb, content_encoding="gzip").status_code == 413
    finally:
        service.app.close()


def test_a_check_past_its_deadline_is_stopped_and_the_next_one_answered(state: State, tmp_path: Path) -> None:
    assert tmp_path.is_dir()
    service = Service(state.current().folder, {}, timeout=0.01)
    try:
        stopped = ask(service, TURTLE)
        assert stopped.status_code == 503
        assert stopped.json()["type"].endswith("/deadline")
    finally:
        service.app.close()
