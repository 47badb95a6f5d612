"""The example queries that pages offer, as `queries/examples/` holds them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edaphon.corpus.saved_queries import read_saved_query

__all__ = ["Example", "examples"]

HEADER: Final = re.compile(r"^#\+.*\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """A query with its title and what it answers; `text` is the query without the header."""

    name: str
    title: str
    description: str
    text: str


def examples(folder: Path) -> tuple[Example, ...]:
    """The example queries in a folder, by title; none where there is no such folder. Raises CorpusError."""
    saved = [read_saved_query(path) for path in folder.glob("*.rq")]
    found = (Example(one.name, one.summary, one.description, HEADER.sub("", one.text).strip() + "\n") for one in saved)
    return tuple(sorted(found, key=lambda one: (one.title.lower(), one.name)))
