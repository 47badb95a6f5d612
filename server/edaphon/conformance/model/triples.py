"""What a small graph says about a node: triples in memory, found from either end."""

from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from edaphon.conformance.model.vocabulary import rdf

__all__ = ["BrokenList", "Term", "Triples"]

Term = NamedNode | BlankNode | Literal

FIRST = rdf("first")
REST = rdf("rest")
NIL = rdf("nil")


class BrokenList(ValueError):
    """A node that was to be an RDF list is none."""


class Triples:
    """An index of triples, for graphs of the size of shapes. Answers come in the order in which triples came."""

    def __init__(self, triples: Iterable[Triple | Quad] = ()) -> None:
        self._by_subject: dict[Term, dict[NamedNode, dict[Term, None]]] = {}
        self._by_predicate: dict[NamedNode, dict[Term, dict[Term, None]]] = {}
        self._count = 0
        for triple in triples:
            self.add(triple.subject, triple.predicate, triple.object)

    def add(self, subject: Term | Triple, predicate: NamedNode, object: Term | Triple) -> None:
        """Take in one triple; RDF 1.2 triple terms are passed over, SHACL 1.0 knows none."""
        if isinstance(subject, Triple) or isinstance(object, Triple):
            return
        objects = self._by_subject.setdefault(subject, {}).setdefault(predicate, {})
        if object not in objects:
            objects[object] = None
            self._by_predicate.setdefault(predicate, {}).setdefault(object, {})[subject] = None
            self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[Term, NamedNode, Term]]:
        for subject, predicates in self._by_subject.items():
            for predicate, objects in predicates.items():
                for object in objects:
                    yield subject, predicate, object

    def __contains__(self, triple: tuple[Term, NamedNode, Term]) -> bool:
        subject, predicate, object = triple
        return object in self._by_subject.get(subject, {}).get(predicate, {})

    def subjects(self, predicate: NamedNode | None = None, object: Term | None = None) -> list[Term]:
        """The subjects of the triples with that predicate and object; None stands for any."""
        if predicate is None:
            return list(self._by_subject)
        found = self._by_predicate.get(predicate, {})
        if object is not None:
            return list(found.get(object, ()))
        return list(dict.fromkeys(subject for subjects in found.values() for subject in subjects))

    def predicates(self, subject: Term | None = None) -> list[NamedNode]:
        """The predicates of a subject, or of the whole graph."""
        return list(self._by_predicate if subject is None else self._by_subject.get(subject, ()))

    def objects(self, subject: Term, predicate: NamedNode) -> list[Term]:
        """The values of one property of one subject."""
        return list(self._by_subject.get(subject, {}).get(predicate, ()))

    def value(self, subject: Term, predicate: NamedNode) -> Term | None:
        """The first value of one property of one subject, if it has any."""
        return next(iter(self._by_subject.get(subject, {}).get(predicate, ())), None)

    def items(self, head: Term) -> list[Term]:
        """The members of an RDF list. Raises BrokenList where `head` is not a well-formed one."""
        members: list[Term] = []
        seen: set[Term] = set()
        while head != NIL:
            first, rest = self.objects(head, FIRST), self.objects(head, REST)
            if len(first) != 1 or len(rest) != 1 or head in seen:
                raise BrokenList(str(head))
            seen.add(head)
            members.append(first[0])
            head = rest[0]
        return members

    def closure(self, start: Term, predicate: NamedNode) -> set[Term]:
        """The subjects from which `start` is reached in any number of steps along `predicate`, itself included."""
        found = {start}
        waiting = [start]
        while waiting:
            for subject in self._by_predicate.get(predicate, {}).get(waiting.pop(), ()):
                if subject not in found:
                    found.add(subject)
                    waiting.append(subject)
        return found
