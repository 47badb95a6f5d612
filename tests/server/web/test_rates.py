"""Who sends too many writes, or too many unknown tokens, waits; over all processes of a server."""

import asyncio
import os
from typing import Any

import pytest

from edaphon.contributions.roles import Actor, Role
from edaphon.errors import TokenRequired, TooManyRequests
from edaphon.settings import Settings
from edaphon.web.authorization import Gate, bearer, origin
from edaphon.web.rates import FAILURES, Rates
from edaphon.web.tally import ROW, ROWS, Tally


class Sent:
    """The head of a request."""

    def __init__(self, client: str = "192.0.2.1", **headers: str) -> None:
        self.client = client
        self._headers = {name.replace("_", "-").encode(): value for name, value in headers.items()}

    def header(self, name: bytes) -> str | None:
        return self._headers.get(name)


class Clerk:
    """Knows one token, `known`, and how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def actor(self, secret: str) -> Actor:
        self.asked += 1
        if secret != "known":
            raise TokenRequired("the token is unknown or has been revoked")
        return Actor("ann", Role.CONTRIBUTOR)


def gate(clerk: Any, rate: int = 6000, tally: Tally | None = None) -> Gate:
    return Gate(Settings(rate=rate), clerk, tally or Tally())


def hits(rates: Rates, tries: int, *sender: str) -> int:
    """How many of so many writes get through."""
    through = 0
    for _ in range(tries):
        try:
            rates.write(*sender)
        except TooManyRequests:
            continue
        through += 1
    return through


def test_a_sender_has_so_many_writes_and_no_more() -> None:
    rates = Rates(5, Tally())
    assert hits(rates, 20, "token", "ann") == 5
    assert hits(rates, 20, "token", "ben") == 5
    assert hits(rates, 20, "address", "ann") == 5


def test_whoever_sent_too_many_is_told_when_to_come_again() -> None:
    rates = Rates(1, Tally())
    rates.write("token", "ann")
    with pytest.raises(TooManyRequests, match="more than 1 writes came from your token") as caught:
        rates.write("token", "ann")
    assert 1 <= caught.value.retry_after <= 120


def test_no_limit_counts_nothing() -> None:
    rates = Rates(0, Tally())
    assert hits(rates, 1000, "token", "ann") == 1000
    for _ in range(10 * FAILURES):
        rates.failed("192.0.2.1")
    rates.may_try("192.0.2.1")


def test_processes_count_together() -> None:
    tally = Tally()
    reading, writing = os.pipe()
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            os.write(writing, bytes([hits(Rates(100, tally), 100, "token", "ann")]))
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0, 0]
    os.close(writing)
    with os.fdopen(reading, "rb") as counts:
        assert sum(counts.read()) == 100


def test_a_process_that_dies_while_it_counts_keeps_no_other_from_counting() -> None:
    tally = Tally()
    child = os.fork()
    if child == 0:
        with tally.alone():
            os._exit(0)
    os.waitpid(child, 0)
    assert hits(Rates(5, tally), 5, "token", "ann") == 5


def test_a_flood_of_addresses_takes_no_more_memory_and_leaves_the_newest_counted() -> None:
    tally = Tally()
    with tally.alone():
        for number in range(ROWS * ROW * 2):
            tally.add(str(number), 1, 60)
        assert tally.add("the last", 1, 60) == 1
        assert tally.count("the last") == 1
        kept = sum(tally.count(str(number)) for number in range(ROWS * ROW * 2))
    assert 0 < kept <= ROWS * ROW


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_in_any_case(scheme: str) -> None:
    assert bearer(Sent(authorization=f"{scheme} edaphon_x-Y.z~1+/==")) == "edaphon_x-Y.z~1+/=="


def test_a_request_without_a_token_is_no_invalid_one() -> None:
    with pytest.raises(TokenRequired) as caught:
        bearer(Sent())
    assert caught.value.error is None


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Bearer a b", "Bearer a, Bearer b", "Basic YTpi", "Bearer ü"]
)
def test_an_authorization_header_of_another_form_is_refused(value: str) -> None:
    with pytest.raises(TokenRequired) as caught:
        bearer(Sent(authorization=value))
    assert caught.value.error == "invalid_request"


@pytest.mark.parametrize(
    ("client", "forwarded", "counted"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("::1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "unknown", "unknown"),
        ("2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", None, "192.0.2.1"),
    ],
)
def test_an_address_is_the_connections_unless_a_proxy_on_this_machine_says_otherwise(
    client: str, forwarded: str | None, counted: str
) -> None:
    headers = {} if forwarded is None else {"x_forwarded_for": forwarded}
    assert origin(Sent(client, **headers)) == counted


def test_who_guesses_tokens_is_soon_told_to_wait_and_those_with_a_token_are_not() -> None:
    clerk = Clerk()
    door = gate(clerk)

    async def main() -> int:
        refused = 0
        for number in range(3 * FAILURES):
            try:
                await door.writer(Sent(authorization=f"Bearer guess{number}"))
            except TokenRequired as error:
                assert error.error == "invalid_token"
                refused += 1
            except TooManyRequests:
                continue
        with pytest.raises(TooManyRequests, match="unknown tokens"):
            await door.writer(Sent(authorization="Bearer another"))
        assert (await door.writer(Sent(authorization="Bearer known"))).name == "ann"
        return refused

    assert asyncio.run(main()) == FAILURES


def test_a_token_counts_wherever_it_is_used_and_an_address_whatever_token_it_uses() -> None:
    async def through(door: Gate, senders: list[Sent]) -> int:
        count = 0
        for one in senders:
            try:
                await door.writer(one)
            except TooManyRequests:
                continue
            count += 1
        return count

    many = [Sent(f"192.0.2.{number}", authorization="Bearer known") for number in range(10)]
    assert asyncio.run(through(gate(Clerk(), rate=3), many)) == 3
    same = [Sent(authorization="Bearer known") for _ in range(10)]
    assert asyncio.run(through(gate(Clerk(), rate=3), same)) == 3


def test_where_nobody_can_have_a_token_every_token_is_unknown() -> None:
    with pytest.raises(TokenRequired):
        asyncio.run(gate(None).writer(Sent(authorization="Bearer known")))
