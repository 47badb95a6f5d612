"""The W3C update tests, sent to the service over HTTP by an editor: each becomes a revision, or changes nothing."""

import pytest
from pyoxigraph import Store
from serving import publish
from w3c.manifests import Case
from w3c.service import Endpoint
from w3c.suite import update_syntax
from w3c.updates import UpdateCase, quads, same_dataset, update_evaluations

CASES = [pytest.param(case, id=case.id) for case in update_evaluations()]
SYNTAX = [pytest.param(case, parses, id=case.id) for case, parses in update_syntax()]


@pytest.mark.parametrize("case", CASES)
def test_the_service_makes_the_expected_change(case: UpdateCase, endpoint: Endpoint) -> None:
    endpoint.held = None
    before = publish(endpoint.state, quads(case.before))
    answer = endpoint.update(case.text)
    assert answer.status_code == 204, answer.text
    current = endpoint.state.current()
    unchanged = same_dataset(quads(case.before), quads(case.after))
    assert current.number == before + (not unchanged)
    assert same_dataset(set(Store.read_only(str(current.folder))), quads(case.after))


@pytest.mark.parametrize(("case", "parses"), SYNTAX)
def test_the_service_refuses_what_is_no_update_and_says_where(case: Case, parses: bool, endpoint: Endpoint) -> None:
    endpoint.held = None
    answer = endpoint.update(f"BASE <{case.base}>\n{case.text}")
    if parses:
        # Some load or copy what is not there, which is no fault of their syntax.
        assert answer.status_code in (204, 400, 403), answer.text
        assert not answer.headers.get("content-type", "").startswith("text/html")
        assert answer.status_code == 204 or not answer.json()["type"].endswith("/syntax")
        return
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/syntax")
    assert answer.json()["line"] > 1
