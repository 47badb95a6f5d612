"""A query that comes with shapes can neither reach out nor break pre-binding."""

import pytest

from edaphon.conformance.engine.prebinding import prepare_ask, prepare_select
from edaphon.conformance.model.constraints import Query
from edaphon.conformance.reading.queries import QueryRefused, check_query

PREFIXES = (("ex", "http://example.org/"), ("", "http://example.org/empty/"))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT $this WHERE { SERVICE <http://localhost/> { $this ?p ?o } }",
        "SELECT $this WHERE { $this ?p 1SERVICE<http://localhost/>{ ?a ?b ?c } }",
        "SELECT $this WHERE { sErViCe SILENT ex:endpoint { ?a ?b ?c } }",
        "SELECT $this WHERE { SERVICE:endpoint { ?a ?b ?c } }",
        "SELECT $this WHERE { $this ?p trueSERVICE<http://localhost/>{ ?a ?b ?c } }",
        "SELECT $this FROM <file:///etc/passwd> WHERE { $this ?p ?o }",
        "SELECT $this from named <http://localhost/> WHERE { $this ?p ?o }",
        "SELECT $this WHERE { $this ?p ?o MINUS { $this ex:q ?o } }",
        "SELECT $this WHERE { VALUES ?x { 1 } $this ?p ?x }",
        "SELECT $this WHERE { BIND (ex:other AS $this) }",
        "SELECT $this (1 AS ?value) ?currentShape WHERE { BIND (1 AS ?currentShape) }",
        "ASK { $this ?p ?o }",
        "SELECT ?x WHERE { ?x ?p ?o }",
        "SELECT $this WHERE { $this ?p }",
        "SELECT $this WHERE { $this unknown:p ?o }",
        f"SELECT $this WHERE {{ FILTER ({'STR(' * 2000}$this{')' * 2000}) }}",
        f"SELECT $this WHERE {{ FILTER ({'1+' * 20_000}1 = 2) }}",
    ],
)
def test_a_query_is_refused(text: str) -> None:
    with pytest.raises(QueryRefused):
        check_query(Query(text, PREFIXES), ask=False)


@pytest.mark.parametrize(
    "text",
    [
        'SELECT $this WHERE { $this ex:service ?o . FILTER (?o = "SERVICE FROM MINUS") }',
        "SELECT $this WHERE { $this ex:valuesFrom ?service } # SERVICE",
        "SELECT $this ?value WHERE { $this <http://example.org/SERVICE/FROM> ?value }",
        "SELECT $this WHERE { { SELECT $this (COUNT(?o) AS ?n) { $this ex:p ?o } GROUP BY $this } FILTER (?n > 1) }",
    ],
)
def test_an_innocent_query_is_taken(text: str) -> None:
    check_query(Query(text, PREFIXES), ask=False)


def test_nodes_are_joined_into_every_group_that_sees_them() -> None:
    query = Query(
        "SELECT $this WHERE { { BIND ($this AS ?x) } UNION { ?x ex:p ?y } FILTER NOT EXISTS { $this ?p ?x } }", ()
    )
    joined = prepare_select(query, None, {}).joined("{NODES}", lateral=False)
    assert joined.count("{NODES}") == 2
    assert "EXISTS { $this" in joined


def test_a_list_of_nodes_is_gone_on_from_one_by_one() -> None:
    joined = prepare_select(Query("SELECT $this WHERE { $this ?p ?o }", ()), None, {}).joined("NODES", lateral=True)
    assert joined.split() == ["SELECT", "$this", "WHERE", "{", "NODES", "LATERAL", "{", "$this", "?p", "?o", "}", "}"]


@pytest.mark.parametrize(
    ("text", "at_once"),
    [
        ("SELECT $this (COUNT(?o) AS ?n) WHERE { $this ?p ?o } GROUP BY $this HAVING (COUNT(?o) > 1)", True),
        ("SELECT $this WHERE { $this ?p ?o } LIMIT 1", False),
        ("SELECT $this ?n WHERE { { SELECT (COUNT(?o) AS ?n) WHERE { ?s ?p ?o } } $this ?p ?n }", False),
    ],
)
def test_a_query_that_counts_over_all_nodes_runs_once_for_each(text: str, at_once: bool) -> None:
    assert prepare_select(Query(text, ()), None, {}).at_once is at_once


def test_constants_take_the_place_of_variables_but_not_of_strings() -> None:
    query = Query('SELECT $this ?lang WHERE { $this $PATH ?v . FILTER (lang(?v) = $lang && ?v != "$lang") }', ())
    text = prepare_select(query, "<urn:p>", {"lang": '"de"'}).text
    assert text == 'SELECT $this ("de" AS ?lang) WHERE { $this <urn:p> ?v . FILTER (lang(?v) = "de" && ?v != "$lang") }'


def test_an_ask_becomes_a_group() -> None:
    query = Query("ASK { FILTER (BOUND($min) && $value > $min && !BOUND(?max)) }", (("ex", "http://example.org/"),))
    prologue, group = prepare_ask(query, None, {"min": "5", "max": None})
    assert prologue.strip() == "PREFIX ex: <http://example.org/>"
    assert group == "{ FILTER (true && $value > 5 && !BOUND(?max)) }"
