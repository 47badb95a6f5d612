"""The data that shapes are held against: a store, and how faithfully it has the literals that were submitted."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Final
from typing import Literal as PythonLiteral

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, QuerySolutions, Store, Triple, Variable

from edaphon.conformance.engine.spelling import Spelling
from edaphon.conformance.model.triples import Term
from edaphon.conformance.model.vocabulary import rdf, rdfs

__all__ = ["TERM", "Dataset"]

# A function for queries: the number of a term in a list → that term, blank nodes included.
TERM: Final = NamedNode("urn:x-edaphon:term")
SUBCLASS: Final = rdfs("subClassOf")
TYPE: Final = rdf("type")
# Of a node with no more statements than this, all properties are kept.
FEW: Final = 50
DEFAULT: Final = DefaultGraph()


class Dataset:
    """The default graph of a store.

    `literals` says how: all of them "written" as submitted (see `spelling`); "read" back from a store that knows values
    only, so that derived integer types are judged by their ranges; or "mixed", where those of a change are as
    submitted and the others were read back.
    """

    def __init__(
        self,
        store: Store,
        spelling: Spelling | None = None,
        literals: PythonLiteral["written", "read", "mixed"] = "read",
    ) -> None:
        self.store = store
        self.spelling = spelling
        self.literals = literals
        self._as_values = False
        # What `changed` put in place of what, and what of that the store did not have already: somebody may have stated
        # a literal of a disguise's own datatype.
        self._replaced: list[tuple[Quad, Quad]] | None = None
        self._brought: list[Quad] = []
        self._disguised: list[tuple[Quad, Quad]] | None = None
        self._spellings: dict[Term, Term] = {}
        self._subclasses: dict[Term, frozenset[Term]] = {}
        self._types: dict[NamedNode | BlankNode, frozenset[Term]] = {}
        self._properties: dict[tuple[Term, bool], frozenset[NamedNode] | None] = {}
        self._terms: list[Term] = []

    @classmethod
    def of(cls, quads: Iterable[Quad]) -> "Dataset":
        """A dataset in memory from submitted quads; all of them are merged into the default graph."""
        store, spelling = Store(), Spelling()
        store.bulk_extend(spelling.merged(quads))
        return cls(store, spelling, "written")

    @classmethod
    def changed(cls, store: Store, added: Iterable[Quad]) -> "Dataset":
        """A store that may be written to, which has these submitted triples already, with their literals as written.

        `restore` gives the store back its own.
        """
        spelling = Spelling(integers=True)
        replaced, brought = [], []
        for quad in added:
            object = quad.object
            if not isinstance(object, Literal) or (encoded := spelling.encode(object)) == object:
                continue
            plain, disguised = (Quad(quad.subject, quad.predicate, one) for one in (object, encoded))
            if disguised not in store:
                brought.append(disguised)
            store.remove(plain)
            store.add(disguised)
            replaced.append((disguised, plain))
        dataset = cls(store, spelling, "mixed")
        dataset._replaced, dataset._brought = replaced, brought
        return dataset

    def restore(self) -> None:
        """Give a `changed` store the literals back that it would have kept itself; the dataset is of no use then."""
        for disguised in self._brought:
            self.store.remove(disguised)
        self.store.extend(plain for _, plain in self._replaced or ())

    @property
    def disguised(self) -> bool:
        """Whether some literals are in disguise, so that comparing them takes an undisguising expression."""
        return self.spelling is not None and self.spelling.used

    def encode(self, term: Term) -> Term:
        """The term under which the store has a term of the shapes."""
        return term if self.spelling is None or self._as_values else self.spelling.encode(term)

    def decode(self, term: Term) -> Term:
        """The submitted term for one that a query returned."""
        return term if self.spelling is None else self.spelling.decode(term)

    def subclasses(self, cls: Term) -> frozenset[Term]:
        """The class and all its subclasses, as the data have them."""
        known = self._subclasses.get(cls)
        if known is None:
            found, waiting = {cls}, [cls]
            while waiting:
                for quad in self.store.quads_for_pattern(None, SUBCLASS, waiting.pop(), DEFAULT):
                    if not isinstance(quad.subject, Triple) and quad.subject not in found:
                        found.add(quad.subject)
                        waiting.append(quad.subject)
            known = self._subclasses[cls] = frozenset(found)
        return known

    def types(self, node: NamedNode | BlankNode) -> frozenset[Term]:
        """The classes that the data give the node. Each shape asks for them anew, so they are kept."""
        known = self._types.get(node)
        if known is None:
            found = (quad.object for quad in self.store.quads_for_pattern(node, TYPE, None, DEFAULT))
            known = self._types[node] = frozenset(one for one in found if not isinstance(one, Triple))
        return known

    def has_any(self, node: Term, properties: Iterable[NamedNode], *, inverse: bool = False) -> bool:
        """Whether the node is the subject of a triple with one of the properties, or, inversely, the object of one.

        Many shapes ask this of the same nodes, so the properties of a node with few statements are kept.
        """
        if not inverse and isinstance(node, Literal):
            return False
        key = node, inverse
        if key not in self._properties:
            near = [quad.predicate for quad in islice(self._statements(node, None, inverse=inverse), FEW + 1)]
            self._properties[key] = frozenset(near) if len(near) <= FEW else None
        known = self._properties[key]
        if known is not None:
            return not known.isdisjoint(properties)
        return any(next(self._statements(node, one, inverse=inverse), None) for one in properties)

    def _statements(self, node: Term, property: NamedNode | None, *, inverse: bool) -> Iterator[Quad]:
        if inverse:
            return self.store.quads_for_pattern(None, property, node, DEFAULT)
        assert not isinstance(node, Literal)
        return self.store.quads_for_pattern(node, property, None, DEFAULT)

    def number(self, terms: Iterable[Term]) -> range:
        """Numbers under which queries can name these terms with the function TERM."""
        start = len(self._terms)
        self._terms.extend(terms)
        return range(start, len(self._terms))

    def select(self, query: str, substitutions: Mapping[Variable, Term] | None = None) -> QuerySolutions:
        """Run a SELECT over the default graph, with some of its variables bound beforehand."""
        bound: dict[Variable, Term | Triple] = dict(substitutions or {})
        solutions = self.store.query(query, substitutions=bound, custom_functions=self._functions())
        assert isinstance(solutions, QuerySolutions)
        return solutions

    def _functions(self) -> dict[NamedNode, Callable[..., Term | Triple | None]]:
        def term(number: Literal) -> Term:
            found = self._terms[int(number.value)]
            return self.decode(found) if self._as_values else found

        return {TERM: term}

    @contextmanager
    def as_values(self) -> Iterator[None]:
        """While inside, the store has plain values: the queries of a shapes graph know nothing of disguises."""
        if not self.disguised:
            yield
            return
        if self._disguised is None:
            self._disguised = list(self._pairs()) if self._replaced is None else self._replaced
            self._spellings = self._unambiguous(self._disguised)
        pairs = self._disguised
        # A plain triple that was there beside the disguised one must survive the way back.
        added = [plain for _, plain in pairs if plain not in self.store]
        self.store.extend(plain for _, plain in pairs)
        for disguised, _ in pairs:
            self.store.remove(disguised)
        self._as_values = True
        try:
            yield
        finally:
            self._as_values = False
            for quad in added:
                self.store.remove(quad)
            self.store.extend(stored for stored, _ in pairs)

    def as_written(self, term: Term) -> Term:
        """The submitted spelling of a literal that a query over plain values returned, where there is only one."""
        return self._spellings.get(term, term)

    def _unambiguous(self, pairs: list[tuple[Quad, Quad]]) -> dict[Term, Term]:
        """From values as the engine has them to the one spelling in which the data have them."""
        found: dict[Term, set[Term]] = {}
        for _, plain in pairs:
            literal = plain.object
            assert isinstance(literal, Literal) and self.spelling is not None
            value = self.spelling.canonical(literal)
            assert not isinstance(value, Triple)
            found.setdefault(value, set()).add(literal)
        return {
            value: next(iter(spellings))
            for value, spellings in found.items()
            if len(spellings) == 1 and next(self.store.quads_for_pattern(None, None, value, DEFAULT), None) is None
        }

    def _pairs(self) -> Iterator[tuple[Quad, Quad]]:
        """The triples with a literal in disguise, each with the one that it stands for."""
        for quad in self.store.quads_for_pattern(None, None, None, DEFAULT):
            object = quad.object
            if isinstance(object, Literal) and (plain := self.decode(object)) != object:
                yield quad, Quad(quad.subject, quad.predicate, plain)
