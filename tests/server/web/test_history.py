"""`/history` and `/diff`: which revisions were published because of what, and what changed between two of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from contributing import EX, UPDATE
from endpoint import BROWSER
from ledger_entries import revision
from portal import Portal, portal
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from edaphon.contributions.history import between
from edaphon.errors import ResultTooLarge, RevisionGone
from edaphon.store.delta import Delta
from edaphon.store.ledger import Ledger

PROV = "http://www.w3.org/ns/prov#"
NOTE = f"<{EX}a> <{EX}note>"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Revision 1 is the corpus; 2 states a note, 3 corrects it, 4 reverts that."""
    with portal(tmp_path_factory.mktemp("history"), "--rate", "0") as one:
        one.accepted(":a :note 'first' .", title="A note")
        corrected = one.accepted(
            "DELETE DATA { :a :note 'first' } ; INSERT DATA { :a :note 'second' }",
            media_type=UPDATE,
            title="A correction",
        )
        assert one.decide(corrected, "revert", reason="the first was right").status_code == 200
        yield one


def notes(patch: str) -> set[str]:
    """The rows of a patch that are about the note, without the graph."""
    return {line.rsplit(" ", 2)[0] for line in patch.splitlines() if f"<{EX}note>" in line}


def test_the_history_tells_of_each_revision_what_brought_it_about(served: Portal) -> None:
    answer = served.get("/history")
    found = answer.json()["revisions"]
    assert [(one["revision"], one["cause"], one["actor"]) for one in found] == [
        (4, "revert", "ben"),
        (3, "contribution", "ben"),
        (2, "contribution", "ben"),
        (1, "corpus", None),
    ]
    assert found[2]["title"] == "A note"
    assert found[2]["links"]["diff"] == f"{served.server.url}/diff?from=1&to=2"
    assert served.client.get(found[2]["links"]["contribution"]).json()["id"] == found[2]["contribution"]
    assert "diff" not in found[3]["links"]
    assert all(one["at"].endswith("Z") for one in found)
    assert answer.json()["next"] is None


def test_the_history_comes_page_by_page(served: Portal) -> None:
    first = served.client.get("/history?limit=3")
    assert [one["revision"] for one in first.json()["revisions"]] == [4, 3, 2]
    assert first.headers["link"] == f'<{first.json()["next"]}>; rel="next"'
    second = served.client.get(first.json()["next"]).json()
    assert ([one["revision"] for one in second["revisions"]], second["next"]) == ([1], None)


@pytest.mark.parametrize(
    "media_type", ["text/turtle", "application/ld+json", "application/n-triples", "application/rdf+xml"]
)
def test_the_history_is_told_in_prov(served: Portal, media_type: str) -> None:
    answer = served.get("/history", media_type)
    form = RdfFormat.from_media_type(media_type)
    assert form is not None
    revised = {
        (quad.subject.value.rpartition("#")[2], str(quad.object).rstrip(">").rpartition("#")[2])
        for quad in parse(answer.content, form)
        if quad.predicate == NamedNode(f"{PROV}wasRevisionOf")
    }
    assert revised == {("4", "3"), ("3", "2"), ("2", "1")}


def test_a_difference_is_an_rdf_patch(served: Portal) -> None:
    answer = served.client.get("/diff?from=1&to=2")
    assert answer.headers["content-type"] == "application/rdf-patch"
    assert answer.headers["edaphon-revision"] == "2"
    assert notes(answer.text) == {f'A {NOTE} "first"'}
    lines = answer.text.splitlines()
    assert (lines[0].startswith("H id <"), lines[1], lines[-1]) == (True, "TX .", "TC .")


def test_differences_of_several_revisions_are_put_together(served: Portal) -> None:
    assert notes(served.client.get("/diff?from=1&to=3").text) == {f'A {NOTE} "second"'}
    assert notes(served.client.get("/diff?from=2&to=3").text) == {f'D {NOTE} "first"', f'A {NOTE} "second"'}
    # What came and went again is in neither.
    assert notes(served.client.get("/diff?from=2&to=4").text) == set()


def test_a_difference_back_is_the_inverse(served: Portal) -> None:
    there, back = (served.client.get(f"/diff?{query}").text for query in ("from=1&to=4", "from=4&to=1"))
    turned = {{"A": "D", "D": "A"}[row[0]] + row[1:] for row in there.splitlines()[2:-1]}
    assert set(back.splitlines()[2:-1]) == turned


def test_a_revision_does_not_differ_from_itself(served: Portal) -> None:
    answer = served.get("/diff?from=2&to=2", "application/json")
    assert answer.json() == {"added": [], "removed": []}
    assert "Nothing changes" in served.get("/diff?from=2&to=2", BROWSER).text


