"""The pool's end of a worker's socket: frames as they arrive, with as few turns of the event loop as can be."""

import asyncio
import contextlib
import os
import socket
from collections import deque
from collections.abc import Callable
from typing import Final, cast

from edaphon.sparql import wire

__all__ = ["Channel"]

# Frames that nobody has taken may add up to this many bytes before the socket is left unread.
HELD: Final = 4 * wire.HOLD


class Channel(asyncio.Protocol):
    """Frames from and to one worker. One listener at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._held = 0
        self._partial = bytearray()
        self._listener: Callable[[], None] | None = None
        self._lost = False
        # A second descriptor of the socket: to send without the transport, and for what is left in it at its end.
        self._own: int | None = None

    @classmethod
    async def over(cls, end: socket.socket) -> "Channel":
        """A channel over a connected socket, which it owns from now on."""
        own = os.dup(end.fileno())
        try:
            _, channel = await asyncio.get_running_loop().create_connection(cls, sock=end)
        except BaseException:
            os.close(own)
            raise
        channel._own = own
        return channel

    def send(self, frame: bytes) -> None:
        """Send a frame; what the worker does not read yet waits here. Without effect when it has gone."""
        if self._transport is None or self._own is None:
            return
        sent = 0
        if self._transport.get_write_buffer_size() == 0:
            # A transport may send only at the end of the loop's turn, and the worker could be at work already.
            try:
                sent = os.write(self._own, frame)
            except BlockingIOError:
                pass
            except ConnectionError:
                # What the worker said before it went is still to be read, and then the end.
                return
        if sent < len(frame):
            self._transport.write(frame[sent:])

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` once, from the event loop, when there is a frame to take or there will be none any more."""
        self._listener = listener
        if self._frames or self._lost:
            asyncio.get_running_loop().call_soon(self._deliver)

    def take(self) -> tuple[bytes, bytes]:
        """The next frame: its kind and payload. Raises EOFError when the worker has gone and all frames are taken."""
        if not self._frames:
            assert self._lost, "taken before a frame was there"
            raise EOFError
        kind, payload = self._frames.popleft()
        if self._held > HELD >= self._held - len(payload) and self._transport is not None and not self._lost:
            self._transport.resume_reading()
        self._held -= len(payload)
        return kind, payload

    async def receive(self) -> tuple[bytes, bytes]:
        """Wait for the next frame, and take it."""
        if not self._frames and not self._lost:
            arrival = asyncio.Event()
            self.listen(arrival.set)
            await arrival.wait()
        return self.take()

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
                self._deliver()
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
        self._deliver()

    def connection_lost(self, _: Exception | None) -> None:
        # Where a transport's write fails, it drops what it has not read yet.
        self._transport = None
        if self._own is not None:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                while data := os.read(self._own, wire.HOLD):
                    self.data_received(data)
            os.close(self._own)
            self._own = None
        self._lost = True
        self._deliver()

    def _deliver(self) -> None:
        # Whoever takes a frame may listen for the next one, or have the next query's listener come.
        while self._listener is not None and (self._frames or self._lost):
            listener, self._listener = self._listener, None
            listener()
