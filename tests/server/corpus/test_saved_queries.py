"""The header of a saved query is read as those who know grlc write it."""

from pathlib import Path

import pytest

from edaphon.corpus.saved_queries import read_saved_query
from edaphon.errors import CorpusError


def saved(tmp_path: Path, defaults: str) -> dict[str, object]:
    file = tmp_path / "asked.rq"
    file.write_text(f"#+ summary: What is asked\n#+ defaults:{defaults}\n\nSELECT ?_symbol {{}}\n", encoding="utf-8")
    return read_saved_query(file).defaults


@pytest.mark.parametrize(
    "defaults",
    ["\n#+   - symbol: A/1\n#+   - from: 2020", "\n#+   symbol: A/1\n#+   from: 2020", " [{symbol: A/1, from: 2020}]"],
)
def test_defaults_are_a_list_as_grlc_has_it_or_a_mapping(tmp_path: Path, defaults: str) -> None:
    assert saved(tmp_path, defaults) == {"symbol": "A/1", "from": 2020}


@pytest.mark.parametrize("defaults", [" A/1", "\n#+   - A/1"])
def test_defaults_without_names_are_refused(tmp_path: Path, defaults: str) -> None:
    with pytest.raises(CorpusError, match="a line for each"):
        saved(tmp_path, defaults)
