"""How much of a request's body is read, and how patiently."""

import asyncio
import gzip
from typing import Any

import pytest

from edaphon.errors import BodyTimeout, BodyTooLarge, MalformedRequest, PoolBusy, UnsupportedMedia
from edaphon.web import bodies


def read(*parts: bytes, coding: str | None = None, declared: str | None = None, limit: int = 100) -> bytes:
    """The body that arrives in these parts."""
    waiting = list(parts)

    async def receive() -> dict[str, Any]:
        if not waiting:
            raise AssertionError("read beyond the end")
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    return asyncio.run(bodies.read(receive, coding, declared, limit))


def test_a_body_is_put_together_from_its_parts() -> None:
    assert read(b"a", b"", b"bc") == b"abc"
    assert read(b"") == b""


def test_a_body_may_be_as_large_as_the_limit() -> None:
    assert read(b"x" * 100) == b"x" * 100
    with pytest.raises(BodyTooLarge):
        read(b"x" * 100, b"x")


def test_gzip_is_unpacked_across_parts_and_members() -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two")
    assert read(*(packed[index : index + 1] for index in range(len(packed))), coding="GZIP") == b"one two"
    assert read(packed, coding="x-gzip") == b"one two"


def test_the_unpacked_size_counts() -> None:
    assert len(read(gzip.compress(b"x" * 100), coding="gzip")) == 100
    with pytest.raises(BodyTooLarge):
        read(gzip.compress(b"x" * 101), coding="gzip")
    with pytest.raises(BodyTooLarge):
        read(gzip.compress(b"x" * 60) + gzip.compress(b"x" * 60), coding="gzip")


@pytest.mark.parametrize(
    "broken",
    [b"not gzip", gzip.compress(b"x")[:-1], gzip.compress(b"x") + b"rest"],
    ids=["other bytes", "too short", "too long"],
)
def test_gzip_that_is_none_is_malformed(broken: bytes) -> None:
    with pytest.raises(MalformedRequest):
        read(broken, coding="gzip")


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "gzip, gzip", "compress"])
def test_other_codings_are_not_taken(coding: str) -> None:
    with pytest.raises(UnsupportedMedia):
        read(b"x", coding=coding)


def test_a_huge_body_is_refused_before_it_is_read() -> None:
    with pytest.raises(BodyTooLarge):
        read(declared=str(bodies.HEARD_OUT + 1))


def test_a_client_that_says_too_much_is_heard_out_so_that_it_learns_why() -> None:
    remaining = [b"x" * 150, b"x" * 150, b"x" * 150]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": remaining.pop(), "more_body": bool(remaining)}

    with pytest.raises(BodyTooLarge):
        asyncio.run(bodies.read(receive, None, "450", 100))
    assert remaining == []


def test_a_body_that_stops_arriving_is_not_waited_for() -> None:
    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    with pytest.raises(BodyTimeout):
        asyncio.run(bodies.read(receive, None, None, 100, patience=0.01))


def test_a_client_that_goes_away_is_not_answered() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(bodies.ClientGone):
        asyncio.run(bodies.read(receive, None, None, 100))


def test_bodies_that_arrive_at_once_are_bounded_together_but_small_ones_get_in() -> None:
    arriving = bodies.Arriving(1_000_000)
    large = b"x" * 700_000

    async def scenario() -> None:
        rest = asyncio.Event()

        def sends(body: bytes, *, waits: bool = False) -> Any:
            messages = [
                {"type": "http.request", "body": body, "more_body": waits},
                {"type": "http.request", "body": b"", "more_body": False},
            ]

            async def receive() -> Any:
                if len(messages) == 1:
                    await rest.wait()
                return messages.pop(0)

            return receive

        def reading(receive: Any) -> Any:
            return bodies.read(receive, None, None, 2_000_000, arriving=arriving)

        slow = [asyncio.create_task(reading(sends(large, waits=True))) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(PoolBusy, match="too many large bodies") as caught:
            await reading(sends(large))
        assert caught.value.retry_after > 0
        assert await reading(sends(b"small")) == b"small"
        rest.set()
        assert await asyncio.gather(*slow) == [large, large]
        # What has arrived, was refused or has left makes room again.
        assert await reading(sends(large)) == large

    asyncio.run(scenario())
