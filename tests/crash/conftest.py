"""What the crash tests share: a disk that can lose power and fill up."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from crash.disk import Disk, powered

# What several tests at once may take.
ROOM: Final = 2_000_000_000


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled disk.c."""
    return powered(tmp_path_factory.mktemp("disk"))


@pytest.fixture
def tmp_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: recovery syncs a lot, and what a real disk makes of that is not tested."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or shutil.disk_usage(memory).free < ROOM:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="edaphon-crash-", dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def disk(library: Path, tmp_path: Path) -> Disk:
    """An empty disk."""
    return Disk(library, tmp_path / "disk")


@pytest.fixture
def new_disk(library: Path, tmp_path: Path) -> Callable[[str], Disk]:
    """Makes disks of a name each."""
    return lambda name: Disk(library, tmp_path / name)
