"""A socket on loopback that tells whether somebody has connected to it."""

import socket
from collections.abc import Iterator

import pytest

__all__ = ["called", "listener"]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket that someone may connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def called(listener: socket.socket) -> bool:
    """Whether somebody has connected since this was last asked."""
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        return False
    connection.close()
    return True
