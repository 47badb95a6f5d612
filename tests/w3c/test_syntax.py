"""The W3C syntax tests: what must parse does, and what must not is refused."""

from collections import Counter

import pytest
from shared import shared
from w3c import bare
from w3c.manifests import Case
from w3c.service import Endpoint
from w3c.suite import syntax, update_syntax

from edaphon.namespaces import BASE

PROBLEM = f"{BASE}problem/"
# Parses, but calls a function that nobody has defined.
UNKNOWN_FUNCTION = "syntax-query/test_4"

QUERIES = [pytest.param(case, parses, id=case.id) for case, parses in syntax()]
UPDATES = [pytest.param(case, parses, id=case.id) for case, parses in update_syntax()]


def test_the_suite_has_the_tests_that_are_counted_here() -> None:
    shared("w3c/sparql11")
    assert Counter(parses for _, parses in syntax()) == {True: 66, False: 48}
    assert Counter(parses for _, parses in update_syntax()) == {True: 42, False: 13}


@pytest.mark.parametrize(("case", "parses"), QUERIES)
def test_the_engine_parses_just_the_queries_it_must(case: Case, parses: bool) -> None:
    assert bare.query_parses(case) == parses


@pytest.mark.parametrize(("case", "parses"), UPDATES)
def test_the_engine_parses_just_the_updates_it_must(case: Case, parses: bool) -> None:
    assert bare.update_parses(case) == parses


@pytest.mark.parametrize(("case", "parses"), QUERIES)
def test_the_service_takes_just_the_queries_it_must(case: Case, parses: bool, endpoint: Endpoint) -> None:
    answer = endpoint.ask(case)
    expected: tuple[int, str | None]
    if not parses:
        expected = (400, PROBLEM + "syntax")
    elif case.suite == "syntax-fed":
        # Understood, and refused: no endpoint is allowed.
        expected = (403, PROBLEM + "egress")
    elif case.id == UNKNOWN_FUNCTION:
        expected = (400, PROBLEM + "unsupported")
    else:
        expected = (200, None)
    problem = answer.json() if answer.is_error else {}
    assert (answer.status_code, problem.get("type")) == expected, answer.text
