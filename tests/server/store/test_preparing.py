"""A state is brought up to its ledger and its corpus, and what was contributed outlives every change of the corpus."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from contributing import EVE, EX, Desk
from postgresql import Cluster
from pyoxigraph import Quad, Store

from edaphon.contributions import direct
from edaphon.corpus.layout import Corpus
from edaphon.errors import LedgerError, StateError
from edaphon.namespaces import GRAPH_IMPLIED
from edaphon.store import preparing
from edaphon.store.loading import load
from edaphon.store.preparing import prepare
from edaphon.store.state import State


def all_quads(state: State) -> frozenset[Quad]:
    return frozenset(Store.read_only(str(state.current().folder)))


class Shelf:
    """A state over a document of one paragraph, which can be written anew."""

    def __init__(self, folder: Path) -> None:
        self.corpus = folder / "corpus"
        (self.corpus / "data" / "documents").mkdir(parents=True)
        self.write(2019)
        self.desk = Desk.at(folder, corpus=str(self.corpus))

    def write(self, *years: int) -> None:
        text = "".join(f"GRAPH <{EX}para-1> {{ <{EX}s> <{EX}year> {year} }}\n" for year in years)
        (self.corpus / "data" / "documents" / "report.trig").write_text(text, encoding="utf-8")

    def edition(self, *years: int) -> None:
        """Publish a corpus that states just these years."""
        self.write(*years)
        self.desk = Desk(State.open(self.desk.state.folder))
        assert prepare(self.desk.state)
        # What is published must be what the ledger gives on its own.
        lost = self.desk.state.folder.with_name("lost")
        shutil.copytree(self.desk.state.folder, lost)
        shutil.rmtree(lost / "revisions")
        (lost / "CURRENT").unlink()
        again = State.open(lost)
        prepare(again)
        assert all_quads(again) == all_quads(self.desk.state)
        again.ledger.close()
        shutil.rmtree(lost)

    @property
    def years(self) -> dict[str, set[str]]:
        """Graph → years; contributions' graphs are called `contribution`."""
        told: dict[str, set[str]] = {}
        for graph, values in self.desk.says("s", "year").items():
            name = "contribution" if "/contribution/" in graph else graph
            told.setdefault(name, set()).update(values)
        return told


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


CORRECTION = "DELETE DATA { :s :year 2019 } ; INSERT DATA { :s :year 2020 }"


def test_what_leaves_the_corpus_stays_stated_where_a_contribution_states_it(shelf: Shelf) -> None:
    desk = shelf.desk
    desk.accept(desk.correct("INSERT DATA { :s :year 2019 . :s :seen 1 }"))
    shelf.edition(2021)
    assert shelf.years == {"para-1": {"2021"}, "contribution": {"2019"}, "default": {"2019", "2021"}}


def test_what_a_correction_retracted_stays_retracted_while_the_corpus_still_has_it(shelf: Shelf) -> None:
    shelf.desk.accept(shelf.desk.correct(CORRECTION))
    shelf.edition(2019, 2021)
    assert shelf.years == {"para-1": {"2021"}, "contribution": {"2020"}, "default": {"2020", "2021"}}
    shelf.edition(2019)
    assert shelf.years["default"] == {"2020"}


def test_what_a_correction_retracted_stays_retracted_when_the_corpus_brings_it_back(shelf: Shelf) -> None:
    shelf.desk.accept(shelf.desk.correct(CORRECTION))
    shelf.edition(2021)
    shelf.edition(2019)
    assert shelf.years["default"] == {"2020"}


def test_once_a_correction_is_reverted_the_corpus_decides_again(shelf: Shelf) -> None:
    shelf.desk.revert(shelf.desk.accept(shelf.desk.correct(CORRECTION)))
    assert shelf.years == {"para-1": {"2019"}, "default": {"2019"}}
    shelf.edition(2021)
    assert shelf.years == {"para-1": {"2021"}, "default": {"2021"}}
    shelf.edition(2019)
    assert shelf.years == {"para-1": {"2019"}, "default": {"2019"}}


def test_what_comes_back_by_a_revert_after_the_corpus_gave_it_up_stays(shelf: Shelf) -> None:
    corrected = shelf.desk.accept(shelf.desk.correct(CORRECTION))
    shelf.edition(2021)
    shelf.desk.revert(corrected)
    assert shelf.years["default"] == {"2019", "2021"}
    shelf.edition(2022)
    assert shelf.years["default"] == {"2019", "2022"}


def test_a_revert_that_is_reverted_lets_the_correction_stand(shelf: Shelf) -> None:
    corrected = shelf.desk.accept(shelf.desk.correct(CORRECTION))
    undone = shelf.desk.revert(corrected)
    assert undone.reverted_by is not None
    shelf.desk.revert(shelf.desk.state.ledger.contribution(undone.reverted_by), by=EVE)
    shelf.edition(2019, 2021)
    assert shelf.years["default"] == {"2020", "2021"}


