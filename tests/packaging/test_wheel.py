"""The wheel carries the graph: built, and installed where there is no checkout, it checks and serves it."""

import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUESTION = """
PREFIX edo: <https://w3id.org/edaphon/ontology#>
PREFIX edi: <https://w3id.org/edaphon/id/>
SELECT ?mandate ?evidence { GRAPH ?evidence { ?mandate edo:addressee edi:fao } }
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which `import edaphon` finds the installed wheel and not the checkout."""
    site = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([*command, "--disable-pip-version-check", str(wheel)], check=True, capture_output=True)
    return {**os.environ, "PYTHONPATH": str(site)}


def test_the_wheel_carries_every_file_of_the_four_folders(wheel: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "ontology", "data", "shapes", "queries"], cwd=ROOT, capture_output=True, text=True
    )
    if tracked.returncode:
        pytest.skip("not a git checkout, so nothing says which files belong to it")
    carried = set(zipfile.ZipFile(wheel).namelist())
    files = tracked.stdout.split()
    assert len(files) > 20
    assert {f"edaphon/_shipped/{name}" for name in files} <= carried


def test_the_installed_package_is_the_wheel_s(installed: dict[str, str], tmp_path: Path) -> None:
    code = "import edaphon; from edaphon.corpus.layout import locate; print(edaphon.__file__); print(locate('data'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=installed, check=True, capture_output=True, text=True
    )
    assert all(line.startswith(installed["PYTHONPATH"]) for line in done.stdout.splitlines()), done.stdout


@pytest.fixture
def address(installed: dict[str, str], tmp_path: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "edaphon", "serve", "--port", "0", "--state", str(tmp_path / "state")]
    with subprocess.Popen(
        [*command, "--processes", "1", "--workers", "1"],
        cwd=tmp_path,
        env=installed,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        try:
            yield "http" + line.rpartition("http")[2].strip()
        finally:
            server.terminate()


def test_the_installed_package_serves_the_graph(address: str) -> None:
    url = f"{address.rstrip('/')}/sparql?{urllib.parse.urlencode({'query': QUESTION})}"
    with urllib.request.urlopen(url, timeout=30) as response:
        rows = json.load(response)["results"]["bindings"]
    assert "https://w3id.org/edaphon/source/progress-report/para-4" in {row["evidence"]["value"] for row in rows}
