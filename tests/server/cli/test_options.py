"""Every setting is an option with a sentence of help, a variable of the environment and a sensible range."""

from dataclasses import fields

import pytest
from click import Command, Context
from click.testing import CliRunner

from edaphon.cli import COMMANDS, main
from edaphon.settings import Settings


def command(name: str) -> Command:
    found = main.get_command(Context(main), name)
    assert found is not None
    return found


@pytest.mark.parametrize("field", [field.name for field in fields(Settings)])
def test_every_setting_is_an_option_of_serve(field: str) -> None:
    (option,) = (one for one in command("serve").params if one.name == field)
    assert option.opts == [f"--{field.replace('_', '-')}"]
    assert option.envvar == f"EDAPHON_{field.upper()}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_sentence_and_a_variable(name: str) -> None:
    options = [one for one in command(name).params if one.param_type_name == "option"]
    assert options
    for option in options:
        assert option.envvar == f"EDAPHON_{option.opts[0].removeprefix('--').replace('-', '_').upper()}", option.name
        assert getattr(option, "help", None), option.name


@pytest.mark.parametrize("name", COMMANDS)
def test_help_reads_without_starting_anything(name: str) -> None:
    told = CliRunner().invoke(main, [name, "--help"])
    assert told.exit_code == 0
    assert told.output.startswith("Usage: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--workers", "0"],
        ["--processes", "0"],
        ["--timeout", "0"],
        ["--timeout", "soon"],
        ["--memory", "0"],
        ["--port", "-1"],
        ["--default-graph", "union"],
        ["--no-such-option"],
    ],
)
def test_what_makes_no_sense_is_wrong_usage(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["serve", *arguments]).exit_code == 2
