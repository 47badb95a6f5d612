"""An alarm rings once, when the time that it was last set to has come."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from edaphon.alarm import Alarm

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


@pytest.fixture(params=LOOPS)
def rings(request: pytest.FixtureRequest) -> Callable[[Callable[[Alarm], Awaitable[None]]], list[float]]:
    """Run a scenario with an alarm: when it rang, in seconds since its beginning."""

    def run(scenario: Callable[[Alarm], Awaitable[None]]) -> list[float]:
        async def main() -> list[float]:
            loop = asyncio.get_running_loop()
            began = loop.time()
            rung: list[float] = []
            alarm = Alarm(lambda: rung.append(loop.time() - began))
            await scenario(alarm)
            assert alarm.due is None
            alarm.end()
            return rung

        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(main())

    return run


def after(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


Rings = Callable[[Callable[[Alarm], Awaitable[None]]], list[float]]
# A loop's timers are exact to a millisecond.
ALMOST = 0.002


def test_it_rings_when_its_time_has_come(rings: Rings) -> None:
    async def scenario(alarm: Alarm) -> None:
        alarm.set(after(0.05))
        while alarm.due is not None:
            await asyncio.sleep(0.01)

    (rung,) = rings(scenario)
    assert rung >= 0.05 - ALMOST


def test_set_to_a_later_time_it_does_not_ring_at_the_earlier_one(rings: Rings) -> None:
    async def scenario(alarm: Alarm) -> None:
        for step in range(1, 4):
            alarm.set(after(0.05 * step))
        while alarm.due is not None:
            await asyncio.sleep(0.01)

    (rung,) = rings(scenario)
    assert rung >= 0.15 - ALMOST


def test_set_to_an_earlier_time_it_rings_then(rings: Rings) -> None:
    async def scenario(alarm: Alarm) -> None:
        alarm.set(after(60))
        alarm.set(after(0.02))
        while alarm.due is not None:
            await asyncio.sleep(0.01)

    (rung,) = rings(scenario)
    assert ALMOST < rung < 50


def test_unset_it_does_not_ring_and_can_be_set_again(rings: Rings) -> None:
    async def scenario(alarm: Alarm) -> None:
        alarm.set(after(0.02))
        alarm.unset()
        await asyncio.sleep(0.05)
        alarm.set(after(0.02))
        alarm.unset()
        alarm.set(after(0.04))
        while alarm.due is not None:
            await asyncio.sleep(0.01)

    (rung,) = rings(scenario)
    assert rung >= 0.09 - 2 * ALMOST


def test_ended_it_leaves_nothing_in_the_loop(rings: Rings) -> None:
    async def scenario(alarm: Alarm) -> None:
        alarm.set(after(0.01))
        alarm.end()
        await asyncio.sleep(0.03)

    assert rings(scenario) == []


def test_it_may_be_set_while_it_rings() -> None:
    async def main() -> int:
        rung = 0

        def ring() -> None:
            nonlocal rung
            rung += 1
            if rung < 3:
                alarm.set(after(0.01))

        alarm = Alarm(ring)
        alarm.set(after(0.01))
        while rung < 3:
            await asyncio.sleep(0.005)
        return rung

    assert asyncio.run(main()) == 3
