"""An update on a throw-away copy of a revision, as a task for a process of its own."""

import shutil
import tempfile
from pathlib import Path

from pyoxigraph import Store

from edaphon.sparql.update.evaluation import evaluate

__all__ = ["changes"]


def changes(folder: str, text: str) -> tuple[int, int]:
    """How many quads the update would add to the store in `folder` and remove from it. Copies are made beside it."""
    copy = tempfile.mkdtemp(dir=Path(folder).parent)
    try:
        return _changes(folder, f"{copy}/store", text)
    finally:
        # The engine closes a store, and writes to it until then, when the function that has it open is left.
        shutil.rmtree(copy, ignore_errors=True)


def _changes(folder: str, copy: str, text: str) -> tuple[int, int]:
    Store.read_only(folder).backup(copy)
    change = evaluate(Store(copy), text, mode="plain")
    return len(change.added), len(change.removed)
