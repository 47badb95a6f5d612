"""How a command tells of an input that it cannot use: one sentence, and exit status 2."""

import contextlib
from collections.abc import Iterator

import click

from edaphon.errors import EdaphonError

__all__ = ["Unusable", "told"]


class Unusable(click.ClickException):
    """An input or state that cannot be used, as opposed to wrong usage of the command."""

    exit_code = 2


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Tell of a failure of the family on standard error and end with status 2."""
    try:
        yield
    except EdaphonError as error:
        raise Unusable(str(error)) from error
