"""What the tests of contributions share."""

from pathlib import Path

import pytest
from contributing import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A published small graph, to which nothing has been contributed yet."""
    return Desk.at(tmp_path)
