"""What a benchmark runs on and against: this machine, Edaphon, and the Oxigraph server with the same data."""

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Final

__all__ = [
    "BIN",
    "Server",
    "ask",
    "children",
    "edaphon",
    "load_edaphon",
    "load_oxigraph",
    "machine",
    "oxigraph",
    "rss",
    "scratch",
    "table",
    "timed",
]

BIN: Final = Path(sys.executable).parent
PLAIN: Final = ("--corpus", "none", "--default-graph", "plain")
START_WITHIN: Final = 120.0


def machine() -> str:
    """The machine and the versions, for the head of a report."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000_000
    names = ("edaphon", "pyoxigraph", "uvicorn")
    oxigraph_version = run(BIN / "oxigraph", "--version").stdout.split()[-1]
    versions = ", ".join([*(f"{name} {version(name)}" for name in names), f"oxigraph server {oxigraph_version}"])
    return (
        f"{os.cpu_count()} x {model}, {memory} GB, {platform.system()} {platform.release()}, "
        f"load {os.getloadavg()[0]:.1f}\nPython {platform.python_version()}, {versions}"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under a head, the first column to the left and numbers to the right."""
    cells = [
        tuple(head),
        *(tuple(f"{one:,.2f}" if isinstance(one, float) else str(one) for one in row) for row in rows),
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for position, row in enumerate(cells):
        first, *rest = (
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *rest]).rstrip(), flush=True)
        if position == 0:
            print("  ".join("-" * width for width in widths))


@contextmanager
def scratch(folder: Path | None) -> Iterator[Path]:
    """A folder for data and states: the one given, which is kept and reused, or a temporary one."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="edaphon-benchmark-") as made:
        yield Path(made)


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(str(part) for part in command)} failed:\n{done.stderr}")
    return done


def timed(*command: str | Path) -> float:
    """Seconds that a command takes; the benchmark ends when it fails."""
    started = time.perf_counter()
    run(*command)
    return time.perf_counter() - started


def load_edaphon(state: Path, *files: Path, merge: bool = False, graph: str | None = None) -> float:
    """Load files into a new state and give the seconds it took."""
    shutil.rmtree(state, ignore_errors=True)
    mode = ("--corpus", "none", "--default-graph", "merge") if merge else PLAIN
    named = ("--graph", graph) if graph is not None else ()
    return timed(BIN / "edaphon", "load", *files, "--state", state, *mode, *named)


def load_oxigraph(location: Path, *files: Path) -> float:
    """Load files into a new store of the Oxigraph server and give the seconds it took."""
    shutil.rmtree(location, ignore_errors=True)
    return timed(BIN / "oxigraph", "load", "--location", location, "--file", *files)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its name in reports, the URL of its query endpoint, its process."""

    name: str
    url: str
    pid: int

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2].partition("/")[0])


@contextmanager
def edaphon(state: Path, *options: str) -> Iterator[Server]:
    """Edaphon serving a state folder on a free port; `options` go to `edaphon serve`."""
    command = [str(BIN / "edaphon"), "serve", "--port", "0", "--state", str(state), *options]
    with running(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = next((word for word in line.split() if word.startswith("http://")), None)
        if address is None:
            raise SystemExit(f"edaphon serve did not say where it serves, but: {line!r}")
        yield Server("edaphon", f"{address.rstrip('/')}/sparql", process.pid)


@contextmanager
def oxigraph(location: Path) -> Iterator[Server]:
    """The Oxigraph server on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(BIN / "oxigraph"), "serve", "--location", str(location), "--bind", f"127.0.0.1:{port}"]
    with running(command, stdout=subprocess.DEVNULL) as process:
        server = Server("oxigraph", f"http://127.0.0.1:{port}/query", process.pid)
        given_up = time.monotonic() + START_WITHIN
        while True:
            try:
                ask(server, "ASK {}")
                break
            except OSError:
                if time.monotonic() > given_up or process.poll() is not None:
                    raise
                time.sleep(0.01)
        yield server


@contextmanager
def running(command: list[str], stdout: int) -> "Iterator[subprocess.Popen[str]]":
    log: IO[bytes]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, stdout=stdout, stderr=log, text=True) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is not None:
                log.seek(0)
                print(f"{command[0]} ended on its own:\n{log.read().decode()[-2000:]}", file=sys.stderr)
            process.terminate()
            process.wait(30)


def ask(server: Server, query: str, accept: str = "application/sparql-results+json") -> bytes:
    """The answer to one query, on a connection of its own."""
    headers = {"Accept": accept, "Content-Type": "application/sparql-query"}
    with urllib.request.urlopen(urllib.request.Request(server.url, query.encode(), headers), timeout=300) as answer:
        body: bytes = answer.read()
    return body


def count(server: Server) -> int:
    """How many triples the server's default graph holds."""
    answer = json.loads(ask(server, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"))
    return int(answer["results"]["bindings"][0]["n"]["value"])


def children(pid: int) -> list[int]:
    """The processes that a process started and that still run."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def rss(pid: int) -> float:
    """The resident memory of a process in megabytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
