"""What a confined thread can no longer do, and what it still can."""

import subprocess
import sys

import pytest

SCRIPT = """
import os, pathlib, socket, threading
from edaphon.sparql.confinement import confine

outside = []
go = threading.Event()
def stay_outside():
    go.wait()
    outside.append(socket.socket())
waiting = threading.Thread(target=stay_outside)
waiting.start()
left, right = socket.socketpair()
if not confine():
    print("no filter on this machine")
    raise SystemExit
def refused(attempt):
    try:
        attempt()
    except PermissionError:
        return True
    return False
print("socket", refused(socket.socket))
print("program", refused(lambda: os.execv("/bin/true", ["true"])))
inherited = []
child = threading.Thread(target=lambda: inherited.append(refused(socket.socket)))
child.start(); child.join()
print("later thread", inherited[0])
left.sendall(b"x")
print("open descriptors", right.recv(1) == b"x")
print("files", bool(pathlib.Path("/proc/self/statm").read_bytes()))
go.set(); waiting.join()
print("earlier thread", len(outside) == 1)
outside[0].close(); left.close(); right.close()
"""


@pytest.fixture(scope="module")
def told() -> str:
    done = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True)
    if done.stdout.startswith("no filter"):
        pytest.skip("this machine has no seccomp filter that we know")
    return done.stdout


@pytest.mark.parametrize("deed", ["socket", "program", "later thread"])
def test_a_confined_thread_reaches_nothing(told: str, deed: str) -> None:
    assert f"{deed} True" in told


@pytest.mark.parametrize("deed", ["open descriptors", "files", "earlier thread"])
def test_what_a_worker_needs_still_works(told: str, deed: str) -> None:
    assert f"{deed} True" in told
