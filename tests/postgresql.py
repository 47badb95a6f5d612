"""A PostgreSQL server of the tests' own: in a temporary folder, on a Unix socket, thrown away afterwards."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

__all__ = ["Cluster", "cluster", "postgresql"]

PATIENCE = 60.0
# Its data are worth nothing after the test. The ledger has to ask for a commit that waits for the disk by itself.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "16MB",
}


@dataclass(frozen=True)
class Cluster:
    """A running server; `folder` holds its socket."""

    folder: Path
    numbers: Iterator[int]

    def url(self, schema: str = "public") -> str:
        """The URL of the database, with this one of its schemas for whatever is asked of it."""
        return f"postgresql://edaphon@/postgres?host={quote(str(self.folder))}&options=-csearch_path%3D{schema}"

    def fresh(self) -> str:
        """The URL of what its users take for a new and empty database; a schema is made much faster."""
        schema = f"ledger_{next(self.numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {schema}".encode())
        return self.url(schema)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """One server for all tests of a session; skips where PostgreSQL is not installed."""
    with cluster() as running:
        yield running


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server here; on Debian: apt-get install postgresql")
    owner = _owner()
    # Not in the folder of the test: the path of a socket may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="edaphon-pg-", dir="/tmp"))
    try:
        if owner is not None:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        run = {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        data = folder / "data"
        initdb = [binaries / "initdb", "-D", data, "-U", "edaphon", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
        subprocess.run(initdb, check=True, capture_output=True, timeout=PATIENCE, cwd=folder, **run)
        command = [binaries / "postgres", "-D", data, "-k", folder]
        for name, value in SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **run)
        running = Cluster(folder, count(1))
        try:
            _wait(process, running)
            yield running
        finally:
            # At once, without writing anything more.
            process.send_signal(signal.SIGQUIT)
            process.wait(timeout=PATIENCE)
    finally:
        shutil.rmtree(folder)


def _wait(process: "subprocess.Popen[bytes]", running: Cluster) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(running.url()).close()
            return
        except psycopg.OperationalError:
            said = (running.folder / "log").read_text(errors="replace")
            assert process.poll() is None, f"the PostgreSQL server ended: {said}"
            assert time.monotonic() < until, f"the PostgreSQL server does not answer: {said}"
            time.sleep(0.05)


def _binaries() -> Path | None:
    """The folder of the server's programs, which Debian leaves out of PATH; the newest where there are several."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    for program in ("initdb", "postgres"):
        where = shutil.which(program)
        if where is not None:
            found.append(Path(where).resolve().parent)
    if (config := shutil.which("pg_config")) is not None:
        said = subprocess.run([config, "--bindir"], check=True, capture_output=True, text=True, timeout=PATIENCE)
        found.append(Path(said.stdout.strip()))
    complete = [folder for folder in found if all((folder / name).exists() for name in ("initdb", "postgres"))]
    return complete[-1] if complete else None


def _owner() -> pwd.struct_passwd | None:
    """As whom to run the server, which refuses to be run by root; None for whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    pytest.skip("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
