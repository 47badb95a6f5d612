"""Many writers: of several who want the same thing exactly one gets it, and nobody waits for ever."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from ledger_entries import entry, proposal, revision

from edaphon.errors import RevisionTaken, StateBusy, TokenError, WrongStatus
from edaphon.store.ledger import Acceptance, Brought, Ledger
from edaphon.store.ledger import database as databases

SERVERS = 4


@pytest.fixture
def servers(where: Path | str) -> Iterator[list[Ledger]]:
    """Several servers' own connections to one ledger."""
    with ExitStack() as stack:
        yield [stack.enter_context(Ledger.open(where)) for _ in range(SERVERS)]


def at_once(servers: list[Ledger], act: Callable[[Ledger, int], object]) -> list[str]:
    """What becomes of an act that all try at the same moment: how it ended for each, sorted."""
    ready = threading.Barrier(len(servers))

    def one(number: int) -> str:
        ready.wait()
        try:
            act(servers[number], number)
        except (RevisionTaken, WrongStatus, TokenError) as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(len(servers)) as pool:
        return sorted(pool.map(one, range(len(servers))))


def test_of_those_who_decide_on_one_proposal_at_once_exactly_one_does(servers: list[Ledger]) -> None:
    for number in range(5):
        id = f"c{number}"
        servers[0].submit(*entry(id))
        ended = at_once(servers, lambda server, who, id=id: server.decide(id, "rejected", f"reviewer-{who}", "no"))
        assert ended == ["WrongStatus"] * (SERVERS - 1) + ["done"]
        kinds = [event.kind for event in servers[0].events(contribution=id)]
        assert kinds == ["submitted", "checked", "rejected"]


def test_of_those_who_accept_and_reject_at_once_exactly_one_does(servers: list[Ledger]) -> None:
    def act(server: Ledger, who: int) -> None:
        if who % 2:
            server.decide(id, "rejected", "rita", "no")
        else:
            server.publish(revision(100 * number + who + 1), b"", accepts=Acceptance(id, "rolf", None, 1, 0))

    for number in range(5):
        id = f"c{number}"
        servers[0].submit(*entry(id))
        assert at_once(servers, act).count("done") == 1
        assert servers[0].contribution(id).status in ("accepted", "rejected")


def test_of_those_who_publish_one_number_at_once_exactly_one_does(servers: list[Ledger]) -> None:
    for number in range(1, 6):
        ended = at_once(
            servers, lambda server, who, number=number: server.publish(revision(number, actor=str(who)), b"%d" % who)
        )
        assert ended == ["RevisionTaken"] * (SERVERS - 1) + ["done"]
        # Who is recorded is whose delta is kept.
        assert servers[0].delta(number) == str(servers[0].revision(number).actor).encode()


def test_of_those_who_undo_one_contribution_at_once_exactly_one_does(servers: list[Ledger]) -> None:
    servers[0].submit(*entry("kenya"))
    servers[0].publish(revision(1), b"", accepts=Acceptance("kenya", "rita", None, 1, 0))

    def undo(server: Ledger, who: int) -> None:
        made = proposal(f"undo-{who}", kind="revert", reverts="kenya")
        server.publish(revision(2 + who, cause="revert"), b"", brings=Brought(made, b"", b"", b""))

    assert at_once(servers, undo).count("done") == 1
    undoing = servers[0].contribution("kenya").reverted_by
    assert [one.id for one in servers[0].contributions()] == [undoing, "kenya"]


def test_of_those_who_give_one_name_at_once_exactly_one_does(servers: list[Ledger]) -> None:
    ended = at_once(servers, lambda server, who: server.add_token("rita", f"d{who}", "reviewer", None))
    assert ended == ["TokenError"] * (SERVERS - 1) + ["done"]


def test_those_who_write_different_things_all_get_their_turn(servers: list[Ledger]) -> None:
    def act(server: Ledger, who: int) -> None:
        for number in range(10):
            server.submit(*entry(f"c-{who}-{number}"))

    assert at_once(servers, act) == ["done"] * SERVERS
    assert len(servers[0].contributions(limit=100)) == 10 * SERVERS
    numbers = [event.seq for event in servers[0].events(limit=1000)]
    assert numbers == list(range(20 * SERVERS, 0, -1))


def test_threads_may_share_one_ledger(ledger: Ledger) -> None:
    assert at_once([ledger] * 6, lambda ledger, who: ledger.submit(*entry(f"c{who}"))) == ["done"] * 6
    assert len(ledger.contributions()) == 6


def test_a_reader_sees_what_was_committed_while_somebody_writes(servers: list[Ledger]) -> None:
    writer, reader, *_ = servers
    with writer._database.writing():
        assert reader.contributions() == []


def test_who_cannot_have_its_turn_in_time_is_told(where: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger.open(where) as first:
        monkeypatch.setattr(databases, "PATIENCE", 1)
        monkeypatch.setattr("edaphon.store.ledger.sqlite.PATIENCE", 1)
        if not isinstance(where, Path):
            monkeypatch.setattr("edaphon.store.ledger.postgresql.PATIENCE", 1)
        with Ledger.open(where) as second:
            with first._database.writing(), pytest.raises(StateBusy, match="try again"):
                second.submit(*entry("kenya"))
            second.submit(*entry("kenya"))
