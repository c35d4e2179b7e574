"""The options that say how DATA is written; `load_points` and `load_source` take them from click's context."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from tf_gd.cli.output import warn
from tf_gd.errors import DataError, invalid

Command = Callable[..., Any]
Result = TypeVar("Result")

_SAID = "tf_gd.said_of_data"
"""Where in the context's `meta` stands what was said."""


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Note what was said of the data."""
    if value not in (None, (), False) or (value is False and parameter.name == "header"):
        ctx.meta.setdefault(_SAID, {})[parameter.name] = value
    return value


def _count(ctx: click.Context, parameter: click.Parameter, value: str | None) -> Any:
    """Note a number of lines."""
    if value is not None and not value.strip().isdecimal():
        raise invalid("skip_rows", "a whole number, 0 or above", value)
    return _keep(ctx, parameter, int(value) if value is not None else None)


def dialect_options(command: Command) -> Command:
    """Add the options that say how DATA is written."""
    options: Sequence[tuple[tuple[str, ...], dict[str, Any]]] = (
        (("--delimiter",), {"metavar": "MARK", "help": "Text: between fields; tab, semicolon, bar, whitespace, ..."}),
        (("--decimal",), {"metavar": "MARK", "help": "The decimal mark: . or ,"}),
        (("--thousands",), {"metavar": "MARK", "help": "The mark that groups digits, as , or space."}),
        (("--encoding",), {"metavar": "NAME", "help": "Text: its encoding, where it is not UTF-8, as cp1252."}),
        (("--header/--no-header",), {"default": None, "help": "Whether the first row names the columns."}),
        (("--skip-rows",), {"metavar": "N", "callback": _count, "help": "Pass over N lines first; blank ones count."}),
        (("--comment",), {"metavar": "MARK", "help": "Text: what starts a comment, as #."}),
        (("--na",), {"metavar": "TEXT", "multiple": True, "help": "A text for a missing value; may be repeated."}),
        (("--sheet",), {"metavar": "SHEET", "help": "Of a spreadsheet: its name, or its position from 0."}),
        (("--format",), {"metavar": "FORMAT", "help": "csv, json, jsonl, parquet, xlsx, npy or npz."}),
        (("--skip-invalid",), {"is_flag": True, "help": "Leave out rows with a missing value; say how many."}),
    )  # fmt: skip
    for names, settings in reversed(options):
        command = click.option(*names, expose_value=False, **{"callback": _keep, **settings})(command)
    return command


def said_of_data() -> dict[str, Any]:
    """Return the keywords of `read_points` that the options of this command said."""
    context = click.get_current_context(silent=True)
    return dict(context.meta.get(_SAID, {})) if context else {}


def read_data(read: Callable[..., Result], *arguments: Any, **keywords: Any) -> Result:
    """Return what a reader of files returns, told what the options said; it advises options, not keywords."""
    from tf_gd.tables.advice import FileError, as_options

    try:
        return read(*arguments, **keywords, **said_of_data())
    except FileError as error:
        raise DataError(error.worded(as_options)) from None


def tell_skipped(count: int, first: Sequence[str], remaining: int) -> None:
    """Warn of rows that were left out: how many, which came first, and why."""
    if count:
        context = click.get_current_context(silent=True)
        rows = "1 row was" if count == 1 else f"{count:,} rows were"
        more = ", ..." if count > len(first) else ""
        left = "1 point remains" if remaining == 1 else f"{remaining:,} points remain"
        told = f"{rows} left out, a value is missing: {', '.join(first)}{more}; {left}."
        warn(told, quiet=bool(context and context.params.get("quiet")))
