"""`edaphon query` answers one query on a terminal, in any format, and tells what is wrong with it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edaphon.cli import main

EX = "http://example.org/"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("query")
    data = folder / "data.trig"
    data.write_text(
        f"GRAPH <{EX}g> {{ <{EX}s> <{EX}p> 'one'@en, 2, <https://w3id.org/edaphon/id/fao> }}", encoding="utf-8"
    )
    loaded = CliRunner().invoke(main, ["load", str(data), "--state", str(folder / "state"), "--corpus", "none"])
    assert loaded.exit_code == 0, loaded.output
    return folder / "state"


def ask(state: Path, text: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["query", "-", "--state", str(state), *options], input=text)


ALL = f"SELECT ?o {{ <{EX}s> <{EX}p> ?o }} ORDER BY STR(?o)"


def test_a_table_shows_terms_as_people_write_them(state: Path) -> None:
    answer = ask(state, ALL)
    assert answer.exit_code == 0
    assert [line.strip() for line in answer.stdout.splitlines() if "─" not in line and line.strip()] == [
        "o",
        "2",
        "edi:fao",
        "one@en",
    ]


@pytest.mark.parametrize(
    ("form", "beginning"),
    [("csv", "o\n2\n"), ("tsv", "?o\n2\n"), ("json", '{"head":{"vars":["o"]}'), ("xml", "<?xml")],
)
def test_solutions_come_in_the_format_asked_for(state: Path, form: str, beginning: str) -> None:
    answer = ask(state, ALL, "--format", form)
    assert answer.stdout.replace("\r\n", "\n").startswith(beginning)
    assert answer.stdout.endswith("\n")


@pytest.mark.parametrize(
    ("form", "expected"), [("turtle", "ex:s ex:p 2"), ("ntriples", f'<{EX}s> <{EX}p> "2"'), ("jsonld", '"@id"')]
)
def test_a_graph_comes_in_the_format_asked_for(state: Path, form: str, expected: str) -> None:
    text = f"PREFIX ex: <{EX}> CONSTRUCT {{ ?s ?p 2 }} WHERE {{ ?s ?p 2 }}"
    assert expected in ask(state, text, "--format", form).stdout


def test_a_format_for_the_other_kind_of_answer_is_refused(state: Path) -> None:
    refused = ask(state, ALL, "--format", "turtle")
    assert refused.exit_code == 2
    assert "ask for a result format" in refused.stderr


@pytest.mark.parametrize(("text", "told", "status"), [("ASK { ?s ?p 2 }", "true", 0), ("ASK { ?s ?p 3 }", "false", 1)])
@pytest.mark.parametrize("form", ["table", "csv"])
def test_an_ask_is_told_by_the_status_too(state: Path, text: str, told: str, status: int, form: str) -> None:
    answer = ask(state, text, "--format", form)
    assert (answer.stdout.strip(), answer.exit_code) == (told, status)


def test_an_ask_in_json_is_the_standard_s_document(state: Path) -> None:
    answer = ask(state, "ASK { ?s ?p 3 }", "--format", "json")
    assert json.loads(answer.stdout) == {"head": {}, "boolean": False}
    assert answer.exit_code == 1


def test_a_syntax_error_has_the_place_in_the_file(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "wrong.rq"
    file.write_text("SELECT *\nWHERE { ?s ?p ?o ! }", encoding="utf-8")
    refused = CliRunner().invoke(main, ["query", str(file), "--state", str(state)])
    assert refused.exit_code == 2
    assert f"{file}:2:18: " in refused.stderr


def test_a_deadline_is_told(state: Path) -> None:
    endless = "SELECT (COUNT(*) AS ?n) { " + " ".join(f"VALUES ?x{n} {{ {'1 ' * 100} }}" for n in range(8)) + " }"
    refused = ask(state, endless, "--timeout", "0.3")
    assert refused.exit_code == 2
    assert "stopped after 0.3 s" in refused.stderr


def test_bytes_that_are_no_text_are_refused(state: Path) -> None:
    refused = CliRunner().invoke(main, ["query", "-", "--state", str(state)], input=b"ASK { \xff }")
    assert refused.exit_code == 2
    assert "not UTF-8: see byte 6" in refused.stderr


def test_options_come_from_the_environment_too(state: Path) -> None:
    answer = CliRunner().invoke(main, ["query", "-"], input="ASK {}", env={"EDAPHON_STATE": str(state)})
    assert answer.stdout.strip() == "true"
