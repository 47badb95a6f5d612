"""Queries made to exhaust a SPARQL service: what each tries, and how a truthful server may answer it.

They are asked of `quads()`, a small graph. The sizes are about twice the smallest that harm the bare engine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from pyoxigraph import Literal as Text
from pyoxigraph import NamedNode, Quad

__all__ = ["PATHOLOGICAL", "Case", "Outcome", "quads"]

# A complete answer; a syntax error; the time limit; the memory limit, heap or stack; an answer begun and broken off;
# a refusal to reach out.
Outcome = Literal["answer", "syntax", "deadline", "memory", "cut", "egress"]

EX: Final = "http://example.org/"
PEOPLE: Final = 2_000
PREFIX: Final = f"PREFIX : <{EX}> "


@dataclass(frozen=True, slots=True)
class Case:
    """One hostile query, by what it attacks, and how it may be answered. `value` is what a complete answer says: of an
    ASK its boolean, of a SELECT the one value of its one row, of a DESCRIBE its number of triples.
    """

    name: str
    query: str
    truthful: frozenset[Outcome]
    value: str | None = None


def quads() -> Iterator[Quad]:
    """10,000 triples: people in a ring, each with a name, an age, a friend further round the ring and a group."""

    def person(number: int) -> NamedNode:
        return NamedNode(f"{EX}person{number % PEOPLE}")

    for number in range(PEOPLE):
        yield Quad(person(number), NamedNode(EX + "next"), person(number + 1))
        yield Quad(person(number), NamedNode(EX + "knows"), person(number * 7 + 3))
        yield Quad(person(number), NamedNode(EX + "name"), Text(f"Person number {number}"))
        yield Quad(person(number), NamedNode(EX + "age"), Text(number % 90))
        yield Quad(person(number), NamedNode(EX + "group"), NamedNode(f"{EX}group{number % 10}"))


def nested(opening: str, core: str, closing: str, depth: int) -> str:
    return opening * depth + core + closing * depth


def doubled(times: int) -> str:
    """A string of 2 to the power of `times` characters, made by joining it to itself."""
    steps = "".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1}) " for n in range(times))
    return f"SELECT (STRLEN(?x{times}) AS ?length) {{ BIND('a' AS ?x0) {steps}}}"


def stack() -> Iterator[tuple[str, str]]:
    """Nesting, which the engine's parser, planner or evaluator follows with its own stack."""
    yield "nested STR", f"ASK {{ FILTER({nested('STR(', '1', ')', 2_000)} = '1') }}"
    yield "nested braces", f"ASK {nested('{', '', '}', 5_000)}"
    yield "nested CONCAT", f"ASK {{ FILTER({nested('CONCAT(', '1', ')', 2_000)} = '1') }}"
    yield "nested parentheses", f"ASK {{ FILTER({nested('(', '1', ')', 10_000)}) }}"
    yield "chain of negations", f"ASK {{ FILTER({'!' * 20_000}true) }}"
    yield "long sum", f"ASK {{ FILTER({'1+' * 15_000}1) }}"
    yield "nested EXISTS", f"ASK {{ {nested('FILTER EXISTS { ?s ?p ?o . ', '', '}', 2_000)} }}"
    yield "chain of UNION", f"ASK {{ {'{ ?s ?p ?o } UNION ' * 13_000}{{ ?s ?p ?o }} }}"
    yield "nested sub-SELECT", f"ASK {{ {nested('{ SELECT * { ', '?s ?p ?o', '} }', 10_000)} }}"
    yield "nested OPTIONAL", f"ASK {{ {nested('OPTIONAL { ?s ?p ?o . ', '', '}', 10_000)} }}"
    yield "nested MINUS", f"ASK {{ {nested('?s ?p ?o MINUS { ', '?s ?p ?o', '}', 10_000)} }}"
    yield "nested GRAPH", f"ASK {{ {nested('GRAPH ?g { ', '?s ?p ?o', '}', 10_000)} }}"
    yield "chain of disjunctions", f"ASK {{ FILTER({'false||' * 20_000}true) }}"
    yield "chain of BIND", f"ASK {{ {''.join(f'BIND({n} AS ?v{n}) ' for n in range(20_000))} }}"
    yield "chain of MINUS", f"ASK {{ ?s ?p ?o {'MINUS { ?s ?p 1 } ' * 20_000} }}"
    yield "nested IF", f"ASK {{ FILTER({nested('IF(true, ', '1', ', 0)', 5_000)}) }}"
    yield "nested blank nodes", f"ASK {{ ?s ?p {nested('[ ?p ', '1', ']', 10_000)} }}"
    yield "nested lists", f"ASK {{ ?s ?p {nested('(', '1', ')', 10_000)} }}"
    yield "nested triple terms", f"ASK {{ ?s ?p {nested('<<( ?s ?p ', '1', ')>>', 10_000)} }}"
    yield "5,000 columns", f"SELECT {' '.join(f'({n} AS ?v{n})' for n in range(5_000))} {{ }}"
    yield "nested path", PREFIX + f"ASK {{ ?s {nested('(', ':next', ')?', 10_000)} ?o }}"


