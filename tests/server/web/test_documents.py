"""The documents about our IRIs over HTTP: where they are, what they say, in which format, and in which version."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from endpoint import BROWSER, Service
from history import change, small_state
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse
from serving import serving

from edaphon.namespaces import BASE, GRAPH_CATALOGUE, GRAPH_ONTOLOGY, ID, ONTOLOGY, PREFIXES, SERVICE_SHAPES, SHAPES
from edaphon.store.revisions import KEPT
from edaphon.store.state import State

LABEL = NamedNode(PREFIXES["rdfs"] + "label")
TYPE = NamedNode(PREFIXES["rdf"] + "type")
PARAGRAPH = BASE + "source/report/para-1"
FORMATS = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
}
COUNT = "SELECT (COUNT(*) AS ?quads) { GRAPH ?g { ?s ?p ?o } }"


def said(subject: str, predicate: NamedNode, value: NamedNode | Literal, graph: str = PARAGRAPH) -> Quad:
    return Quad(NamedNode(subject), predicate, value, NamedNode(graph))


def english(text: str) -> Literal:
    return Literal(text, language="en")


SOIL = ID + "soil"
OLD, NEW = said(SOIL, LABEL, english("soil")), said(SOIL, LABEL, english("living soil"))
WORM = said(ID + "worm", NamedNode(ONTOLOGY + "livesIn"), NamedNode(SOIL))
GONE = said(ID + "gone", LABEL, english("gone"))
ODD = said(ID + "odd", NamedNode("http://example.org/1"), english("odd"))
PASSAGE = said(PARAGRAPH, LABEL, english("Report, paragraph 1"), GRAPH_CATALOGUE)
TERM = said(ONTOLOGY + "livesIn", LABEL, english("lives in"), GRAPH_ONTOLOGY)
SHAPE = said(SHAPES + "Thing", NamedNode(PREFIXES["sh"] + "message"), english("Name the thing."), SERVICE_SHAPES)


@dataclass(frozen=True)
class Told:
    """A server over a state with a history, and the revisions of note."""

    client: httpx.Client
    state: State
    first: int
    renamed: int
    removed: int

    def triples(self, path: str, form: RdfFormat = RdfFormat.N_TRIPLES) -> set[str]:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return {f"{one.subject} {one.predicate} {one.object}" for one in parse(answer.content, form)}

    def links(self, path: str) -> dict[str, list[str]]:
        """The targets of the Link header by relation."""
        found: dict[str, list[str]] = {}
        for target, relations in re.findall(r'<([^>]*)>; rel="([^"]*)"', self.client.get(path).headers["link"]):
            for relation in relations.split():
                found.setdefault(relation, []).append(target)
        return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    state = small_state(tmp_path_factory.mktemp("documents"))
    first = change(state, [OLD, PASSAGE, TERM, SHAPE, GONE, ODD])
    renamed = change(state, [NEW, WORM], [OLD])
    removed = change(state, [], [GONE])
    for number in range(KEPT + 2):
        change(state, [said(f"{ID}thing-{number}", LABEL, english(f"thing {number}"))])
    with serving(state, "--workers", "2", "--processes", "1") as server, httpx.Client(base_url=server.url) as client:
        yield Told(client, state, first, renamed, removed)


def lines(*quads: Quad) -> set[str]:
    return {f"{one.subject} {one.predicate} {one.object}" for one in quads}


# Where it is


def test_a_thing_leads_to_its_document(told: Told) -> None:
    answer = told.client.get("/id/soil")
    assert (answer.status_code, answer.headers["location"]) == (303, "/doc/soil")
    assert told.client.get("/id/soil?revision=2").headers["location"] == "/doc/soil?revision=2"
    assert told.client.get("/id/soil", follow_redirects=True).status_code == 200


def test_what_nothing_is_said_of_is_unknown(told: Told) -> None:
    answer = told.client.get("/doc/nothing")
    assert answer.status_code == 404
    assert answer.json()["type"] == BASE + "problem/unknown"
    assert told.client.get("/doc/no%22thing").status_code == 404
    assert told.client.get("/doc/%3E%20%7B").status_code == 404


def test_a_page_that_tells_of_a_failure_is_headed_by_it(told: Told) -> None:
    page = told.client.get("/doc/nothing", headers={"accept": BROWSER})
    assert page.status_code == 404
    assert "<h1>Nothing is known of that</h1>" in page.text


def test_what_nothing_is_said_of_any_more_is_gone_and_its_last_version_is_named(told: Told) -> None:
    answer = told.client.get("/doc/gone")
    assert answer.status_code == 410
    path = answer.json()["detail"].rpartition(" ")[2]
    assert path == f"/doc/gone?revision={told.removed - 1}"
    assert told.triples(path.replace("gone?", "gone.nt?")) == lines(GONE)


def test_a_hostile_path_is_never_part_of_a_query(told: Told) -> None:
    path = quote("/doc/x> ?p ?o } #")
    assert told.client.get(path).status_code == 404
    assert told.client.get(f"/timemap{path}").status_code == 404


@pytest.mark.parametrize("path", ["/doc/%FF", "/doc/%EE%80%80", "/doc/a%25zz", "/doc/a%5B", "/id/%FF"])
def test_a_path_that_makes_no_iri_is_unknown(told: Told, path: str) -> None:
    answer = told.client.get(path, follow_redirects=True)
    assert answer.status_code == 404
    assert answer.json()["type"] == BASE + "problem/unknown"


# What it says


def test_a_document_describes_its_thing(told: Told) -> None:
    assert told.triples("/doc/soil.nt") == lines(NEW, WORM)
    assert told.triples("/doc/worm.nt") == lines(WORM)


def test_a_passage_is_described_with_what_it_states(told: Told) -> None:
    triples = told.triples("/source/report/para-1.nt")
    assert triples >= lines(PASSAGE, NEW, WORM)
    assert not triples & lines(OLD)


@pytest.mark.parametrize(("suffix", "media_type"), FORMATS.items())
def test_each_format_has_an_address_and_a_name(told: Told, suffix: str, media_type: str) -> None:
    form = RdfFormat.from_media_type(media_type)
    assert form is not None
    named = told.client.get("/doc/soil", headers={"accept": media_type})
    assert told.triples(f"/doc/soil.{suffix}", form) == told.triples("/doc/soil.nt")
    assert named.headers["content-type"].partition(";")[0] == media_type
    assert named.headers["content-location"] == f"/doc/soil.{suffix}"
    assert named.content == told.client.get(f"/doc/soil.{suffix}").content


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [("*/*", "text/turtle"), (BROWSER, "text/html"), ("application/json", "application/ld+json")],
)
def test_the_format_is_negotiated(told: Told, accept: str, media_type: str) -> None:
    answer = told.client.get("/doc/soil", headers={"accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.headers["vary"] == "Accept, Accept-Encoding, Accept-Datetime"


def test_a_format_that_is_not_there_is_not_acceptable(told: Told) -> None:
    answer = told.client.get("/doc/soil", headers={"accept": "image/png"})
    assert answer.status_code == 406
    assert "text/html" in answer.json()["offered"]


def test_a_property_that_rdf_xml_cannot_name_is_told_of(told: Told) -> None:
    refused = told.client.get("/doc/odd.rdf")
    assert refused.status_code == 406
    assert "<http://example.org/1>" in refused.json()["detail"]
    assert told.triples("/doc/odd.nt") == lines(ODD)


def test_a_page_shows_each_statement_with_its_evidence(told: Told) -> None:
    page = told.client.get("/doc/soil", headers={"accept": BROWSER})
    assert "<h1" in page.text and "living soil" in page.text
    assert f'<a href="/source/report/para-1" title="{PARAGRAPH}" lang="en">Report, paragraph 1</a>' in page.text
    assert f'<a href="/ontology#livesIn" title="{ONTOLOGY}livesIn" lang="en">lives in</a>' in page.text
    assert f'<a href="/doc/worm" title="{ID}worm">edi:worm</a>' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_what_is_said_of_a_thing_is_escaped_on_its_page(told: Told) -> None:
    change(told.state, [said(ID + "sly", LABEL, english("<script>alert(1)</script>"))])
    page = told.client.get("/doc/sly.html").text
    assert "&lt;script&gt;" in page and "<script" not in page


@pytest.mark.parametrize(
    ("path", "term", "text"), [("/ontology", "livesIn", "lives in"), ("/shapes", "Thing", "Name the thing.")]
)
def test_a_vocabulary_is_one_document(told: Told, path: str, term: str, text: str) -> None:
    page = told.client.get(path, headers={"accept": BROWSER}).text
    assert f'<section id="{term}">' in page and text in page
    triples = told.triples(f"{path}.nt")
    assert triples >= lines(TERM if path == "/ontology" else SHAPE)
    assert told.triples(f"{path}.ttl", RdfFormat.TURTLE) == triples
    assert f"{path}.nt" in told.links(path)["describedby"]


# How it is sent


def test_links_lead_to_all_there_is(told: Told) -> None:
    links = told.links("/doc/soil")
    origin = str(told.client.base_url)
    assert links["cite-as"] == [SOIL]
    assert links["canonical"] == [BASE + "doc/soil"]
    assert links["original"] == links["timegate"] == [f"{origin}/doc/soil"]
    assert links["timemap"] == [f"{origin}/timemap/doc/soil"]
    assert set(links["describedby"]) == {f"/doc/soil.{suffix}" for suffix in FORMATS}
    assert set(links["alternate"]) == {"/doc/soil.html", *links["describedby"]}
    assert "license" not in links, "nobody knows under which license the data of others are"
    for path in [*links["alternate"], *links["timemap"]]:
        assert told.client.get(path).status_code == 200


def test_who_has_it_is_told_so(told: Told) -> None:
    first = told.client.get("/doc/soil.ttl", headers={"accept-encoding": "identity"})
    tag = first.headers["etag"]
    again = told.client.get("/doc/soil.ttl", headers={"if-none-match": tag, "accept-encoding": "identity"})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["vary"] == first.headers["vary"]
    assert told.client.get("/doc/soil.nt", headers={"if-none-match": tag}).status_code == 200
    assert told.client.get("/doc/nothing", headers={"if-none-match": "*"}).status_code == 404
    assert told.client.get("/doc/soil.nt", headers={"if-none-match": "*"}).status_code == 304


def test_packed_and_plain_have_tags_of_their_own(told: Told) -> None:
    plain = told.client.get("/doc/soil.html", headers={"accept-encoding": "identity"})
    packed = told.client.get("/doc/soil.html", headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    assert packed.headers["etag"] != plain.headers["etag"]


def test_the_head_alone_can_be_asked_for(told: Told) -> None:
    head, whole = told.client.head("/doc/soil.nt"), told.client.get("/doc/soil.nt")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "link", "content-type", "edaphon-revision"):
        assert head.headers[name] == whole.headers[name]


def test_pages_of_other_sites_may_ask_for_versions(told: Told) -> None:
    answer = told.client.options("/doc/soil")
    assert "Accept-Datetime" in answer.headers["access-control-allow-headers"]
    exposed = told.client.get("/doc/soil").headers["access-control-expose-headers"]
    assert "Memento-Datetime" in exposed and "Link" in exposed


# Versions


def test_a_version_says_what_was_said_then(told: Told) -> None:
    assert told.triples(f"/doc/soil.nt?revision={told.first}") == lines(OLD)
    assert told.triples(f"/doc/soil.nt?revision={told.renamed}") == lines(NEW, WORM)
    answer = told.client.get(f"/doc/soil?revision={told.first}")
    assert answer.headers["edaphon-revision"] == str(told.first)
    assert answer.headers["content-location"] == f"/doc/soil.ttl?revision={told.first}"


def test_the_links_of_a_past_page_stay_in_the_past(told: Told) -> None:
    page = told.client.get(f"/doc/soil.html?revision={told.renamed}").text
    assert f"As it was in revision {told.renamed}" in page
    assert f'href="/doc/worm?revision={told.renamed}"' in page
    assert f'href="/ontology?revision={told.renamed}#livesIn"' in page
    assert 'href="/doc/soil.html"' in page


@pytest.mark.parametrize(
    ("revision", "status"), [("0", 404), ("999", 404), ("-1", 400), ("two", 400), ("", 400), ("9" * 30, 400)]
)
def test_a_version_that_cannot_be_is_refused(told: Told, revision: str, status: int) -> None:
    assert told.client.get(f"/doc/soil?revision={revision}").status_code == status
    assert told.client.get("/sparql", params={"query": "ASK {}", "revision": revision}).status_code == status


def test_what_a_version_does_not_speak_of_is_unknown_there(told: Told) -> None:
    assert told.client.get(f"/doc/worm?revision={told.first}").status_code == 404
    assert told.client.get("/doc/soil?revision=1").status_code == 404


def at(told: Told, number: int) -> datetime:
    return told.state.ledger.revision(number).at


def asked_at(told: Told, when: datetime, path: str = "/doc/soil") -> httpx.Response:
    return told.client.get(path, headers={"accept-datetime": format_datetime(when, usegmt=True)})


def test_a_version_says_when_it_was_published(told: Told) -> None:
    header = told.client.get(f"/doc/soil?revision={told.first}").headers["memento-datetime"]
    assert parsedate_to_datetime(header) == at(told, told.first).replace(microsecond=0)
    assert "memento-datetime" not in told.client.get("/doc/soil").headers


def test_a_time_leads_to_the_version_of_that_time(told: Told) -> None:
    before = asked_at(told, at(told, 1) - timedelta(days=900))
    after = asked_at(told, at(told, 1) + timedelta(days=900))
    origin = str(told.client.base_url)
    assert before.status_code == after.status_code == 302
    # Before it was there, to its first version.
    assert before.headers["location"] == f"{origin}/doc/soil?revision={told.first}"
    newest = told.state.current().number
    assert after.headers["location"] == f"{origin}/doc/soil?revision={newest}"
    assert "Accept-Datetime" in before.headers["vary"]
    assert f'<{origin}/doc/soil>; rel="original timegate"' in before.headers["link"]
    assert f'<{before.headers["location"]}>; rel="memento"; datetime="' in before.headers["link"]
    version = told.client.get(before.headers["location"], headers={"accept-datetime": "ignored here"})
    assert version.status_code == 200
    assert f'<{origin}/doc/soil>; rel="original timegate"' in version.headers["link"]


def test_a_time_leads_to_the_last_version_of_what_is_gone(told: Told) -> None:
    answer = asked_at(told, at(told, 1) + timedelta(days=900), "/doc/gone")
    assert answer.headers["location"].endswith(f"/doc/gone?revision={told.removed - 1}")


def test_a_version_is_found_by_its_own_time(told: Told) -> None:
    newest = told.state.current().number
    when = told.client.get(f"/doc/soil?revision={newest}").headers["memento-datetime"]
    answer = told.client.get("/doc/soil", headers={"accept-datetime": when})
    assert answer.headers["location"].endswith(f"?revision={newest}")


@pytest.mark.parametrize("path", ["/ontology", "/shapes", "/source/report/para-1", "/doc/soil.nt"])
def test_every_document_has_versions(told: Told, path: str) -> None:
    answer = asked_at(told, at(told, 1) + timedelta(days=900), path)
    assert told.client.get(answer.headers["location"]).status_code == 200
    assert told.client.get(f"/timemap{path}").status_code == 200


@pytest.mark.parametrize(
    "header", ["yesterday", "2026-11-24", "Tue, 24 Nov 2026 12:00:00 +0100", "Tue, 40 Nov 2026 12:00:00 GMT"]
)
def test_a_time_that_cannot_be_read_is_refused(told: Told, header: str) -> None:
    answer = told.client.get("/doc/soil", headers={"accept-datetime": header})
    assert answer.status_code == 400
    assert "Accept-Datetime must be spelt like Tue, 24 Nov 2026 12:00:00 GMT" in answer.json()["detail"]


def test_what_never_was_has_no_versions(told: Told) -> None:
    assert asked_at(told, at(told, 1), "/doc/nothing").status_code == 404
    assert told.client.get("/timemap/doc/nothing").status_code == 404
    assert told.client.get("/timemap/sparql").status_code == 404


def test_the_list_of_versions_names_the_revisions_that_changed_something(told: Told) -> None:
    origin = str(told.client.base_url)
    answer = told.client.get("/timemap/doc/soil")
    assert answer.headers["content-type"] == "application/link-format"
    rows = answer.text.strip().split(",\n")
    assert rows[0] == f'<{origin}/doc/soil>; rel="original timegate"'
    assert rows[1].startswith(f'<{origin}/timemap/doc/soil>; rel="self"; type="application/link-format"; from="')
    assert [re.sub(r"; datetime.*", "", row) for row in rows[2:]] == [
        f'<{origin}/doc/soil?revision={told.first}>; rel="first memento"',
        f'<{origin}/doc/soil?revision={told.renamed}>; rel="last memento"',
    ]
    listed = told.client.get("/timemap/doc/soil", headers={"accept": "application/json"}).json()
    assert [one["revision"] for one in listed["mementos"]["list"]] == [told.first, told.renamed]
    assert listed["original_uri"] == listed["timegate_uri"] == f"{origin}/doc/soil"
    for one in listed["mementos"]["list"]:
        assert told.client.get(one["uri"]).status_code == 200
    page = told.client.get("/timemap/doc/soil", headers={"accept": BROWSER}).text
    assert f'href="/doc/soil?revision={told.first}"' in page
    assert told.client.get("/timemap/doc/gone", headers={"accept": "application/json"}).json()["mementos"]["list"]


# Queries


def counted(answer: httpx.Response) -> int:
    assert answer.status_code == 200, answer.text
    return int(answer.text.split()[1])


def test_a_query_is_answered_from_the_revision_that_it_names(told: Told) -> None:
    one = told.client.get
    csv = {"accept": "text/csv"}
    corpus = counted(one("/sparql", params={"query": COUNT, "revision": 1}, headers=csv))
    for number, more in ((told.first, 6), (told.renamed, 7), (told.removed, 6), (told.removed + 1, 7)):
        answer = one("/sparql", params={"query": COUNT, "revision": number}, headers=csv)
        assert counted(answer) == corpus + more
        assert answer.headers["edaphon-revision"] == str(number)


def test_a_form_and_a_query_alone_name_revisions_too(told: Told) -> None:
    ask = f"ASK {{ <{SOIL}> ?p 'soil'@en }}"
    form = told.client.post("/sparql", data={"query": ask, "revision": told.first})
    alone = told.client.post(
        f"/sparql?revision={told.first}", content=ask, headers={"content-type": "application/sparql-query"}
    )
    now = told.client.post("/sparql", data={"query": ask})
    assert [one.json()["boolean"] for one in (form, alone, now)] == [True, True, False]
    assert form.headers["edaphon-revision"] == alone.headers["edaphon-revision"] == str(told.first)


def test_answers_from_the_past_are_kept_apart_from_those_of_now(told: Told) -> None:
    query = {"query": f"SELECT ?label {{ <{SOIL}> <{LABEL.value}> ?label }}"}
    csv = {"accept": "text/csv", "accept-encoding": "identity"}
    for _ in range(3):
        now = told.client.get("/sparql", params=query, headers=csv)
        then = told.client.get("/sparql", params={**query, "revision": told.first}, headers=csv)
        assert (now.text.split("\r\n")[1], then.text.split("\r\n")[1]) == ("living soil", "soil")
    assert now.headers["etag"] != then.headers["etag"]
    known = {**csv, "if-none-match": then.headers["etag"]}
    assert told.client.get("/sparql", params={**query, "revision": told.first}, headers=known).status_code == 304
    assert told.client.get("/sparql", params=query, headers=known).status_code == 200


def test_the_query_page_keeps_to_its_revision(told: Told) -> None:
    page = told.client.get("/sparql", params={"query": COUNT, "revision": told.first}, headers={"accept": BROWSER}).text
    assert f'<input type="hidden" name="revision" value="{told.first}">' in page
    assert f"from revision {told.first}" in page
    empty = told.client.get("/sparql", params={"revision": told.first}, headers={"accept": BROWSER}).text
    assert f'<input type="hidden" name="revision" value="{told.first}">' in empty


def test_a_revision_that_was_tidied_away_is_made_again(told: Told) -> None:
    query = {"query": COUNT, "revision": str(told.first)}
    before = told.client.get("/sparql", params=query)
    folder = told.state.folder / "past" / f"{told.first:06}"
    # By another name, as if it were tidied away between two requests.
    folder.rename(folder.with_name("elsewhere"))
    for number in (told.renamed, told.state.current().number):
        told.client.get("/sparql", params={"query": COUNT, "revision": number})
    again = told.client.get("/sparql", params={**query, "query": COUNT + " #"})
    assert again.status_code == 200
    assert again.json() == before.json()
    assert folder.is_dir()


def test_an_update_changes_no_past(told: Told) -> None:
    answer = told.client.post("/sparql?revision=1", data={"update": "CLEAR ALL"})
    assert answer.status_code == 400
    assert "revision= cannot go with it" in answer.json()["detail"]


# Without contributions


def test_a_server_that_only_reads_has_no_past(tmp_path: Path) -> None:
    service = Service(tmp_path, {})
    service.pool.revision = 7
    answer = service.request("GET", "/sparql", params={"query": "ASK {}", "revision": "3"})
    assert answer.status_code == 410
    assert service.request("GET", "/sparql", params={"query": "ASK {}", "revision": "8"}).status_code == 404
