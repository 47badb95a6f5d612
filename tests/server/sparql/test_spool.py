"""The spool keeps the order of bytes through memory and disk, and tells how they ended."""

import asyncio
import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edaphon.errors import DeadlineReached
from edaphon.sparql import spool as module
from edaphon.sparql.spool import Spool


@given(st.lists(st.one_of(st.binary(min_size=1, max_size=200), st.none()), max_size=60))
def test_bytes_come_out_as_they_went_in(steps: list[bytes | None]) -> None:
    """None stands for a turn in which the reader takes."""

    async def scenario() -> None:
        spool = Spool()
        out = bytearray()
        put = 0
        for step in steps:
            if step is not None:
                spool.put(step)
                put += len(step)
            elif len(out) < put:
                out += await spool.take() or b""
        spool.end()
        while (part := await spool.take()) is not None:
            out += part
        spool.close()
        assert bytes(out) == b"".join(step for step in steps if step is not None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "WINDOW", 300)
        patch.setattr(module, "PIECE", 128)
        asyncio.run(scenario())


def test_a_reader_waits_for_the_writer() -> None:
    async def scenario() -> bytes | None:
        spool = Spool()
        reading = asyncio.create_task(spool.take())
        await asyncio.sleep(0)
        spool.put(b"late")
        return await reading

    assert asyncio.run(scenario()) == b"late"


def test_the_failure_comes_after_the_bytes_before_it() -> None:
    async def scenario() -> None:
        spool = Spool()
        spool.put(b"first")
        spool.end(DeadlineReached(1))
        assert await spool.take() == b"first"
        with pytest.raises(DeadlineReached):
            await spool.take()

    asyncio.run(scenario())


def test_a_full_disk_is_an_error_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def seek(self, _: int) -> None: ...
        def write(self, part: bytes) -> int:
            return len(part) - 1

        def close(self) -> None: ...
        def fileno(self) -> int:
            return 0

    monkeypatch.setattr(module, "WINDOW", 1)
    monkeypatch.setattr(module, "_room", lambda _: 10**9)
    monkeypatch.setattr(module.tempfile, "TemporaryFile", lambda **_: Full())
    spool = Spool()
    spool.put(b"in memory")
    with pytest.raises(OSError, match="no room on disk") as full:
        spool.put(b"on disk")
    assert full.value.errno == errno.ENOSPC


def test_answers_leave_some_of_the_disk_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    block, blocks = 4096, 1_000_000
    free = blocks

    def disk(_: int) -> os.statvfs_result:
        return os.statvfs_result((block, block, blocks, free, free, 0, 0, 0, 0, 255, 0))

    monkeypatch.setattr(os, "fstatvfs", disk)
    monkeypatch.setattr(module, "WINDOW", 1)
    spool = Spool()
    spool.put(b"in memory")
    spool.put(b"on disk")
    # A tenth of a disk this small.
    free = blocks // 10
    with pytest.raises(OSError, match="no room on disk"):
        spool.put(b"too much")
    blocks = 10**9
    free = 10**9 // block
    with pytest.raises(OSError, match="no room on disk"):
        spool.put(b"too much")
    free += 1
    spool.put(b"fits again")
    spool.close()


def test_what_arrives_after_the_reader_left_is_dropped() -> None:
    spool = Spool()
    spool.put(b"x")
    spool.close()
    spool.put(b"y")
    assert not spool._window
