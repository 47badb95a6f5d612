"""The pool's end of a worker's socket: whole frames, in order, and all of them, whatever becomes of the worker."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from edaphon.sparql import wire
from edaphon.sparql.channel import Channel

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


def run(
    scenario: Callable[[Channel, socket.socket], Awaitable[None]], loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            channel = await Channel.over(ours)
            try:
                await scenario(channel, theirs)
            finally:
                channel.close()
                # The loop closes it in its next turn.
                await asyncio.sleep(0.01)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())


@pytest.mark.parametrize("loop", LOOPS)
def test_an_answer_is_read_though_its_worker_has_gone_and_was_sent_another_order(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def scenario(channel: Channel, theirs: socket.socket) -> None:
        theirs.sendall(wire.frame(wire.DATA, b"the answer"))
        theirs.close()
        # Before the loop has had a look at what has come.
        channel.send(wire.frame(wire.OPEN, b"x"))
        assert await channel.receive() == (wire.DATA, b"the answer")
        with pytest.raises(EOFError):
            await channel.receive()

    run(scenario, loop)


@pytest.mark.parametrize("loop", LOOPS)
def test_half_a_frame_of_a_worker_that_has_gone_is_none(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def scenario(channel: Channel, theirs: socket.socket) -> None:
        theirs.sendall(wire.frame(wire.DATA, b"one") + wire.frame(wire.DATA, b"the other")[:-1])
        theirs.close()
        channel.send(wire.frame(wire.OPEN, b"x"))
        assert await channel.receive() == (wire.DATA, b"one")
        with pytest.raises(EOFError):
            await channel.receive()

    run(scenario, loop)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_closed_channel_leaves_no_descriptor(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def scenario(channel: Channel, _: socket.socket) -> None:
        channel.send(wire.frame(wire.OPEN, b"x"))

    run(scenario, loop)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        run(scenario, loop)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
