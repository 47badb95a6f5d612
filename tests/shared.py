"""The material beside the checkout that some tests read: the source document, the facts, the W3C suites."""

import os
from pathlib import Path

import pytest

__all__ = ["shared"]

ROOT = Path(__file__).resolve().parents[1]


def shared(relative: str) -> Path:
    """Return a file or folder of the shared material; skip the test, saying so, where it is absent."""
    folder = Path(os.environ.get("EDAPHON_SHARED", ROOT.parent / "shared"))
    path = folder / relative
    if not path.exists():
        pytest.skip(f"no {relative} in the shared folder; name that folder in EDAPHON_SHARED")
    return path
