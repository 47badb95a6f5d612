"""Which problem each failure is."""

import pytest

from edaphon import errors
from edaphon.web import problems

FAMILY = [
    one
    for one in vars(errors).values()
    if isinstance(one, type) and issubclass(one, errors.EdaphonError) and one is not errors.EdaphonError
]


@pytest.mark.parametrize(
    "kind",
    [one for one in FAMILY if issubclass(one, errors.QueryError | errors.RequestError)],
    ids=lambda one: one.__name__,
)
def test_every_failure_of_a_request_has_a_kind_of_its_own(kind: type[errors.EdaphonError]) -> None:
    assert kind in problems.KINDS


def test_names_of_kinds_tell_them_apart() -> None:
    kinds = set(problems.KINDS.values()) | set(problems.STATUSES.values())
    # One name for one thing: being full is being full, whoever says it.
    assert sorted(kind.name for kind in kinds if kind.name != "busy") == sorted(
        {kind.name for kind in kinds} - {"busy"}
    )


def test_a_new_member_of_the_family_has_its_parent_s_status() -> None:
    class Sillier(errors.QuerySyntax):
        pass

    problem = problems.of(Sillier("no", line=1, column=2))
    assert problem.document() == {
        "type": "https://w3id.org/edaphon/problem/syntax",
        "title": "The query does not parse",
        "status": 400,
        "detail": "no",
        "line": 1,
        "column": 2,
    }


@pytest.mark.parametrize("error", [ValueError("/secret/path"), errors.StateMismatch("/secret/path"), KeyError("x")])
def test_what_is_our_own_fault_is_not_told_in_detail(error: Exception) -> None:
    problem = problems.of(error)
    assert problem.kind.status == 500
    assert "secret" not in problem.detail


def test_a_bare_status_has_the_words_of_http() -> None:
    assert problems.of_status(501).document()["type"] == "https://w3id.org/edaphon/problem/not-implemented"
    assert problems.of_status(405, headers={"allow": "GET"}).headers == (("allow", "GET"),)
