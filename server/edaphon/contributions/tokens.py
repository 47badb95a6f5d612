"""Tokens: made from randomness, shown once, known afterwards by their hash alone."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from edaphon.contributions.roles import Actor, Role, role_called
from edaphon.errors import TokenError, TokenRequired
from edaphon.store.ledger import Ledger
from edaphon.store.ledger.records import Token

__all__ = ["Made", "authenticate", "make", "revoke"]

# Tells people and secret scanners what they have found.
PREFIX: Final = "edaphon_"
# Names become part of the IRIs of those who contribute.
NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Made:
    """A new token: what is known of it, and the secret itself, which nobody can ask for again."""

    token: Token
    secret: str


def make(ledger: Ledger, name: str, role: str, by: str | None) -> Made:
    """Make a token. Raises TokenError for a name that cannot be one or is taken, and for a word that is no role."""
    if not NAME.fullmatch(name):
        raise TokenError(
            f"{name!r} cannot be the name of a token: up to 64 letters, digits, dots, hyphens and underscores, "
            "with a letter or digit at both ends"
        )
    role_called(role)
    for one in ledger.tokens():
        # Nobody could tell the two apart, in a list or by their IRIs; the same name is for the ledger to refuse.
        if one.name != name and one.name.casefold() == name.casefold():
            raise TokenError(f"there is a token {one.name}, which differs in case alone; take another name")
    secret = PREFIX + secrets.token_urlsafe(32)
    return Made(ledger.add_token(name, _digest(secret), role.lower(), by), secret)


def revoke(ledger: Ledger, name: str, by: str | None) -> Token:
    """Make a token of that name worthless. Raises TokenError where there is none that is valid."""
    return ledger.revoke_token(name, by)


def authenticate(ledger: Ledger, secret: str) -> Actor:
    """Whose token it is. Raises TokenRequired for one that is unknown or revoked.

    The secret has 256 random bits, so a plain hash cannot be turned round by guessing, and what the time of the
    look-up tells of the hash tells nothing of the secret; the last comparison takes the same time all the same.
    """
    digest = _digest(secret)
    token = ledger.token_of(digest)
    known = token.digest if token is not None else "0" * len(digest)
    if not hmac.compare_digest(known, digest) or token is None:
        raise TokenRequired("the token is unknown or has been revoked")
    return Actor(token.name, Role[token.role.upper()])


def _digest(secret: str) -> str:
    # At the command line it may be any bytes.
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()
