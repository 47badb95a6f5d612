"""Working copies: what is tried on one is undone, what others publish is followed, and nothing of them stays behind."""

import fcntl
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from weakref import ReferenceType, ref

import pytest
from contributing import ANN, BEN, Desk, iri, small_corpus
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from edaphon.afterwards import deferring
from edaphon.conformance.engine.spelling import AS_WRITTEN
from edaphon.conformance.model.findings import Report
from edaphon.contributions import review, verdict
from edaphon.contributions.payload import Payload
from edaphon.contributions.proposal import about, propose
from edaphon.errors import LedgerError, NotConforming
from edaphon.namespaces import GRAPH_ONTOLOGY
from edaphon.settings import DefaultGraph as Mode
from edaphon.store import merge, publishing
from edaphon.store import working as copies
from edaphon.store.delta import Delta, effective
from edaphon.store.ledger.records import RevisionRecord
from edaphon.store.preparing import made_from, prepare
from edaphon.store.publishing import Publication, publish
from edaphon.store.rebuilding import rebuild
from edaphon.store.revisions import KEPT, Revision
from edaphon.store.scratch import COPY, scratch_folder
from edaphon.store.state import State
from edaphon.store.working import WorkingCopy, stand_by

TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
SUBCLASS = NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.at(tmp_path)


@pytest.fixture
def copy(desk: Desk) -> Iterable[WorkingCopy]:
    copy = WorkingCopy(desk.state, "try")
    yield copy
    copy.close()


def statement(subject: str, predicate: str, value: str, graph: str) -> Quad:
    return Quad(iri(subject), iri(predicate), Literal(value), iri(graph))


def changed(state: State, added: Iterable[Quad] = (), removed: Iterable[Quad] = ()) -> Revision:
    """Publish a change."""

    def work_out(_: Revision, store: Store) -> Publication:
        return Publication(effective(store, added, removed), "update", "eve", datetime.now(UTC))

    return publish(state, work_out)


def content(copy: WorkingCopy, state: State) -> set[Quad]:
    with copy.at(state.current()) as held:
        return set(held.store)


def left(state: State) -> list[Path]:
    return list(state.folder.glob(f"{COPY}*"))


# What is tried


def test_a_change_is_there_while_it_is_tried_and_gone_afterwards(desk: Desk, copy: WorkingCopy) -> None:
    new = statement("survey", "title", "More", "para-3")
    (gone,) = [quad for quad in desk.quads(iri("para-1")) if quad.predicate == iri("year")]

    def look(store: Store, _: merge.Written | None) -> set[Quad]:
        return set(store)

    tried = copy.tried(desk.state.current(), Delta(frozenset([new]), frozenset([gone])), look)
    assert tried == (desk.quads() | {new, merged(new)}) - {gone, merged(gone)}
    assert content(copy, desk.state) == desk.quads()


def merged(quad: Quad) -> Quad:
    """A statement as the default graph has it."""
    return Quad(quad.subject, quad.predicate, quad.object, DefaultGraph())


@pytest.mark.parametrize(
    "body",
    [
        ":more a :Survey ; :year 2020 ; :title 'More' .",
        ":more a :Survey ; :year '02020'^^xsd:integer .",
        ":more a :Survey ; :year 2020 ; :size 1.50 , 1.5 , '01'^^xsd:byte .",
        ":survey :title 'Another' ; :year 2019 ; :note 'x'@en .",
    ],
)
def test_a_proposal_leaves_the_copy_that_it_was_checked_on_as_what_is_published(desk: Desk, body: str) -> None:
    stand_by(desk.state)
    desk.propose(body)
    assert content(desk.state.copies["try"], desk.state) == desk.quads()


def test_a_query_of_the_shapes_sees_the_values_that_are_proposed_and_the_copy_has_its_own_again(tmp_path: Path) -> None:
    corpus = small_corpus(tmp_path / "corpus")
    (corpus / "shapes" / "values.ttl").write_text("""
        PREFIX : <http://example.org/>
        PREFIX sh: <http://www.w3.org/ns/shacl#>
        :Size a sh:NodeShape ; sh:targetSubjectsOf :size ; sh:sparql [ sh:message "Too large." ;
            sh:select "SELECT $this ?value WHERE { $this <http://example.org/size> ?value FILTER(?value > 5) }" ] .
    """)
    desk = Desk.at(tmp_path, corpus=str(corpus))
    stand_by(desk.state)
    with pytest.raises(NotConforming):
        desk.propose(":survey :size '007'^^xsd:integer .")
    assert content(desk.state.copies["try"], desk.state) == desk.quads()
    desk.propose(":survey :size '005'^^xsd:integer .")
    assert content(desk.state.copies["try"], desk.state) == desk.quads()


