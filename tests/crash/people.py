"""A server in processes that can be killed, and the people who contribute to it and write down what they are told."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from crash.integrity import EX, payload

__all__ = ["CLIENTS", "Contributors", "Server", "running", "visible"]

PATIENCE = 60.0
CLIENTS = 3


class Server:
    """A server in a process group of its own, started anew whenever it is gone."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        self.log = folder.with_name("server.log")

    def start(self) -> None:
        command = [sys.executable, "-m", "edaphon", "serve", "--port", "0", "--state", str(self._folder)]
        options = ["--rate", "0", "--workers", "2", "--processes", "2"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                env=self._environment,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        address = [word for word in line.split() if word.startswith("http://")]
        assert address, f"the server did not start: {line!r}\n{self.log.read_text()[-3000:]}"
        self.url = address[0].rstrip("/")

    def kill(self) -> None:
        """Kill all its processes at once, as when the machine runs out of memory."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate(timeout=PATIENCE)

    def kill_one(self, chance: random.Random) -> None:
        """Kill one of the processes that it has started; it has to go on."""
        if below := self.below():
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(below), signal.SIGKILL)

    def below(self) -> list[int]:
        """The processes that it has started, directly or not: those of its group."""
        assert self._process is not None
        mine = self._process.pid
        running = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdecimal()]
        return [one for one in running if one != mine and _group(one) == mine]


def _group(process: int) -> int | None:
    try:
        return os.getpgid(process)
    except ProcessLookupError:
        return None


@contextlib.contextmanager
def running(folder: Path, environment: Mapping[str, str] = os.environ) -> Iterator[Server]:
    """Serve a state folder for the length of the block."""
    server = Server(folder, environment)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class Contributors:
    """People who propose and accept one thing after the other, and write down what they were answered."""

    def __init__(self, server: Server, proposer: str, reviewer: str) -> None:
        self._server = server
        self._proposer, self._reviewer = proposer, reviewer
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._tried = 0
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self._threads = [threading.Thread(target=self._work) for _ in range(CLIENTS)]

    def __enter__(self) -> "Contributors":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def accepted(self) -> list[str]:
        with self._lock:
            return [line.split()[0] for line in self.acknowledged if line.endswith(" accepted")]

    @property
    def tried(self) -> int:
        return self._tried

    def have_accepted(self, number: int) -> bool:
        """Whether they have been told of so many that they are accepted."""
        return len(self.accepted) >= number

    def _work(self) -> None:
        while not self._over.is_set():
            with self._lock:
                self._tried += 1
                number = self._tried
            made = self._ask(f"/contributions?title=Thing%20{number}", self._proposer, payload(number), "text/turtle")
            if made is None:
                continue
            self._note(f"{made['id']} proposed")
            place = f"/contributions/{made['id']}/accept"
            # Whoever gets no answer asks again; to be told that it was accepted is an answer too.
            while not self._over.is_set():
                done = self._ask(place, self._reviewer, '{"reason": "as agreed"}', "application/json")
                if done is not None:
                    self._note(f"{made['id']} accepted")
                    break

    def _note(self, line: str) -> None:
        with self._lock:
            self.acknowledged.append(line)

    def _ask(self, path: str, token: str, body: str, kind: str) -> dict[str, str] | None:
        headers = {"authorization": f"Bearer {token}", "content-type": kind, "accept": "application/json"}
        try:
            with urlopen(Request(self._server.url + path, body.encode(), headers), timeout=PATIENCE) as answer:
                found: dict[str, str] = json.load(answer)
                return found
        except HTTPError as error:
            with error:
                problem = error.read().decode()
            # It went through, and only the answer was lost.
            if error.code == 409 and "is accepted, not proposed" in problem:
                return {}
            # Busy, or the process that worked on it was killed, as it is when it takes too much memory.
            if error.code not in (503, 507):
                with self._lock:
                    self.refused.append(f"{error.code} {problem}")
        except (URLError, HTTPException, OSError, ValueError):
            pass
        time.sleep(0.02)
        return None


def visible(server: Server) -> set[str]:
    """The contributions that queries see."""
    query = f"SELECT DISTINCT ?g WHERE {{ GRAPH ?g {{ ?s a <{EX}A> }} }}"
    request = Request(f"{server.url}/sparql?query={quote(query)}", headers={"accept": "text/csv"})
    with urlopen(request, timeout=PATIENCE) as answer:
        return {line.strip().rpartition("/")[2] for line in answer.read().decode().splitlines()[1:]}
