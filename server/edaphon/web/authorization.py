"""Who sent a request that writes: the bearer of a token (RFC 6750), who may not write too often.

An address is that of the connection. A proxy on this machine is believed when it names another one in X-Forwarded-For,
as it is believed about the scheme: of several the last, which the proxy itself has added. IPv6 addresses count by their
first 64 bits, which is what one subscriber has.
"""

import asyncio
import re
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final, Protocol

from edaphon.errors import TokenRequired
from edaphon.settings import Settings
from edaphon.web.requests import LOOPBACK
from edaphon.web.tally import Tally

if TYPE_CHECKING:  # the library for rates, and the ledger's, are only needed by those who write
    from edaphon.contributions.roles import Actor
    from edaphon.web.clerk import Clerk
    from edaphon.web.rates import Rates

__all__ = ["Gate", "Sender", "bearer", "origin"]

# RFC 6750 section 2.1; the scheme's name is in any case (RFC 9110 section 11.1).
BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*) *", re.IGNORECASE)
# No token of ours is longer; what is longer need not be looked up.
LONGEST: Final = 200
SUBSCRIBER: Final = 64


class Sender(Protocol):
    """The head of a request, as far as it tells who sent it."""

    def header(self, name: bytes, /) -> str | None:
        """The value of a header, named in lower case; None without it."""

    @property
    def client(self) -> str:
        """The address at the other end of the connection."""


def bearer(request: Sender) -> str:
    """The token that a request carries. Raises TokenRequired where it carries none, or no single one."""
    value = request.header(b"authorization")
    if value is None:
        raise TokenRequired("send a token: Authorization: Bearer <token>")
    match = BEARER.fullmatch(value)
    if match is None:
        raise TokenRequired("the Authorization header is not of the form: Bearer <token>", error="invalid_request")
    return match[1]


def origin(request: Sender) -> str:
    """The address that a request is counted for."""
    address = request.client
    forwarded = request.header(b"x-forwarded-for")
    if forwarded is not None and address in LOOPBACK:
        address = forwarded.rpartition(",")[2].strip() or address
    try:
        parsed = ip_address(address)
    except ValueError:
        # A name, or what a proxy has made of one: it counts as it is.
        return address[:LONGEST]
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{IPv6Address(int(parsed) >> SUBSCRIBER << SUBSCRIBER)}/{SUBSCRIBER}"
    return str(parsed)


class Gate:
    """Lets requests through that may write. `clerk` is None where nobody can have a token; `tally` is shared."""

    def __init__(self, settings: Settings, clerk: "Clerk | None", tally: Tally) -> None:
        self._settings = settings
        self._clerk = clerk
        self._tally = tally
        self._made: Rates | None = None

    async def writer(self, request: Sender) -> "Actor":
        """Whose token a request carries; what they may do is for others to say.

        Raises TokenRequired, and TooManyRequests. Unknown tokens do not count against known ones from the same address:
        behind one address there may be many people, and one of them a program with a token that was revoked.
        """
        secret = bearer(request)
        rates = await self._rates()
        address = origin(request)
        rates.write("address", address)
        try:
            if self._clerk is None or len(secret) > LONGEST:
                raise TokenRequired("the token is unknown or has been revoked")
            actor = await self._clerk.actor(secret)
        except TokenRequired as error:
            rates.may_try(address)
            rates.failed(address)
            raise TokenRequired(str(error), error="invalid_token") from error
        rates.write("token", actor.name)
        return actor

    async def anybody(self, request: Sender) -> None:
        """Count a request that takes as much work as a write, but no token. Raises TooManyRequests."""
        (await self._rates()).write("address", origin(request))

    async def _rates(self) -> "Rates":
        if self._made is None:
            self._made = await asyncio.to_thread(self._make)
        return self._made

    def _make(self) -> "Rates":
        # Its import takes a tenth of a second, which no start should wait for, nor other requests.
        from edaphon.web.rates import Rates

        return Rates(self._settings.rate, self._tally)
