"""The Graph Store Protocol over HTTP: what each method answers, and what the graph is afterwards."""

from collections.abc import Iterator

import httpx
import pytest
from contributing import EX, PREFIXES, Desk
from serving import serving

from edaphon.contributions.tokens import make

pytestmark = pytest.mark.xdist_group("graph store")


class Store:
    """The graph store of a running server, and an editor who writes to it."""

    def __init__(self, client: httpx.Client, tokens: dict[str, str]) -> None:
        self.client = client
        self.tokens = tokens

    def send(
        self, method: str, graph: str | None, content: str | bytes = b"", role: str | None = "editor", **headers: str
    ) -> httpx.Response:
        """Send a request about a graph; `default` is the default graph, None names none."""
        params = {} if graph is None else {"default": ""} if graph == "default" else {"graph": graph}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if role is not None:
            sent["Authorization"] = f"Bearer {self.tokens[role]}"
        return self.client.request(method, "/store", params=params, content=content, headers=sent)

    def put(self, graph: str, body: str, **headers: str) -> httpx.Response:
        return self.send("PUT", graph, PREFIXES + body, **{"Content_Type": "text/turtle", **headers})

    def read(self, graph: str) -> set[str]:
        """The triples of a graph, as lines."""
        answer = self.send("GET", graph, role=None, Accept="application/n-triples")
        assert answer.status_code == 200, answer.text
        return {line.replace(EX, "").removesuffix(" .") for line in answer.text.splitlines()}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A server of the small graph, one for all tests here: each writes to graphs of its own."""
    desk = Desk.at(tmp_path_factory.mktemp("graphs"))
    tokens = {role: make(desk.state.ledger, role, role, None).secret for role in ("reviewer", "editor")}
    with (
        serving(desk.state, "--processes", "1", "--workers", "2") as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        yield Store(client, tokens)


def test_put_of_a_new_graph_is_201_with_its_place(store: Store) -> None:
    answer = store.put(EX + "new", ":a :b 1 .")
    assert answer.status_code == 201
    assert (
        store.client.get(answer.headers["Location"], headers={"Accept": "application/n-triples"}).text.count("\n") == 1
    )
    assert int(answer.headers["Edaphon-Revision"]) > 1


def test_put_of_a_graph_that_is_there_is_204_and_replaces_it(store: Store) -> None:
    store.put(EX + "replaced", ":a :b 1 .")
    answer = store.put(EX + "replaced", ":a :b 2 .")
    assert (answer.status_code, answer.content) == (204, b"")
    assert store.read(EX + "replaced") == {'<a> <b> "2"^^<http://www.w3.org/2001/XMLSchema#integer>'}


def test_post_adds_to_a_graph(store: Store) -> None:
    store.put(EX + "more", ":a :b :c .")
    answer = store.send("POST", EX + "more", PREFIXES + ":a :b :d .", Content_Type="text/turtle")
    assert answer.status_code == 204
    assert store.read(EX + "more") == {"<a> <b> <c>", "<a> <b> <d>"}


def test_post_without_a_graph_makes_one_and_says_where(store: Store) -> None:
    answer = store.send("POST", None, PREFIXES + ":a :posted :c .", Content_Type="text/turtle")
    assert answer.status_code == 201
    found = store.client.get(answer.headers["Location"], headers={"Accept": "application/n-triples"})
    assert ":posted" not in found.text
    assert f"<{EX}posted>" in found.text


def test_post_of_several_documents_adds_them_all(store: Store) -> None:
    files = {
        "one": ("one.ttl", PREFIXES + "_:x :b 1 .", "text/turtle"),
        "two": ("two.nt", f"_:x <{EX}b> <{EX}c> .", "application/n-triples"),
    }
    headers = {"Authorization": f"Bearer {store.tokens['editor']}"}
    answer = store.client.post("/store", params={"graph": EX + "several"}, files=files, headers=headers)
    assert answer.status_code == 201, answer.text
    assert len({line.split()[0] for line in store.read(EX + "several")}) == 2


def test_delete_drops_a_graph_and_a_second_time_finds_none(store: Store) -> None:
    store.put(EX + "doomed", ":a :b 1 .")
    assert store.send("DELETE", EX + "doomed").status_code == 204
    assert store.send("GET", EX + "doomed", role=None).status_code == 404
    again = store.send("DELETE", EX + "doomed")
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (404, "no-graph")


@pytest.mark.parametrize(
    "accept", ["text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml", "application/trig"]
)
def test_a_graph_comes_in_the_format_that_is_asked_for(store: Store, accept: str) -> None:
    answer = store.send("GET", EX + "para-2", role=None, Accept=accept)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].partition(";")[0] == accept
    assert "Survey of soils" in answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_default_graph_can_be_read_but_not_written(store: Store) -> None:
    assert '<survey> <title> "Survey of soils"' in store.read("default")
    answer = store.put("default", ":a :b 1 .")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "default-graph")


def test_head_is_as_get_without_the_body(store: Store) -> None:
    head, get = (store.send(method, EX + "para-2", role=None, Accept="text/turtle") for method in ("HEAD", "GET"))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == get.headers["ETag"]
    assert store.send("HEAD", EX + "nowhere", role=None).status_code == 404


def test_what_is_known_is_not_sent_again(store: Store) -> None:
    tag = store.send("GET", EX + "para-2", role=None).headers["ETag"]
    answer = store.send("GET", EX + "para-2", role=None, If_None_Match=tag)
    assert (answer.status_code, answer.content) == (304, b"")


def test_a_graph_that_changed_since_it_was_read_is_not_overwritten(store: Store) -> None:
    store.put(EX + "shared", ":a :b 1 .")
    tag = store.send("GET", EX + "shared", role=None).headers["ETag"]
    store.put(EX + "other", ":a :b 1 .")
    assert store.put(EX + "shared", ":a :b 2 .", If_Match=tag).status_code == 204
    lost = store.put(EX + "shared", ":a :b 3 .", If_Match=tag)
    assert (lost.status_code, lost.json()["type"].rpartition("/")[2]) == (412, "precondition")
    assert store.put(EX + "shared", ":a :b 3 .", If_None_Match="*").status_code == 412
    assert store.put(EX + "unheard-of", ":a :b 3 .", If_Match="*").status_code == 412


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        ("<a> <b", "text/turtle", 400),
        ("<r:RDF", "application/rdf+xml", 400),
        ("GRAPH <http://e/g> { <http://e/a> <http://e/b> 1 }", "application/trig", 400),
        ("a,b", "text/csv", 415),
        ("<http://e/a> <http://e/b> 1 .", "text/turtle; charset=utf-16", 415),
    ],
)
def test_a_body_that_cannot_be_read_changes_nothing(store: Store, content: str, media_type: str, status: int) -> None:
    answer = store.send("PUT", EX + "unread", content, Content_Type=media_type)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert store.send("GET", EX + "unread", role=None).status_code == 404


def test_what_does_not_conform_is_422_with_the_findings(store: Store) -> None:
    answer = store.put(EX + "bad", ":other a :Survey .")
    assert answer.status_code == 422
    assert answer.json()["findings"][0]["focus"] == EX + "other"


@pytest.mark.parametrize(
    "graph", ["https://w3id.org/edaphon/graph/ontology", "https://w3id.org/edaphon/service/shapes"]
)
def test_graphs_that_the_server_keeps_are_403(store: Store, graph: str) -> None:
    assert store.put(graph, ":a :b 1 .").status_code == 403
    assert store.send("DELETE", graph).status_code == 403


def test_writes_need_an_editor(store: Store) -> None:
    for method in ("PUT", "POST", "DELETE"):
        answer = store.send(method, EX + "para-1", role=None, content=b"", Content_Type="text/turtle")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert store.send(method, EX + "para-1", role="reviewer", Content_Type="text/turtle").status_code == 403


@pytest.mark.parametrize("query", ["graph=a&graph=b", "graph=http://e/g&default", "graph=relative", "default=yes", ""])
def test_one_graph_is_named(store: Store, query: str) -> None:
    assert store.client.get(f"/store?{query}").status_code == 400


def test_other_methods_are_not_allowed(store: Store) -> None:
    answer = store.send("PATCH", EX + "para-1")
    assert answer.status_code == 405
    assert {"GET", "PUT", "POST", "DELETE"} <= set(answer.headers["Allow"].replace(",", " ").split())


def test_browsers_of_other_sites_are_told_what_they_may_send(store: Store) -> None:
    answer = store.send("OPTIONS", EX + "para-1", role=None, Origin="http://example.org")
    assert answer.status_code == 204
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


def test_a_part_that_is_not_utf8_is_no_other_letters(store: Store) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n<http://e/a> <http://e/b> "%s" .\r\n--x--\r\n'
    kind = "multipart/form-data; boundary=x"
    answer = store.send("POST", EX + "letters", part % "é\xff".encode("latin-1"), Content_Type=kind)
    assert (answer.status_code, answer.json()["detail"]) == (400, "the part a is not UTF-8")
    assert store.send("POST", EX + "letters", part % "é".encode(), Content_Type=kind).status_code == 201
    assert store.read(EX + "letters") == {'<http://e/a> <http://e/b> "é"'}


def test_a_graph_is_not_taken_for_one_with_a_shorter_name(store: Store) -> None:
    for length in (33_000, 60_000):
        answer = store.put(EX + "x" * length, ":a :b 1 .")
        assert (answer.status_code, answer.headers["Content-Type"]) == (414, "application/problem+json")