def test_n_quads_tell_one_side_of_a_difference(served: Portal) -> None:
    texts = {
        part: served.get(f"/diff?from=2&to=3{part}", "application/n-quads").text
        for part in ("", "&part=added", "&part=removed")
    }
    assert texts[""] == texts["&part=added"]
    assert '"second"' in texts[""]
    assert '"first"' not in texts[""]
    assert f'{NOTE} "first"' in texts["&part=removed"]
    assert len(list(parse(texts[""], RdfFormat.N_QUADS))) > 1


def test_json_tells_a_difference_with_graphs(served: Portal) -> None:
    found = served.get("/diff?from=2&to=3", "application/json").json()
    (gone,) = (one for one in found["removed"] if one["predicate"]["value"] == f"{EX}note")
    assert gone["object"] == {"type": "literal", "value": "first"}
    assert "/contribution/" in gone["graph"]


def test_pages_tell_people_of_revisions(served: Portal) -> None:
    page = served.get("/history", BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "A correction" in page.text
    assert "/diff?from=2&amp;to=3" in page.text
    diff = served.get("/diff?from=2&to=3", BROWSER)
    assert diff.text.index("Statements that go") < diff.text.index("first") < diff.text.index("Statements that come")


def test_a_revision_that_never_was_is_unknown(served: Portal) -> None:
    for query in ("from=1&to=99", "from=0&to=1", "from=99&to=1"):
        answer = served.client.get(f"/diff?{query}")
        assert answer.status_code == 404, query
        assert answer.json()["type"].endswith("/unknown-revision")


@pytest.mark.parametrize("query", ["", "from=1", "to=1", "from=x&to=1", "from=1&to=99999999999", "from=-1&to=2"])
def test_a_difference_between_what_is_no_number_makes_no_sense(served: Portal, query: str) -> None:
    assert served.client.get(f"/diff?{query}").status_code == 400


def test_what_is_not_on_offer_is_not_acceptable(served: Portal) -> None:
    assert served.get("/diff?from=1&to=2", "text/turtle").status_code == 406
    assert served.get("/history", "application/rdf-patch").status_code == 406


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Revision 1 is published as a whole, as 4 is; 2 and 3 are changes of three statements each."""
    with Ledger.open(tmp_path / "ledger.sqlite") as one:
        one.publish(revision(1, complete=False, cause="corpus"), None)
        for number in (2, 3):
            delta = Delta(frozenset(statement(f"{number}-{index}") for index in range(3)))
            one.publish(revision(number, added=3, removed=0), delta.packed())
        one.publish(revision(4, complete=False, cause="load"), None)
        yield one


def statement(name: str) -> Quad:
    return Quad(NamedNode(EX + name), NamedNode(f"{EX}note"), Literal(name), NamedNode(f"{EX}graph"))


def test_a_difference_over_a_revision_that_was_published_as_a_whole_is_gone(ledger: Ledger) -> None:
    for start, end in ((1, 4), (4, 1), (3, 4)):
        with pytest.raises(RevisionGone, match=r"revision 4 \(bulk load\)"):
            between(ledger, start, end)
    assert len(between(ledger, 1, 3).added) == 6
    assert between(ledger, 4, 4) == Delta()


def test_a_difference_that_is_too_large_is_refused(ledger: Ledger) -> None:
    assert len(between(ledger, 1, 3, most=6).added) == 6
    with pytest.raises(ResultTooLarge, match="already revision 3"):
        between(ledger, 1, 3, most=5)
    with pytest.raises(ResultTooLarge, match="already revision 2"):
        between(ledger, 3, 1, most=2)


def test_what_is_gone_is_told_by_410(tmp_path: Path) -> None:
    with portal(tmp_path) as one:
        # As a bulk load would: published, but without what it changed.
        last = one.state.current().number
        one.state.ledger.publish(revision(last + 1, complete=False, cause="load"), None)
        answer = one.client.get(f"/diff?from={last}&to={last + 1}")
        assert answer.status_code == 410
        assert answer.json()["type"].endswith("/revision-gone")
        page = one.get(f"/diff?from={last}&to={last + 1}", BROWSER)
        assert page.status_code == 410
        assert "bulk load" in page.text


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/diff", "/diff needs from= and to=, the numbers of two published revisions"),
        ("/diff?from=1", "/diff needs from= and to=, the numbers of two published revisions"),
        ("/diff?from=one&to=2", "from= has to be a whole number, not 'one'"),
        ("/diff?from=-1&to=2", "from= has to be at least 0, not '-1'"),
        ("/diff?from=1&to=2&part=both", "part= has to be 'added' or 'removed', not 'both'"),
        ("/history?limit=0", "limit= has to be at least 1, not '0'"),
        ("/contributions?limit=9999", "limit= has to be at most 200, not '9999'"),
    ],
)
def test_a_parameter_that_is_missing_or_wrong_is_told_with_what_to_write(
    served: Portal, address: str, told: str
) -> None:
    answer = served.client.get(address)
    assert (answer.status_code, answer.json()["detail"]) == (400, told)
