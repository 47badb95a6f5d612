"""One bad query harms nobody: each hostile query is answered truthfully, and the others do not notice."""

import json
import threading
from collections.abc import Iterator
from itertools import count

import httpx
import pytest
from pathological import PATHOLOGICAL, Case, Outcome, quads
from serving import Server, children, publish, serving

from edaphon.namespaces import BASE
from edaphon.store.state import State

# The server and its witness belong together, so the cases stay on one test process.
pytestmark = pytest.mark.xdist_group("hostile queries")

TIMEOUT = "2"
MEMORY = "256"
PROBLEMS: dict[tuple[int, str], Outcome] = {
    (400, "syntax"): "syntax",
    (403, "egress"): "egress",
    (503, "deadline"): "deadline",
    (507, "memory"): "memory",
}


class Witness:
    """Another client, who asks one quick question after the other and expects the right answer each time."""

    def __init__(self, server: Server) -> None:
        self.failures: list[str] = []
        self._server = server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._answered = threading.Condition()
        self._answers = 0

    def __enter__(self) -> "Witness":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        with httpx.Client(timeout=20) as client:
            for number in count():
                if self._stop.is_set():
                    return
                answer = client.get(self._server.sparql, params={"query": f"SELECT ({number} AS ?n) {{ }}"})
                if answer.status_code != 200 or value(answer) != str(number):
                    self.failures.append(f"{answer.status_code} {answer.text}")
                with self._answered:
                    self._answers += 1
                    self._answered.notify_all()

    def served_again(self) -> bool:
        """Whether a question that is asked from now on is answered."""
        with self._answered:
            # The one that is on its way may have been asked before.
            enough = self._answers + 2
            return self._answered.wait_for(lambda: self._answers >= enough, 20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    state = State.open(tmp_path_factory.mktemp("hostile") / "state", corpus="none", default_graph="plain")
    publish(state, quads())
    limits = ("--timeout", TIMEOUT, "--memory", MEMORY, "--cache", "0")
    with serving(state, "--processes", "2", "--workers", "4", *limits) as server:
        yield server


@pytest.fixture(scope="module")
def witness(server: Server) -> Iterator[Witness]:
    with Witness(server) as witness:
        yield witness


def value(answer: httpx.Response) -> str:
    """What a complete answer says, as `pathological.Case.value` puts it."""
    if answer.headers["Content-Type"].startswith("application/n-triples"):
        return str(len(answer.text.splitlines()))
    document = json.loads(answer.content)
    if "boolean" in document:
        return str(document["boolean"]).lower()
    (row,) = document["results"]["bindings"]
    ((_, term),) = row.items()
    return str(term["value"])


def outcome(server: Server, case: Case) -> Outcome:
    """Ask the query and say how it was answered; a complete answer must be the right one."""
    headers = {
        "Content-Type": "application/sparql-query",
        "Accept": "application/sparql-results+json, application/n-triples",
    }
    try:
        answer = httpx.post(server.sparql, content=case.query, headers=headers, timeout=30)
    except httpx.RemoteProtocolError:
        return "cut"
    if answer.status_code == 200:
        assert case.value is None or value(answer) == case.value
        return "answer"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    return PROBLEMS[answer.status_code, problem["type"].removeprefix(f"{BASE}problem/")]


@pytest.mark.parametrize("case", PATHOLOGICAL, ids=lambda case: case.name)
def test_a_hostile_query_is_answered_truthfully_and_harms_nobody(server: Server, witness: Witness, case: Case) -> None:
    processes = children(server.pid)
    assert outcome(server, case) in case.truthful
    assert children(server.pid) == processes
    assert witness.served_again()
    assert witness.failures == []


def test_there_are_enough_kinds_of_hostile_queries() -> None:
    assert len({case.name for case in PATHOLOGICAL}) >= 30
