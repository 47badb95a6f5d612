"""`/contributions`: proposals are made, read and decided on, over a server of two HTTP processes."""

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from contributing import EX, PREFIXES
from endpoint import BROWSER, Service
from portal import Portal, portal
from processes import wait_until
from pyoxigraph import NamedNode, RdfFormat, parse

from edaphon.namespaces import CONTRIBUTION, GENID

SH = "http://www.w3.org/ns/shacl#"
PROV = "http://www.w3.org/ns/prov#"
NP = "http://www.nanopub.org/nschema#"
UPDATE = "application/sparql-update"
NUMBERS = count(1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with portal(tmp_path_factory.mktemp("contributions"), "--rate", "0") as one:
        yield one


def survey(name: str | None = None, year: str = "2020") -> str:
    """A survey that nobody else has."""
    return f':{name or f"survey-{next(NUMBERS)}"} a :Survey ; :year {year} ; :title "Other" .'


def problem(answer: httpx.Response) -> str:
    """The name of the problem that an answer tells of."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document = answer.json()
    assert document["status"] == answer.status_code
    return str(document["type"]).rpartition("/")[2]


# Proposing


def test_a_proposal_is_recorded_and_can_be_read_where_location_says(served: Portal) -> None:
    answer = served.propose(survey("located"), title="Kenya's survey", source="http://example.org/report")
    assert answer.status_code == 201
    one = answer.json()
    assert answer.headers["location"] == f"{served.server.url}/contributions/{one['id']}" == one["links"]["self"]
    assert (one["title"], one["source"], one["contributor"]) == ("Kenya's survey", "http://example.org/report", "ann")
    assert (one["status"], one["added"], one["removed"], one["conforms"]) == ("proposed", 3, 0, True)
    assert one["created"].endswith("Z")
    assert {one[name] for name in ("decided", "decided_by", "reason", "revision", "reverts", "reverted_by")} == {None}
    assert one["iri"] == one["graph"] == CONTRIBUTION + one["id"]
    assert served.client.get(answer.headers["location"]).json() == one


def test_a_browser_that_proposes_gets_the_page_of_its_proposal(served: Portal) -> None:
    answer = served.propose(survey(), accept=BROWSER)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert served.client.get(answer.headers["location"]).json()["status"] == "proposed"


def test_a_title_of_its_own_is_not_needed(served: Portal) -> None:
    answer = served.request(
        "POST", "/contributions", "ann", content=PREFIXES + survey(), headers={"content-type": "text/turtle"}
    )
    assert (answer.status_code, answer.json()["title"]) == (201, "untitled contribution")


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/n-triples", f"<{EX}nt> <{EX}note> <{EX}b> ."),
        ("application/ld+json", json.dumps({"@id": f"{EX}jsonld", f"{EX}note": {"@id": f"{EX}b"}})),
        (
            "application/rdf+xml",
            f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="{EX}">'
            f'<rdf:Description rdf:about="{EX}xml"><e:note rdf:resource="{EX}b"/></rdf:Description></rdf:RDF>',
        ),
        ("application/trig", f"{{ <{EX}trig> <{EX}note> <{EX}b> }}"),
        ("application/n-quads", f"<{EX}nq> <{EX}note> <{EX}b> ."),
        ("text/turtle; charset=utf-8", f"<{EX}ttl> <{EX}note> <{EX}b> ."),
        (UPDATE, f"INSERT DATA {{ <{EX}update> <{EX}note> <{EX}b> }}"),
    ],
)
def test_every_serialisation_is_taken(served: Portal, media_type: str, body: str) -> None:
    answer = served.propose(body.encode(), media_type=media_type)
    assert (answer.status_code, answer.json()["added"]) == (201, 1)


def test_a_gzipped_body_is_taken(served: Portal) -> None:
    body = gzip.compress((PREFIXES + survey()).encode())
    assert served.propose(body, content_encoding="gzip").status_code == 201


def test_a_change_that_does_not_conform_is_refused_with_findings_and_report(served: Portal) -> None:
    before = served.get("/contributions").json()["contributions"]
    answer = served.propose("\n\n:bad a :Survey ;\n  :title 'x' ;\n  :year 'soon' .")
    assert answer.status_code == 422
    assert problem(answer) == "shapes-violated"
    (finding,) = answer.json()["findings"]
    assert (finding["shape"], finding["line"]) == (f"{EX}Survey-year", 7)
    assert finding["value"]["value"] == "soon"
    report = list(parse(json.dumps(answer.json()["report"]), RdfFormat.JSON_LD))
    assert any(quad.predicate == NamedNode(f"{SH}sourceShape") for quad in report)
    assert served.get("/contributions").json()["contributions"] == before


@pytest.mark.parametrize(
    "media_type", ["text/turtle", "application/ld+json", "application/n-triples", "application/rdf+xml"]
)
def test_who_asks_for_rdf_gets_the_report_of_a_refused_change_alone(served: Portal, media_type: str) -> None:
    answer = served.propose(survey(year="'soon'"), accept=media_type)
    assert answer.status_code == 422
    assert answer.headers["content-type"].split(";")[0] == media_type
    form = RdfFormat.from_media_type(media_type)
    assert form is not None
    assert any(
        (quad.predicate.value, str(quad.object)) == (f"{SH}sourceShape", f"<{EX}Survey-year>")
        for quad in parse(answer.content, form)
    )


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/problem+json", "image/png"])
def test_who_does_not_ask_for_rdf_gets_a_problem_document(served: Portal, accept: str | None) -> None:
    answer = served.propose(survey(year="'soon'"), accept=accept)
    expected = 406 if accept == "image/png" else 422
    assert answer.status_code == expected
    problem(answer)


def test_a_browser_gets_a_page_with_the_findings(served: Portal) -> None:
    answer = served.propose(survey(year="'soon'"), accept=BROWSER)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "State the one year of the survey." in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_lines_are_found_though_blank_nodes_become_iris(served: Portal) -> None:
    answer = served.propose("\n[] a :Survey ;\n  :year 'soon' .\n\n_:b a :Survey ;\n  :title 'untitled' .")
    assert answer.status_code == 422
    findings = {(one["name"] or one["shape"].rpartition("/")[2], one["line"]) for one in answer.json()["findings"]}
    # The first has a year that is none, and no title; the second has no year.
    assert findings == {("Survey-year", 5), ("Survey-title", 4), ("Survey-year", 7)}


def test_lines_are_found_in_an_update(served: Portal) -> None:
    body = (
        "DELETE DATA {\n  :survey :title 'Survey of soils'\n} ;\n"
        "# comment\nINSERT DATA {\n  :survey :title 'Soils' .\n  :bad a :Survey ;\n    :title 'x' ; :year 'soon'\n}"
    )
    answer = served.propose(body, media_type=UPDATE)
    assert answer.status_code == 422
    (finding,) = answer.json()["findings"]
    assert finding["line"] == 10


def test_warnings_do_not_keep_a_proposal_out(served: Portal) -> None:
    answer = served.propose(f":untitled-{next(NUMBERS)} a :Survey ; :year 2021 .")
    assert answer.status_code == 201
    report = served.get(f"/contributions/{answer.json()['id']}/report", "application/json").json()
    assert [one["severity"] for one in report] == ["Warning"]
    one = answer.json()
    assert (one["conforms"], one["violations"], one["warnings"], one["infos"]) == (True, 0, 1, 0)


@pytest.mark.parametrize(
    ("media_type", "body", "line", "column"),
    [
        ("text/turtle", "<http://e/a>\n  <http://e/b> nonsense .", 2, None),
        (UPDATE, "INSERT DATA {\n  <http://e/a> <http://e/b> ?x }", 2, 29),
    ],
)
def test_what_does_not_parse_is_told_with_its_place(
    served: Portal, media_type: str, body: str, line: int, column: int | None
) -> None:
    answer = served.propose(body.encode(), media_type=media_type)
    assert answer.status_code == 400
    document = answer.json()
    assert document["line"] == line
    assert isinstance(document["column"], int)
    assert column is None or document["column"] == column


@pytest.mark.parametrize(
    ("status", "name", "media_type", "body"),
    [
        (400, "refused", "application/trig", "<http://e/g> { <http://e/a> <http://e/b> <http://e/c> }"),
        (400, "refused", "text/turtle", ""),
        (400, "refused", UPDATE, "DELETE WHERE { ?s ?p ?o }"),
        (400, "refused", UPDATE, "LOAD <http://127.0.0.1:9/>"),
        (400, "refused", UPDATE, "INSERT DATA { GRAPH <http://e/g> { <http://e/a> <http://e/b> <http://e/c> } }"),
        (403, "protected-graph", UPDATE, "DELETE DATA { GRAPH <https://w3id.org/edaphon/graph/ontology> "
         f"{{ <{EX}Survey> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <{EX}Activity> }} }}"),
        (409, "nothing-to-retract", UPDATE, f"DELETE DATA {{ <{EX}nobody> <{EX}year> 1 }}"),
        (409, "duplicate", "text/turtle", f"<{EX}survey> <{EX}year> 2019 ."),
        (415, "unsupported-media", "text/csv", "<http://e/a> <http://e/b> <http://e/c> ."),
        (415, "unsupported-media", "multipart/form-data; boundary=x", "--x\r\nContent-Disp"),
        (415, "unsupported-media", "", "<http://e/a> <http://e/b> <http://e/c> ."),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_refused_with_the_reason(
    served: Portal, status: int, name: str, media_type: str, body: str
) -> None:
    answer = served.propose(body.encode(), media_type=media_type or None)
    assert (answer.status_code, problem(answer)) == (status, name)


@pytest.mark.parametrize(
    "params",
    [
        {"source": "not an IRI"},
        {"source": "http://["},
        {"source": "relative/iri"},
        {"title": "x" * 201},
        {"title": "a\x00b"},
    ],
)
def test_a_title_or_source_that_cannot_be_one_is_refused(served: Portal, params: dict[str, str]) -> None:
    answer = served.request(
        "POST",
        "/contributions",
        "ann",
        params=params,
        content=PREFIXES + survey(),
        headers={"content-type": "text/turtle"},
    )
    assert (answer.status_code, problem(answer)) == (400, "refused")


# Hostile bodies


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (413, b"#" * 17_000_000, {}),
        (413, gzip.compress(b"#" * 200_000_000), {"content-encoding": "gzip"}),
        (400, gzip.compress(b"#" * 1000)[:-4], {"content-encoding": "gzip"}),
        (400, b"this is not gzip", {"content-encoding": "gzip"}),
        (415, b"", {"content-encoding": "br"}),
        (400, b"<http://e/a> <http://e/b> '\xff\xfe' .", {}),
        (400, b"DELETE DATA { <http://e/a> <http://e/b> '\xff' }", {"content-type": UPDATE}),
        (400, b'{"@context": "http://127.0.0.1:9/context", "@id": "http://e/a", "b": "c"}',
         {"content-type": "application/ld+json"}),
        (400, b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
         {"content-type": "application/rdf+xml"}),
        (400, b'<?xml version="1.0"?><!DOCTYPE rdf:RDF [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
         b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
         b'<rdf:Description rdf:about="http://e/a"><e:p>&c;</e:p></rdf:Description></rdf:RDF>',
         {"content-type": "application/rdf+xml"}),
        (400, b"[" * 1_000_000, {"content-type": "application/ld+json"}),
        (415, "<http://e/a> <http://e/b> 'é' .".encode("latin-1"), {"content-type": "text/turtle; charset=iso-8859-1"}),
    ],
    ids=[
        "too large", "gzip bomb", "cut gzip", "no gzip", "brotli", "not UTF-8", "update not UTF-8", "remote context",
        "external entity", "entities in entities", "nested brackets", "another charset",
    ],
)  # fmt: skip
def test_a_hostile_body_is_refused_and_the_server_lives_on(
    served: Portal, status: int, body: bytes, headers: dict[str, str]
) -> None:
    sent = {"content-type": "text/turtle"} | headers
    answer = served.request("POST", "/contributions", "ann", content=body, headers=sent)
    assert answer.status_code == status, answer.text
    problem(answer)
    assert "passwd" not in answer.text
    assert served.get("/healthz").status_code == 200


def test_a_body_that_trickles_holds_up_nobody(served: Portal) -> None:
    address = urlsplit(served.server.url)
    assert address.hostname is not None
    assert address.port is not None
    with socket.create_connection((address.hostname, address.port), timeout=30) as slow:
        slow.sendall(
            b"POST /contributions HTTP/1.1\r\nHost: x\r\nContent-Type: text/turtle\r\nContent-Length: 1000\r\n"
            b"Authorization: Bearer " + served.secrets["ann"].encode() + b"\r\n\r\n<http://e/"
        )
        for _ in range(4):
            assert served.propose(survey()).status_code == 201


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_defect(served: Portal) -> None:
    address = urlsplit(served.server.url)
    assert address.hostname is not None
    assert address.port is not None
    with socket.create_connection((address.hostname, address.port), timeout=30) as leaving:
        leaving.sendall(
            b"POST /contributions?title=leaving HTTP/1.1\r\nHost: x\r\nContent-Type: text/turtle\r\n"
            b"Content-Length: 1000\r\nAuthorization: Bearer " + served.secrets["ann"].encode() + b"\r\n\r\n<http://e/"
        )
    wait_until(lambda: " gone\n" in served.server.log.read_text())
    assert "defect" not in served.server.log.read_text()


# Reading


def test_a_contribution_that_nobody_made_is_unknown(served: Portal) -> None:
    for path in ("nobody-made-this", "..%2f..", "a%00b", "x" * 300):
        for part in ("", "/payload", "/diff", "/report"):
            answer = served.get(f"/contributions/{path}{part}")
            assert answer.status_code == 404, path + part
    assert problem(served.decide("nobody-made-this", "accept")) == "no-contribution"


def test_a_list_has_the_newest_first_and_leads_to_all(served: Portal) -> None:
    made = [served.proposed(survey(), title=f"Number {number}") for number in range(5)]
    found: list[str] = []
    address: str | None = "/contributions?limit=2&status=proposed"
    while address is not None and len(found) < 5:
        answer = served.client.get(address)
        page = answer.json()
        assert {one["status"] for one in page["contributions"]} == {"proposed"}
        found += [one["id"] for one in page["contributions"]]
        if page["next"] is not None:
            assert answer.headers["link"] == f'<{page["next"]}>; rel="next"'
        address = page["next"]
    assert found[:5] == made[::-1]


def test_the_last_page_of_a_list_leads_nowhere(served: Portal) -> None:
    identifier = served.proposed(survey())
    served.decide(identifier, "withdraw", "ann", "a test")
    answer = served.get("/contributions", status="withdrawn", limit=200)
    assert identifier in [one["id"] for one in answer.json()["contributions"]]
    assert answer.json()["next"] is None
    assert "link" not in answer.headers


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=many", "status=pending"])
def test_a_list_that_cannot_be_given_is_refused(served: Portal, query: str) -> None:
    assert served.client.get(f"/contributions?{query}").status_code == 400


def test_a_list_from_a_contribution_that_is_unknown_is_unknown(served: Portal) -> None:
    assert served.client.get("/contributions?before=nobody").status_code == 404


def test_the_payload_comes_back_as_it_was_sent_and_cannot_run(served: Portal) -> None:
    body = f"<{EX}page> <{EX}says> '<script>alert(1)</script>' .  # as sent\r\n".encode()
    identifier = served.proposed(body)
    answer = served.get(f"/contributions/{identifier}/payload", BROWSER)
    assert answer.content == body
    assert answer.headers["content-type"].split(";")[0] == "text/turtle"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    page = served.get(f"/contributions/{identifier}", BROWSER)
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


def test_a_client_that_has_it_already_is_told_so(served: Portal) -> None:
    identifier = served.proposed(survey())
    for part in ("", "/payload", "/diff", "/report"):
        first = served.get(f"/contributions/{identifier}{part}")
        again = served.request(
            "GET", f"/contributions/{identifier}{part}", headers={"if-none-match": first.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")


def test_the_iri_of_a_contribution_leads_to_it(served: Portal) -> None:
    identifier = served.proposed(survey())
    answer = served.get(f"/contribution/{identifier}", "text/turtle")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{served.server.url}/contributions/{identifier}"


@pytest.mark.parametrize(
    "media_type", ["text/turtle", "application/ld+json", "application/n-triples", "application/rdf+xml"]
)
def test_a_contribution_is_described_in_prov(served: Portal, media_type: str) -> None:
    identifier = served.proposed(survey(), source="http://example.org/report")
    answer = served.get(f"/contributions/{identifier}", media_type)
    form = RdfFormat.from_media_type(media_type)
    assert form is not None
    said = {
        (quad.predicate.value.removeprefix(PROV), str(quad.object))
        for quad in parse(answer.content, form)
        if quad.subject == NamedNode(CONTRIBUTION + identifier)
    }
    assert ("wasDerivedFrom", "<http://example.org/report>") in said
    assert ("wasGeneratedBy", f"<{CONTRIBUTION}{identifier}#activity>") in said


@pytest.mark.parametrize("media_type", ["application/trig", "application/n-quads"])
def test_a_contribution_is_a_nanopublication(served: Portal, media_type: str) -> None:
    identifier = served.proposed(f":np-{next(NUMBERS)} :title 'N' .")
    answer = served.get(f"/contributions/{identifier}", media_type)
    form = RdfFormat.from_media_type(media_type)
    assert form is not None
    quads = set(parse(answer.content, form))
    own = CONTRIBUTION + identifier
    head = {(q.predicate.value, str(q.object)) for q in quads if q.graph_name == NamedNode(f"{own}#head")}
    assert head == {
        ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", f"<{NP}Nanopublication>"),
        (f"{NP}hasAssertion", f"<{own}>"),
        (f"{NP}hasProvenance", f"<{own}#provenance>"),
        (f"{NP}hasPublicationInfo", f"<{own}#pubinfo>"),
    }
    assert {q.graph_name.value for q in quads} == {own, f"{own}#head", f"{own}#provenance", f"{own}#pubinfo"}
    assert len([q for q in quads if q.graph_name == NamedNode(own)]) == 1
    # The guidelines ask that the provenance speaks of the assertion, and the publication info of the whole.
    assert any(q.subject == NamedNode(own) for q in quads if q.graph_name == NamedNode(f"{own}#provenance"))
    whole = NamedNode(f"{own}#nanopublication")
    assert any(q.subject == whole for q in quads if q.graph_name == NamedNode(f"{own}#pubinfo"))


def test_what_only_retracts_asserts_nothing(served: Portal) -> None:
    name = f"retracted-{next(NUMBERS)}"
    served.accepted(f":{name} :note 'x' .")
    identifier = served.proposed(f"DELETE DATA {{ :{name} :note 'x' }}", media_type=UPDATE)
    assert served.get(f"/contributions/{identifier}", "application/trig").status_code == 406


def test_the_difference_shows_whose_statement_goes(served: Portal) -> None:
    body = "DELETE DATA { :survey :title 'Survey of soils' } ; INSERT DATA { :survey :title 'Survey of the soils' }"
    identifier = served.proposed(body, media_type=UPDATE)
    own = CONTRIBUTION + identifier
    patch = served.get(f"/contributions/{identifier}/diff")
    assert patch.headers["content-type"] == "application/rdf-patch"
    assert patch.text.splitlines() == [
        f"H id <{own}> .",
        "TX .",
        f'D <{EX}survey> <{EX}title> "Survey of soils" <{EX}para-2> .',
        f'A <{EX}survey> <{EX}title> "Survey of the soils" <{own}> .',
        "TC .",
    ]
    assert served.get(f"/contributions/{identifier}/diff", "text/plain").text == patch.text
    told = served.get(f"/contributions/{identifier}/diff", "application/json").json()
    assert told == {
        "added": [
            {
                "subject": {"type": "uri", "value": f"{EX}survey"},
                "predicate": {"type": "uri", "value": f"{EX}title"},
                "object": {"type": "literal", "value": "Survey of the soils"},
                "graph": own,
            }
        ],
        "removed": [
            {
                "subject": {"type": "uri", "value": f"{EX}survey"},
                "predicate": {"type": "uri", "value": f"{EX}title"},
                "object": {"type": "literal", "value": "Survey of soils"},
                "graph": f"{EX}para-2",
            }
        ],
    }
    page = served.get(f"/contributions/{identifier}", BROWSER)
    assert page.status_code == 200
    assert page.text.index("Statements that go") < page.text.index(f"{EX}para-2") < page.text.index("this contribution")
    served.decide(identifier, "withdraw", "ann")


@pytest.mark.parametrize(
    ("media_type", "beginning"),
    [
        ("text/turtle", "@prefix"),
        ("application/ld+json", "["),
        ("application/n-triples", "_:"),
        ("application/rdf+xml", "<?xml"),
        ("application/json", "["),
        ("text/plain", ""),
        ("text/html", "<!doctype html>"),
    ],
)
def test_the_report_of_the_last_check_comes_in_every_format(served: Portal, media_type: str, beginning: str) -> None:
    identifier = served.proposed(survey())
    answer = served.get(f"/contributions/{identifier}/report", media_type)
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert answer.text.startswith(beginning)


def test_a_format_that_is_not_on_offer_is_not_acceptable(served: Portal) -> None:
    identifier = served.proposed(survey())
    for part in ("", "/diff", "/report"):
        answer = served.get(f"/contributions/{identifier}{part}", "image/png")
        assert (answer.status_code, problem(answer)) == (406, "not-acceptable")
        assert answer.json()["offered"]


def test_pages_tell_people_the_same(served: Portal) -> None:
    identifier = served.accepted(survey(), title="A page <b>for</b> people")
    listed = served.get("/contributions", BROWSER)
    assert f'href="/contributions/{identifier}"' in listed.text
    assert "A page &lt;b&gt;for&lt;/b&gt; people" in listed.text
    one = served.get(f"/contributions/{identifier}", BROWSER)
    assert one.headers["content-type"] == "text/html; charset=utf-8"
    for word in ("accepted", "submitted", "ann", "ben", "this contribution", 'ben decided on it on <time datetime="'):
        assert word in one.text
    waiting = served.get(f"/contributions/{served.proposed(survey())}", BROWSER)
    assert "To decide on it" in waiting.text
    assert "To decide on it" not in one.text
    assert 'href="/contributions"' in served.get("/", BROWSER).text


def test_head_and_options_are_answered(served: Portal) -> None:
    identifier = served.proposed(survey())
    head = served.request("HEAD", f"/contributions/{identifier}")
    assert (head.status_code, head.content) == (200, b"")
    for path, allowed in {
        "/contributions": {"GET", "HEAD", "POST", "OPTIONS"},
        f"/contributions/{identifier}": {"GET", "HEAD", "OPTIONS"},
        f"/contributions/{identifier}/accept": {"POST", "OPTIONS"},
    }.items():
        answer = served.request("OPTIONS", path, headers={"origin": "http://elsewhere.example"})
        assert answer.status_code == 204
        assert set(answer.headers["access-control-allow-methods"].split(", ")) == allowed
        assert "Authorization" in answer.headers["access-control-allow-headers"]
        assert answer.headers["access-control-allow-origin"] == "*"
        refused = served.request("PATCH", path)
        assert (refused.status_code, set(refused.headers["allow"].split(", "))) == (405, allowed)


# Deciding


def test_an_accepted_proposal_is_in_the_graph_when_the_answer_arrives(served: Portal) -> None:
    identifier = served.proposed(":accepted a :Survey ; :year 2001 ; :title [ :is 'blank' ] .")
    assert not served.ask(":accepted :year 2001")
    answer = served.decide(identifier, "accept", "ben", "good work")
    one = answer.json()
    assert (answer.status_code, one["status"], one["decided_by"], one["reason"]) == (
        200,
        "accepted",
        "ben",
        "good work",
    )
    assert answer.headers["edaphon-revision"] == str(one["revision"])
    graph = f"<{CONTRIBUTION}{identifier}>"
    # Each process is asked.
    for _ in range(6):
        assert served.ask(f":accepted :year 2001 . GRAPH {graph} {{ :accepted :year 2001 }}")
    assert served.ask(f":accepted :title <{GENID}{identifier}/b0> . <{GENID}{identifier}/b0> :is 'blank'")
    assert served.get(f"/contributions/{identifier}").headers["edaphon-revision"] == str(one["revision"])


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"content": b"", "headers": {"content-type": "application/json"}},
        {"content": b"{}", "headers": {"content-type": "application/json"}},
        {"content": b'{"reason": null}', "headers": {"content-type": "application/json"}},
        {"data": {"reason": "by a form"}},
    ],
)
def test_to_accept_takes_no_reason(served: Portal, more: dict[str, object]) -> None:
    identifier = served.proposed(survey())
    answer = served.request("POST", f"/contributions/{identifier}/accept", "ben", **more)
    assert answer.status_code == 200
    assert answer.json()["reason"] == ("by a form" if "data" in more else None)


def test_to_reject_takes_a_reason(served: Portal) -> None:
    identifier = served.proposed(survey())
    answer = served.decide(identifier, "reject")
    assert (answer.status_code, problem(answer)) == (400, "refused")
    answer = served.decide(identifier, "reject", reason="not in the source")
    one = answer.json()
    assert (answer.status_code, one["status"], one["reason"]) == (200, "rejected", "not in the source")
    assert one["decided"].endswith("Z")


def test_what_was_decided_stays_decided(served: Portal) -> None:
    identifier = served.proposed(survey())
    served.decide(identifier, "reject", reason="not in the source")
    for decision in ("accept", "reject", "withdraw", "revert"):
        answer = served.decide(identifier, decision, "root", "again")
        assert (answer.status_code, problem(answer)) == (409, "status")
        assert answer.json()["contribution_status"] == "rejected"


@pytest.mark.parametrize(
    ("status", "content", "media_type"),
    [
        (400, b"{", "application/json"),
        (400, b"[1]", "application/json"),
        (400, b'{"reason": 1}', "application/json"),
        (400, b'{"because": "x"}', "application/json"),
        (400, b'{"reason": "\\ud800"}', "application/json"),
        (400, b'{"reason": "a\\u0000b"}', "application/json"),
        (400, b'{"reason": "\xff"}', "application/json"),
        (400, b"[" * 50_000, "application/json"),
        (400, b"reason=a&reason=b", "application/x-www-form-urlencoded"),
        (400, json.dumps({"reason": "x" * 10_001}).encode(), "application/json"),
        (413, json.dumps({"reason": "x" * 200_000}).encode(), "application/json"),
        (415, b"because", "text/plain"),
    ],
    ids=[
        "cut", "list", "number", "other field", "lone surrogate", "null character", "not UTF-8", "nested brackets",
        "twice in a form", "too long", "too large", "text",
    ],
)  # fmt: skip
def test_a_reason_that_cannot_be_read_decides_nothing(
    served: Portal, status: int, content: bytes, media_type: str
) -> None:
    identifier = served.proposed(survey())
    answer = served.request(
        "POST", f"/contributions/{identifier}/reject", "ben", content=content, headers={"content-type": media_type}
    )
    assert answer.status_code == status, answer.text
    problem(answer)
    assert served.get(f"/contributions/{identifier}").json()["status"] == "proposed"


def test_a_revert_undoes_a_contribution_and_leads_to_the_one_that_undid_it(served: Portal) -> None:
    identifier = served.accepted(":undone a :Survey ; :year 2002 ; :title 'U' .")
    answer = served.decide(identifier, "revert")
    assert (answer.status_code, problem(answer)) == (400, "refused")
    answer = served.decide(identifier, "revert", "cem", "a mistake")
    one = answer.json()
    assert (answer.status_code, one["status"]) == (200, "reverted")
    assert not served.ask(":undone ?p ?o")
    undoing = served.client.get(one["links"]["reverted_by"]).json()
    assert (undoing["kind"], undoing["reverts"], undoing["status"]) == ("revert", identifier, "accepted")
    assert answer.headers["edaphon-revision"] == str(undoing["revision"])
    assert undoing["media_type"] == "application/rdf-patch"
    payload = served.client.get(undoing["links"]["payload"])
    assert payload.headers["content-type"] == "application/rdf-patch"


def test_what_no_longer_conforms_stays_proposed_and_its_report_says_why(served: Portal) -> None:
    first = served.proposed(":contested a :Survey ; :year 2010 ; :title 'C' .", who="ann")
    second = served.proposed(":contested a :Survey ; :year 2011 ; :title 'C' .", who="ann")
    assert served.decide(first, "accept").status_code == 200
    answer = served.decide(second, "accept")
    assert (answer.status_code, problem(answer)) == (409, "no-longer-conforms")
    assert [one["shape"] for one in answer.json()["findings"]] == [f"{EX}Survey-year"]
    one = served.get(f"/contributions/{second}").json()
    assert (one["status"], one["conforms"], one["violations"]) == ("proposed", False, 1)
    report = served.get(f"/contributions/{second}/report", "application/json").json()
    assert [finding["shape"] for finding in report] == [f"{EX}Survey-year"]
    page = served.decide(second, "accept", headers={"accept": BROWSER})
    assert page.status_code == 409
    assert "State the one year" in page.text


def test_a_revert_after_which_the_graph_would_not_conform_is_refused(served: Portal) -> None:
    identifier = served.accepted(":kept-year :year 2003 .")
    served.accepted(":kept-year a :Survey ; :title 'needs its year' .")
    answer = served.decide(identifier, "revert", reason="no year")
    assert (answer.status_code, problem(answer)) == (409, "no-longer-conforms")
    assert answer.json()["findings"]
    assert served.ask(":kept-year :year 2003")


def test_of_two_reviewers_who_accept_conflicting_proposals_at_once_one_wins(served: Portal) -> None:
    for attempt in range(3):
        pair = [
            served.proposed(f":race-{attempt} a :Survey ; :year {year} ; :title 'R' .", who="ann")
            for year in (2010, 2011)
        ]
        start = threading.Barrier(2)

        def accept(identifier: str, who: str, start: threading.Barrier = start) -> httpx.Response:
            start.wait()
            return served.decide(identifier, "accept", who)

        with ThreadPoolExecutor(2) as both:
            answers = list(both.map(accept, pair, ("ben", "cem")))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        lost = next(answer for answer in answers if answer.status_code == 409)
        assert problem(lost) == "no-longer-conforms"
        assert [one["shape"] for one in lost.json()["findings"]] == [f"{EX}Survey-year"]
        statuses = {served.get(f"/contributions/{one}").json()["status"] for one in pair}
        assert statuses == {"accepted", "proposed"}


def test_of_two_reviewers_who_decide_on_one_proposal_at_once_one_wins(served: Portal) -> None:
    identifier = served.proposed(survey())
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda who: served.decide(identifier, "accept", who), ("ben", "cem")))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert problem(next(answer for answer in answers if answer.status_code == 409)) == "status"


def test_where_contributions_cannot_be_made_there_is_nothing(tmp_path: Path) -> None:
    service = Service(tmp_path, {})
    for path in ("/contributions", "/history", "/diff?from=1&to=2"):
        assert service.request("GET", path).status_code == 404
    service.app.close()
