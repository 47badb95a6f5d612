"""Nothing is published on a ledger that does not go with the state folder."""

import shutil
from pathlib import Path

import pytest
from contributing import Desk, small_corpus

from edaphon.contributions.desk import Place, catch_up_with
from edaphon.errors import LedgerError
from edaphon.store.loading import load
from edaphon.store.preparing import prepare
from edaphon.store.rebuilding import rebuild
from edaphon.store.state import LEDGER, State

NEW = ":other :title 'Other' ."


def with_older_ledger(desk: Desk) -> Desk:
    """The state folder with the ledger as it was before its last contribution."""
    copy = desk.state.folder.with_name("older.sqlite")
    desk.state.ledger.copy_to(copy)
    desk.accept(desk.propose(NEW))
    desk.state.ledger.close()
    for left in desk.state.folder.glob(f"{LEDGER}*"):
        left.unlink()
    copy.rename(desk.state.folder / LEDGER)
    return Desk(State.open(desk.state.folder))


def sharing(desk: Desk, corpus: Path) -> State:
    """Another server's state folder, with the same ledger."""
    other = State.open(desk.state.folder.with_name("other"), corpus=str(corpus))
    other._ledger = desk.state.ledger
    return other


def test_with_an_older_ledger_nothing_is_published(tmp_path: Path) -> None:
    desk = with_older_ledger(Desk.at(tmp_path))
    one = desk.propose(":third :title 'Third' .")
    with pytest.raises(LedgerError, match="ends at revision 1, but revision 2 is published"):
        desk.accept(one)
    assert desk.state.current().number == 2
    assert desk.says("other", "title")["default"] == {"Other"}
    assert desk.state.ledger.contribution(one.id).status == "proposed"


def test_with_an_older_ledger_nothing_is_loaded(tmp_path: Path) -> None:
    desk = with_older_ledger(Desk.at(tmp_path))
    file = tmp_path / "more.nq"
    file.write_text("<http://e/a> <http://e/b> <http://e/c> <http://e/g> .")
    with pytest.raises(LedgerError, match="ends at revision 1, but revision 2 is published"):
        load(desk.state, [file], graph=None, progress=lambda _: None)
    assert desk.state.current().number == 2


def test_one_can_go_back_to_what_an_older_ledger_has(tmp_path: Path) -> None:
    desk = with_older_ledger(Desk.at(tmp_path))
    one = desk.propose(":third :title 'Third' .")
    rebuild(desk.state)
    assert desk.accept(one).status == "accepted"
    assert (desk.says("other", "title"), set(desk.says("third", "title")["default"])) == ({}, {"Third"})


def test_servers_with_the_same_corpus_follow_each_other(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path)
    other = sharing(desk, tmp_path / "corpus")
    prepare(other)
    one, two = desk.propose(NEW), desk.propose(":third :title 'Third' .")
    assert Desk(other).accept(one).revision == 2
    assert desk.accept(two).revision == 3
    assert desk.says("other", "title")["default"] == {"Other"}


def test_servers_with_different_corpora_do_not_replace_each_others_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk.at(tmp_path)
    one = desk.propose(NEW)
    corpus = small_corpus(tmp_path / "newer")
    (corpus / "data/documents/report.trig").write_text("GRAPH <http://example.org/p> { <http://e/a> <http://e/b> 1 }")
    newer = sharing(desk, corpus)
    prepare(newer)
    assert (newer.current().number, desk.state.current().number) == (2, 1)
    monkeypatch.setattr("edaphon.contributions.desk.state_at", lambda _: desk.state)
    for attempt in (lambda: desk.accept(one), lambda: catch_up_with(Place(desk.state.folder))):
        with pytest.raises(LedgerError, match="another version of the corpus"):
            attempt()
    assert [record.number for record in desk.state.ledger.revisions()] == [2, 1]
    assert Desk(newer).accept(one).revision == 3


def test_a_ledger_that_is_ahead_is_caught_up_with(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path)
    desk.accept(desk.propose(NEW))
    (desk.state.folder / "CURRENT").write_text("1\n")
    shutil.rmtree(desk.state.folder / "revisions/000002")
    again = Desk(State.open(desk.state.folder))
    assert again.accept(again.propose(":third :title 'Third' .")).revision == 3
    assert again.says("other", "title")["default"] == {"Other"}
