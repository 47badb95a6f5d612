"""How a command tells of an input that it cannot use (exit status 2), and of a negative answer (exit status 1)."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Final

import click

from edaphon.errors import (
    AlreadyPublished,
    EdaphonError,
    Forbidden,
    GraphProtected,
    NotConforming,
    NothingToRetract,
    ParseError,
    QuerySyntax,
    WrongStatus,
)

__all__ = ["Negative", "Unusable", "answered", "told"]

# The request is understood, and the answer is no.
NEGATIVE: Final = (AlreadyPublished, Forbidden, GraphProtected, NotConforming, NothingToRetract, WrongStatus)


class Unusable(click.ClickException):
    """An input or state that cannot be used, as opposed to wrong usage of the command."""

    exit_code = 2


class Negative(click.ClickException):
    """The command did what it could, and what was asked for cannot be had."""

    exit_code = 1


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Tell of a failure of the family on standard error and end with status 2."""
    try:
        yield
    except EdaphonError as error:
        raise Unusable(str(error)) from error


@contextlib.contextmanager
def answered(name: str = "the body") -> Iterator[None]:
    """The same, but end with status 1 where the answer is no; the report of a check goes to standard output.

    `name` is what the input is called in messages about a place in it.
    """
    with told():
        try:
            yield
        except NEGATIVE as error:
            if isinstance(error, NotConforming):
                from edaphon.cli.reports import write_report

                write_report(error.report)
                sys.stdout.flush()
            raise Negative(str(error)) from error
        except ParseError as error:
            raise ParseError(error.detail, source=name, line=error.line, column=error.column) from error
        except QuerySyntax as error:
            hint = f"\n{error.hint}" if error.hint else ""
            raise Unusable(f"{name}:{error.line}:{error.column}: {error}{hint}") from error
