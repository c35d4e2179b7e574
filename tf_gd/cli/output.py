"""How the commands write: tables and JSON on stdout; warnings and, on a terminal, progress on stderr."""

from __future__ import annotations

import json
import math
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from tf_gd import errors

if TYPE_CHECKING:
    from tf_gd.validation import Progress


def warn(message: str, quiet: bool = False) -> None:
    """Write one `tf-gd: warning:` line on stderr."""
    if not quiet:
        click.echo(f"tf-gd: warning: {printable(message)}", err=True)


def printable(text: str) -> str:
    """Return text on one line, with control characters escaped, so that data cannot steer the terminal."""
    return errors.printable(" ".join(text.split()))


def wrapped(text: str, indent: int) -> str:
    """Return a line folded to the terminal's width, further lines indented; as it is where nobody reads a terminal."""
    if sys.stdout is None or not sys.stdout.isatty():
        return text
    width = max(40, shutil.get_terminal_size().columns)
    return textwrap.fill(text, width, subsequent_indent=" " * indent, break_on_hyphens=False)


def print_json(values: dict[str, Any]) -> None:
    """Print one JSON object; a number that is not finite becomes null, for JSON has none."""
    click.echo(json.dumps(_plain(values), allow_nan=False))


def _plain(value: Any) -> Any:
    """Return `value` with NumPy's numbers as Python's, and those that are not finite as None."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str | bool | int) or value is None:
        return value
    number = float(value)
    return number if math.isfinite(number) else None


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: the first column to the left, the others to the right."""
    table = [header, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    for row in table:
        first, *others = (cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in
                          enumerate(zip(row, widths, strict=True)))  # fmt: skip
        click.echo("  ".join([first, *others]).rstrip())


@contextmanager
def progress_bar(what: str, quiet: bool) -> Iterator[Progress | None]:
    """Hand out an `on_progress` that draws a bar on stderr; None where stderr is no terminal.

    On a terminal a line tells when something is compiled, which happens once on a machine.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    from tf_gd.summation.compilation import announce

    console = Console(stderr=True)
    compiles = "tf-gd: compiling, which is done once and kept for the next run"
    with Bar(console=console, transient=True) as bar, announce(lambda: console.print(compiles, highlight=False)):
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
