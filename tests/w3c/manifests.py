"""What a W3C SPARQL test asks for, read from the suite's manifests."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

__all__ = ["HOME", "Case", "read"]

# Where the suites are published, and so the base of every relative IRI, wherever the files lie.
HOME: Final = "https://w3c.github.io/rdf-tests/sparql/"

MF: Final = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT: Final = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SD: Final = "http://www.w3.org/ns/sparql-service-description#"

Node = ox.NamedNode | ox.BlankNode


@dataclass(frozen=True, slots=True)
class Case:
    """One test. `kind` is the local name of its class in the manifest vocabulary.

    The files of `data`, given by IRI and path, make the default graph; each of `graphs` is the named graph that its
    file's IRI names. `base` is the IRI of the query file. `regime` says that the
    expected result supposes an entailment regime; `lax` that duplicates may be fewer than in the expected result.
    """

    suite: str
    name: str
    kind: str
    query: Path | None
    data: tuple[tuple[str, Path], ...]
    graphs: tuple[tuple[str, Path], ...]
    result: Path | None
    regime: bool
    lax: bool
    base: str

    @property
    def id(self) -> str:
        """The folder and the test's own name, as the tables of known limits spell them."""
        return f"{self.suite}/{self.name}"

    @property
    def text(self) -> str:
        """The query or update, its line ends untouched."""
        assert self.query is not None, f"{self.id} has no query"
        return self.query.read_bytes().decode()

    def quads(self) -> Iterator[ox.Quad]:
        """The data that the query is asked of; blank nodes of different files are different nodes."""
        for iri, path in self.data:
            yield from ox.parse(path=path, base_iri=iri, rename_blank_nodes=True)
        for iri, path in self.graphs:
            for quad in ox.parse(path=path, base_iri=iri, rename_blank_nodes=True):
                yield ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(iri))


class Manifest:
    """One manifest file as a graph, with the walks that reading it takes; labels and comments are left out."""

    def __init__(self, path: Path, base: str) -> None:
        self.base = base
        self.facts: dict[tuple[Node, str], list[Node]] = {}
        for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE, base_iri=base):
            if isinstance(quad.subject, Node) and isinstance(quad.object, Node):
                self.facts.setdefault((quad.subject, quad.predicate.value), []).append(quad.object)

    def all(self, subject: Node, predicate: str) -> list[Node]:
        """Every value of `predicate` in the file's order."""
        return self.facts.get((subject, predicate), [])

    def one(self, subject: Node, predicate: str) -> Node | None:
        """The only value of `predicate`, or None where there is none."""
        found = self.all(subject, predicate)
        assert len(found) < 2, f"{self.base}: {subject} has {len(found)} values of {predicate}"
        return found[0] if found else None

    def items(self, subject: Node, predicate: str) -> Iterator[Node]:
        """The members of the RDF list that is the value of `predicate`."""
        rest = self.one(subject, predicate)
        while rest is not None and rest.value != RDF + "nil":
            first = self.one(rest, RDF + "first")
            assert first is not None
            yield first
            rest = self.one(rest, RDF + "rest")


def read(folder: Path, start: str = "manifest-all.ttl") -> Iterator[Case]:
    """Every test of the suite in `folder` (such as `w3c/sparql11`), in the manifests' order, inclusions followed."""
    yield from _read(folder.resolve(), f"{HOME}{folder.name}/", start)


def _read(folder: Path, home: str, relative: str) -> Iterator[Case]:
    def path(node: Node) -> Path:
        assert node.value.startswith(home), f"{node} lies outside the suite"
        return folder / node.value.removeprefix(home)

    base = home + relative
    manifest = Manifest(folder / relative, base)
    this = ox.NamedNode(base)
    for included in manifest.items(this, MF + "include"):
        yield from _read(folder, home, included.value.removeprefix(home))
    for entry in manifest.items(this, MF + "entries"):
        (kind,) = (type_.value.removeprefix(MF) for type_ in manifest.all(entry, RDF + "type"))
        # The action of a syntax test is a file; that of an evaluation test says what is asked of which data.
        action = manifest.one(entry, MF + "action")
        result = manifest.one(entry, MF + "result")
        query: Node | None = None
        if action is not None and kind != "UpdateEvaluationTest":
            query = action if isinstance(action, ox.NamedNode) else manifest.one(action, QT + "query")
        asked = action if isinstance(action, ox.BlankNode) else None

        def files(predicate: str, asked: ox.BlankNode | None = asked) -> tuple[tuple[str, Path], ...]:
            return tuple((one.value, path(one)) for one in manifest.all(asked, QT + predicate)) if asked else ()

        yield Case(
            suite=Path(relative).parent.as_posix(),
            name=entry.value.rpartition("#")[2].rpartition("/")[2],
            kind=kind,
            query=path(query) if query is not None else None,
            data=files("data"),
            graphs=files("graphData"),
            result=path(result) if isinstance(result, ox.NamedNode) else None,
            regime=asked is not None and bool(manifest.all(asked, SD + "entailmentRegime")),
            lax=any(one.value == MF + "LaxCardinality" for one in manifest.all(entry, MF + "resultCardinality")),
            base=query.value if query is not None else base,
        )
