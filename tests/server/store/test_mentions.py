"""In which revisions what is stated of a resource changed, according to the ledger."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from history import EX, History, change, quad, small_state
from pyoxigraph import DefaultGraph, NamedNode, Quad

from edaphon.settings import DefaultGraph as Mode
from edaphon.store.loading import load
from edaphon.store.mentions import Change, Changes, changes
from edaphon.store.merge import counts
from edaphon.store.state import State


@pytest.fixture
def state(tmp_path: Path) -> State:
    return small_state(tmp_path)


def told(found: Changes) -> list[tuple[int, bool]]:
    return [(one.number, one.there) for one in found.changes]


def test_changes_are_those_of_what_is_stated_of_a_thing(state: State) -> None:
    one, two, other = quad("a", "p", 1, "g"), quad("a", "p", 2, "g"), quad("b", "p", 1, "h")
    change(state, [one, other])
    change(state, [quad("b", "p", 2, "h")])
    change(state, [two], [one])
    change(state, [quad("b", "a", 3, "h")])
    number = change(state, [], [two])
    assert told(changes(state, EX + "a", number, 0)) == [(1, False), (2, True), (4, True), (6, False)]
    assert [one.at for one in changes(state, EX + "a", number, 0).changes] == [
        state.ledger.revision(one).at for one in (1, 2, 4, 6)
    ]
    assert told(changes(state, EX + "a", 4, 1)) == [(1, False), (2, True), (4, True)]


def test_objects_and_graphs_are_spoken_of_too(state: State) -> None:
    number = change(state, [quad("a", "p", "b", "g")])
    assert told(changes(state, EX + "b", number, 1)) == [(1, False), (2, True)]
    assert told(changes(state, EX + "g", number, 1)) == [(1, False), (2, True)]
    assert told(changes(state, EX + "p", number, 0)) == [(1, False)]


def test_nothing_is_known_before_a_bulk_load(tmp_path: Path, state: State) -> None:
    change(state, [quad("a", "p", 1, "g")])
    file = tmp_path / "more.nq"
    file.write_text(f"<{EX}c> <{EX}p> <{EX}d> <{EX}e> .\n", encoding="utf-8")
    loaded = load(state, [file], graph=None, progress=lambda _: None).number
    number = change(state, [quad("a", "p", 2, "g")])
    found = changes(state, EX + "a", number, 2)
    assert (told(found), found.since, found.earlier) == ([(loaded, True), (number, True)], loaded, False)


def test_only_the_last_revisions_are_looked_through(state: State) -> None:
    for number in range(6):
        change(state, [quad("a", "p", number, "g")])
    found = changes(state, EX + "a", 7, 6, most=2)
    assert (told(found), found.since, found.earlier) == ([(6, True), (7, True)], 5, True)


@pytest.mark.parametrize("mode", ["merge", "plain"])
def test_whether_a_thing_is_there_is_known_for_every_revision(tmp_path: Path, mode: Mode) -> None:
    history = History(small_state(tmp_path, mode), 3)
    history.grow(14)

    def speak(name: str, quads: frozenset[Quad]) -> frozenset[Quad]:
        node = NamedNode(EX + name)
        return frozenset(
            one
            for one in quads
            if one.graph_name == node
            or (
                node in (one.subject, one.object)
                and (counts(one.graph_name) or (mode == "plain" and one.graph_name == DefaultGraph()))
            )
        )

    last = max(history.held)
    for name in ("t0", "t1", "t5", "g2", "c2", "c4"):
        spoken = {number: speak(name, quads) for number, quads in history.held.items()}
        found = changes(history.state, EX + name, last, len(spoken[last]))
        assert [found.there(number) for number in spoken] == [bool(one) for one in spoken.values()]
        changed = [number for number in spoken if number > 1 and spoken[number] != spoken[number - 1]]
        assert [one.number for one in found.changes] == [1, *changed]


# Which revision to show


def versions(*pairs: tuple[int, bool], since: int = 1, earlier: bool = False) -> Changes:
    return Changes(
        tuple(Change(number, datetime(2026, 1, number, tzinfo=UTC), there) for number, there in pairs), since, earlier
    )


@pytest.mark.parametrize(
    ("asked", "shown"),
    [(0, 3), (1, 3), (2, 3), (3, 3), (4, 4), (6, 6), (7, 6), (8, 6), (9, 9), (12, 12)],
)
def test_the_nearest_revision_in_which_a_thing_is_there_is_shown(asked: int, shown: int) -> None:
    assert versions((1, False), (3, True), (7, False), (9, True)).nearest(asked) == shown


def test_what_never_was_is_not_shown() -> None:
    assert versions((1, False)).nearest(5) is None


def test_nothing_earlier_than_is_known_is_shown() -> None:
    assert versions((4, True), since=4).nearest(2) == 4
    assert versions((8, True), since=5, earlier=True).nearest(2) == 5
