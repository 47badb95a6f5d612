"""Rows for people on a terminal, for programs elsewhere."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

import click

__all__ = ["moment", "write_table"]


def moment(when: datetime | None) -> str:
    """A time in UTC as a table shows it; empty for none."""
    return "" if when is None else f"{when:%Y-%m-%dT%H:%M:%SZ}"


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on a terminal; elsewhere a line for each row, its fields set apart by tabs, without a header."""
    cells = (["" if cell is None else " ".join(str(cell).split()) for cell in row] for row in rows)
    if not sys.stdout.isatty():
        for row in cells:
            click.echo("\t".join(row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))
    Console().print(table)
