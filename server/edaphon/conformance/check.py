"""The whole journey of a check: data and shapes become a report that a person can act on."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from edaphon.conformance.engine.dataset import Dataset
from edaphon.conformance.engine.engine import Engine
from edaphon.conformance.engine.sources import targeted
from edaphon.conformance.model.findings import Remark, Report, rank
from edaphon.conformance.model.shapes import Shapes
from edaphon.conformance.model.vocabulary import rdf
from edaphon.conformance.reading.graph import read_shapes
from edaphon.conformance.reading.guards import shrink
from edaphon.conformance.reading.nearest import meant
from edaphon.conformance.report.explain import Described, Source, StoreLookup, explain
from edaphon.conformance.report.wording import show
from edaphon.corpus.assemble import alignments, statements
from edaphon.corpus.layout import Corpus
from edaphon.corpus.parsing import format_of, open_unpacked, read_quads
from edaphon.namespaces import GRAPH_CONCEPTS, GRAPH_ONTOLOGY, SERVICE_SHAPES
from edaphon.store.merge import counts, derived

__all__ = [
    "CAP",
    "SUBMITTED",
    "check",
    "check_quads",
    "check_store",
    "corpus_quads",
    "corpus_shapes",
    "file_quads",
    "file_shapes",
    "in_light_of",
    "sources",
    "vocabulary_quads",
]

# Findings for each constraint of a shape; the report says when there were more.
CAP: Final = 1_000
# Where triples go that a file puts in no graph; they count like those of any other.
SUBMITTED: Final = "urn:x-edaphon:submitted"


def check(
    dataset: Dataset,
    shapes: Shapes,
    *,
    brought_by: Sequence[Source] = (),
    cap: int | None = CAP,
    languages: tuple[str, ...] = ("en",),
    idle: bool = True,
) -> Report:
    """Hold all targets in a dataset against the shapes. Raises ShapesError where the shapes cannot be used.

    With `idle`, shapes whose targets match nothing are remarked upon: a whole graph should give work to all of them, a
    few statements need not.
    """
    engine = Engine(shapes, dataset, cap=cap)
    found = engine.validate()
    described = Described(StoreLookup(dataset.store), brought_by, languages)
    findings = sorted(explain(found, shapes, described), key=rank)
    remarks = (*shapes.remarks, *(_idle(shapes, dataset, engine) if idle else ()))
    return Report(tuple(findings), remarks, engine.capped())


def check_quads(
    quads: Iterable[Quad],
    shapes: Shapes,
    *,
    brought_by: Sequence[Source] = (),
    cap: int | None = CAP,
    languages: tuple[str, ...] = ("en",),
    idle: bool = True,
) -> Report:
    """Check the merge of submitted quads, their literals as they were spelled."""
    return check(Dataset.of(quads), shapes, brought_by=brought_by, cap=cap, languages=languages, idle=idle)


def check_store(store: Store, shapes: Shapes, *, cap: int | None = CAP, languages: tuple[str, ...] = ("en",)) -> Report:
    """Check the default graph of a store, which may be open for reading only; literals as the store gives them back."""
    return check(Dataset(store), shapes, cap=cap, languages=languages)


def _idle(shapes: Shapes, dataset: Dataset, engine: Engine) -> Iterator[Remark]:
    """Targets that match nothing: what they ask for is not asked of anyone."""
    classes: set[str] = set()
    for shape in shapes.targeted():
        if all(map(engine.is_empty, targeted(shape.targets, dataset))):
            wanted = [one for one in shape.targets.classes if isinstance(one, NamedNode)]
            classes = classes or {_local(one.object) for one in _types(dataset)}
            hint = "".join(meant(_local(one), sorted(classes)) for one in wanted[:1])
            about = ", ".join(map(show, (*shape.targets.classes, *shape.targets.nodes)))
            about = about or ", ".join(map(shrink, (*shape.targets.subjects_of, *shape.targets.objects_of)))
            yield Remark(f"{show(shape.name)} has targets ({about}) but none is in the data.{hint}", shape.name)


def _types(dataset: Dataset) -> Iterator[Quad]:
    seen: set[object] = set()
    for quad in dataset.store.quads_for_pattern(None, rdf("type"), None, DefaultGraph()):
        if quad.object not in seen:
            seen.add(quad.object)
            yield quad


def _local(term: object) -> str:
    text = term.value if isinstance(term, NamedNode | Literal) else str(term)
    return text[max(text.rfind("/"), text.rfind("#")) + 1 :]


# What is checked, and against what -------------------------------------------------------------------------------


def corpus_quads(corpus: Corpus) -> Iterator[Quad]:
    """The triples that count in a corpus and those they imply, each once in the default graph."""
    return _merged(statements(corpus), corpus)


def vocabulary_quads(corpus: Corpus) -> list[Quad]:
    """What the corpus's ontology and concept schemes state: what files are read in the light of."""
    return [
        quad
        for file in corpus.files()
        if file.graph in (GRAPH_ONTOLOGY, GRAPH_CONCEPTS)
        for quad in read_quads(file.path, graph=file.graph)
    ]


def file_quads(files: Iterable[Path], corpus: Corpus | None = None) -> Iterator[Quad]:
    """The merge of what files state; with a corpus, in the light of its vocabulary and with what that implies."""
    stated = [quad for file in files for quad in read_quads(file, graph=SUBMITTED)]
    if corpus is None:
        return (Quad(quad.subject, quad.predicate, quad.object) for quad in stated)
    return in_light_of(corpus, stated)


def in_light_of(corpus: Corpus, stated: Iterable[Quad]) -> Iterator[Quad]:
    """The merge of statements, of the vocabulary of a corpus, and of what follows; triples in no graph count, too."""
    home = NamedNode(SUBMITTED)
    placed = (
        Quad(quad.subject, quad.predicate, quad.object, home) if isinstance(quad.graph_name, DefaultGraph) else quad
        for quad in stated
    )
    return _merged([*placed, *vocabulary_quads(corpus)], corpus)


def _merged(stated: Iterable[Quad], corpus: Corpus) -> Iterator[Quad]:
    counted = (quad for quad in stated if counts(quad.graph_name))
    for quad in derived(counted, alignments(corpus), "merge"):
        yield Quad(quad.subject, quad.predicate, quad.object)


def corpus_shapes(corpus: Corpus) -> Shapes:
    """The shapes of a corpus."""
    return file_shapes(file.path for file in corpus.files() if file.graph == SERVICE_SHAPES)


def file_shapes(files: Iterable[Path]) -> Shapes:
    """The shapes that files state together. Raises ShapesError where they cannot be used."""
    return read_shapes(quad for file in files for quad in read_quads(file))


def sources(files: Iterable[Path]) -> tuple[Source, ...]:
    """Files as the texts in which findings are looked up."""

    def source(file: Path) -> Source:
        def read() -> bytes:
            with file.open("rb") as raw, open_unpacked(raw, file) as content:
                return content.read()

        return Source(file, read, format_of(file))

    return tuple(map(source, files))
