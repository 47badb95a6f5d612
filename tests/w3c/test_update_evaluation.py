"""The W3C update tests, evaluated by the engine alone and operation by operation; the change must be exact."""

import pyoxigraph as ox
import pytest
from shared import shared
from w3c.manifests import Case
from w3c.suite import update_syntax
from w3c.updates import UpdateCase, quads, same_dataset, update_evaluations

from edaphon.errors import QuerySyntax
from edaphon.sparql.update.evaluation import evaluate
from edaphon.sparql.update.reading import read

CASES = [pytest.param(case, id=case.id) for case in update_evaluations()]
SYNTAX = [pytest.param(case, parses, id=case.id) for case, parses in update_syntax()]


def test_the_suite_has_the_tests_that_are_counted_here() -> None:
    shared("w3c/sparql11")
    assert len(CASES) == 94


@pytest.mark.parametrize("case", CASES)
def test_the_engine_alone_makes_the_expected_change(case: UpdateCase) -> None:
    store = ox.Store()
    store.extend(quads(case.before))
    store.update(case.text)
    assert same_dataset(set(store), quads(case.after))


@pytest.mark.parametrize("case", CASES)
def test_the_change_leads_from_the_data_before_to_the_expected_data(case: UpdateCase) -> None:
    before = quads(case.before)
    store = ox.Store()
    store.extend(before)
    change = evaluate(store, case.text, mode="plain")
    assert change.removed <= before
    assert not change.added & before
    assert set(store) == (before - change.removed) | change.added
    assert same_dataset(set(store), quads(case.after))


@pytest.mark.parametrize(("case", "parses"), SYNTAX)
def test_an_update_is_read_or_told_where_it_goes_wrong(case: Case, parses: bool) -> None:
    text = f"BASE <{case.base}>\n{case.text}"
    if parses:
        assert read(text).text == text
        return
    with pytest.raises(QuerySyntax) as refused:
        read(text)
    lines = text.splitlines()
    assert 1 < refused.value.line <= len(lines)
    assert refused.value.column <= len(lines[refused.value.line - 1]) + 1
    assert "does not say why" not in str(refused.value)