def test_a_literal_that_looks_like_one_in_disguise_is_there_after_a_check(desk: Desk) -> None:
    disguise = AS_WRITTEN + "http://www.w3.org/2001/XMLSchema#integer"
    desk.accept(desk.propose(f":survey :size '05'^^<{disguise}> ."))
    stand_by(desk.state)
    desk.propose(":survey :size '05'^^xsd:integer .")
    assert content(desk.state.copies["try"], desk.state) == desk.quads()


def test_a_proposal_that_does_not_conform_does_neither(desk: Desk) -> None:
    stand_by(desk.state)
    with pytest.raises(NotConforming):
        desk.propose(":survey :year 2020 .")
    assert content(desk.state.copies["try"], desk.state) == desk.quads()
    desk.propose(":survey :year '2019'^^xsd:integer ; :title 'And so on' .")


def test_what_a_proposal_is_held_against_stays_while_others_publish(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever proposes what does not conform is told so, however much is published while it is checked."""
    other = State.open(desk.state.folder)
    whole = verdict.judge

    def slow(*given: Any, **options: Any) -> Report:
        for number in range(KEPT + 1):
            changed(other, [statement("survey", "title", f"Title {number}", "para-3")])
        return whole(*given, **options)

    monkeypatch.setattr(verdict, "judge", slow)
    with pytest.raises(NotConforming):
        desk.propose(":survey :year 2020 .")


def test_a_try_that_fails_leaves_nothing_of_itself(desk: Desk, copy: WorkingCopy) -> None:
    before = content(copy, desk.state)

    def look(store: Store, _: merge.Written | None) -> None:
        store.add(statement("half", "done", "x", "para-3"))
        raise KeyError

    with pytest.raises(KeyError):
        copy.tried(desk.state.current(), Delta(), look)
    assert left(desk.state) == []
    assert content(copy, desk.state) == before


class Handle:
    """Something of a try's own that has hold of the store."""

    def __init__(self, store: Store) -> None:
        self.store = store


def test_an_error_that_came_of_another_one_keeps_nothing_of_the_copy(desk: Desk, copy: WorkingCopy) -> None:
    """Or the engine would go on in a folder that is not there any more, and closing it would take a second."""
    handles: list[ReferenceType[Handle]] = []

    def inner(store: Store) -> None:
        handle = Handle(store)
        handles.append(ref(handle))
        raise OSError("no such file")

    def look(store: Store, _: merge.Written | None) -> None:
        try:
            inner(store)
        except OSError as error:
            raise LedgerError("away") from error

    with pytest.raises(LedgerError) as raised:
        copy.tried(desk.state.current(), Delta(), look)
    assert isinstance(raised.value.__cause__, OSError)
    assert [handle() for handle in handles] == [None]


def test_a_change_of_the_vocabulary_that_was_tried_is_gone_afterwards(desk: Desk, copy: WorkingCopy) -> None:
    alignment = Quad(iri("Activity"), SUBCLASS, iri("Event"), NamedNode(GRAPH_ONTOLOGY))
    delta = Delta(frozenset([alignment]))
    implied = Quad(iri("survey"), TYPE, iri("Event"))

    def look(store: Store, written: merge.Written | None) -> bool:
        assert written is None
        return implied in store

    assert copy.tried(desk.state.current(), delta, look)
    assert content(copy, desk.state) == desk.quads()


# What is published


def test_what_another_process_publishes_is_followed(desk: Desk, copy: WorkingCopy) -> None:
    content(copy, desk.state)
    other = State.open(desk.state.folder)
    for number in range(3):
        changed(other, [statement("survey", "title", f"Title {number}", "para-3")])
        assert content(copy, desk.state) == desk.quads()
    changed(other, removed=desk.quads(iri("para-3")))
    assert content(copy, desk.state) == desk.quads()


def test_a_copy_that_has_missed_much_is_made_anew(desk: Desk, copy: WorkingCopy) -> None:
    content(copy, desk.state)
    for number in range(copies.FOLLOWED + 1):
        changed(desk.state, [statement("survey", "title", f"Title {number}", "para-3")])
    assert content(copy, desk.state) == desk.quads()


def test_a_copy_that_followed_half_of_what_it_missed_is_not_used(
    desk: Desk, copy: WorkingCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    content(copy, desk.state)
    for title in ("One", "Two"):
        changed(desk.state, [statement("survey", "title", title, "para-3"), statement("more", "title", title, "new")])
    whole = merge.apply
    followed: list[int] = []

    def broken(store: Store, added: Iterable[Quad], removed: Iterable[Quad], mode: Mode) -> None:
        followed.append(len(followed))
        store.add(statement("half", "done", "x", "para-3"))
        if len(followed) == 2:
            raise KeyboardInterrupt
        whole(store, added, removed, mode)

    with monkeypatch.context() as patch:
        patch.setattr(merge, "apply", broken)
        with pytest.raises(KeyboardInterrupt):
            content(copy, desk.state)
    assert left(desk.state) == []
    assert content(copy, desk.state) == desk.quads()


def test_a_copy_follows_no_ledger_that_lacks_a_revision(
    desk: Desk, copy: WorkingCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    content(copy, desk.state)
    for title in ("One", "Two"):
        changed(desk.state, [statement("survey", "title", title, "para-3")])
    ledger = desk.state.ledger
    deltas = list(ledger.deltas(1, 3))
    monkeypatch.setattr(type(ledger), "deltas", lambda *_: iter(deltas[:1]))
    assert content(copy, desk.state) == desk.quads()


def test_what_was_made_anew_is_not_followed_by_what_the_ledger_says_of_it(desk: Desk, copy: WorkingCopy) -> None:
    """`edaphon rebuild` publishes what the ledger has had all along, as a revision of the corpus that changes nothing
    of that, over something else.
    """
    content(copy, desk.state)
    new = statement("survey", "title", "More", "para-3")
    with desk.state.publishing() as revisions, revisions.next() as candidate:
        merge.apply(candidate.store, [new], [], "merge")
        record = RevisionRecord(
            number=candidate.number,
            at=datetime.now(UTC),
            cause="corpus",
            actor=None,
            contribution=None,
            title=None,
            added=0,
            removed=0,
            corpus=made_from(desk.state),
            complete=True,
        )
        candidate.commit = lambda: desk.state.ledger.publish(record, Delta().packed())
    assert new in content(copy, desk.state)


def test_a_new_corpus_is_followed(desk: Desk, copy: WorkingCopy, tmp_path: Path) -> None:
    content(copy, desk.state)
    more = small_corpus(tmp_path / "corpus") / "data" / "documents" / "more.trig"
    more.write_text("PREFIX : <http://example.org/>\nGRAPH :para-9 { :other a :Survey ; :year 2021 . }")
    assert prepare(desk.state)
    assert content(copy, desk.state) == desk.quads()


def test_a_copy_is_made_anew_now_and_then(desk: Desk, copy: WorkingCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MOST_CHANGES", {"try": 2, "make": 2})
    content(copy, desk.state)
    folders = {path.name for path in left(desk.state)}
    for number in range(3):
        changed(desk.state, [statement("survey", "title", f"Title {number}", "para-3")])
        content(copy, desk.state)
        folders |= {path.name for path in left(desk.state)}
    assert len(folders) == 2
    assert len(left(desk.state)) == 1


def test_so_is_the_one_on_which_changes_are_made(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MOST_CHANGES", {"try": 2, "make": 2})
    stand_by(desk.state)
    folders = set()
    for number in range(5):
        changed(desk.state, [statement("survey", "title", f"Title {number}", "para-3")])
        folders |= {path.name for path in left(desk.state)}
    assert len(folders) == 3
    assert len(left(desk.state)) == 1


def test_a_standing_copy_is_made_anew_when_nobody_waits_for_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MOST_CHANGES", {"try": 1, "make": 1})
    copy = WorkingCopy(desk.state, "try", idle=60.0)
    content(copy, desk.state)
    before = left(desk.state)
    with deferring():
        changed(desk.state, [statement("survey", "title", "More", "para-3")])
        assert content(copy, desk.state) == desk.quads()
        assert left(desk.state) == before
    assert len(left(desk.state)) == 1
    assert left(desk.state) != before
    copy.close()


def test_what_could_not_be_published_is_not_in_the_next_revision(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_by(desk.state)
    first = desk.propose(":more a :Survey ; :year 2020 .")
    ledger = desk.state.ledger

    def broken(*_: object, **__: object) -> None:
        raise LedgerError("the ledger is away")

    with monkeypatch.context() as patch:
        patch.setattr(type(ledger), "publish", broken)
        with pytest.raises(LedgerError, match="away"):
            desk.accept(first)
    assert [path.name for path in (desk.state.folder / "revisions").iterdir()] == ["000001"]
    before = desk.quads()
    second = desk.propose(":third a :Survey ; :year 2021 .")
    desk.accept(second)
    assert {str(quad) for quad in desk.quads() - before if str(iri("more")) in str(quad)} == set()
    assert desk.says("third", "year")["default"] == {"2021"}


def test_what_somebody_else_publishes_while_a_change_is_worked_out_is_kept(desk: Desk) -> None:
    stand_by(desk.state)
    other = State.open(desk.state.folder)
    mine, theirs = statement("survey", "title", "Mine", "new"), statement("survey", "title", "Theirs", "new")
    bases: list[int] = []

    def work_out(base: Revision, store: Store) -> Publication:
        bases.append(base.number)
        if len(bases) == 1:
            changed(other, [theirs])
        return Publication(effective(store, [mine], ()), "update", "eve", datetime.now(UTC))

    assert publish(desk.state, work_out).number == 3
    assert bases == [1, 2]
    assert desk.quads(iri("new")) == {mine, theirs}
    assert content(desk.state.copies["make"], desk.state) == desk.quads()


def test_what_a_rebuild_has_mended_meanwhile_stays_mended(desk: Desk) -> None:
    desk.accept(desk.propose(":more a :Survey ; :year 2020 ."))
    stand_by(desk.state)
    lost = desk.quads(iri("para-1"))
    broken = Store(str(desk.state.current().folder))
    for quad in lost:
        broken.remove(quad)
    broken.flush()
    del broken
    rebuilt = []

    def work_out(_: Revision, store: Store) -> Publication:
        if not rebuilt:
            rebuilt.append(rebuild(State.open(desk.state.folder)).revision.number)
        new = statement("survey", "title", "More", "para-3")
        return Publication(effective(store, [new], []), "update", "eve", datetime.now(UTC))

    before = desk.state.current().number
    assert publish(desk.state, work_out).number == before + 1
    assert rebuilt == [before]
    assert desk.quads(iri("para-1")) == lost


def test_two_threads_of_one_process_that_publish_at_once_both_do(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "ATTEMPTS", 0)
    stand_by(desk.state)
    titles = [f"Title {number}" for number in range(6)]

    def one(title: str) -> int:
        return changed(desk.state, [statement("survey", "title", title, "para-3")]).number

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(one, titles[:3]))
        monkeypatch.setattr(publishing, "ATTEMPTS", 1)
        list(threads.map(one, titles[3:]))
    assert set(titles) <= desk.says("survey", "title")["para-3"]


def test_two_processes_that_take_turns_publish_what_both_have_done(desk: Desk) -> None:
    other = replace(desk, state=State.open(desk.state.folder))
    for one in (desk, other):
        stand_by(one.state)
    years = set()
    for number, one in enumerate([desk, other, desk, desk, other, other, desk]):
        one.accept(one.propose(f":more-{number} a :Survey ; :year {2000 + number} ."))
        years.add(str(2000 + number))
    store = Store.read_only(str(desk.state.current().folder))
    found = store.quads_for_pattern(None, iri("year"), None, DefaultGraph())
    assert {quad.object.value for quad in found if isinstance(quad.object, Literal)} == years | {"2019"}


SUBJECTS = ("a", "b", "survey")
QUADS = st.builds(
    lambda subject, type_, graph: Quad(iri(subject), TYPE, iri(type_), iri(graph)),
    st.sampled_from(SUBJECTS),
    st.sampled_from(["Survey", "Activity", "Other"]),
    st.sampled_from(["para-1", "para-2", "new"]),
) | st.builds(
    lambda subject, value, graph: Quad(iri(subject), iri("size"), Literal(value[0], datatype=value[1]), iri(graph)),
    st.sampled_from(SUBJECTS),
    st.sampled_from(
        [
            ("1", NamedNode("http://www.w3.org/2001/XMLSchema#integer")),
            ("01", NamedNode("http://www.w3.org/2001/XMLSchema#integer")),
            ("1", NamedNode("http://www.w3.org/2001/XMLSchema#byte")),
            ("1.0", NamedNode("http://www.w3.org/2001/XMLSchema#decimal")),
        ]
    ),
    st.sampled_from(["para-1", "new"]),
)
CHANGE = st.tuples(st.frozensets(QUADS, max_size=4), st.frozensets(QUADS, max_size=4))
STEPS = st.lists(st.tuples(st.sampled_from(["try", "here", "there"]), CHANGE), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_whatever_is_tried_and_published_a_copy_has_what_is_published(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, tuple[frozenset[Quad], frozenset[Quad]]]]
) -> None:
    desk = Desk.at(tmp_path_factory.mktemp("copies"))
    there = State.open(desk.state.folder)
    stand_by(desk.state)
    for kind, (added, removed) in steps:
        if kind == "try":
            desk.state.copies["try"].tried(desk.state.current(), Delta(added, removed), lambda *_: None)
        else:
            changed(desk.state if kind == "here" else there, added, removed)
        for copy in desk.state.copies.values():
            assert content(copy, desk.state) == desk.quads()
    for copy in desk.state.copies.values():
        copy.close()
    assert left(desk.state) == []


# What stays behind


def test_a_copy_that_nobody_uses_is_given_up(desk: Desk) -> None:
    copy = WorkingCopy(desk.state, "try", idle=0.05)
    content(copy, desk.state)
    until = time.monotonic() + 20
    while left(desk.state) and time.monotonic() < until:
        time.sleep(0.02)
    assert left(desk.state) == []
    assert content(copy, desk.state) == desk.quads()
    copy.close()


class Late(threading.Timer):
    """A timer that comes when it is told to."""

    made: ClassVar[list["Late"]] = []

    def __init__(self, interval: float, function: Callable[[], None]) -> None:
        super().__init__(interval, function)
        self.told = threading.Event()
        self.made.append(self)

    def run(self) -> None:
        self.told.wait()
        self.function()


def test_a_timer_that_comes_while_a_copy_is_used_takes_it_from_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Late, "made", [])
    monkeypatch.setattr(threading, "Timer", Late)
    copy = WorkingCopy(desk.state, "try", idle=1.0)
    content(copy, desk.state)
    (first,) = Late.made
    with copy.at(desk.state.current()) as held:
        first.told.set()
        assert set(held.store) == desk.quads()
    first.join()
    assert len(left(desk.state)) == 1
    _, second = Late.made
    second.told.set()
    second.join()
    assert left(desk.state) == []


def test_one_who_needs_a_copy_waits_for_the_other_one(desk: Desk, copy: WorkingCopy) -> None:
    entered = threading.Event()

    def need() -> None:
        with copy.at(desk.state.current()):
            entered.set()

    other = threading.Thread(target=need)
    with copy.at(desk.state.current()):
        other.start()
        assert not entered.wait(0.1)
    other.join()
    assert entered.is_set()


def test_a_copy_that_is_given_back_is_out_of_reach(desk: Desk, copy: WorkingCopy) -> None:
    with copy.at(desk.state.current()) as held:
        held.number = None
    assert not hasattr(held, "store")
    assert left(desk.state) == []


def test_a_folder_that_was_swept_before_it_was_held_is_made_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[Path] = []
    whole = fcntl.flock

    def late(descriptor: int, operation: int) -> None:
        if not swept:
            swept.extend(left(desk.state))
            swept[0].rmdir()
        whole(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with scratch_folder(desk.state.folder) as folder:
        assert left(desk.state) == [folder]
        assert folder not in swept


def test_without_standing_copies_nothing_stays_behind(desk: Desk) -> None:
    desk.accept(desk.propose(":more a :Survey ; :year 2020 ."))
    with pytest.raises(NotConforming):
        propose(
            desk.state, ANN, about("x", None), Payload(b"<http://e/x> a <http://example.org/Survey> .", "text/turtle")
        )
    assert left(desk.state) == []


def test_a_copy_in_use_survives_the_sweeping_of_others(desk: Desk, copy: WorkingCopy) -> None:
    content(copy, desk.state)
    (mine,) = left(desk.state)
    (desk.state.folder / f"{COPY}dead").mkdir()
    with scratch_folder(desk.state.folder):
        assert {path for path in left(desk.state) if path.name == f"{COPY}dead"} == set()
    assert left(desk.state) == [mine]


def test_a_server_that_starts_sweeps_what_a_killed_one_left(desk: Desk) -> None:
    (desk.state.folder / f"{COPY}dead" / "store").mkdir(parents=True)
    prepare(desk.state)
    assert left(desk.state) == []


def test_a_decision_by_a_person_publishes_on_the_standing_copy(desk: Desk) -> None:
    stand_by(desk.state)
    made = desk.propose(":more a :Survey ; :year 2020 .")
    decided = review.accept(desk.state, BEN, made.id, None)
    assert decided.revision == desk.state.current().number
    assert content(desk.state.copies["make"], desk.state) == desk.quads()
