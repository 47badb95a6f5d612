"""Which constraint components a shapes graph declares itself (SHACL section 6), and where its shapes use them."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode

from edaphon.conformance.model.constraints import Custom, Query
from edaphon.conformance.model.paths import Path
from edaphon.conformance.model.triples import Term, Triples
from edaphon.conformance.model.vocabulary import OWL, rdf, rdfs, sh
from edaphon.conformance.reading.queries import QueryRefused, check_query

__all__ = ["Components"]

ShapeName = NamedNode | BlankNode


@dataclass(frozen=True, slots=True)
class _Declared:
    name: NamedNode | BlankNode
    mandatory: tuple[NamedNode, ...]
    optional: tuple[NamedNode, ...]


class Components:
    """The components of one shapes graph. What is wrong with them is added to `problems`."""

    def __init__(self, graph: Triples, problems: list[str]) -> None:
        self.graph = graph
        self.problems = problems
        self._parameters: set[Term] = set()
        self._declared = [
            self._read(name)
            for cls in graph.closure(sh("ConstraintComponent"), rdfs("subClassOf"))
            for name in graph.subjects(rdf("type"), cls)
            if not isinstance(name, Literal) and graph.objects(name, sh("parameter"))
        ]

    def mandatory(self) -> list[NamedNode]:
        """The parameters whose presence makes a node a shape."""
        return [property for one in self._declared for property in one.mandatory]

    def is_parameter(self, node: Term) -> bool:
        """Whether the node describes a parameter, with properties that would make another node a shape."""
        return node in self._parameters

    def applied(self, shape: ShapeName, path: Path | None) -> Iterable[Custom]:
        """The constraints that a shape makes with these components, one for each value of a single parameter."""
        for one in self._declared:
            values = {property: self.graph.objects(shape, property) for property in (*one.mandatory, *one.optional)}
            if not all(values[property] for property in one.mandatory):
                continue
            several = [property for property, found in values.items() if len(found) > 1]
            if several and len(values) > 1:
                names = ", ".join(str(property) for property in several)
                self.problems.append(f"{shape}: {names} may have only one value, as {one.name} has several parameters.")
                continue
            validator = self._validator(one.name, path is not None)
            if validator is None:
                self.problems.append(f"{shape}: {one.name} has no validator for this kind of shape.")
                continue
            first = one.mandatory[0] if one.mandatory else next(iter(values), None)
            for value in values[first] if first is not None and several else [None]:
                arguments = tuple(
                    (_local(property), value if value is not None and property == first else found[0])
                    for property, found in values.items()
                    if found
                )
                absent = tuple(_local(property) for property, found in values.items() if not found)
                yield from self._bound(one, validator, arguments, absent, path)

    def prefixes(self, node: Term) -> tuple[tuple[str, str], ...]:
        """The declarations that sh:prefixes of a constraint or validator leads to, imports included (section 5.2.1)."""
        found: dict[str, str] = {}
        waiting = list(self.graph.objects(node, sh("prefixes")))
        seen: set[Term] = set()
        while waiting:
            holder = waiting.pop()
            if holder in seen:
                continue
            seen.add(holder)
            waiting += self.graph.objects(holder, NamedNode(OWL + "imports"))
            for declaration in self.graph.objects(holder, sh("declare")):
                name, iri = (self.graph.value(declaration, sh(word)) for word in ("prefix", "namespace"))
                if not isinstance(name, Literal) or (name.value and not _is_prefix(name.value)) or iri is None:
                    self.problems.append(f"{holder}: sh:declare needs sh:prefix and sh:namespace.")
                elif found.setdefault(name.value, _text(iri)) != _text(iri):
                    self.problems.append(f"{holder}: the prefix {name.value}: is declared for two namespaces.")
        return tuple(sorted(found.items()))

    def _read(self, name: ShapeName) -> _Declared:
        mandatory: list[NamedNode] = []
        optional: list[NamedNode] = []
        for parameter in self.graph.objects(name, sh("parameter")):
            self._parameters.add(parameter)
            property = self.graph.value(parameter, sh("path"))
            if not isinstance(property, NamedNode) or not _local(property).isidentifier():
                self.problems.append(
                    f"{name}: a parameter's sh:path must be an IRI whose local name can name a variable."
                )
                continue
            flag = self.graph.value(parameter, sh("optional"))
            is_optional = isinstance(flag, Literal) and flag.value in ("true", "1")
            (optional if is_optional else mandatory).append(property)
        return _Declared(name, tuple(mandatory), tuple(optional))

    def _validator(self, component: ShapeName, property: bool) -> Term | None:
        for word in ("propertyValidator" if property else "nodeValidator", "validator"):
            if (found := self.graph.value(component, sh(word))) is not None:
                return found
        return None

    def _bound(
        self,
        declared: _Declared,
        validator: Term,
        arguments: tuple[tuple[str, Term], ...],
        absent: tuple[str, ...],
        path: Path | None,
    ) -> Iterable[Custom]:
        ask, select = (self.graph.value(validator, sh(word)) for word in ("ask", "select"))
        text = ask if ask is not None else select
        if not isinstance(text, Literal) or isinstance(validator, Literal):
            self.problems.append(f"{declared.name}: its validator needs sh:ask or sh:select.")
            return
        query = Query(text.value, self.prefixes(validator))
        try:
            check_query(query, ask=ask is not None, property=path is not None)
        except QueryRefused as error:
            self.problems.append(f"{declared.name}: {error}.")
            return
        messages = [*self.graph.objects(validator, sh("message")), *self.graph.objects(declared.name, sh("message"))]
        yield Custom(
            declared.name,
            validator,
            query,
            ask is not None,
            arguments,
            absent,
            tuple(one for one in messages if isinstance(one, Literal)),
            path,
        )


def _local(property: NamedNode) -> str:
    text = property.value
    return text[max(text.rfind("#"), text.rfind("/"), text.rfind(":")) + 1 :]


def _text(term: Term) -> str:
    return str(term) if isinstance(term, BlankNode) else term.value


def _is_prefix(name: str) -> bool:
    return name[0].isalpha() and name.replace("-", "").replace("_", "").replace(".", "").isalnum()