def test_what_was_loaded_stays_when_it_leaves_the_corpus(shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "more.nq"
    file.write_text(
        f'<{EX}s> <{EX}year> "2019"^^<http://www.w3.org/2001/XMLSchema#int> <{EX}para-1> .\n'
        f"<{EX}s> <{EX}by> _:b <{EX}para-1> .\n"
    )
    load(shelf.desk.state, [file], graph=None, progress=lambda _: None)
    shelf.edition(2021)
    assert shelf.years["default"] == {"2019", "2021"}


def test_what_an_editor_wrote_into_a_passage_outlives_the_corpus(shelf: Shelf) -> None:
    direct.update(
        shelf.desk.state,
        EVE,
        direct.Update(f"INSERT DATA {{ GRAPH <{EX}para-1> {{ <{EX}s> <{EX}year> 2018 }} }}"),
    )
    shelf.edition(2018, 2019)
    shelf.edition(2019)
    assert shelf.years == {"para-1": {"2018", "2019"}, "default": {"2018", "2019"}}


def test_what_an_ontology_implies_follows_what_contributions_state(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path)
    desk.accept(desk.propose(':new a :Survey ; :year 2020 ; :title "New" .'))
    (tmp_path / "corpus" / "ontology" / "terms.ttl").write_text("# nothing is above a survey any more\n")
    desk = Desk(State.open(desk.state.folder))
    assert prepare(desk.state)
    assert not [quad for quad in all_quads(desk.state) if GRAPH_IMPLIED in str(quad.graph_name)]


# After an accident


def test_what_the_ledger_has_beyond_what_is_published_is_published(shelf: Shelf) -> None:
    desk = shelf.desk
    before = desk.state.current()
    desk.accept(desk.correct(CORRECTION))
    desk.accept(desk.propose(":s :seen 1 ."))
    after, expected = desk.state.current(), all_quads(desk.state)
    (desk.state.folder / "CURRENT").write_text(f"{before.number}\n")
    shutil.rmtree(after.folder)
    again = State.open(desk.state.folder)
    assert prepare(again) is False
    assert again.current().number == after.number
    assert all_quads(again) == expected


def test_a_new_corpus_that_was_recorded_and_not_published_is_published(shelf: Shelf) -> None:
    shelf.desk.accept(shelf.desk.correct(CORRECTION))
    before = shelf.desk.state.current()
    shelf.edition(2021)
    after, expected = shelf.desk.state.current(), all_quads(shelf.desk.state)
    (after.folder.parent.parent / "CURRENT").write_text(f"{before.number}\n")
    shutil.rmtree(after.folder)
    again = State.open(shelf.desk.state.folder)
    prepare(again)
    assert again.current().number == after.number
    assert all_quads(again) == expected


def test_a_lost_revision_and_a_new_corpus_at_once_are_told_apart_in_the_history(shelf: Shelf) -> None:
    shelf.desk.accept(shelf.desk.correct(CORRECTION))
    shelf.write(2019, 2021)
    folder = shelf.desk.state.folder
    shutil.rmtree(folder / "revisions")
    (folder / "CURRENT").unlink()
    shelf.desk = Desk(State.open(folder))
    prepare(shelf.desk.state)
    assert shelf.years["default"] == {"2020", "2021"}
    causes = [(one.number, one.cause, one.complete) for one in shelf.desk.state.ledger.revisions()]
    assert causes == [(3, "corpus", False), (2, "contribution", True), (1, "corpus", False)]
    shelf.edition(2019)
    assert shelf.years["default"] == {"2020"}


def test_a_ledger_that_is_gone_is_told_and_no_new_one_takes_its_place(shelf: Shelf) -> None:
    state = shelf.desk.state
    state.ledger.close()
    for file in state.folder.glob("ledger.sqlite*"):
        file.unlink()
    again = State.open(state.folder)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite, which says .* is gone; put it back from a backup"):
        prepare(again)
    with pytest.raises(LedgerError, match="is gone"):
        Desk(again).propose(":s :seen 1 .")
    assert not (state.folder / "ledger.sqlite").exists()
    assert all_quads(again), "what is published can still be read"


def test_an_empty_ledger_under_published_revisions_is_told(tmp_path: Path, postgresql: Cluster) -> None:
    url = postgresql.fresh()
    state = State.open(tmp_path / "state", corpus="none", ledger=url)
    prepare(state)
    state.ledger.close()
    another = State(state.folder, state.corpus, "merge", postgresql.fresh())
    with pytest.raises(StateError, match="its ledger is empty"):
        prepare(another)
    another.ledger.close()


def test_two_servers_that_start_at_once_on_one_new_ledger_agree(
    tmp_path: Path, postgresql: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgresql.fresh()
    left, right = (State.open(tmp_path / name, ledger=url, corpus="none") for name in ("left", "right"))
    read = preparing.statements

    def slowly(corpus: Corpus) -> Iterator[Quad]:
        monkeypatch.setattr(preparing, "statements", read)
        prepare(right)
        return read(corpus)

    monkeypatch.setattr(preparing, "statements", slowly)
    prepare(left)
    assert [one.number for one in left.ledger.revisions()] == [1]
    assert left.current().number == right.current().number == 1
    left.ledger.close()
    right.ledger.close()