def heap() -> Iterator[tuple[str, str]]:
    """Results and intermediate results that grow without bound."""
    crossed = "?a ?p ?b . ?c ?q ?d . ?e ?r ?f"
    replaced = nested("REPLACE(", "'a'", f", 'a', '{'a' * 100}')", 8)
    yield "a string of 2^40 characters", doubled(40)
    yield "a string of 2^30 characters", doubled(30)
    yield "a string replaced by longer ones", f"SELECT (STRLEN({replaced}) AS ?length) {{ }}"
    yield "sorted cross product", f"SELECT * {{ {crossed} }} ORDER BY ?a ?f"
    yield "the first ten of a shuffled cross product", f"SELECT * {{ {crossed} }} ORDER BY RAND() LIMIT 10"
    yield "distinct rows of a cross product", f"SELECT (COUNT(*) AS ?n) {{ SELECT DISTINCT * {{ {crossed} }} }}"
    yield "grouped cross product", f"SELECT ?a ?d ?f (COUNT(*) AS ?n) {{ {crossed} }} GROUP BY ?a ?d ?f"
    yield "concatenated cross product", f"SELECT (GROUP_CONCAT(?b) AS ?all) {{ {crossed} }}"
    yield "counted distinct values of a cross product", f"SELECT (COUNT(DISTINCT *) AS ?n) {{ {crossed} }}"


def time() -> Iterator[tuple[str, str]]:
    """Evaluation or planning that does not end."""
    chain = " ".join(f"?v{n} :knows ?v{n + 1} ." for n in range(1_000))
    yield "counted cross product", "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f }"
    yield "nested stars", PREFIX + f"ASK {{ ?s {nested('(', ':next*', ')*', 20)} ?o . FILTER(?o = 1) }}"
    yield "path of a thousand steps", PREFIX + f"SELECT * {{ ?s {'/'.join([':knows'] * 1_000)} ?o }}"
    yield "chain of a thousand patterns", PREFIX + f"SELECT * {{ {chain} }}"
    yield (
        "every pair along any path",
        PREFIX + "SELECT (COUNT(*) AS ?n) { ?s (:next|^:knows)* ?o . ?o (:next|:knows)* ?s }",
    )
    yield (
        "two large VALUES compared",
        (
            f"SELECT (COUNT(*) AS ?n) {{ VALUES ?a {{ {' '.join(map(str, range(20_000)))} }} "
            f"VALUES ?b {{ {' '.join(map(str, range(20_000, 40_000)))} }} FILTER(?a * ?b = 7) }}"
        ),
    )
    yield (
        "a regular expression for each row",
        (
            PREFIX
            + "SELECT (COUNT(*) AS ?n) { ?a :name ?b . ?c :name ?d . FILTER REGEX(?b, CONCAT('(', ?d, '|x+)+$')) }"
        ),
    )
    yield (
        "correlated EXISTS",
        ("SELECT (COUNT(*) AS ?n) { ?a ?p ?b FILTER NOT EXISTS { ?c ?q ?d . ?e ?r ?f FILTER(?b = CONCAT(?d, ?f)) } }"),
    )
    yield (
        "a thousand OPTIONAL side by side",
        (f"SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o {''.join(f'OPTIONAL {{ ?s ?p{n} ?o{n} }} ' for n in range(1_000))} }}"),
    )
    yield "blank nodes a thousand deep", f"ASK {{ ?s ?p {nested('[ ?p ', '1', ']', 1_000)} }}"
    yield "a list of a thousand", f"ASK {{ ?s ?p ({' 1' * 1_000} ) }}"


