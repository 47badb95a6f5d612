"""What people see: results as tables, everything from outside escaped, no resource from elsewhere."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from endpoint import BROWSER, Canned, Service

from edaphon.namespaces import BASE
from edaphon.web.pages.examples import Example, examples
from edaphon.web.pages.results import from_graph, from_solutions

SELECT = "SELECT * { ?s ?p ?o }"
ATTACK = "<script>alert(1)</script>"


class Page(HTMLParser):
    """The cells, links, scripts and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.resources: list[str] = []
        self.textarea = ""
        self._in: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = {name: value or "" for name, value in attrs}
        if tag == "td":
            self.cells.append("")
        if tag == "a":
            self.links.append(given["href"])
        if "src" in given or tag == "link":
            self.resources.append(given.get("src", given.get("href", "")))
        if tag in ("td", "textarea"):
            self._in = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._in:
            self._in = None

    def handle_data(self, data: str) -> None:
        if self._in == "td":
            self.cells[-1] += data
        elif self._in == "textarea":
            self.textarea += data


def shown(folder: Path, body: bytes, query: str = SELECT, **canned: object) -> Page:
    answer = Service(folder, {query: Canned((body,), **canned)}).get(query, BROWSER)  # type: ignore[arg-type]  # its fields
    assert answer.status_code == 200
    return Page(answer.text)


def test_terms_are_shown_as_what_they_are(tmp_path: Path) -> None:
    page = shown(
        tmp_path,
        b"?a\t?b\t?c\t?d\t?e\n"
        b'<https://w3id.org/edaphon/id/fao>\t"terre"@fr\t5\t_:x\t\n'
        b'<http://example.org/a%20b>\t"2020-12-05"^^<http://www.w3.org/2001/XMLSchema#date>\t1.5\t"two\\nlines"\t\n',
    )
    assert [cell.strip() for cell in page.cells] == [
        *("edi:fao", "terre @fr", "5 xsd:integer", "_:x", ""),
        *("http://example.org/a%20b", "2020-12-05 xsd:date", "1.5 xsd:decimal", "two\nlines", ""),
    ]
    assert "/doc/fao" in page.links
    assert "http://example.org/a%20b" in page.links


def test_an_iri_of_ours_is_read_on_this_server_whatever_its_address_is(tmp_path: Path) -> None:
    ours = ["id/fao", "source/progress-report/para-1", "concept/soil-health", "ontology#Decision", "problem/syntax"]
    page = shown(tmp_path, b"?a\n" + b"".join(f"<{BASE}{one}>\n".encode() for one in ours))
    for link in ("/doc/fao", "/source/progress-report/para-1", "/concept/soil-health", "/ontology#Decision"):
        assert link in page.links
    assert BASE + "problem/syntax" in page.links


def test_a_text_is_written_in_the_direction_of_its_language(tmp_path: Path) -> None:
    answer = Service(tmp_path, {SELECT: Canned(('?a\n"تربة"@ar\n'.encode(),))}).get(SELECT, BROWSER)
    assert '<td lang="ar" dir="auto">تربة' in answer.text


def test_only_web_addresses_are_links(tmp_path: Path) -> None:
    page = shown(tmp_path, b"?a\t?b\n<javascript:alert(1)>\t<urn:x>\n")
    assert [cell.strip() for cell in page.cells] == ["javascript:alert(1)", "urn:x"]
    assert not any(link.startswith(("javascript", "urn")) for link in page.links)


def test_a_boolean_is_said_in_words(tmp_path: Path) -> None:
    answer = Service(tmp_path, {"ASK {}": Canned((b"true",), "boolean")}).get("ASK {}", BROWSER)
    assert "Yes (true)" in answer.text


def test_triples_are_a_table_of_three_columns(tmp_path: Path) -> None:
    page = shown(tmp_path, b'<http://a/> <http://b/> "c"@en .\n', form="graph")
    assert [cell.strip() for cell in page.cells] == ["http://a/", "http://b/", "c @en"]


def test_no_rows_are_said_in_words(tmp_path: Path) -> None:
    answer = Service(tmp_path, {SELECT: Canned((b"?a\t?b\n",))}).get(SELECT, BROWSER)
    assert "No rows fit the query." in answer.text


def test_a_page_shows_the_beginning_of_a_large_result_and_says_so(tmp_path: Path) -> None:
    rows = b"".join(b"%d\n" % number for number in range(1500))
    service = Service(tmp_path, {SELECT: Canned((b"?a\n" + rows[:3000], rows[3000:]), endless=True)})
    answer = service.get(SELECT, BROWSER)
    assert "The first 1,000 rows; there are more" in answer.text
    assert [cell.split()[0] for cell in Page(answer.text).cells] == [str(number) for number in range(1000)]


