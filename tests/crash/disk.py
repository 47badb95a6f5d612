"""A folder on a disk that may lose power or fill up, and programs that run on it.

The folder is an ordinary one; the programs run with disk.c preloaded. What a power cut leaves is made by survival.py.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from crash.dials import Dials

__all__ = ["PATIENCE", "SOURCE", "Disk", "Ended", "powered"]

SOURCE: Final = Path(__file__).with_name("disk.c")
PATIENCE: Final = 120.0


@dataclass(frozen=True)
class Ended:
    """How a program ended. `powered_off` is whether it was by the power cut."""

    code: int
    out: str
    errors: str
    powered_off: bool

    @property
    def lines(self) -> list[str]:
        """The whole lines that it printed; one that was being written when it died does not count."""
        return self.out.rpartition("\n")[0].split("\n") if "\n" in self.out else []


class Disk:
    """A folder, `tree`, whose every change of a name and whose every sync is noted in `shadow`, beside it.

    What is in the tree when the disk is made counts as synced.
    """

    def __init__(self, library: Path, where: Path) -> None:
        where = where.resolve()
        self.tree = where / "tree"
        self.shadow = where / "shadow"
        self._library = library
        for folder in (self.tree, self.shadow, self.shadow / "content", self.shadow / "grave"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.shadow / "log").touch()
        self.dials = Dials(self.shadow / "dials")
        self.dials.reset()
        self._start()

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs in its environment to run on this disk."""
        return {
            **os.environ,
            "LD_PRELOAD": str(self._library),
            "PYTHONPATH": os.pathsep.join([str(SOURCE.parents[1]), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep),
            "EDAPHON_DISK_TREE": str(self.tree),
            "EDAPHON_DISK_SHADOW": str(self.shadow),
        }

    def run(self, program: str, *arguments: str, during: Callable[[int], None] | None = None) -> Ended:
        """Run a Python program on the disk, in its tree. `during` is called with its process, to disturb it."""
        # What it prints goes to files, so that nothing of it is lost with the process.
        out, errors = self.shadow / "out", self.shadow / "errors"
        with (
            out.open("wb") as to_out,
            errors.open("wb") as to_errors,
            subprocess.Popen(
                [sys.executable, "-c", program, *arguments],
                cwd=self.tree,
                env=self.environment,
                stdout=to_out,
                stderr=to_errors,
                start_new_session=True,
            ) as process,
        ):
            try:
                if during is not None:
                    during(process.pid)
                code = process.wait(PATIENCE)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        return Ended(code, out.read_text(), errors.read_text(), (self.shadow / "cut").exists())

    def _start(self) -> None:
        """Note what is there already."""
        start = self.shadow / "start"
        if start.exists():
            return
        start.mkdir()
        lines = [f"root\t{self.tree.stat().st_ino}\n"]
        for path in sorted(self.tree.rglob("*")):
            status = path.stat()
            lines.append(f"start\t{path.parent.stat().st_ino}\t{path.name}\t{status.st_ino}\t{status.st_mode:o}\n")
            if path.is_file():
                shutil.copyfile(path, start / str(status.st_ino))
        (self.shadow / "log").write_text("".join(lines))


def powered(folder: Path) -> Path:
    """Compile disk.c into a folder; skip the test, saying so, where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler to make the disk that loses power; install gcc and libc6-dev")
    library = folder / "disk.so"
    command = [compiler, "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(library)]
    done = subprocess.run([*command, str(SOURCE), "-ldl"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return library