def stream() -> Iterator[tuple[str, str]]:
    """Answers that begin at once and never end."""
    yield "streamed cross product", "SELECT * { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f }"
    yield "constructed cross product", "CONSTRUCT { ?a ?q ?f } WHERE { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f }"


def harmless() -> Iterator[tuple[str, str, str]]:
    """Queries that look as bad, with what they must be answered."""
    numbers = " ".join(map(str, range(100_000)))
    prefixes = "".join(f"PREFIX p{n}: <{EX}{n}> " for n in range(10_000))
    yield "a regular expression bomb", f"SELECT (REGEX('{'a' * 5_000}!', '^(a+)+$') AS ?found) {{ }}", "false"
    yield "VALUES of 100,000 rows", f"SELECT (COUNT(*) AS ?n) {{ VALUES ?v {{ {numbers} }} }}", "100000"
    yield "a literal of a megabyte", f"SELECT (STRLEN('{'x' * 1_000_000}') AS ?n) {{ }}", "1000000"
    yield "10,000 prefixes", prefixes + "ASK { }", "true"
    yield "a megabyte of white space", f"ASK {{ {' ' * 1_000_000} }}", "true"
    yield "everything described", "DESCRIBE ?s { ?s ?p ?o }", str(5 * PEOPLE)


def malformed() -> Iterator[tuple[str, str]]:
    """Texts that no parser takes, and that may trouble the one that explains why."""
    yield "10,000 open parentheses", f"ASK {{ FILTER({'(' * 10_000}"
    yield "10,000 open braces", "ASK " + "{" * 10_000
    yield "a megabyte of nothing sensible", "SELECT " + "?!" * 500_000
    yield "an open string of a megabyte", "ASK { ?s ?p '" + "x" * 1_000_000
    yield "20,000 lines and then a mistake", "ASK {\n" + "?s ?p ?o .\n" * 20_000 + "]"


def egress() -> Iterator[tuple[str, str]]:
    """Ways out."""
    yield "SERVICE over http", "ASK { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"
    yield "SERVICE over https", "ASK { SERVICE <https://127.0.0.1:9/> { ?s ?p ?o } }"
    yield "two hundred SERVICE", f"ASK {{ {'SERVICE SILENT <http://127.0.0.1:9/> { ?s ?p ?o } ' * 200} }}"


def cases() -> Iterator[Case]:
    # Which limit a nested or growing query meets first depends on the machine: planning may outlast the time limit
    # before the stack is full, a fast machine may be done, a slow one may not fill the memory in time.
    limits: frozenset[Outcome] = frozenset({"memory", "deadline"})
    unlimited: frozenset[Outcome] = limits | {"answer"}
    families: tuple[tuple[Iterator[tuple[str, str]], frozenset[Outcome]], ...] = (
        (stack(), unlimited),
        (heap(), limits),
        (time(), unlimited),
        (stream(), frozenset({"cut"})),
        (malformed(), limits | {"syntax"}),
        (egress(), frozenset({"egress"})),
    )
    for family, truthful in families:
        for name, query in family:
            yield Case(name, query, truthful)
    for name, query, value in harmless():
        yield Case(name, query, frozenset({"answer"}), value)


PATHOLOGICAL: Final = tuple(cases())
