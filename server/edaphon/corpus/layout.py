"""Where the files of a corpus are, and which graph each belongs to."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal, get_args

from edaphon.errors import CorpusError
from edaphon.namespaces import (
    GRAPH_CATALOGUE,
    GRAPH_CONCEPTS,
    GRAPH_LINKS,
    GRAPH_ONTOLOGY,
    SERVICE_QUERIES,
    SERVICE_SHAPES,
)

__all__ = ["Corpus", "CorpusFile", "Holding", "locate", "open_corpus"]

Holding = Literal["ontology", "data", "shapes", "queries"]
HOLDINGS: Final[tuple[Holding, ...]] = get_args(Holding)

# Raised when the same files give other quads than before, so that a state made by an older version is made anew.
ASSEMBLING: Final = "2"

# Pattern below the corpus → the graph of its triples; None where the file names its graphs itself.
GRAPHS: Final[tuple[tuple[str, str | None], ...]] = (
    ("ontology/*.ttl", GRAPH_ONTOLOGY),
    ("ontology/alignments/*.ttl", GRAPH_ONTOLOGY),
    ("ontology/borrowed/*.ttl", GRAPH_ONTOLOGY),
    ("ontology/schemes/*.ttl", GRAPH_CONCEPTS),
    ("data/catalogue.ttl", GRAPH_CATALOGUE),
    ("data/documents/*.trig", None),
    ("data/links/*.ttl", GRAPH_LINKS),
    ("shapes/*.ttl", SERVICE_SHAPES),
    ("queries/**/*.rq", SERVICE_QUERIES),
)


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file of a corpus, and its place below the corpus, which is the same wherever that is installed.

    `graph` is the IRI of the graph its triples go to, None where the file names its own.
    """

    path: Path
    name: str
    graph: str | None


@dataclass(frozen=True, slots=True)
class Corpus:
    """The four folders of a corpus; none at all for the empty one."""

    name: str
    folders: tuple[tuple[Holding, Path], ...]

    def folder(self, holding: Holding) -> Path | None:
        """The folder of one holding; None in an empty corpus."""
        return dict(self.folders).get(holding)

    def files(self) -> Iterator[CorpusFile]:
        """The files, in an order that is the same on every machine."""
        for pattern, graph in GRAPHS:
            holding, _, below = pattern.partition("/")
            for name, folder in self.folders:
                if name == holding:
                    for path in sorted(folder.glob(below)):
                        yield CorpusFile(path, f"{name}/{path.relative_to(folder).as_posix()}", graph)

    def digest(self) -> str:
        """What changes when any file that counts does: its name, its bytes, or how files become quads."""
        digest = hashlib.sha256(ASSEMBLING.encode())
        for file in self.files():
            content = file.path.read_bytes()
            digest.update(f"{file.name}\0{file.graph}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()


def locate(holding: Holding) -> Path:
    """Return the folder of one holding of the shipped corpus; the wheel's copy wins over the checkout's."""
    package = Path(str(files("edaphon")))
    # In a checkout the package is server/edaphon, two levels below the repository's root.
    candidates = (package / "_shipped" / holding, package.parents[1] / holding)
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise CorpusError(f"no {holding}/ folder; looked in {', '.join(map(str, candidates))}")


def open_corpus(name: str) -> Corpus:
    """The corpus called `shipped` or `none`, or the one in a folder laid out like ours."""
    if name == "none":
        return Corpus(name, ())
    if name == "shipped":
        return Corpus(name, tuple((holding, locate(holding)) for holding in HOLDINGS))
    root = Path(name)
    if not root.is_dir():
        raise CorpusError(f"{name} is no folder; a corpus is `shipped`, `none` or a folder")
    folders = tuple((holding, root / holding) for holding in HOLDINGS if (root / holding).is_dir())
    if not folders:
        raise CorpusError(f"{name} has none of the folders {', '.join(f'{holding}/' for holding in HOLDINGS)}")
    return Corpus(str(root.resolve()), folders)
