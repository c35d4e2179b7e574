"""How a text is fitted to a terminal: lines are folded between words, and continue under the text that they belong to.

Into a pipe or a file a text goes as it is: one line for each error, warning and fact, and reports with the line breaks
that `str(check)` has in Python. So it is the same wherever it was made, and `grep` finds a sentence.
"""

from __future__ import annotations

import os
import re
import shutil
import textwrap
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Any

import click

PROSE = 100  # columns in which the package's own reports fold their sentences
NARROWEST = 20
GAP = re.compile(r"(?<=\S) {2,}(?=\S)")  # between a name and its text, or two cells of a table


def terminal_width(stream: Any) -> int | None:
    """Return how many columns the terminal has that `stream` writes to; None where it writes to none."""
    try:
        if not stream.isatty():
            return None
        columns = os.environ.get("COLUMNS", "")
        width = int(columns) if columns.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    except (AttributeError, OSError, ValueError):
        width = shutil.get_terminal_size().columns
    return max(NARROWEST, width or 80)


def fitted(text: str, width: int | None, hang: int | None = None) -> str:
    """Return a text with no line longer than `width`, as far as its words allow.

    Args:
        text: lines; sentences may have been folded at `PROSE` columns already.
        width: None leaves the text as it is.
        hang: the column where a folded line continues; else under the text after a wide gap, or under the first word.

    Example:
        >>> print(fitted("learning rate  0.01 used, 0.02 largest stable", 32))
        learning rate  0.01 used, 0.02
                       largest stable
    """
    if width is None:
        return text
    lines = text.split("\n") if width >= PROSE else _unfolded(text.split("\n"))
    blocks = groupby(lines, key=lambda line: len(GAP.findall(line)) > 1)
    return "\n".join(
        folded for is_table, block in blocks for folded in (_table if is_table else _prose)(list(block), width, hang)
    )


def table_lines(rows: Sequence[Sequence[str]], width: int | None = None, indent: str = "") -> list[str]:
    """Return a table, the first column to the left, the others to the right; where it is too wide, row after row.

    Args:
        rows: the header, and rows of as many cells.
        width: in columns, or None where nothing is too wide.
        indent: what each line begins with.

    Example:
        >>> table_lines([("", "here", "there"), ("m", "1.5", "-22")], 12)
        ['m', '  here   1.5', '  there  -22']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if width is not None and len(indent) + sum(widths) + 2 * len(widths) - 2 > width:
        return _records(rows, width, indent)
    aligned = ([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows)
    return [(indent + "  ".join(cells)).rstrip() for cells in aligned]


def _records(rows: Sequence[Sequence[str]], width: int, indent: str) -> list[str]:
    """Return each row as lines of its own: its first cell, then each other beside the name of its column."""
    (title, *names), *others = rows
    widest = max(map(len, names))
    lines = [title] if title else []
    for first, *cells in others:
        lines.append(first)
        for name, cell in zip(names, cells, strict=True):
            one = f"  {name:<{widest}}  {cell}".rstrip()
            lines += [one] if len(indent + one) <= width else [f"  {name}", f"    {cell}"]
    return [indent + line for line in lines]


def _table(lines: list[str], width: int, hang: int | None) -> list[str]:
    """Return lines of several cells each, in columns no wider than needed where they are too wide."""
    if max(map(len, lines)) <= width:
        return lines
    rows = [GAP.split(line.strip()) for line in lines]
    rows[0] = ["", *rows[0]] if len(rows) > 1 and len(rows[0]) == len(rows[1]) - 1 else rows[0]
    if len(rows) < 2 or len(set(map(len, rows))) > 1:
        return _prose([re.sub(GAP, "  ", line) for line in lines], width, hang)
    return table_lines(rows, width, " " * min(len(line) - len(line.lstrip()) for line in lines))


def _prose(lines: list[str], width: int, hang: int | None) -> list[str]:
    return [_folded(line, width, hang) for line in lines]


def _folded(line: str, width: int, hang: int | None) -> str:
    if len(line) <= width:
        return line
    indent, gap = len(line) - len(line.lstrip()), GAP.search(line)
    column = indent if hang is None else hang
    if hang is None and gap and gap.end() <= width // 2:
        column = gap.end()
    return textwrap.fill(line, width, subsequent_indent=" " * column, break_long_words=False, break_on_hyphens=False)


def _unfolded(lines: list[str]) -> list[str]:
    """Return the lines with sentences that were folded at `PROSE` columns in one again."""
    whole = lines[:1]
    for last, line in pairwise(lines):
        if _goes_on(last, line):
            whole[-1] += f" {line.strip()}"
        else:
            whole.append(line)
    return whole


def _goes_on(last: str, line: str) -> bool:
    """Return whether `line` was begun only because its first word had no room at the end of `last`."""
    same = len(last) - len(last.lstrip()) == len(line) - len(line.lstrip())
    prose = not (GAP.search(last) or GAP.search(line))
    return same and prose and bool(line.strip()) and len(last) + 1 + len(line.split()[0]) > PROSE


class Formatter(click.HelpFormatter):
    """The help of a command: on a narrow terminal the names of options take less of it, and tables are folded too."""

    def write(self, string: str) -> None:
        """Write text that has been laid out already."""
        super().write("\n".join(_folded(line, self.width, None) for line in string.split("\n")))

    def write_dl(self, rows: Any, col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names and their meanings in two columns."""
        super().write_dl(rows, col_max if self.width > 60 else max(8, self.width // 4), col_spacing)


class FoldingContext(click.Context):
    """A command's context, whose help fits a narrow terminal."""

    formatter_class = Formatter
