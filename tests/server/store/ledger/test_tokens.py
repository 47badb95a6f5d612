"""Tokens: made once, known by their digest, revoked for good."""

import pytest

from edaphon.errors import TokenError
from edaphon.store.ledger import Ledger


def test_a_token_is_found_by_its_digest(ledger: Ledger) -> None:
    made = ledger.add_token("rita", "d1", "reviewer", "admin")
    ledger.add_token("wanjiru", "d2", "contributor", None)
    assert (made.name, made.role, made.created_by, made.revoked, made.digest) == (
        "rita",
        "reviewer",
        "admin",
        None,
        "d1",
    )
    assert ledger.token_of("d1") == made
    assert ledger.token_of("d3") is None


def test_a_revoked_token_is_found_no_more_and_still_listed(ledger: Ledger) -> None:
    made = ledger.add_token("rita", "d1", "reviewer", None)
    kept = ledger.add_token("wanjiru", "d2", "contributor", None)
    revoked = ledger.revoke_token("rita", "admin")
    assert ledger.token_of("d1") is None
    assert revoked.revoked is not None and revoked.revoked >= made.created
    assert ledger.tokens() == [revoked, kept]


def test_a_name_is_given_once_for_ever(ledger: Ledger) -> None:
    ledger.add_token("rita", "d1", "reviewer", None)
    with pytest.raises(TokenError, match="a token rita exists already"):
        ledger.add_token("rita", "d2", "admin", None)
    ledger.revoke_token("rita", None)
    with pytest.raises(TokenError, match="has been revoked"):
        ledger.add_token("rita", "d3", "admin", None)
    assert [token.role for token in ledger.tokens()] == ["reviewer"]


def test_two_names_do_not_share_a_token(ledger: Ledger) -> None:
    ledger.add_token("rita", "d1", "reviewer", None)
    with pytest.raises(TokenError, match="the same"):
        ledger.add_token("wanjiru", "d1", "admin", None)


def test_only_a_token_that_is_worth_something_can_be_revoked(ledger: Ledger) -> None:
    with pytest.raises(TokenError, match="there is no token rita"):
        ledger.revoke_token("rita", None)
    ledger.add_token("rita", "d1", "reviewer", None)
    ledger.revoke_token("rita", None)
    with pytest.raises(TokenError, match="revoked already"):
        ledger.revoke_token("rita", None)


def test_making_and_revoking_are_events_that_do_not_tell_the_digest(ledger: Ledger) -> None:
    ledger.add_token("rita", "d1", "reviewer", "admin")
    ledger.revoke_token("rita", "root")
    revoked, made = ledger.events()
    assert (made.kind, made.actor, made.details) == ("token-made", "admin", {"name": "rita", "role": "reviewer"})
    assert (revoked.kind, revoked.actor, revoked.details) == ("token-revoked", "root", {"name": "rita"})
