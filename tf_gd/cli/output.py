"""How the commands write: tables and JSON on stdout; warnings and, on a terminal, progress on stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from tf_gd import errors
from tf_gd.cli.folding import fitted, table_lines, terminal_width

if TYPE_CHECKING:
    from tf_gd.validation import Progress


def warn(message: str, quiet: bool = False) -> None:
    """Write one `tf-gd: warning:` line on stderr."""
    if not quiet:
        say(f"tf-gd: warning: {on_one_line(message)}", err=True, hang=4)


def on_one_line(text: str) -> str:
    """Return text on one line, with control characters escaped, so that data cannot steer the terminal."""
    return errors.printable(" ".join(text.split()))


def say(text: str, *, err: bool = False, hang: int | None = None) -> None:
    """Print a text, folded to the width of the terminal that reads it; see `folding.fitted`."""
    click.echo(fitted(text, terminal_width(sys.stderr if err else sys.stdout), hang), err=err)


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
    """Print a table, the first column to the left, the others to the right; on a narrow terminal, row after row."""
    click.echo("\n".join(table_lines([header, *rows], terminal_width(sys.stdout))))


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
