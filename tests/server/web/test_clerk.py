"""What becomes of a contribution whose process dies, and of what other servers publish."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from contributing import ANN, BEN, PREFIXES, Desk
from postgresql import Cluster
from pyoxigraph import Store

from edaphon.contributions.desk import accept, propose
from edaphon.contributions.payload import Payload
from edaphon.contributions.proposal import About
from edaphon.errors import EngineFailed
from edaphon.settings import Settings
from edaphon.store.revisions import Revisions
from edaphon.store.scratch import COPY
from edaphon.web.clerk import Clerk

NEW = ':other a :Survey ; :year 2020 ; :title "Other" .'


class PowerCut(Exception):
    """The end, right after the ledger has it."""


def cut_before_it_is_seen(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    """Accept a proposal, as far as the ledger."""
    one = desk.propose(NEW)
    whole = Path.rename

    def rename(self: Path, target: Any) -> Any:
        if Path(target).name == "CURRENT":
            raise PowerCut
        return whole(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename)
        with pytest.raises(PowerCut):
            desk.accept(one)
    assert desk.state.ledger.contribution(one.id).status == "accepted"
    assert desk.says("other", "year") == {}


def broken(*_: object) -> None:
    """A task that no other process can even import, so that it dies of it."""


def test_a_stopped_server_leaves_none_of_the_copies_that_were_worked_on(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path)

    async def work() -> None:
        clerk = Clerk(Settings(), desk.state)
        try:
            one = await clerk.check_in(
                propose, ANN, About("Another"), Payload((PREFIXES + NEW).encode(), "text/turtle")
            )
            await clerk.register(accept, BEN, one.id, None)
            assert len(list(desk.state.folder.glob(f"{COPY}*"))) == 2
        finally:
            clerk.close()

    asyncio.run(work())
    assert desk.says("other", "year")["default"] == {"2020"}
    assert list(desk.state.folder.glob(f"{COPY}*")) == []


def test_what_the_ledger_has_is_published_when_the_process_that_should_have_done_it_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk.at(tmp_path)
    cut_before_it_is_seen(monkeypatch, desk)

    async def work() -> None:
        clerk = Clerk(Settings(), desk.state)
        try:
            with pytest.raises(EngineFailed):
                await clerk.register(broken, BEN)
        finally:
            clerk.close()

    asyncio.run(work())
    assert desk.says("other", "year")["default"] == {"2020"}


def test_what_the_ledger_has_is_published_before_anything_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk.at(tmp_path)
    cut_before_it_is_seen(monkeypatch, desk)
    desk.accept(desk.propose(":another :note 'n' ."))
    assert desk.says("other", "year")["default"] == {"2020"}
    assert desk.says("another", "note")["default"] == {"n"}


@pytest.fixture
def servers(tmp_path: Path, postgresql: Cluster) -> Iterator[tuple[Desk, Desk]]:
    """Two state folders, as on two machines, with one ledger."""
    url = postgresql.fresh()
    one, two = (Desk.at(tmp_path / name, ledger=url) for name in ("one", "two"))
    yield one, two
    for desk in (one, two):
        desk.state.ledger.close()


def test_two_servers_with_one_ledger_publish_the_same(servers: tuple[Desk, Desk]) -> None:
    one, two = servers
    first = one.accept(one.propose(NEW))
    second = two.accept(two.propose(":another :note 'n' ."))
    assert (first.revision, second.revision) == (2, 3)
    one.accept(two.propose(":third :note 'm' ."))
    two.accept(two.propose(":fourth :note 'o' ."))
    assert {quad for quad in one.quads() if "fourth" not in str(quad)} <= two.quads()
    assert two.says("third", "note")["default"] == {"m"}


def test_a_server_follows_what_another_one_publishes(servers: tuple[Desk, Desk]) -> None:
    one, two = servers

    async def follow() -> None:
        clerk = Clerk(Settings(), two.state)
        following = asyncio.create_task(clerk.follow())
        try:
            one.accept(one.propose(NEW))
            async with asyncio.timeout(60):
                while two.state.current().number < one.state.current().number:
                    await asyncio.sleep(0.05)
        finally:
            following.cancel()
            clerk.close()

    asyncio.run(follow())
    assert two.quads() == one.quads()


def test_of_two_servers_that_publish_at_once_both_do(
    servers: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is faster just when this one has everything ready."""
    one, two = servers
    mine, theirs = one.propose(NEW), two.propose(":another :note 'n' .")
    whole = Revisions.publish

    def late(self: Revisions, store: Store, commit: Callable[[int], None]) -> int:
        monkeypatch.setattr(Revisions, "publish", whole)
        two.accept(theirs)
        return whole(self, store, commit)

    monkeypatch.setattr(Revisions, "publish", late)
    assert one.accept(mine).revision == 3
    assert one.says("another", "note")["default"] == {"n"}
