"""Turns: whoever asks for much waits for the others, and nobody's place is lost or kept for somebody who has left."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from edaphon.errors import PoolBusy
from edaphon.web.turns import Turns


class Counter:
    """One thing at a time is done here, and who had their turn is written down."""

    def __init__(self, most: int = 10, each: int = 5) -> None:
        self.turns = Turns(most, each)
        self.served: list[str] = []

    async def ask(self, name: str) -> None:
        """Wait for a turn, and end it in the next round of the loop."""
        await self.turns.wait(name.rstrip("0123456789"))
        self.served.append(name)
        await asyncio.sleep(0)
        self.turns.done()

    async def all(self, *names: str) -> list["asyncio.Task[None]"]:
        """Ask for these, in this order."""
        tasks = [asyncio.create_task(self.ask(name)) for name in names]
        await asyncio.sleep(0)
        return tasks


def run(scenario: Callable[[Counter], Awaitable[None]], **limits: int) -> list[str]:
    async def main() -> list[str]:
        counter = Counter(**limits)
        await scenario(counter)
        return counter.served

    return asyncio.run(main())


def test_those_who_ask_for_much_take_turns_with_the_others() -> None:
    async def scenario(counter: Counter) -> None:
        await asyncio.gather(*await counter.all("ann1", "ann2", "ann3", "ann4", "ben1", "ben2", "eve1"))

    assert run(scenario) == ["ann1", "ann2", "ben1", "eve1", "ann3", "ben2", "ann4"]


def test_one_person_may_not_fill_the_queue() -> None:
    async def scenario(counter: Counter) -> None:
        tasks = await counter.all("ann0", "ann1", "ann2", "ann3", "ben1")
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in outcomes] == [type(None)] * 3 + [PoolBusy, type(None)]
        assert "2 of your requests" in str(outcomes[3])

    assert run(scenario, each=2) == ["ann0", "ann1", "ben1", "ann2"]


def test_a_full_queue_takes_nobody_more() -> None:
    async def scenario(counter: Counter) -> None:
        tasks = await counter.all("ann0", "ann1", "ben1", "eve1")
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(outcomes[3], PoolBusy)
        assert outcomes[3].retry_after == 1

    assert run(scenario, most=2) == ["ann0", "ann1", "ben1"]


def test_whoever_has_no_name_counts_among_all_only() -> None:
    async def scenario(counter: Counter) -> None:
        await asyncio.gather(*await counter.all("1", "2", "3", "4"))

    assert run(scenario, each=1) == ["1", "2", "3", "4"]


@pytest.mark.parametrize("leaving", [1, 2, 3])
def test_whoever_leaves_takes_no_turn(leaving: int) -> None:
    async def scenario(counter: Counter) -> None:
        tasks = await counter.all("ann0", "ann1", "ben1", "ann2")
        tasks[leaving].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await counter.ask("eve1")

    order = ["ann0", "ann1", "ben1", "ann2"]
    gone = order[leaving]
    assert run(scenario) == [name for name in order if name != gone] + ["eve1"]


def test_whoever_leaves_as_their_turn_comes_passes_it_on() -> None:
    async def scenario(counter: Counter) -> None:
        await counter.turns.wait("ann")
        late = asyncio.create_task(counter.ask("ben1"))
        next_one = asyncio.create_task(counter.ask("eve1"))
        await asyncio.sleep(0)
        counter.turns.done()
        late.cancel()
        await asyncio.wait_for(next_one, 10)
        await asyncio.wait_for(counter.ask("ann1"), 10)

    assert run(scenario) == ["eve1", "ann1"]


def test_whoever_left_and_has_not_heard_of_it_holds_up_nobody() -> None:
    async def scenario(counter: Counter) -> None:
        await counter.turns.wait("ann")
        late = asyncio.create_task(counter.ask("ben1"))
        next_one = asyncio.create_task(counter.ask("eve1"))
        await asyncio.sleep(0)
        late.cancel()
        counter.turns.done()
        await asyncio.wait_for(next_one, 10)

    assert run(scenario) == ["eve1"]
