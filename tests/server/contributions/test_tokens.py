"""Whom a token names."""

import pytest
from contributing import Desk

from edaphon.contributions.tokens import authenticate, make, revoke
from edaphon.errors import TokenError, TokenRequired


def test_a_name_that_differs_in_case_alone_is_taken(desk: Desk) -> None:
    make(desk.state.ledger, "Ann", "reviewer", None)
    with pytest.raises(TokenError, match="a token Ann, which differs in case alone"):
        make(desk.state.ledger, "ann", "contributor", None)
    assert [one.name for one in desk.state.ledger.tokens()] == ["Ann"]


def test_neither_is_a_name_given_again_after_it_was_revoked(desk: Desk) -> None:
    made = make(desk.state.ledger, "Ann", "reviewer", None)
    assert authenticate(desk.state.ledger, made.secret).name == "Ann"
    revoke(desk.state.ledger, "Ann", None)
    for name in ("Ann", "ANN"):
        with pytest.raises(TokenError):
            make(desk.state.ledger, name, "admin", None)
    with pytest.raises(TokenRequired):
        authenticate(desk.state.ledger, made.secret)


@pytest.mark.parametrize("secret", ["", "edaphon_", "\udcff", "x" * 10_000])
def test_whatever_is_no_token_is_told_so(desk: Desk, secret: str) -> None:
    with pytest.raises(TokenRequired):
        authenticate(desk.state.ledger, secret)
