"""The command `edaphon serve`."""

import contextlib
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner
from pyoxigraph import RdfFormat, parse

from edaphon.cli import main
from edaphon.settings import Settings

PATIENCE = 60.0


@contextlib.contextmanager
def serving(state: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A running server's address and process."""
    command = [
        sys.executable,
        "-m",
        "edaphon",
        "serve",
        "--port",
        "0",
        "--state",
        str(state),
        "--workers",
        "2",
        *options,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = re.search(r"http://\S+", process.stdout.readline())
            assert address is not None
            yield address[0], process
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


def get(url: str, accept: str) -> bytes:
    with urlopen(Request(url, headers={"accept": accept}), timeout=PATIENCE) as answer:
        body: bytes = answer.read()
    return body


def stop(process: subprocess.Popen[str]) -> str:
    """Standard error of a server after it was told to stop."""
    process.terminate()
    _, remarks = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    return remarks


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of one document with one statement, and one saved query."""
    documents = tmp_path / "corpus" / "data" / "documents"
    documents.mkdir(parents=True)
    (documents / "one.trig").write_text("GRAPH <urn:passage> { <urn:a> <urn:says> <urn:b> }\n")
    queries = tmp_path / "corpus" / "queries" / "examples"
    queries.mkdir(parents=True)
    (queries / "who-says.rq").write_text("#+ summary: Who says what\n\nSELECT * { ?s <urn:says> ?o }\n")
    return tmp_path / "corpus"


def test_a_corpus_is_served_with_its_evidence(corpus: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "state", "--corpus", str(corpus)) as (url, process):
        query = "query=SELECT%20%3Fg%20%7BGRAPH%20%3Fg%20%7B%3Curn:a%3E%20%3Curn:says%3E%20%3Curn:b%3E%7D%7D"
        assert get(f"{url}/sparql?{query}", "text/csv").split() == [b"g", b"urn:passage"]
        assert b"Who says what" in get(f"{url}/", "text/html")
        quads = parse(get(f"{url}/sparql", "application/n-triples"), RdfFormat.N_TRIPLES)
        assert "urn:passage" in {getattr(quad.object, "value", None) for quad in quads}
        log = stop(process)
    assert re.search(r"^\S+Z GET /sparql 200 \d+\.\d\dms \d+B r1 fresh$", log, re.MULTILINE)
    assert "urn:says" not in log
    assert "Traceback" not in log


def test_an_empty_state_can_be_served(tmp_path: Path) -> None:
    with serving(tmp_path / "state", "--corpus", "none", "--default-graph", "plain", "--log-queries") as (url, process):
        assert get(f"{url}/sparql?query=ASK%20%7B%7D", "text/csv").strip() == b"true"
        log = stop(process)
    assert '"ASK {}"' in log


def test_a_taken_port_is_said_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = ["serve", "--port", str(port), "--state", str(tmp_path), "--corpus", "none"]
        command = [sys.executable, "-m", "edaphon", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2
    assert f"port {port}" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "option",
    [
        ("--workers", "0"),
        ("--processes", "0"),
        ("--timeout", "0"),
        ("--timeout", "nan"),
        ("--memory", "-1"),
        ("--port", "x"),
        ("--default-graph", "union"),
        ("--corpus", "/no/such/folder"),
    ],
)
def test_settings_that_cannot_be_served_are_wrong_usage(tmp_path: Path, option: tuple[str, str]) -> None:
    done = CliRunner().invoke(main, ["serve", "--state", str(tmp_path / "state"), *option])
    assert done.exit_code == 2
    assert "Error" in done.output


def test_help_names_every_setting_and_its_variable() -> None:
    text = CliRunner().invoke(main, ["serve", "--help"]).output
    for name in Settings.__dataclass_fields__:
        assert f"--{name.replace('_', '-')}" in text
        assert f"EDAPHON_{name.upper()}" in text


def test_a_variable_of_the_environment_is_an_option(tmp_path: Path) -> None:
    environment = {"EDAPHON_CORPUS": "/no/such/corpus"}
    done = CliRunner().invoke(main, ["serve", "--state", str(tmp_path / "state")], env=environment)
    assert done.exit_code == 2
    assert "/no/such/corpus" in done.output
