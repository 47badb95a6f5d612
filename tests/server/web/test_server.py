"""The processes of `serve`: how they start, recover, stop, and leave nothing behind."""

import os
import signal
import socket
import subprocess
import sys
from http.client import IncompleteRead
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from processes import PATIENCE, SCRIPT, Serving, alive, children, serving, wait_until
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad
from revisions import EX, published

from edaphon.errors import AddressUnusable
from edaphon.web.server import bind

SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A revision large enough for a cross product that does not end."""
    quads = [
        Quad(NamedNode(f"{EX}{number}"), NamedNode(EX + "p"), Literal(number), DefaultGraph()) for number in range(2000)
    ]
    return published(tmp_path_factory.mktemp("served") / "000001", 1, quads).folder


def test_one_line_says_where_once_queries_are_answered(folder: Path) -> None:
    with serving(folder) as server:
        assert server.ask("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").split() == ["n", "2000"]
        server.process.terminate()
        out, _ = server.process.communicate(timeout=PATIENCE)
        assert out == ""
        assert server.process.returncode == 0


def test_every_process_has_its_share_of_workers(folder: Path) -> None:
    with serving(folder, processes=2, workers=3) as server:
        assert sorted(len(children(child)) for child in server.children()) == [1, 2]


def test_there_are_no_more_processes_than_workers(folder: Path) -> None:
    with serving(folder, processes=4, workers=1) as server:
        assert [len(children(child)) for child in server.children()] == [1]


def test_a_process_that_dies_is_replaced(folder: Path) -> None:
    with serving(folder, processes=2) as server:
        before = server.children()
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(server.children() - {victim}) == 2 and not alive(victim))
        assert server.ask("ASK {}").strip() == "true"


def test_stopping_ends_every_process(folder: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with serving(folder, processes=2) as server:
            family = server.descendants()
            assert len(family) == 6
            server.process.send_signal(number)
            assert server.process.wait(PATIENCE) == 0
            wait_until(lambda family=family: not any(alive(pid) for pid in family))  # type: ignore[misc]  # bound now


def test_a_running_query_finishes_within_the_grace_period(folder: Path) -> None:
    query = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f }"
    with serving(folder, processes=1, workers=1) as server, socket.create_connection(at(server)) as connection:
        server.ask("ASK {}")
        connection.sendall(f"GET /sparql?query={quote(query)} HTTP/1.1\r\nhost: x\r\naccept: text/csv\r\n\r\n".encode())
        (worker,) = server.descendants() - server.children()
        wait_until(lambda: busy(worker))
        server.process.terminate()
        answer = read_all(connection)
        assert b"200 OK" in answer
        assert answer.endswith(b"4000000\r\n")
        assert server.process.wait(PATIENCE) == 0


def test_a_query_beyond_the_grace_period_is_told_so(folder: Path) -> None:
    with (
        serving(folder, processes=1, workers=1, grace=0.2) as server,
        socket.create_connection(at(server)) as connection,
    ):
        server.ask("ASK {}")
        connection.sendall(f"GET /sparql?query={quote(SLOW)} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        (worker,) = server.descendants() - server.children()
        wait_until(lambda: busy(worker))
        server.process.terminate()
        answer = read_all(connection)
        assert b"503 Service Unavailable" in answer
        assert b"/problem/busy" in answer
        assert server.process.wait(PATIENCE) == 0


def test_nothing_outlives_a_supervisor_that_is_killed(folder: Path) -> None:
    with serving(folder) as server:
        family = server.descendants()
        server.process.kill()
        wait_until(lambda: not any(alive(pid) for pid in family))


def test_a_client_that_hangs_up_frees_the_worker_at_once(folder: Path) -> None:
    with serving(folder, processes=1, workers=1) as server:
        server.ask("ASK {}")
        (worker,) = server.descendants() - server.children()
        with socket.create_connection(at(server)) as connection:
            connection.sendall(f"GET /sparql?query={quote(SLOW)} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            wait_until(lambda: busy(worker))
        wait_until(lambda: not alive(worker))
        assert server.ask("ASK {}").strip() == "true"


def test_a_result_of_a_million_rows_passes_in_flat_memory(folder: Path) -> None:
    query = "SELECT ?a ?d { ?a ?b ?c . ?d ?e ?f } LIMIT 1000000"
    with serving(folder, processes=1, workers=1) as server:
        (process,) = server.children()
        assert server.ask("ASK {}").strip() == "true"
        before = peak(process)
        request = Request(f"{server.url}/sparql?query={quote(query)}", headers={"accept": "text/csv"})
        with urlopen(request, timeout=PATIENCE) as answer:
            lines = sum(part.count(b"\n") for part in iter(lambda: answer.read(1_000_000), b""))
        assert lines == 1_000_001
        assert peak(process) - before < 60_000


def test_an_answer_that_meets_its_deadline_on_the_way_does_not_look_complete(folder: Path) -> None:
    query = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    with serving(folder, processes=1, workers=1, timeout=1.0) as server:
        request = Request(f"{server.url}/sparql?query={quote(query)}", headers={"accept": "text/csv"})
        with urlopen(request, timeout=PATIENCE) as answer:
            assert answer.status == 200
            with pytest.raises(IncompleteRead):
                while answer.read(1_000_000):
                    pass
        server.process.terminate()
        _, log = server.process.communicate(timeout=PATIENCE)
    assert " cut\n" in log
    assert "Traceback" not in log


def test_a_state_that_cannot_be_prepared_stops_the_start(folder: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(folder / "missing"), '{"port": 0}']
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "there is no" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_that_is_taken_is_named() -> None:
    (first,) = bind("127.0.0.1", 0)
    port = first.getsockname()[1]
    with first, pytest.raises(AddressUnusable, match=f"127.0.0.1 port {port}"):
        bind("127.0.0.1", port)


def test_an_address_that_does_not_exist_is_named() -> None:
    with pytest.raises(AddressUnusable, match=r"no-such-host\.invalid"):
        bind("no-such-host.invalid", 0)


def at(server: Serving) -> tuple[str, int]:
    host, port = server.url.removeprefix("http://").split(":")
    return host, int(port)


def read_all(connection: socket.socket) -> bytes:
    connection.settimeout(PATIENCE)
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def peak(pid: int) -> int:
    """The most memory that a process has held, in kilobytes."""
    return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0])


def busy(pid: int) -> bool:
    """Whether a process is computing."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "R"
