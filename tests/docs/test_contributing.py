"""What docs/contributing-triples.md shows works as it stands, from the token to the revert."""

import shutil
from pathlib import Path

import pytest
from pages import DOCS, blocks, played, same
from serving import serving

from edaphon.store.state import State

PAGE = "contributing-triples.md"
ADDRESS = "http://127.0.0.1:8000"


def test_every_block_does_what_the_page_says(tmp_path: Path) -> None:
    for program in ("bash", "curl", "python3", "sed"):
        if shutil.which(program) is None:
            pytest.skip(f"the examples use {program}, which is not here")
    wanted = blocks(PAGE)
    assert len([block for block in wanted if block.shown is not None]) > 8
    work = tmp_path / "work"
    work.mkdir()
    state = State.open(tmp_path / "state")
    with serving(state, "--workers", "2", "--processes", "1") as server:
        done = played(wanted, work, {"EDAPHON_STATE": str(state.folder)}, {ADDRESS: server.url})
    for block, printed in done:
        if block.shown is not None:
            assert same(printed) == same(block.shown), block.script


def test_no_token_is_printed_by_the_page() -> None:
    assert "edaphon_" not in (DOCS / PAGE).read_text(encoding="utf-8")
