"""The pool's end of a worker's socket: frames as they arrive, with as few turns of the event loop as can be."""

import asyncio
import contextlib
import os
import socket
from collections import deque
from typing import Final, cast

from edaphon.sparql import wire

__all__ = ["Channel"]

# Frames that nobody has taken may add up to this many bytes before the socket is left unread.
HELD: Final = 4 * wire.HOLD


class Channel(asyncio.Protocol):
    """Frames from and to one worker. One reader at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._held = 0
        self._partial = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._lost = False
        # A second descriptor of the socket, for what is left in it at its end.
        self._rest: int | None = None

    @classmethod
    async def over(cls, end: socket.socket) -> "Channel":
        """A channel over a connected socket, which it owns from now on."""
        rest = os.dup(end.fileno())
        try:
            _, channel = await asyncio.get_running_loop().create_connection(cls, sock=end)
        except BaseException:
            os.close(rest)
            raise
        channel._rest = rest
        return channel

    def send(self, frame: bytes) -> None:
        """Send a frame; what the worker does not read yet waits here. Without effect when it has gone."""
        if self._transport is not None and not self._lost:
            self._transport.write(frame)

    async def receive(self) -> tuple[bytes, bytes]:
        """The next frame: its kind and payload. Raises EOFError when the worker has gone and all frames are taken."""
        while not self._frames:
            if self._lost:
                raise EOFError
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        kind, payload = self._frames.popleft()
        if self._held > HELD >= self._held - len(payload) and self._transport is not None and not self._lost:
            self._transport.resume_reading()
        self._held -= len(payload)
        return kind, payload

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Of a socket it is one; uvloop's is no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._partial and len(data) >= wire.HEADER.size:
            kind, length = wire.HEADER.unpack_from(data)
            if length == len(data) - wire.HEADER.size <= HELD and not self._held:
                # Nearly always: one answer, all of it.
                self._frames.append((kind, data[wire.HEADER.size :]))
                self._held = length
                self._wake()
                return
        self._partial += data
        start, end = 0, len(self._partial)
        with memoryview(self._partial) as view:
            while end - start >= wire.HEADER.size:
                kind, length = wire.HEADER.unpack_from(view, start)
                after = start + wire.HEADER.size + length
                if after > end:
                    break
                self._frames.append((kind, bytes(view[start + wire.HEADER.size : after])))
                before, self._held = self._held, self._held + length
                if before <= HELD < self._held and self._transport is not None:
                    self._transport.pause_reading()
                start = after
        del self._partial[:start]
        self._wake()

    def connection_lost(self, _: Exception | None) -> None:
        # Whoever writes to a worker that has gone loses the connection, and with it an answer that nobody has read.
        self._transport = None
        if self._rest is not None:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                while data := os.read(self._rest, wire.HOLD):
                    self.data_received(data)
            os.close(self._rest)
            self._rest = None
        self._lost = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done() and (self._frames or self._lost):
            self._waiter.set_result(None)
