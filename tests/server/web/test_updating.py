"""SPARQL Update over HTTP: who may, how it is sent, what it answers, and that a refused one changes nothing."""

from collections.abc import Iterator

import httpx
import pytest
from contributing import EX, PREFIXES, Desk
from serving import serving

from edaphon.contributions.tokens import make, revoke

UPDATE = "application/sparql-update"
pytestmark = pytest.mark.xdist_group("updating")


class Endpoint:
    """A running server of the small graph, and who writes to it."""

    def __init__(self, client: httpx.Client, desk: Desk, tokens: dict[str, str]) -> None:
        self.client = client
        self.desk = desk
        self.tokens = tokens

    def update(self, text: str, role: str | None = "editor", **params: str) -> httpx.Response:
        headers = {"Content-Type": UPDATE}
        if role is not None:
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        named = {name.replace("_", "-"): value for name, value in params.items()}
        return self.client.post("/sparql", params=named, content=(PREFIXES + text).encode(), headers=headers)

    def ask(self, pattern: str) -> bool:
        answer = self.client.get("/sparql", params={"query": f"{PREFIXES} ASK {{ {pattern} }}"})
        found: bool = answer.json()["boolean"]
        return found

    @property
    def revision(self) -> int:
        return self.desk.state.current().number


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """One server for all tests here."""
    desk = Desk.at(tmp_path_factory.mktemp("updates"))
    tokens = {role: make(desk.state.ledger, role, role, None).secret for role in ("contributor", "reviewer", "editor")}
    with (
        serving(desk.state, "--processes", "1", "--workers", "2", "--timeout", "5") as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        yield Endpoint(client, desk, tokens)


def test_an_update_is_there_for_the_next_query(endpoint: Endpoint) -> None:
    answer = endpoint.update("INSERT DATA { :direct :note 'n' }")
    assert (answer.status_code, answer.content) == (204, b"")
    assert endpoint.ask(":direct :note 'n'")
    assert answer.headers["Edaphon-Revision"] == str(endpoint.revision)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_an_update_can_come_as_a_form(endpoint: Endpoint) -> None:
    headers = {"Authorization": f"Bearer {endpoint.tokens['editor']}"}
    form = {"update": f"{PREFIXES} INSERT DATA {{ :form :note 'n' }}"}
    assert endpoint.client.post("/sparql", data=form, headers=headers).status_code == 204
    assert endpoint.ask(":form :note 'n'")


def test_an_update_says_as_which_contribution_it_is_recorded(endpoint: Endpoint) -> None:
    answer = endpoint.update("INSERT DATA { :recorded :note 'n' }")
    one = endpoint.client.get(answer.headers["Location"], headers={"Accept": "application/json"}).json()
    assert (one["kind"], one["status"], one["contributor"]) == ("update", "accepted", "editor")
    assert one["revision"] == int(answer.headers["Edaphon-Revision"])


def test_an_update_that_changes_nothing_makes_no_revision(endpoint: Endpoint) -> None:
    before = endpoint.revision
    answer = endpoint.update("DELETE DATA { :never :was :there }")
    assert answer.status_code == 204
    assert "Location" not in answer.headers
    assert endpoint.revision == before


@pytest.mark.parametrize(
    ("text", "status", "kind"),
    [
        ("INSERT DATA { :a :b }", 400, "syntax"),
        ("LOAD <http://127.0.0.1:9/x>", 403, "egress"),
        ("INSERT { :a :b ?o } WHERE { SERVICE <http://127.0.0.1:9/x> { ?s ?p ?o } }", 403, "egress"),
        ("INSERT DATA { GRAPH <https://w3id.org/edaphon/graph/ontology> { :a :b :c } }", 403, "protected-graph"),
        ("CLEAR ALL", 400, "refused"),
        ("DELETE WHERE { :survey :year ?y }", 422, "shapes-violated"),
    ],
)
def test_what_is_refused_is_told_and_changes_nothing(endpoint: Endpoint, text: str, status: int, kind: str) -> None:
    before = endpoint.revision
    answer = endpoint.update(text)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, kind)
    assert endpoint.revision == before


def test_a_syntax_error_says_where(endpoint: Endpoint) -> None:
    problem = endpoint.update("INSERT DATA { :a :b }").json()
    assert (problem["line"], problem["column"]) == (3, 21)
    assert "expected" in problem["detail"]


def test_findings_say_what_to_mend(endpoint: Endpoint) -> None:
    problem = endpoint.update("INSERT DATA { :survey :year 2020 }").json()
    assert problem["findings"][0]["message"] == "State the one year of the survey."


def test_an_update_that_runs_too_long_is_stopped_and_the_next_one_works(endpoint: Endpoint) -> None:
    before = endpoint.revision
    endpoint.update("INSERT DATA { GRAPH :many { " + " ".join(f":n{i} :p {i} ." for i in range(2000)) + " } }")
    hostile = "INSERT { GRAPH :x { ?a :b ?c } } WHERE { " + " ".join(f"?a{i} :p ?b{i} ." for i in range(6)) + " }"
    answer = endpoint.update(hostile.replace("?a :b ?c", "?a0 :b ?b5"))
    assert answer.status_code in (503, 507)
    assert answer.json()["type"].rpartition("/")[2] in ("deadline", "memory")
    assert endpoint.revision == before + 1
    assert endpoint.update("DROP GRAPH :many").status_code == 204


def test_updates_need_an_editor(endpoint: Endpoint) -> None:
    before = endpoint.revision
    nobody = endpoint.update("INSERT DATA { :a :b :c }", role=None)
    assert nobody.status_code == 401
    assert nobody.headers["WWW-Authenticate"].startswith("Bearer")
    for role in ("contributor", "reviewer"):
        assert endpoint.update("INSERT DATA { :a :b :c }", role=role).status_code == 403
    assert endpoint.revision == before


def test_a_revoked_token_opens_nothing_any_more(endpoint: Endpoint) -> None:
    endpoint.tokens["leaver"] = make(endpoint.desk.state.ledger, "leaver", "editor", None).secret
    assert endpoint.update("INSERT DATA { :leaver :note 'n' }", role="leaver").status_code == 204
    revoke(endpoint.desk.state.ledger, "leaver", None)
    assert endpoint.update("INSERT DATA { :leaver :note 'm' }", role="leaver").status_code == 401


def test_the_dataset_of_its_patterns_can_be_named_beside_the_update(endpoint: Endpoint) -> None:
    text = "INSERT { GRAPH :seen { ?s :seen ?o } } WHERE { ?s :year ?o }"
    assert endpoint.update(text, using_graph_uri=EX + "para-2").status_code == 204
    assert not endpoint.ask("GRAPH :seen { ?s ?p ?o }")
    assert endpoint.update(text, using_graph_uri=EX + "para-1").status_code == 204
    assert endpoint.ask("GRAPH :seen { :survey :seen 2019 }")
    twice = endpoint.update(f"WITH :g {text}", using_graph_uri=EX + "para-1")
    assert twice.status_code == 400


@pytest.mark.parametrize("name", ["default-graph-uri", "named-graph-uri"])
def test_the_parameters_of_queries_are_not_taken(endpoint: Endpoint, name: str) -> None:
    assert endpoint.update("INSERT DATA { :a :b :c }", **{name: EX + "g"}).status_code == 400
