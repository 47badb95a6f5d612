"""Which answers may be given again."""

import pytest

from edaphon.sparql.query import Query


@pytest.mark.parametrize(
    "text",
    [
        "SELECT (NOW() AS ?now) {}",
        "SELECT (now ( ) AS ?now) {}",
        "SELECT (NOW # at this very moment\r\n () AS ?now) {}",
        "SELECT (NOW # at this\n # very moment\n () AS ?now) {}",
        "SELECT (1+RAND() AS ?x) {}",
        "SELECT (rAnD\t() AS ?x) {}",
        "ASK { FILTER(1<RAND()) }",
        "SELECT (UUID() AS ?x) {}",
        "SELECT (STRUUID() AS ?x) {}",
        "SELECT (BNODE() AS ?x) {}",
        "SELECT (BNODE('a') AS ?x) {}",
        "SELECT * { SERVICE <http://example.org/> {} }",
    ],
)
def test_an_answer_that_changes_from_call_to_call_is_not_repeatable(text: str) -> None:
    assert not Query(text).repeatable


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p 'knowledge' }",
        "PREFIX now: <http://example.org/> SELECT ?random { ?random now:uuid 'brand' }",
        "SELECT ?rand { ?rand ?p ?o }",
    ],
)
def test_an_answer_that_depends_on_the_revision_alone_is_repeatable(text: str) -> None:
    assert Query(text).repeatable


def test_a_text_of_unfinished_calls_is_read_but_once() -> None:
    """Every one of these begins a comment that reaches to the end: followed there, they would take hours."""
    assert not Query("ASK {} #" + "now#" * 1_000_000).repeatable
