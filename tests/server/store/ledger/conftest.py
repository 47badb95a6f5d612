"""Every behaviour of the ledger is tested in a file and in PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edaphon.store.ledger import Ledger


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a ledger can be made that is not there yet."""
    if request.param == "sqlite":
        return tmp_path / "ledger.sqlite"
    url: str = request.getfixturevalue("postgresql").fresh()
    return url


@pytest.fixture
def ledger(where: Path | str) -> Iterator[Ledger]:
    """A new ledger."""
    with Ledger.open(where) as opened:
        yield opened
