"""The tests of the SPARQL 1.1 suite that concern this engine, kind by kind; none where the suite is absent."""

from functools import cache

import pytest
from shared import shared
from w3c.manifests import Case, read

__all__ = ["evaluations", "of_kind", "syntax", "update_syntax"]


@cache
def of_kind(kind: str) -> tuple[Case, ...]:
    """Every test of the class `kind`, in the suite's order."""
    try:
        folder = shared("w3c/sparql11")
    except pytest.skip.Exception:
        # Asked while tests are collected: they are skipped one by one, and the counts say why.
        return ()
    return tuple(case for case in read(folder) if case.kind == kind)


def evaluations() -> list[Case]:
    """Queries to be answered from given data, without what the engine does not have (entailment) or the service
    does not do unasked (federation).
    """
    return [case for case in of_kind("QueryEvaluationTest") + of_kind("CSVResultFormatTest") if evaluated_here(case)]


def evaluated_here(case: Case) -> bool:
    return not case.regime and case.suite != "service"


def syntax() -> list[tuple[Case, bool]]:
    """Queries, and whether they must parse."""
    positive, negative = of_kind("PositiveSyntaxTest11"), of_kind("NegativeSyntaxTest11")
    return [(case, True) for case in positive] + [(case, False) for case in negative]


def update_syntax() -> list[tuple[Case, bool]]:
    """Updates, and whether they must parse."""
    positive, negative = of_kind("PositiveUpdateSyntaxTest11"), of_kind("NegativeUpdateSyntaxTest11")
    return [(case, True) for case in positive] + [(case, False) for case in negative]
