"""The README shows real answers, names files that exist and commands that are there."""

import re
import shlex
from pathlib import Path

import pytest
from click import Group
from click.testing import CliRunner

from edaphon.cli import COMMANDS, main
from edaphon.store.preparing import prepare
from edaphon.store.state import State

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# A link to a query, and the table below it.
SHOWN = re.findall(r"\((queries/examples/[\w-]+\.rq)\)\n\n((?:\|.*\n)+)", README)


def cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme") / "state"
    prepare(State.open(folder))
    return folder


def test_three_questions_are_shown() -> None:
    assert len(SHOWN) == 3


@pytest.mark.parametrize(("file", "table"), SHOWN, ids=[file for file, _ in SHOWN])
def test_every_row_that_is_shown_is_an_answer(file: str, table: str, state: Path) -> None:
    header, _, *rows = (cells(line) for line in table.splitlines())
    answer = CliRunner().invoke(main, ["query", str(ROOT / file), "--state", str(state), "--format", "tsv"])
    assert answer.exit_code == 0, answer.output
    names, *lines = (line.split("\t") for line in answer.stdout.splitlines())
    columns = [names.index(f"?{name}") for name in header]
    answers = {tuple(re.sub(r'^"(.*)"(?:@en)?$', r"\1", line[column]) for column in columns) for line in lines}
    assert rows
    assert set(rows) <= answers


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_what_is_linked_is_there(link: str) -> None:
    assert link.startswith("https://") or (ROOT / link).exists()


def test_the_commands_that_are_shown_exist() -> None:
    shown = re.findall(r"^edaphon (.*?)(?:\s+#.*)?$", README, re.MULTILINE)
    assert {shlex.split(line)[0] for line in shown} == set(COMMANDS)
    for line in shown:
        name, *rest = shlex.split(line)
        command = main.get_command(None, name)  # type: ignore[arg-type]  # the group needs no context
        if isinstance(command, Group):
            command = command.commands[rest.pop(0)]
        assert command is not None
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known


def test_the_targets_of_make_that_are_shown_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake (\w+)\b", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