def test_a_result_of_exactly_as_many_rows_is_complete(tmp_path: Path) -> None:
    body = b"?a\n" + b"".join(b"%d\n" % number for number in range(1000))
    answer = Service(tmp_path, {SELECT: Canned((body,))}).get(SELECT, BROWSER)
    assert "1,000 rows, from revision 1" in answer.text


def test_a_row_larger_than_a_page_is_left_out(tmp_path: Path) -> None:
    body = b'?a\n1\n"' + b"x" * 3_000_000 + b'"\n'
    answer = Service(tmp_path, {SELECT: Canned((body,))}).get(SELECT, BROWSER)
    assert "The first 1 rows" in answer.text
    assert len(answer.text) < 20_000


def test_a_page_is_revalidated_like_any_other_representation(tmp_path: Path) -> None:
    service = Service(tmp_path, {SELECT: Canned((b"?a\n1\n",))})
    page = service.get(SELECT, BROWSER)
    assert service.get(SELECT, BROWSER, if_none_match=page.headers["etag"]).status_code == 304
    assert service.get(SELECT).headers["etag"] != page.headers["etag"]


def test_nothing_from_outside_becomes_markup(tmp_path: Path) -> None:
    query = f'SELECT ("{ATTACK}" AS ?x) {{ }} # </textarea>{ATTACK}'
    page = shown(tmp_path, f'?x\t?y\n"{ATTACK}"@en\t<http://a/?\'&quot;onclick=alert(1)>\n'.encode(), query)
    assert "script" not in page.tags
    assert page.textarea.strip() == query
    for path in (
        f"/{ATTACK}",
        f"/sparql?query={ATTACK}&timeout={ATTACK}",
        f"/sparql?query=a&default-graph-uri={ATTACK}",
    ):
        answer = Service(tmp_path, {}).request("GET", path, headers={"accept": BROWSER})
        assert answer.status_code in (400, 404)
        assert "script" not in Page(answer.text).tags


def test_a_page_needs_nothing_from_elsewhere_and_runs_no_script(tmp_path: Path) -> None:
    service = Service(tmp_path, {SELECT: Canned((b"?a\n1\n",))})
    pages = [service.request("GET", path, headers={"accept": BROWSER}) for path in ("/sparql", "/none")]
    pages.append(service.get(SELECT, BROWSER))
    for answer in pages:
        page = Page(answer.text)
        assert "script" not in page.tags
        assert all(resource.startswith("data:") for resource in page.resources)
        assert " style=" not in answer.text
        assert not re.search(r"@import|url\(", answer.text)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy


def test_the_form_keeps_the_dataset_that_was_asked(tmp_path: Path) -> None:
    service = Service(tmp_path, {SELECT: Canned((b"?a\n1\n",))})
    parameters = {"query": SELECT, "default-graph-uri": "http://a/?x&y", "named-graph-uri": "urn:n"}
    text = service.request("GET", "/sparql", params=parameters, headers={"accept": BROWSER}).text
    assert '<input type="hidden" name="default-graph-uri" value="http://a/?x&amp;y">' in text
    assert '<input type="hidden" name="named-graph-uri" value="urn:n">' in text


def test_examples_lead_to_their_answers(tmp_path: Path) -> None:
    service = Service(tmp_path, {})
    service.examples = (Example("one", "Who & what", "All of <it>.", 'SELECT * { ?s ?p "a&b" }'),)
    answer = service.get(accept=BROWSER)
    assert "Who &amp; what" in answer.text
    assert "All of &lt;it&gt;." in answer.text
    assert "/sparql?query=SELECT+%2A+%7B+%3Fs+%3Fp+%22a%26b%22+%7D" in Page(answer.text).links


def test_examples_are_read_with_their_headers(tmp_path: Path) -> None:
    (tmp_path / "b.rq").write_text(
        "#+ summary: Bodies by role\n#+ description: >-\n#+   All bodies,\n#+   and roles.\n#+ tags: [a]\n\n"
        "ASK {} # x\n"
    )
    (tmp_path / "a.rq").write_text("#+ summary: all\nASK {}\n")
    assert examples(tmp_path) == (
        Example("a", "all", "", "ASK {}\n"),
        Example("b", "Bodies by role", "All bodies, and roles.", "ASK {} # x\n"),
    )
    assert examples(tmp_path / "none") == ()


@pytest.mark.parametrize("body", [b"", b"?a\n"])
def test_a_beginning_without_rows_is_an_empty_table(body: bytes) -> None:
    assert from_solutions(body, False).rows == ()


def test_a_triple_term_is_shown_in_its_parts() -> None:
    (row,) = from_graph(b"<http://a/> <http://b/> <<( <http://c/> <http://d/> <http://e/> )>> .\n", True).rows
    assert row[2] is not None
    assert row[2].text == "<<( http://c/ http://d/ http://e/ )>>"
