"""A server that is killed again and again while people contribute: each answer that it gave is kept."""

import random
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from crash.integrity import goes_on, keeps, recovered, small_corpus
from crash.people import Contributors, running, visible
from crash.survival import LONG
from processes import wait_until

from edaphon.contributions import tokens
from edaphon.store.preparing import prepare
from edaphon.store.state import State

# How often the server is killed, and how many contributions are accepted meanwhile.
KILLS, ACCEPTED = (40, 500) if LONG else (3, 6)


@pytest.mark.parametrize("seed", range(3 if LONG else 1))
def test_what_a_killed_server_has_acknowledged_is_there_once(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    state = State.open(tmp_path / "state", corpus=small_corpus(tmp_path / "corpus"))
    prepare(state)
    with state.ledger as ledger:
        proposer, reviewer = (tokens.make(ledger, role, role, None).secret for role in ("contributor", "reviewer"))
    with running(state.folder) as server, Contributors(server, proposer, reviewer) as people:
        for kill in range(KILLS):
            # Now and then the next one comes while the server is still recovering from the last.
            if chance.random() < 0.8:
                wait_until(partial(people.have_accepted, ACCEPTED * kill // KILLS))
            time.sleep(chance.expovariate(5))
            if chance.random() < 0.3:
                server.kill_one(chance)
            else:
                server.kill()
                before = set(people.accepted)
                server.start()
                assert before <= visible(server)
        wait_until(partial(people.have_accepted, ACCEPTED))
    assert people.refused == []
    with recovered(state.folder) as after:
        # Each client may have lost an answer at each kill.
        keeps(after, people.acknowledged, under_way=people.tried)
        titles = Counter(one.title for one in after.ledger.contributions(limit=10_000))
        assert set(titles.values()) == {1}
        goes_on(after)
