"""What in a shapes graph would fail in silence: misspelt terms, unknown datatypes, patterns that no engine can run."""

import re
from collections.abc import Iterable, Set
from typing import Final

from pyoxigraph import Literal, NamedNode, QuerySolutions, Store, Variable

from edaphon.conformance.model.findings import Remark
from edaphon.conformance.model.triples import Term, Triples
from edaphon.conformance.model.vocabulary import (
    CORE_TERMS,
    DATATYPES,
    EXTENSION_TERMS,
    OWL,
    SHACL,
    THINGS,
    XSD,
    rdf,
    sh,
)
from edaphon.conformance.reading.nearest import meant
from edaphon.namespaces import PREFIXES

__all__ = ["inspect", "meant_iri", "shrink", "spell", "unknown_datatype", "unusable_pattern"]

ENGINE: Final = Store()
# A bound on one pattern's size: the engine's matcher is linear in the text but not in the pattern.
LONGEST_PATTERN: Final = 4_000
SPELLED: Final = re.compile(r"[\w.-]*")


def inspect(graph: Triples, shapes: Set[Term]) -> tuple[list[str], list[Remark]]:
    """The errors and remarks on the SHACL terms of a graph: those that do not exist, those that are not evaluated.

    A term that does not exist is an error on one of the `shapes`; on another node it may be data, so a remark.
    """
    problems: list[str] = []
    remarks: list[Remark] = []
    for predicate in graph.predicates():
        name = predicate.value.removeprefix(SHACL)
        if name == predicate.value or name in CORE_TERMS or name.startswith("_"):
            continue
        if name in EXTENSION_TERMS:
            remarks.append(Remark(f"sh:{name} belongs to an extension of SHACL and is not evaluated.", predicate))
            continue
        for user in graph.subjects(predicate):
            text = f"{spell(graph, user)}: sh:{name} is no SHACL term.{meant(name, CORE_TERMS, prefix='sh:')}"
            if user in shapes:
                problems.append(text)
            else:
                remarks.append(Remark(text, user))
    for subject, predicate, object in graph:
        if isinstance(object, NamedNode) and object.value.startswith(SHACL) and predicate != sh("path"):
            name = object.value.removeprefix(SHACL)
            if name in THINGS or name in CORE_TERMS | EXTENSION_TERMS or name.endswith("ConstraintComponent"):
                continue
            text = f"{spell(graph, subject)}: sh:{name} is no SHACL term.{meant(name, THINGS, prefix='sh:')}"
            if subject in shapes:
                problems.append(text)
            else:
                remarks.append(Remark(text, subject))
        if object == NamedNode(OWL + "Class") and predicate == rdf("type") and _targetless(graph, subject):
            remarks.append(
                Remark(
                    f"{spell(graph, subject)} is an owl:Class and a node shape, but only rdfs:Class makes a shape "
                    "the target of its own instances; add rdfs:Class or sh:targetClass.",
                    subject,
                )
            )
    return problems, remarks


def _targetless(graph: Triples, name: Term) -> bool:
    types = graph.objects(name, rdf("type"))
    declared = any(one.value.startswith(SHACL + "target") for one in graph.predicates(name))
    is_class = NamedNode("http://www.w3.org/2000/01/rdf-schema#Class") in types
    return sh("NodeShape") in types and not declared and not is_class


def unknown_datatype(datatype: NamedNode) -> str | None:
    """What is wrong with a datatype of the XML Schema namespace that XML Schema does not have."""
    name = datatype.value.removeprefix(XSD)
    if name == datatype.value or name in DATATYPES:
        return None
    return f"xsd:{name} is no datatype.{meant(name, DATATYPES, prefix='xsd:')}".rstrip(".")


def unusable_pattern(pattern: str, flags: str) -> str | None:
    """What keeps the engine from running a regular expression; its matcher takes linear time or refuses."""
    if len(pattern) > LONGEST_PATTERN:
        return f"sh:pattern is longer than {LONGEST_PATTERN} characters"
    if unknown := set(flags) - set("smixq"):
        return f"sh:flags has no flag {', '.join(sorted(unknown))}; there are s, m, i, x and q"
    solutions = ENGINE.query(
        "SELECT ?p ?f (REGEX('', ?p, ?f) AS ?m) {}",
        substitutions={Variable("p"): Literal(pattern), Variable("f"): Literal(flags)},
    )
    assert isinstance(solutions, QuerySolutions)
    (solution,) = solutions
    if solution["m"] is None:
        return (
            f"the engine cannot run sh:pattern {pattern!r}: it is no regular expression of XPath, which has neither "
            "look-around nor back-references"
        )
    return None


def shrink(iri: NamedNode) -> str:
    """The IRI with one of our prefixes where one fits, in angle brackets otherwise."""
    for prefix, namespace in PREFIXES.items():
        if iri.value.startswith(namespace):
            rest = iri.value[len(namespace) :]
            if SPELLED.fullmatch(rest) and not rest.endswith("."):
                return f"{prefix}:{rest}"
    return str(iri)


def spell(graph: Triples, name: Term) -> str:
    """A shape's name for a message; for a blank node, the way to it from a named one."""
    trail = []
    seen: set[Term] = set()
    while not isinstance(name, NamedNode) and name not in seen:
        seen.add(name)
        parent = next(((s, p) for s, p, o in graph if o == name), None)
        if parent is None:
            break
        name, property = parent
        trail.append(shrink(property))
    start = shrink(name) if isinstance(name, NamedNode) else "a blank node"
    path = next((one for one in seen for _ in graph.objects(one, sh("path"))), None)
    about = graph.value(path, sh("path")) if path is not None else None
    suffix = f" on {shrink(about)}" if isinstance(about, NamedNode) else ""
    return start + ("" if not trail else f" ({' / '.join(reversed(trail))}{suffix})")


def meant_iri(node: Term, known: Iterable[str]) -> str:
    """A suggestion for an IRI that nothing describes."""
    return meant(node.value, known) if isinstance(node, NamedNode) else ""
