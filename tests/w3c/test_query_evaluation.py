"""The W3C query evaluation and result format tests, answered by the engine alone and by the service over HTTP."""

from collections import Counter
from pathlib import Path

import pytest
from shared import shared
from w3c import bare
from w3c.compare import by_value, ordered, same
from w3c.limits import ENGINE_LIMITS
from w3c.manifests import Case
from w3c.results import Answer, Graph, parse
from w3c.service import Endpoint
from w3c.suite import evaluations

ROOT = Path(__file__).resolve().parents[2]
# Tests of the same data stand side by side, so that the service need not publish it again.
CASES = [pytest.param(case, id=case.id) for case in sorted(evaluations(), key=lambda case: (case.data, case.graphs))]


def expectation(case: Case) -> tuple[Answer, str]:
    """The expected answer, and the suffix of the format to ask for: that of the expected file where it can be had."""
    assert case.result is not None
    expected = parse(case.result.read_bytes(), case.result.suffix, case.base)
    if case.result.suffix == ".ttl":
        return expected, ".nt" if isinstance(expected, Graph) else ".srj"
    return expected, case.result.suffix


def passes(case: Case, answer: bytes) -> bool:
    """Whether an answer in the format that `expectation` names is the expected one, by value."""
    expected, suffix = expectation(case)
    actual = parse(answer, suffix, case.base)
    return same(actual, expected, reading=by_value, in_order=ordered(case.text), lax=case.lax)


def test_the_suite_has_the_tests_that_are_counted_here() -> None:
    shared("w3c/sparql11")
    assert Counter(case.kind for case in evaluations()) == {"QueryEvaluationTest": 232, "CSVResultFormatTest": 3}


def test_every_known_limit_is_a_test_of_the_suite() -> None:
    shared("w3c/sparql11")
    assert len(ENGINE_LIMITS) == 232 - 221
    assert set(ENGINE_LIMITS) <= {case.id for case in evaluations()}


def test_the_page_for_users_names_every_known_limit() -> None:
    page = (ROOT / "docs" / "conformance.md").read_text()
    assert [name for name in ENGINE_LIMITS if f"`{name}`" not in page] == []


@pytest.mark.parametrize("case", CASES)
def test_the_engine_gives_the_expected_answer_unless_its_limit_is_known(case: Case) -> None:
    _, suffix = expectation(case)
    passed = passes(case, bare.ask(case, suffix))
    assert passed != (case.id in ENGINE_LIMITS), ENGINE_LIMITS.get(case.id, "a difference nobody knew of")


@pytest.mark.parametrize("case", CASES)
def test_the_service_gives_the_expected_answer_whenever_the_engine_does(case: Case, endpoint: Endpoint) -> None:
    _, suffix = expectation(case)
    endpoint.hold(case)
    answer = endpoint.ask(case, suffix)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Edaphon-Revision"] == str(endpoint.revision)
    assert passes(case, answer.content) != (case.id in ENGINE_LIMITS), answer.text
