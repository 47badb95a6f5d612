"""The example queries that pages offer, as `queries/examples/` holds them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Example", "examples"]

# A line of grlc's header, `#+ key: value`.
HEADER: Final = re.compile(r"^#\+\s*(?P<key>[a-z]+):\s*(?P<value>.*?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """A query with its title and what it answers; `text` is the query without the header."""

    name: str
    title: str
    description: str
    text: str


def examples(folder: Path) -> tuple[Example, ...]:
    """The example queries in a folder, by title; none where there is no such folder."""
    found = (example(path) for path in folder.glob("*.rq"))
    return tuple(sorted(found, key=lambda one: (one.title.lower(), one.name)))


def example(path: Path) -> Example:
    source = path.read_text(encoding="utf-8")
    header = {key: value.strip("\"'") for key, value in HEADER.findall(source)}
    text = re.sub(r"^#\+.*\n?", "", source, flags=re.MULTILINE).strip() + "\n"
    return Example(path.stem, header.get("summary", path.stem.replace("-", " ")), header.get("description", ""), text)
