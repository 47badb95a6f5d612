"""Published revisions made by hand, for tests that need no corpus."""

from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Quad, Store

__all__ = ["EX", "Folder", "published"]

EX = "http://example.org/"


@dataclass(frozen=True)
class Folder:
    """A revision as the pool sees it."""

    number: int
    folder: Path


def published(folder: Path, number: int, quads: list[Quad]) -> Folder:
    store = Store(folder)
    store.extend(quads)
    store.flush()
    del store
    return Folder(number, folder)
