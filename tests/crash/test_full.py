"""A server whose disk fills up: it says so and answers on, and goes on where it was when there is room again."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from crash.disk import Disk
from crash.integrity import goes_on, payload, recovered, small_corpus
from crash.people import PATIENCE, running, visible

from edaphon.contributions import tokens
from edaphon.store.preparing import prepare
from edaphon.store.state import State


@pytest.fixture
def post() -> Callable[[str, str, str, str], tuple[int, dict[str, str]]]:
    """Posts to an address with a token, and gives the status and what was answered."""

    def ask(url: str, token: str, body: str, kind: str) -> tuple[int, dict[str, str]]:
        headers = {"authorization": f"Bearer {token}", "content-type": kind, "accept": "application/json"}
        try:
            with urlopen(Request(url, body.encode(), headers), timeout=PATIENCE) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    return ask


def test_a_server_without_room_says_so_and_accepts_later(
    new_disk: Callable[[str], Disk], tmp_path: Path, post: Callable[[str, str, str, str], tuple[int, dict[str, str]]]
) -> None:
    state = State.open(tmp_path / "disk" / "tree" / "state", corpus=small_corpus(tmp_path / "corpus"))
    prepare(state)
    with state.ledger as ledger:
        proposer, reviewer = (tokens.make(ledger, role, role, None).secret for role in ("contributor", "reviewer"))
    disk = new_disk("disk")
    with running(state.folder, disk.environment) as server:
        propose = (f"{server.url}/contributions?title=One", proposer, payload(1), "text/turtle")
        status, made = post(*propose)
        assert status == 201
        accept = (f"{server.url}/contributions/{made['id']}/accept", reviewer, "{}", "application/json")
        for room in (0, 10_000, 100_000):
            disk.dials.leave(room)
            status, problem = post(*accept)
            assert (status, problem["type"].rpartition("/")[2]) == (507, "disk"), problem
            assert "disk is full" in problem["detail"]
            assert made["id"] not in visible(server)
        disk.dials.leave(0)
        assert post(*propose)[0] == 507
        disk.dials.free()
        status, accepted = post(*accept)
        assert (status, accepted["status"]) == (200, "accepted")
        assert visible(server) == {made["id"]}
    with recovered(state.folder) as after:
        goes_on(after)
