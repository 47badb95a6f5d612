"""The examples of a page of the documentation, run as one shell script, and what the page says that they print.

A block of `sh` is run; one of `python` is fed to Python; one of `text` is what the block before it prints; a block
below a line with nothing but a file's name is that file's content. Others are only read.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DOCS", "Block", "blocks", "played", "same"]

DOCS = Path(__file__).resolve().parents[1] / "docs"
BLOCK = re.compile(r"(?:^`([\w.-]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# The day and the last letters of an identifier are new each time, and so are numbers of bytes.
IDENTIFIER = re.compile(r"\b\d{4}-\d\d-\d\d-([a-z0-9-]+?)-[a-z0-9]{6}\b")
TIME = re.compile(r"\b\d{4}-\d\d-\d\dT[\d:.]+Z")
END = "--- end of block ---"


@dataclass(frozen=True)
class Block:
    """A block that is run, and what the page says that it prints; None where it does not say."""

    script: str
    shown: str | None


def blocks(page: str) -> list[Block]:
    """The blocks of a page that are run, in its order."""
    found: list[Block] = []
    for file, language, content in BLOCK.findall((DOCS / page).read_text(encoding="utf-8")):
        fed = f"<<'END OF FILE'\n{content}END OF FILE\n"
        if file:
            found.append(Block(f"cat > {file} {fed}", None))
        elif language == "text":
            found[-1] = Block(found[-1].script, content)
        elif language == "python":
            found.append(Block(f"{shlex.quote(sys.executable)} - {fed}", None))
        elif language == "sh":
            found.append(Block(content, None))
    return found


def played(
    wanted: list[Block], folder: Path, environment: Mapping[str, str], replaced: Mapping[str, str]
) -> list[tuple[Block, str]]:
    """Run blocks one after the other in one shell, in `folder`, until one fails, which is an error.

    `replaced` are words of the page in whose place there is something else here. Gives what each printed.
    """
    script = "".join(f"{block.script}\necho '{END}'\n" for block in wanted)
    for old, new in replaced.items():
        script = script.replace(old, new)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    printed = done.stdout.split(f"{END}\n")
    failed = wanted[len(printed) - 1].script if len(printed) <= len(wanted) else ""
    assert done.returncode == 0, f"{failed}\n{printed[-1]}\n{done.stderr}"
    return list(zip(wanted, printed, strict=False))


def same(text: str) -> str:
    """A text without what is new each time."""
    return TIME.sub("TIME", IDENTIFIER.sub(r"DAY-\1-LETTERS", text)).replace("\r\n", "\n").strip()
