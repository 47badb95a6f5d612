"""What the crash tests share: a disk that can lose power and fill up."""

from collections.abc import Callable
from pathlib import Path

import pytest
from crash.disk import Disk, powered


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled disk.c."""
    return powered(tmp_path_factory.mktemp("disk"))


@pytest.fixture
def disk(library: Path, tmp_path: Path) -> Disk:
    """An empty disk."""
    return Disk(library, tmp_path / "disk")


@pytest.fixture
def new_disk(library: Path, tmp_path: Path) -> Callable[[str], Disk]:
    """Makes disks of a name each."""
    return lambda name: Disk(library, tmp_path / name)
