"""Which two columns are meant: by name, by position, or because there are only two."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from tf_gd.errors import DataError, invalid, plain
from tf_gd.tables.advice import FileError, Keywords
from tf_gd.tables.numbers import EXACT_INTEGERS

Selector = str | int | None
MAX_COLUMNS = 10_000


@dataclass(frozen=True)
class Column:
    """A column of a file.

    Args:
        name: as in the file; "column 0" and so on where the file has no header.
        sql: the SQL expression of its values, DOUBLE or FLOAT, NULL where there is no number.
        text: the SQL expression of its values as text, for messages.
        numeric: whether it may be meant without being named.
        exact: whether a value beyond 2^53 may be an integer that float64 has rounded.
        missing: the SQL condition that the value is missing: nothing, NaN, or a text that stands for it.
        plain: whether numbers were seen in it, and not only what is nearly one.
    """

    name: str
    sql: str = ""
    text: str = ""
    numeric: bool = True
    exact: bool = True
    missing: str = "false"
    plain: bool = True

    @property
    def suspicious(self) -> str:
        """The SQL condition under which a value is missing, not finite, or perhaps a rounded integer."""
        limit = f" AND abs({self.sql}) < {EXACT_INTEGERS}" if self.exact else ""
        return f"NOT coalesce(isfinite({self.sql}){limit}, false)"


def choose(columns: Sequence[Column], x: Selector, y: Selector, file: Path | str) -> tuple[int, int]:
    """Return the positions of the x and the y column.

    Args:
        columns: the file's columns, in order.
        x: a name, a position from 0, digits that no column has as its name (a position too), or None: the column
            called x, or else the one that is left.
        y: likewise.
        file: for messages.

    Raises:
        DataError: no such column, two of that name, or more than one way to choose.

    Example:
        >>> choose([Column("star", numeric=False), Column("r"), Column("v")], None, None, "hubble.csv")
        (1, 2)
        >>> choose([Column("y"), Column("x"), Column("n")], None, None, "points.csv")
        (1, 0)
    """
    if len(columns) < 2:
        raise FileError(
            f"{quoted(file)} must have two columns or more. Got {listed(columns)}",
            [{"delimiter": mark} for mark in (":", "/", "\\", "&", "whitespace")],
            otherwise="Check the delimiter.",
        )
    chosen = [_find(columns, parameter, selector, file) for parameter, selector in (("x", x), ("y", y))]
    chosen = [_called(columns, "xy"[at], chosen) if value is None else value for at, value in enumerate(chosen)]
    open_ends = chosen.count(None)
    free = [at for at, column in enumerate(columns) if at not in chosen and (column.numeric or len(columns) == 2)]
    if open_ends and len(free) != open_ends:
        raise FileError(
            f"`x` and `y` must name their columns unless {quoted(file)} has just two numeric ones. "
            f"Got {listed(columns)}",
            _for_example(columns, chosen, free),
            otherwise="Name two columns of numbers.",
        )
    first, second = (free.pop(0) if at is None else at for at in chosen)
    return first, second


Choice = Callable[[Sequence[Column], Selector, Selector, Path | str], tuple[int, int]]
"""How the columns are chosen: `choose` or `choose_one`."""


def choose_one(columns: Sequence[Column], x: Selector, y: Selector, file: Path | str) -> tuple[int, int]:
    """Return the position of the x column twice: the one that `x` means, the one called x, or the only one of numbers.

    Args:
        columns, x, file: as for `choose`.
        y: is not asked.

    Raises:
        DataError: as `choose`.

    Example:
        >>> choose_one([Column("star", numeric=False), Column("r")], None, None, "hubble.csv")
        (1, 1)
    """
    at = _find(columns, "x", x, file)
    at = _called(columns, "x", []) if at is None else at
    free = [position for position, column in enumerate(columns) if column.numeric or len(columns) == 1]
    if at is None and len(free) != 1:
        raise FileError(
            f"`x` must name its column unless {quoted(file)} has just one of numbers. Got {listed(columns)}",
            [{"x": columns[free[0]].name or free[0]}] if free else [],
            otherwise="Name a column of numbers.",
        )
    at = free[0] if at is None else at
    return at, at


def _called(columns: Sequence[Column], name: str, chosen: list[int | None]) -> int | None:
    """Return the position of the one column that is called `name`, None where there is none or it is taken."""
    named = [at for at, column in enumerate(columns) if column.name.strip().casefold() == name]
    return named[0] if len(named) == 1 and named[0] not in chosen else None


def _for_example(columns: Sequence[Column], chosen: list[int | None], free: list[int]) -> list[Keywords]:
    """Return one way to choose: the first columns of numbers, those with a name before others."""
    names = [column.name for column in columns]
    left = sorted(free, key=lambda at: (not columns[at].plain, not names[at]))
    if len(left) < chosen.count(None):
        return []
    example = {}
    for parameter, at in zip("xy", chosen, strict=True):
        if at is None:
            at = left.pop(0)
            example[parameter] = names[at] if names[at] and names.count(names[at]) == 1 else at
    return [example]


def _find(columns: Sequence[Column], parameter: str, selector: Selector, file: Path | str) -> int | None:
    """Return the position that `selector` means, None when it is None."""
    if selector is None:
        return None
    if isinstance(selector, bool) or not isinstance(selector, str | int):
        raise invalid(parameter, "a column's name or its position from 0", selector)
    named = [at for at, column in enumerate(columns) if column.name == selector]
    if len(named) > 1:
        raise DataError(
            f"`{parameter}` must name one column. Got {plain(selector)}, which {len(named)} are called. "
            f"Give a position in {quoted(file)}, from 0."
        )
    position = str(selector)
    if not named and position.isdecimal() and len(position) < 9 and int(position) < len(columns):
        return int(position)
    if not named:
        raise _no_such_column(columns, parameter, selector, file)
    return named[0]


def _no_such_column(columns: Sequence[Column], parameter: str, selector: str | int, file: Path | str) -> FileError:
    """Return the error that asks for the column whose name is nearly the one that was given."""
    complaint = f"`{parameter}` must be a column of {quoted(file)}: {listed(columns)}. Got {plain(selector)}"
    folded = {column.name.strip().casefold(): column.name for column in reversed(columns)}
    near = get_close_matches(str(selector)[:100].strip().casefold(), [name[:100] for name in folded], n=1, cutoff=0.6)
    if not near or near[0] not in folded:
        return FileError(complaint, otherwise="Choose one of them.")
    return FileError(f"{complaint}: did you mean {plain(folded[near[0]])}?", [{parameter: folded[near[0]]}])


def listed(columns: Sequence[Column], limit: int = 8) -> str:
    """Return the columns' names for a message, numeric ones told apart.

    Example:
        >>> listed([Column("star", numeric=False), Column("speed")])
        "2 columns: 'star' (not numeric), 'speed'"
    """
    shown = [plain(column.name, 30) + ("" if column.numeric else " (not numeric)") for column in columns[:limit]]
    count = f"{len(columns)} column{'' if len(columns) == 1 else 's'}"
    return f"{count}: {', '.join(shown)}{', ...' if len(columns) > limit else ''}"


def check_columns(count: int, file: Path | str) -> None:
    """Refuse more columns than anybody means.

    Raises:
        DataError: there are more.
    """
    if count > MAX_COLUMNS:
        raise DataError(f"{quoted(file)} must have at most {MAX_COLUMNS} columns. Got {count}.")


def quoted(file: Path | str) -> str:
    """Return a file's name for a message, in quotes and free of control characters."""
    return plain(str(file), 200)
