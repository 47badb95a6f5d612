"""A revision that cannot be opened is told of for what it is."""

from pathlib import Path

import pytest

from edaphon.errors import RevisionMissing, StateError
from edaphon.store.reading import reading
from edaphon.store.revisions import Revision


def test_a_revision_that_was_tidied_away_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RevisionMissing, match="not kept any more"), reading(Revision(7, tmp_path / "000007")):
        pass


def test_one_that_the_system_does_not_let_be_read_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "000007"
    folder.symlink_to(folder)
    with pytest.raises(StateError, match="cannot be read") as caught, reading(Revision(7, folder)):
        pass
    assert not isinstance(caught.value, RevisionMissing)
