"""Command-line options made from the settings, so that each has one name, one default and one sentence of help."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import click

from edaphon.settings import Settings, describe

__all__ = ["limit_option", "settings_options"]

F = TypeVar("F", bound=Callable[..., Any])

HINTS: Final = get_type_hints(Settings)
# As it can stand between < and > in a query, which must name it letter by letter.
ADDRESS: Final = re.compile(r"https?://[^\x00-\x20<>\"{}|^`\\]+")


class FiniteRange(click.FloatRange):
    """A range of numbers that can be waited for: neither infinity nor what is not a number at all."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


class WebAddress(click.ParamType[str]):
    """An address that a query can be sent to."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not ADDRESS.fullmatch(value):
            self.fail(f"{value!r} is not an address such as https://example.org/sparql.", param, ctx)
        return str(value)


def limit_option(command: F) -> F:
    """Give a command that lists things the option that says how many."""
    return click.option(
        "--limit",
        type=click.IntRange(min=1),
        default=50,
        show_default=True,
        envvar="EDAPHON_LIMIT",
        show_envvar=True,
        metavar="N",
        help="How many to list.",
    )(command)


def settings_options(*names: str) -> Callable[[F], F]:
    """Give a command the options for these settings, in this order, each with its variable EDAPHON_<NAME>."""

    def add(command: F) -> F:
        # A decorator that is applied later is listed earlier.
        for name in reversed(names):
            command = option(name)(command)
        return command

    return add


def _optional(name: str) -> bool:
    return get_origin(HINTS[name]) in (Union, UnionType) and NoneType in get_args(HINTS[name])


def option(name: str) -> Callable[[F], F]:
    facts = describe(name)
    # A setting that may be None is one that need not be given.
    (hint,) = [one for one in get_args(HINTS[name]) if one is not NoneType] if _optional(name) else [HINTS[name]]
    details: dict[str, Any] = {}
    if hint is bool:
        details = {"is_flag": True}
    elif get_origin(hint) is tuple:
        details = {"multiple": True, "type": WebAddress()}
    elif get_origin(hint) is Literal:
        details = {"type": click.Choice(get_args(hint))}
    elif hint in (int, float):
        number = click.IntRange if hint is int else FiniteRange
        details = {"type": number(min=facts["least"])}
    elif hint is Path:
        details = {"type": click.Path(path_type=Path, file_okay=False)}
    else:
        details = {"type": hint}
    return click.option(
        f"--{name.replace('_', '-')}",
        name,
        default=facts["default"],
        show_default=facts["default"] not in (None, (), False),
        envvar=f"EDAPHON_{name.upper()}",
        show_envvar=True,
        metavar=facts["metavar"],
        help=facts["help"],
        **details,
    )
