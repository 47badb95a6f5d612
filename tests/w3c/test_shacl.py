"""The W3C SHACL suite: the compiled engine gives the results that each test expects, and so does the reference."""

from collections import Counter
from collections.abc import Callable, Iterable

import pytest
from pyoxigraph import Quad
from shacl_suite import Case, cases, key, triples
from shared import shared

from edaphon.conformance.engine.engine import findings
from edaphon.conformance.engine.reference import reference_findings
from edaphon.conformance.model.findings import Finding, Report
from edaphon.conformance.model.shapes import Shapes
from edaphon.conformance.reading.graph import read_shapes
from edaphon.errors import ShapesError

# What pySHACL 0.40 does otherwise than the suite says.
REFERENCE_GAPS = {
    "core/property/uniqueLang-002": "takes sh:uniqueLang 1 for true; the specification asks for the term true",
}


def names() -> list[str]:
    try:
        return [case.name for case in cases(shared("w3c/shacl"))]
    except pytest.skip.Exception:
        return []


NAMES = names()


def case(name: str) -> Case:
    (found,) = (one for one in cases(shared("w3c/shacl")) if one.name == name)
    return found


def hold(engine: Callable[[Iterable[Quad], Shapes], list[Finding]], test: Case) -> None:
    if test.failure:
        with pytest.raises(ShapesError):
            engine(triples(test.data), read_shapes(triples(test.shapes)))
        return
    found = engine(triples(test.data), read_shapes(triples(test.shapes)))
    assert Counter(map(key, found)) == test.expected
    assert Report(tuple(found)).conforms == test.conforms


def test_the_suite_is_read_whole() -> None:
    assert len(cases(shared("w3c/shacl"))) == 80


@pytest.mark.parametrize("name", NAMES)
def test_the_compiled_engine_gives_the_results_of(name: str) -> None:
    hold(findings, case(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_gives_the_results_of(name: str) -> None:
    if name in REFERENCE_GAPS:
        with pytest.raises(AssertionError):
            hold(reference_findings, case(name))
        return
    hold(reference_findings, case(name))
