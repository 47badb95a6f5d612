"""What docs/contributing-triples.md shows works as it stands, from the token to the revert."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from serving import serving

from edaphon.store.state import State

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "contributing-triples.md"
# A file's name may stand on a line of its own above its content.
BLOCK = re.compile(r"(?:^`([\w.-]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"
# The day and the last letters of an identifier are new each time.
IDENTIFIER = re.compile(r"\b\d{4}-\d\d-\d\d-([a-z0-9-]+?)-[a-z0-9]{6}\b")
END = "--- end of block ---"


@dataclass(frozen=True)
class Step:
    """A block that is run, and what the page says that it prints; None where it does not say."""

    script: str
    shown: str | None


def steps() -> list[Step]:
    """The blocks of the page as parts of one shell script."""
    found: list[Step] = []
    for file, language, content in BLOCK.findall(DOCUMENT.read_text(encoding="utf-8")):
        if language == "text":
            found[-1] = Step(found[-1].script, content)
        elif file:
            found.append(Step(f"cat > {file} <<'END OF FILE'\n{content}END OF FILE\n", None))
        elif language == "python":
            found.append(Step(f"{shlex.quote(sys.executable)} - <<'END OF FILE'\n{content}END OF FILE\n", None))
        else:
            assert language == "sh", f"what is to be done with a block of {language}?"
            found.append(Step(content, None))
    return found


def same(text: str) -> str:
    return IDENTIFIER.sub(r"DAY-\1-LETTERS", text).replace("\r\n", "\n").strip()


def test_every_block_does_what_the_page_says(tmp_path: Path) -> None:
    for program in ("bash", "curl", "python3", "sed"):
        if shutil.which(program) is None:
            pytest.skip(f"the examples use {program}, which is not here")
    blocks = steps()
    assert len([block for block in blocks if block.shown is not None]) > 8
    work = tmp_path / "work"
    work.mkdir()
    state = State.open(tmp_path / "state")
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(work),
        "EDAPHON_STATE": str(state.folder),
        "LANG": "C.UTF-8",
    }
    with serving(state, "--workers", "2", "--processes", "1") as server:
        script = "".join(f"{block.script}\necho '{END}'\n" for block in blocks).replace(ADDRESS, server.url)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    printed = done.stdout.split(f"{END}\n")
    for block, output in zip(blocks, printed, strict=False):
        if block.shown is not None:
            assert same(output) == same(block.shown), f"{block.script}\n{done.stderr}"
    assert done.returncode == 0, done.stderr
    assert len(printed) == len(blocks) + 1


def test_no_token_is_printed_by_the_page() -> None:
    assert "edaphon_" not in DOCUMENT.read_text(encoding="utf-8")
