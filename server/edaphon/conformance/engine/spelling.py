"""How literals keep their spelling in a store that keeps values: those that it would change enter in disguise.

The engine stores `"007"^^xsd:integer` as 7 and `"5"^^xsd:byte` as an xsd:integer. For a check of submitted text such a
literal is stored under a datatype of its own, one for the well-formed and one for the ill-formed, whose text the
engine leaves alone. Terms then differ exactly where the submitted terms do; where values are compared, the disguise is
taken off inside the query (`value_of`).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store, Triple

from edaphon.conformance.engine.lexical import INTEGER_RANGES, is_well_formed
from edaphon.conformance.model.triples import Term
from edaphon.conformance.model.vocabulary import XSD

__all__ = ["AS_WRITTEN", "ILL_FORMED", "Spelling", "value_of"]

AS_WRITTEN: Final = "urn:x-edaphon:as-written:"
ILL_FORMED: Final = "urn:x-edaphon:ill-formed:"

STRING: Final = NamedNode(XSD + "string")
LANG_STRING: Final = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#langString")
DEFAULT: Final = DefaultGraph()
PROBE: Final = NamedNode("urn:x-edaphon:probe")

DAY: Final = r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
# Common spellings that are well-formed and that the engine keeps; a test holds that it does. The rest it is asked for.
PLAIN: Final = {
    XSD + name: re.compile(pattern)
    for name, pattern in {
        "integer": r"0|-?[1-9][0-9]{0,17}",
        "boolean": r"true|false",
        "decimal": r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{0,14}[1-9]",
        "date": DAY,
        "dateTime": rf"{DAY}T(?:0[0-9]|1[0-9]|2[0-3])(?::[0-5][0-9]){{2}}Z?",
        "gYear": r"[12][0-9]{3}",
        "anyURI": r"[!-~]*",
    }.items()
}


class Spelling:
    """Disguises literals, remembering those already seen; `used` says whether there was any to disguise.

    With `integers` every integer is disguised, so that an xsd:integer that was submitted can be told from one that
    the store made of another type.
    """

    def __init__(self, *, integers: bool = False) -> None:
        self._integers = integers
        self.used = False
        self._known: dict[Literal, Literal] = {}
        self._scratch = Store()

    def encode(self, term: Term) -> Term:
        """The term to store for a submitted one: itself, unless the engine would change it or it is ill-formed."""
        if not isinstance(term, Literal):
            return term
        datatype = term.datatype
        if datatype in (STRING, LANG_STRING) or not datatype.value.startswith(XSD):
            return term
        known = self._known.get(term)
        if known is None:
            known = self._known[term] = self._disguise(term)
        if known != term:
            self.used = True
        return known

    def _disguise(self, literal: Literal) -> Literal:
        name = literal.datatype.value
        plain = PLAIN.get(name)
        if self._integers and name.removeprefix(XSD) in INTEGER_RANGES:
            disguise = AS_WRITTEN if is_well_formed(literal) else ILL_FORMED
            return Literal(literal.value, datatype=NamedNode(disguise + name))
        if plain is not None and plain.fullmatch(literal.value):
            return literal
        if not is_well_formed(literal):
            return Literal(literal.value, datatype=NamedNode(ILL_FORMED + literal.datatype.value))
        if self.canonical(literal) == literal:
            return literal
        return Literal(literal.value, datatype=NamedNode(AS_WRITTEN + literal.datatype.value))

    def canonical(self, literal: Literal) -> Term | Triple:
        """What the engine makes of a literal: asked, not guessed."""
        probe = Quad(PROBE, PROBE, literal)
        self._scratch.add(probe)
        (kept,) = self._scratch.quads_for_pattern(PROBE, PROBE, None)
        self._scratch.remove(probe)
        return kept.object

    def merged(self, quads: Iterable[Quad]) -> Iterator[Quad]:
        """The quads to store for submitted ones, all in the default graph; SHACL 1.0 knows no triple terms."""
        for quad in quads:
            object = quad.object
            if isinstance(object, Triple):
                continue
            encoded = self.encode(object) if isinstance(object, Literal) else object
            if encoded is object and quad.graph_name == DEFAULT:
                yield quad
            else:
                yield Quad(quad.subject, quad.predicate, encoded)

    @staticmethod
    def decode(term: Term) -> Term:
        """The submitted term for a stored one."""
        if isinstance(term, Literal):
            name = term.datatype.value
            for disguise in (AS_WRITTEN, ILL_FORMED):
                if name.startswith(disguise):
                    return Literal(term.value, datatype=NamedNode(name[len(disguise) :]))
        return term


def value_of(variable: str) -> str:
    """A SPARQL expression for the value of a variable whose literal may be in disguise."""
    datatype = f"STR(DATATYPE({variable}))"
    undisguised = f'STRDT(STR({variable}), IRI(STRAFTER({datatype}, "{AS_WRITTEN}")))'
    return f'IF(STRSTARTS({datatype}, "{AS_WRITTEN}"), {undisguised}, {variable})'
