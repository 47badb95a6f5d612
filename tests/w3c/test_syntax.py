"""The W3C syntax tests: what must parse does, and what must not is refused."""

from collections import Counter

import pytest
from shared import shared
from w3c import bare
from w3c.manifests import Case
from w3c.suite import syntax, update_syntax

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
