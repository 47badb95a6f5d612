"""Every setting is an option with a sentence of help, a variable of the environment and a sensible range."""

from collections.abc import Iterator
from dataclasses import fields

import pytest
from click import Command, Context, Group
from click.testing import CliRunner

from edaphon.cli import COMMANDS, main
from edaphon.settings import Settings


def command(name: str) -> Command:
    found = main.get_command(Context(main), name)
    assert found is not None
    return found


def leaves() -> Iterator[tuple[str, ...]]:
    """The commands that do something, each as the words that call it."""
    for name in COMMANDS:
        found = command(name)
        yield from ((name, part) for part in found.commands) if isinstance(found, Group) else ((name,),)


def leaf(words: tuple[str, ...]) -> Command:
    found = command(words[0])
    return found.commands[words[1]] if isinstance(found, Group) else found


@pytest.mark.parametrize("field", [field.name for field in fields(Settings)])
def test_every_setting_is_an_option_of_serve(field: str) -> None:
    (option,) = (one for one in command("serve").params if one.name == field)
    assert option.opts == [f"--{field.replace('_', '-')}"]
    assert option.envvar == f"EDAPHON_{field.upper()}"


@pytest.mark.parametrize("words", list(leaves()), ids=" ".join)
def test_every_option_has_a_sentence_and_a_variable(words: tuple[str, ...]) -> None:
    options = [one for one in leaf(words).params if one.param_type_name == "option"]
    assert options
    for option in options:
        assert option.envvar == f"EDAPHON_{option.opts[0].removeprefix('--').replace('-', '_').upper()}", option.name
        assert getattr(option, "help", None), option.name


@pytest.mark.parametrize("words", [*((name,) for name in COMMANDS), *leaves()], ids=" ".join)
def test_help_reads_without_starting_anything(words: tuple[str, ...]) -> None:
    told = CliRunner().invoke(main, [*words, "--help"])
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
        ["--allow-service", "example.org"],
        ["--allow-service", "https://example.org/a b"],
        ["--no-such-option"],
    ],
)
def test_what_makes_no_sense_is_wrong_usage(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["serve", *arguments]).exit_code == 2
