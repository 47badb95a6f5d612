"""Who may write: the bearer of a token, as far as its role goes."""

from collections.abc import Iterator

import pytest
from contributing import PREFIXES
from portal import Portal, portal

from edaphon.contributions import tokens
from edaphon.web.rates import FAILURES

NEW = ':other a :Survey ; :year 2020 ; :title "Other" .'


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with portal(tmp_path_factory.mktemp("tokens")) as one:
        yield one


def test_a_write_without_a_token_says_which_scheme_to_use(served: Portal) -> None:
    answer = served.propose(NEW, who=None)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="edaphon"'
    assert answer.json()["type"] == "https://w3id.org/edaphon/problem/token"


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ("Bearer edaphon_nobody-has-this-one", "invalid_token"),
        ("Bearer " + "x" * 5000, "invalid_token"),
        ("Basic YW5uOnNlY3JldA==", "invalid_request"),
        ("Bearer", "invalid_request"),
    ],
)
def test_a_token_that_is_none_is_refused_with_the_reason(served: Portal, sent: str, error: str) -> None:
    answer = served.propose(NEW, who=None, authorization=sent)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == f'Bearer realm="edaphon", error="{error}"'


def test_a_revoked_token_is_worth_nothing_at_once(served: Portal) -> None:
    secret = tokens.make(served.state.ledger, "dan", "contributor", None).secret
    served.secrets["dan"] = secret
    assert served.propose(NEW, who="dan").status_code == 201
    tokens.revoke(served.state.ledger, "dan", None)
    answer = served.propose(NEW, who="dan")
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("decision", ["accept", "reject", "revert"])
def test_a_contributor_decides_on_nothing(served: Portal, decision: str) -> None:
    identifier = served.proposed(NEW, who="ben")
    answer = served.decide(identifier, decision, "ann", "because")
    assert answer.status_code == 403
    assert "reviewer" in answer.json()["detail"]
    assert served.get(f"/contributions/{identifier}").json()["status"] == "proposed"


def test_nobody_decides_on_their_own_proposal(served: Portal) -> None:
    identifier = served.proposed(NEW, who="ben")
    answer = served.decide(identifier, "accept", "ben")
    assert answer.status_code == 403
    assert "somebody else" in answer.json()["detail"]


def test_an_admin_decides_on_their_own_proposal(served: Portal) -> None:
    identifier = served.proposed(NEW.replace(":other", ":admins"), who="root")
    assert served.decide(identifier, "accept", "root").status_code == 200


def test_a_proposal_is_withdrawn_by_whoever_made_it_only(served: Portal) -> None:
    identifier = served.proposed(NEW, who="ann")
    assert served.decide(identifier, "withdraw", "ben").status_code == 403
    answer = served.decide(identifier, "withdraw", "ann")
    assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")


def test_everybody_reads(served: Portal) -> None:
    identifier = served.proposed(NEW)
    for path in ("", "/payload", "/diff", "/report"):
        assert served.get(f"/contributions/{identifier}{path}").status_code == 200


def test_a_role_suffices_before_the_body_is_looked_at(served: Portal) -> None:
    identifier = served.proposed(NEW)
    answer = served.request("POST", f"/contributions/{identifier}/accept", "ann", content=b"{nonsense")
    assert answer.status_code == 403


def test_both_processes_count_the_writes_of_a_token_together(tmp_path_factory: pytest.TempPathFactory) -> None:
    with portal(tmp_path_factory.mktemp("rates"), "--rate", "5") as one:
        body = (PREFIXES + NEW).encode()
        answers = [
            one.request("POST", "/validate", content=body, headers={"content-type": "text/turtle"}) for _ in range(12)
        ]
        assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 7
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["retry_after"] == int(refused.headers["retry-after"])
        # The address has used up what it has; another one, behind a proxy, has not.
        assert one.propose(NEW).status_code == 429
        assert one.propose(NEW, x_forwarded_for="192.0.2.7").status_code == 201


def test_both_processes_count_unknown_tokens_together(tmp_path_factory: pytest.TempPathFactory) -> None:
    with portal(tmp_path_factory.mktemp("guesses")) as one:
        answers = [
            one.propose(NEW, who=None, authorization=f"Bearer guess-{number}").status_code
            for number in range(FAILURES + 5)
        ]
        assert answers == [401] * FAILURES + [429] * 5
        assert one.propose(NEW).status_code == 201
        assert one.get("/contributions").status_code == 200
