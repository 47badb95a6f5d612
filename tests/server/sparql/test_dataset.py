"""A query's dataset is the one that its FROM clauses or the protocol's parameters describe, merged."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from edaphon.sparql.dataset import Dataset, declared_prefixes, described
from edaphon.sparql.pool import WorkerPool
from edaphon.sparql.query import Query

A, B = "http://example.org/a", "http://example.org/b"
LEFT, RIGHT = "http://example.org/left", "http://example.org/right"
COUNT = "SELECT (COUNT(*) AS ?n) {} {{ ?s ?p ?o }}"
IN_GRAPHS = "SELECT ?g {} {{ GRAPH ?g {{ ?s ?p ?o }} }}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * { ?s ?p 'from' }", None),
        ("SELECT * FROM <http://example.org/a> {}", Dataset((A,), ())),
        ("SELECT * FROM<http://example.org/a>FROM NAMED<http://example.org/b>{}", Dataset((A,), (B,))),
        ("PREFIX ex: <http://example.org/> ASK from ex:a from named ex:b WHERE {}", Dataset((A,), (B,))),
        ("PREFIX : <http://example.org/> CONSTRUCT { ?s ?p 'FROM' } FROM :a WHERE { ?s ?p ?o }", Dataset((A,), ())),
        ("# FROM <http://example.org/x>\nSELECT ?from FROM <http://example.org/a> { ?from ?p ?o }", Dataset((A,), ())),
        ("SELECT * FROM <relative> {}", None),
        ("SELECT * FROM ex:undeclared {}", None),
    ],
)  # fmt: skip
def test_from_clauses_are_read_where_they_stand(text: str, expected: Dataset | None) -> None:
    assert described(text) == expected


def test_prefixes_are_read_from_the_prologue_alone() -> None:
    text = "PREFIX a: <http://example.org/a#>\nprefix : <http://example.org/> SELECT * { ?s ?p 'PREFIX b: <http://x>' }"
    assert declared_prefixes(text) == {"a": "http://example.org/a#", "": "http://example.org/"}


@pytest.mark.parametrize(
    ("clauses", "parameters", "count"),
    [
        ("", {}, 300),
        (f"FROM <{LEFT}>", {}, 2),
        (f"FROM <{RIGHT}>", {}, 1),
        (f"FROM <{LEFT}> FROM <{RIGHT}>", {}, 2),
        (f"FROM NAMED <{LEFT}>", {}, 0),
        ("", {"default_graphs": (LEFT,)}, 2),
        ("", {"default_graphs": (LEFT, RIGHT)}, 2),
        ("", {"named_graphs": (LEFT,)}, 0),
        (f"FROM <{LEFT}>", {"default_graphs": (RIGHT,)}, 1),
        (f"FROM <{LEFT}> FROM <{RIGHT}>", {"named_graphs": (LEFT,)}, 0),
        (f"FROM <{LEFT}>", {"default_graphs": (LEFT, RIGHT)}, 2),
    ],
)
def test_a_triple_in_two_default_graphs_counts_once(
    with_pool: Callable[..., Any], clauses: str, parameters: dict[str, tuple[str, ...]], count: int
) -> None:
    async def scenario(pool: WorkerPool) -> bytes | None:
        async with pool.answer(Query(COUNT.format(clauses), **parameters)) as answer:
            return answer.whole

    (row,) = json.loads(with_pool(scenario, workers=1))["results"]["bindings"]
    assert int(row["n"]["value"]) == count


@pytest.mark.parametrize(
    ("clauses", "parameters", "graphs"),
    [
        ("", {}, {LEFT, RIGHT}),
        (f"FROM <{LEFT}>", {}, set()),
        (f"FROM <{LEFT}> FROM <{RIGHT}> FROM NAMED <{RIGHT}>", {}, {RIGHT}),
        ("", {"default_graphs": (LEFT, RIGHT)}, set()),
        ("", {"default_graphs": (LEFT,), "named_graphs": (RIGHT,)}, {RIGHT}),
        ("", {"default_graphs": (LEFT, RIGHT), "named_graphs": (RIGHT,)}, {RIGHT}),
        (f"FROM NAMED <{LEFT}>", {"named_graphs": (RIGHT,)}, {RIGHT}),
    ],
)
def test_only_the_dataset_s_named_graphs_are_seen(
    with_pool: Callable[..., Any], clauses: str, parameters: dict[str, tuple[str, ...]], graphs: set[str]
) -> None:
    async def scenario(pool: WorkerPool) -> bytes | None:
        async with pool.answer(Query(IN_GRAPHS.format(clauses), **parameters)) as answer:
            return answer.whole

    rows = json.loads(with_pool(scenario, workers=1))["results"]["bindings"]
    assert {row["g"]["value"] for row in rows} == graphs
