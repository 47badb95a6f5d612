"""A server of its own processes over one revision folder, and what its processes do."""

import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

__all__ = ["PATIENCE", "SCRIPT", "Serving", "alive", "children", "serving", "wait_until"]

PATIENCE = 30.0
SCRIPT = Path(__file__).with_name("serve_folder.py")


@dataclass
class Serving:
    """A running server."""

    process: subprocess.Popen[str]
    url: str

    def get(self, path: str, accept: str = "application/json") -> str:
        with urlopen(Request(self.url + path, headers={"accept": accept}), timeout=PATIENCE) as answer:
            text: str = answer.read().decode()
        return text

    def ask(self, query: str) -> str:
        return self.get(f"/sparql?query={quote(query)}", "text/csv")

    def children(self) -> set[int]:
        """The HTTP processes."""
        return set(children(self.process.pid))

    def descendants(self) -> set[int]:
        """HTTP processes and query workers."""
        return self.children() | {worker for child in self.children() for worker in children(child)}


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.02)


@contextlib.contextmanager
def serving(folder: Path, **settings: object) -> Iterator[Serving]:
    command = [sys.executable, str(SCRIPT), str(folder), json.dumps({"port": 0, "workers": 4, **settings})]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = re.search(r"http://\S+", process.stdout.readline())
            assert address is not None
            yield Serving(process, address[0])
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            process.communicate(timeout=PATIENCE)
