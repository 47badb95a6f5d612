"""A folder on a disk that may lose power or fill up, and programs that run on it.

The folder is an ordinary one; the programs run with disk.c preloaded. What a power cut leaves is made by survival.py.
"""

import contextlib
import errno
import os
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

__all__ = ["PATIENCE", "SOURCE", "Disk", "Ended", "powered"]

SOURCE: Final = Path(__file__).with_name("disk.c")
PATIENCE: Final = 120.0
# Those of struct dials in disk.c, in its order.
DIALS: Final = ("room", "trouble", "syncs", "cut_at", "after", "drafts")
DIAL: Final = struct.Struct("q")
PLENTY: Final = 1 << 62


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
        (self.shadow / "dials").write_bytes(bytes(DIAL.size * len(DIALS)))
        self._turn(room=PLENTY, cut_at=-1)
        self._start()

    def cut(self, at: int, *, after: bool = False) -> None:
        """Have the power go at a sync, counted from 0: before it is done, or right after."""
        self._turn(cut_at=at, after=after)

    def keep_drafts(self) -> None:
        """Keep what is written and not synced as well, so that some of it may survive a power cut."""
        self._turn(drafts=1)

    def leave(self, room: int, *, trouble: int = errno.ENOSPC) -> None:
        """Leave so many bytes of room: what needs more fails. Files can be written anew, renamed and removed still."""
        self._turn(trouble=trouble, room=room)

    def free(self) -> None:
        """Have room again."""
        self.leave(PLENTY)

    @property
    def used(self) -> int:
        """The bytes that were taken since there was room for everything."""
        return PLENTY - self._dial("room")

    @property
    def syncs(self) -> int:
        """How many syncs were done."""
        return self._dial("syncs")

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs in its environment to run on this disk."""
        return {
            **os.environ,
            "LD_PRELOAD": str(self._library),
            "PYTHONPATH": str(SOURCE.parents[1]),
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

    def _dial(self, name: str) -> int:
        offset = DIALS.index(name) * DIAL.size
        value: int = DIAL.unpack_from((self.shadow / "dials").read_bytes(), offset)[0]
        return value

    def _turn(self, **values: int) -> None:
        # In place and one by one: running programs have the file mapped, and change it too.
        with (self.shadow / "dials").open("r+b", buffering=0) as dials:
            for name, value in values.items():
                dials.seek(DIALS.index(name) * DIAL.size)
                dials.write(DIAL.pack(value))


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
