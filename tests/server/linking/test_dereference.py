"""What is said of an IRI, who says it, and what the terms are called."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from history import History, small_state
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Triple
from revisions import EX, Folder, published

from edaphon.linking import dereference
from edaphon.linking.dereference import Description, Label, describe, spoken
from edaphon.namespaces import GRAPH_IMPLIED, PREFIXES, SERVICE_SHAPES
from edaphon.settings import DefaultGraph as Mode
from edaphon.sparql.pool import Published, WorkerPool
from edaphon.store.merge import counts, triple_of

RDFS_LABEL = NamedNode(PREFIXES["rdfs"] + "label")
TYPE = NamedNode(PREFIXES["rdf"] + "type")


def node(name: str) -> NamedNode:
    return NamedNode(EX + name)


def ask(revision: Published, question: Callable[[WorkerPool], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        pool = WorkerPool(lambda: revision, workers=1, at_once=1, memory=512, result=100, queue=4)
        await pool.start()
        try:
            return await question(pool)
        finally:
            await pool.close(0)

    return asyncio.run(main())


def description(revision: Folder, name: str) -> Description:
    found = ask(revision, lambda pool: describe(pool, revision, EX + name, seconds=30))
    assert isinstance(found, Description)
    return found


def merged(*quads: Quad) -> list[Quad]:
    """The quads, and their triples in the default graph."""
    return [
        *quads,
        *(Quad(one.subject, one.predicate, one.object, DefaultGraph()) for one in quads if counts(one.graph_name)),
    ]


def test_every_statement_comes_with_all_who_state_it(tmp_path: Path) -> None:
    fact = (node("soil"), node("part"), node("land"))
    implied = (node("soil"), node("within"), node("land"))
    revision = published(
        tmp_path / "000001",
        1,
        [
            *merged(Quad(*fact, node("para-1")), Quad(*fact, node("para-2"))),
            Quad(*implied, NamedNode(GRAPH_IMPLIED)),
            Quad(*implied, DefaultGraph()),
            Quad(*fact, NamedNode(SERVICE_SHAPES)),
        ],
    )
    found = description(revision, "soil")
    assert {one.triple: one.evidence for one in found.about} == {
        Triple(*fact): (node("para-1"), node("para-2")),
        Triple(*implied): (NamedNode(GRAPH_IMPLIED),),
    }
    assert found.mentions == found.states == ()
    assert {one.triple for one in description(revision, "land").mentions} == {Triple(*fact), Triple(*implied)}
    assert {one.triple for one in description(revision, "para-1").states} == {Triple(*fact)}
    assert not description(revision, "para-3")


def test_what_the_default_graph_alone_states_has_no_evidence(tmp_path: Path) -> None:
    revision = published(tmp_path / "000001", 1, [Quad(node("a"), node("b"), Literal(1), DefaultGraph())])
    (statement,) = description(revision, "a").about
    assert statement.evidence == ()


def test_what_a_thing_is_comes_first_and_each_triple_once(tmp_path: Path) -> None:
    quads = merged(
        Quad(node("a"), node("z"), node("a"), node("g")),
        Quad(node("a"), RDFS_LABEL, Literal("A"), node("g")),
        Quad(node("a"), TYPE, node("Thing"), node("g")),
    )
    found = description(published(tmp_path / "000001", 1, quads), "a")
    assert [one.predicate for one in found.about] == [TYPE, RDFS_LABEL, node("z")]
    assert len(list(found.triples())) == 3


def test_terms_are_called_by_their_english_names_where_they_have_any(tmp_path: Path) -> None:
    title, pref = (NamedNode(PREFIXES[prefix] + name) for prefix, name in (("dcterms", "title"), ("skos", "prefLabel")))
    quads = merged(
        Quad(node("a"), node("has"), node("b"), node("g")),
        Quad(node("a"), RDFS_LABEL, Literal("sol", language="fr"), node("g")),
        Quad(node("a"), pref, Literal("soil", language="en"), node("g")),
        Quad(node("b"), title, Literal("plain"), node("g")),
        Quad(node("b"), RDFS_LABEL, Literal("Boden", language="de"), node("g")),
        Quad(node("g"), RDFS_LABEL, Literal("paragraph 1", language="en"), node("g")),
    )
    assert description(published(tmp_path / "000001", 1, quads), "a").labels == {
        EX + "a": Label("soil", "en"),
        EX + "b": Label("plain"),
        EX + "g": Label("paragraph 1", "en"),
    }


def test_too_many_statements_are_cut_in_a_fixed_order_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dereference, "MOST", 3)
    quads = merged(*(Quad(node(f"s{number}"), node("p"), node("hub"), node("g")) for number in range(9)))
    revision = published(tmp_path / "000001", 1, quads)
    found = description(revision, "hub")
    assert [one.subject for one in found.mentions] == [node("s0"), node("s1"), node("s2")]
    assert found.cut == {"mentions"}
    remarks = [one.object for one in found.triples() if one.subject == node("hub")]
    text = "Of the statements that mention this as their object, only the first 3 are given here."
    assert remarks == [Literal(text, language="en")]
    assert description(revision, "s1").cut == frozenset()


def test_blank_nodes_are_described_along(tmp_path: Path) -> None:
    quads = merged(Quad(node("a"), node("p"), BlankNode("x"), node("g")))
    (statement,) = description(published(tmp_path / "000001", 1, quads), "a").about
    assert isinstance(statement.object, BlankNode)


@pytest.mark.parametrize("mode", ["merge", "plain"])
def test_the_quads_that_speak_of_a_thing_are_counted_once(tmp_path: Path, mode: Mode) -> None:
    history = History(small_state(tmp_path, mode), 5)
    history.grow(6)
    revision = history.state.current()
    held = history.held[revision.number]
    for name in ("t0", "t3", "g1", "c1", "c4", "nothing"):
        by_hand = sum(
            one.graph_name == node(name)
            or (
                node(name) in (one.subject, one.object)
                and (counts(one.graph_name) or (mode == "plain" and one.graph_name == DefaultGraph()))
            )
            for one in held
        )

        async def count(pool: WorkerPool, name: str = name) -> int:
            return await spoken(pool, revision, EX + name, mode, seconds=30)

        assert ask(revision, count) == by_hand


def test_a_description_is_what_the_default_graph_says(tmp_path: Path) -> None:
    history = History(small_state(tmp_path), 9)
    history.grow(12)
    revision = history.state.current()
    said = [one for one in history.held[revision.number] if one.graph_name == DefaultGraph()]
    told = 0
    for name in ("t0", "t1", "t2", "t3", "c1", "c2"):
        expected = {str(triple_of(one)) for one in said if node(name) in (one.subject, one.object)}
        found = description(Folder(revision.number, revision.folder), name)
        assert {str(one.triple) for one in (*found.about, *found.mentions)} == expected
        told += len(expected)
    assert told > 10
