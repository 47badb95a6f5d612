"""Every saved query has a header that machines can read, declares what it uses, and runs as it stands."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyoxigraph import Literal, NamedNode, QuerySolutions, Store
from query_files import EXAMPLES, PARAMETER, QUERIES, REPORTS, VIOLATIONS, answer, order

from edaphon.corpus.saved_queries import read_saved_query
from edaphon.namespaces import BASE, PREFIXES

ALL = [*EXAMPLES, *VIOLATIONS, *REPORTS]
OWN = [prefix for prefix, namespace in PREFIXES.items() if namespace.startswith(BASE)]
DECLARED = re.compile(r"^PREFIX (\w+): <([^>]+)>$", re.MULTILINE)
ENDINGS = ("_iri", "_integer")

each_query = pytest.mark.parametrize("query", ALL, ids=lambda query: f"{query.parent.name}/{query.stem}")


def header(query: Path) -> dict[str, Any]:
    lines = re.findall(r"^#\+ (.*)$", query.read_text(encoding="utf-8"), re.MULTILINE)
    loaded = yaml.safe_load("\n".join(lines))
    assert isinstance(loaded, dict)
    return loaded


def body(query: Path) -> str:
    """What follows the header and the prefixes."""
    text = query.read_text(encoding="utf-8")
    return DECLARED.sub("", re.sub(r"^#\+.*$", "", text, flags=re.MULTILINE)).strip()


def closed_list_of_tags() -> set[str]:
    readme = (QUERIES / "README.md").read_text(encoding="utf-8")
    (paragraph,) = re.findall(r"^Tags: (.+?)\. The list is closed", readme, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`([\w-]+)`", paragraph))


def of_parameters(query: Path, key: str) -> dict[str, Any]:
    """What a key of the header says of each parameter, in a list with one entry each, since grlc reads no mapping."""
    given = header(query).get(key, [])
    assert isinstance(given, list)
    assert all(isinstance(one, dict) and len(one) == 1 for one in given)
    return {name: value for one in given for name, value in one.items()}


@each_query
def test_the_header_has_grlc_keys_and_sentences(query: Path) -> None:
    found = header(query)
    assert (
        {"summary", "description", "tags"} <= set(found) <= {"summary", "description", "tags", "defaults", "enumerate"}
    )
    assert re.fullmatch(r"[A-Z].{10,98}[^.]", found["summary"])
    assert re.fullmatch(r"[A-Z].+\.", found["description"].strip())


@each_query
def test_the_header_comes_first_and_without_a_gap(query: Path) -> None:
    lines = query.read_text(encoding="utf-8").splitlines()
    marked = [number for number, line in enumerate(lines) if line.startswith("#+")]
    assert marked == list(range(len(marked)))
    assert lines[len(marked)] == ""


@each_query
def test_tags_are_from_the_closed_list(query: Path) -> None:
    tags = header(query)["tags"]
    assert isinstance(tags, list)
    assert tags
    assert len(set(tags)) == len(tags)
    assert set(tags) <= closed_list_of_tags()


def test_every_tag_of_the_closed_list_is_used() -> None:
    assert set().union(*(header(query)["tags"] for query in ALL)) == closed_list_of_tags()


@each_query
def test_the_reader_of_saved_queries_takes_the_header_as_it_is(query: Path) -> None:
    saved, found = read_saved_query(query), header(query)
    assert saved.name == query.stem
    assert saved.summary == found["summary"]
    assert list(saved.tags) == found["tags"]
    assert saved.defaults == of_parameters(query, "defaults")
    assert saved.form == re.findall(r"^(SELECT|ASK|CONSTRUCT)\b", body(query), re.MULTILINE)[0]


@each_query
def test_prefixes_are_spelt_as_everywhere_in_order_and_all_used(query: Path) -> None:
    declared = DECLARED.findall(query.read_text(encoding="utf-8"))
    names = [prefix for prefix, _ in declared]
    assert dict(declared) == {prefix: PREFIXES[prefix] for prefix in names}
    own = [prefix for prefix in OWN if prefix in names]
    assert names == own + sorted(set(names) - set(own))
    code = re.sub(r'"[^"]*"|<[^>\s]*>|^\s*#.*$', "", body(query), flags=re.MULTILINE)
    assert set(re.findall(r"(?<![\w?:-])(\w+):", code)) == set(names)


@each_query
def test_a_select_is_ordered_by_variables(query: Path) -> None:
    text = body(query)
    if text.startswith("SELECT"):
        assert order(text), "ORDER BY, with variables, on the last line"
    else:
        assert re.match(r"ASK|CONSTRUCT", text)
        assert "ORDER BY" not in text


@each_query
def test_the_first_lines_name_every_column(query: Path) -> None:
    assert "*" not in re.split(r"\bWHERE\b", body(query))[0].replace("COUNT(*)", "")


@each_query
def test_parameters_stand_alone_and_hold_the_default_of_the_header(query: Path, graph: Store) -> None:
    text = body(query)
    found = {match["name"]: match["value"] for match in PARAMETER.finditer(text)}
    assert set(re.findall(r"\?_(\w+)", text)) == set(found)
    assert text.count("change me") == len(found)
    prefixes = "\n".join(f"PREFIX {prefix}: <{namespace}>" for prefix, namespace in PREFIXES.items())
    values: dict[str, Any] = {}
    for name, value in found.items():
        solutions = graph.query(f"{prefixes} SELECT ?value {{ VALUES ?value {{ {value} }} }}")
        assert isinstance(solutions, QuerySolutions)
        ((term,),) = solutions
        ending = next((ending for ending in ENDINGS if name.endswith(ending)), "")
        if ending == "_iri":
            assert isinstance(term, NamedNode)
            values[name.removesuffix(ending)] = term.value
        else:
            assert isinstance(term, Literal)
            values[name.removesuffix(ending)] = int(term.value) if ending == "_integer" else term.value
    assert values == of_parameters(query, "defaults")


@each_query
def test_a_default_is_among_the_values_that_the_header_lists(query: Path) -> None:
    for parameter, values in of_parameters(query, "enumerate").items():
        assert of_parameters(query, "defaults")[parameter] in values


@each_query
def test_lines_are_short_and_the_file_ends_with_one_line_end(query: Path) -> None:
    text = query.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 120
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


def test_no_two_queries_share_a_name() -> None:
    assert len({query.stem for query in ALL}) == len(ALL)


def test_there_are_queries_for_those_who_know_only_other_vocabularies() -> None:
    ours = re.compile(r"\bedo:")
    neutral = [query for query in EXAMPLES if "other-vocabularies" in header(query)["tags"]]
    assert len(neutral) >= 4
    assert not [query.stem for query in neutral if ours.search(body(query))]


def test_the_query_that_the_readme_shows_runs(graph: Store) -> None:
    readme = (QUERIES / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```sparql\n(.+?)^```", readme, re.MULTILINE | re.DOTALL)
    assert answer(graph, shown) == (("document",), [("edi:cbd-sbstta-24-7-rev-1",)])
