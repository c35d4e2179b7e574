"""Files larger than memory, read once, out of core, into the sums that a descent needs.

In the good case each file is read once; only where a row is to be refused is it read again, to count and to name.
"""

import glob
import os
from collections.abc import Callable, Sequence
from functools import partial, reduce
from itertools import accumulate
from operator import add
from pathlib import Path
from typing import Any, NamedTuple

from tf_gd.errors import DataError
from tf_gd.moments.duckdb_sums import FileSums
from tf_gd.moments.moments import Moments
from tf_gd.tables.advice import advised
from tf_gd.tables.columns import Selector, choose, quoted
from tf_gd.tables.database import connect
from tf_gd.tables.dialect import Dialect
from tf_gd.tables.opening import ARRAYS, ENDINGS, look_into, one_line_errors, regular_file, source_of
from tf_gd.tables.reading import read_points
from tf_gd.tables.source import Source
from tf_gd.tables.temporary_folder import Aside
from tf_gd.validation import Progress, check_progress

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

MEMORY_LIMIT = "256MB"
"""What DuckDB may take for a reading, however large the file."""
STREAMING_BUFFER = "64MB"
"""How far DuckDB may read ahead; with its 1 MB its threads wait for each other most of the time."""


class Reading(NamedTuple):
    """What one reading of the data gives.

    Attributes:
        moments: the sums over all points that were read.
        skipped: how many rows were left out because a coordinate is missing.
        x_name: the x column's name.
        y_name: the y column's name.
        first_skipped: where the first of these rows are, and what is there in place of a number.
    """

    moments: Moments
    skipped: int
    x_name: str
    y_name: str
    first_skipped: tuple[str, ...] = ()


def moments_of_files(
    paths: Paths,
    x: Selector = None,
    y: Selector = None,
    *,
    skip_invalid: bool = False,
    on_progress: Progress | None = None,
    **dialect: Any,
) -> Reading:
    r"""Return the moments of all points in some files, each read once, in memory that does not grow with them.

    Args:
        paths: a file, a directory, a pattern with `*`, `?`, `[...]` or `**`, or a list of these. A file named
            twice is read once. Text, Parquet and JSON lines are read out of core, other formats whole.
        x: a column's name or its position from 0; may be left out where there are just two numeric columns.
        y: likewise.
        skip_invalid: leave out rows of which a value is missing instead of raising.
        on_progress: called with the bytes read so far and the bytes in all.
        dialect: how the files are written, as for `read_points`.

    Returns:
        The moments, the number of rows skipped, and the columns' names.

    Raises:
        InvalidArgumentError: `on_progress` cannot be called.
        DataError: as for `read_points`; the file and its first bad row are named, and how many there are.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "a.csv").write_text("x,y\n1,3\n2,5\n")
        ...     _ = Path(folder, "b.csv").write_text("x,y\n3,7\n")
        ...     moments_of_files(folder).moments.least_squares()
        Line(m=2.0, c=1.0)
    """
    check_progress(on_progress)
    files = list_files(paths)
    ends = list(accumulate(file.stat().st_size for file in files))
    readings = []
    for file, end in zip(files, ends, strict=True):
        report = _within(on_progress, end - file.stat().st_size, ends[-1])
        readings.append(moments_of_file(file, x, y, skip_invalid=skip_invalid, on_progress=report, **dialect))
        if on_progress:
            on_progress(end, ends[-1])
    return merged(readings, files)


def _within(on_progress: Progress | None, before: int, total: int) -> Progress | None:
    """Return the callback for one file of several: `before` bytes of `total` are done already."""
    return on_progress and (lambda done, _: on_progress(before + done, total))


def list_files(paths: Paths) -> list[Path]:
    """Return the files that `paths` means, each once, those of a directory or a pattern in the order of their names.

    Raises:
        DataError: no file there, or nothing that can be read.
    """
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    files = [file for path in several for file in _expanded(path)]
    if not files:
        raise DataError("`paths` must name at least one file. Got an empty list.")
    return list({file.absolute(): file for file in files}.values())


def _expanded(name: str | os.PathLike[str]) -> list[Path]:
    """Return the files of a directory or a pattern, or the file itself."""
    path = Path(name)
    if path.is_dir():
        inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
        if not inside:
            raise DataError(f"{quoted(path)} must hold files that end in one of {', '.join(ENDINGS)}. Got none.")
        return inside
    if path.exists() or not glob.has_magic(str(path)):
        return [regular_file(name)]
    matching = sorted(Path(name) for name in glob.glob(str(path), recursive=True))
    if not matching:
        raise DataError(f"{quoted(path)} must match at least one file. Got none.")
    return [file for file in matching if not file.is_dir()]


def merged(readings: Sequence[Reading], files: Sequence[Path]) -> Reading:
    """Return the readings of several files as one.

    Raises:
        DataError: the files' columns have different names.
    """
    first = readings[0]
    for reading, file in zip(readings, files, strict=True):
        if reading[2:4] != first[2:4]:
            raise DataError(
                f"{quoted(file)} must have the columns of {quoted(files[0])}, {quoted(first.x_name)} and "
                f"{quoted(first.y_name)}. Got {quoted(reading.x_name)} and {quoted(reading.y_name)}."
            )
    moments = reduce(add, (reading.moments for reading in readings))
    places = [place for reading in readings for place in reading.first_skipped]
    return Reading(moments, sum(reading.skipped for reading in readings), *first[2:4], tuple(places[:3]))


def moments_of_file(
    path: str | os.PathLike[str],
    x: Selector = None,
    y: Selector = None,
    *,
    skip_invalid: bool = False,
    on_progress: Progress | None = None,
    **dialect: Any,
) -> Reading:
    """Return the moments of the points in one file; see `moments_of_files`."""
    file, settings = regular_file(path), Dialect(**dialect)
    keywords: dict[str, Any] = {name: getattr(settings, name) for name in settings.said}
    keywords |= {"x": x, "y": y, "skip_invalid": skip_invalid}
    return advised(partial(_read, file, on_progress), keywords, file.stat().st_size)


def _read(
    file: Path, on_progress: Progress | None, x: Selector, y: Selector, skip_invalid: bool, **dialect_options: Any
) -> Reading:
    """Return the moments of the points in a regular file."""
    report = on_progress and _in_bytes(on_progress, file.stat().st_size)
    with one_line_errors(file), Aside() as aside:
        contents = look_into(file, Dialect(**dialect_options), aside)
        if contents.format in ARRAYS:
            points = read_points(file, x, y, skip_invalid=skip_invalid, **dialect_options)
            names = points.x_name, points.y_name
            return Reading(Moments.of(points.x, points.y), points.skipped, *names, points.first_skipped)
        for copy in (False, True):  # again, where DuckDB did not understand what Python does
            reading = _sums(source_of(contents, aside, copy), x, y, skip_invalid, report)
            if reading is not None:
                return reading
    raise DataError(f"{quoted(file)} cannot be read as text in columns. Save it as UTF-8 CSV.")


def _sums(
    source: Source, x: Selector, y: Selector, skip_invalid: bool, report: Callable[[float], None] | None
) -> Reading | None:
    """Return the moments of a source; None where DuckDB cannot read it, though nothing is wrong with it."""
    import duckdb

    at = choose(source.columns, x, y, source.file)
    names = source.columns[at[0]].name, source.columns[at[1]].name
    with connect([source.data], STREAMING_BUFFER, memory_limit=MEMORY_LIMIT) as connection:
        try:
            total = FileSums(connection, source, at).total(skip_invalid, report)
        except duckdb.Error:  # and Python, which looked, found no fault
            return None
    if total.sums is None:
        raise DataError(f"{quoted(source.file)} must hold at least one point. Got none.")
    return Reading(Moments(total.sums.n, *total.sums.sums), total.skipped, *names, tuple(total.first_skipped))


def _in_bytes(on_progress: Progress, size: int) -> Callable[[float], None]:
    """Return the callback that turns a percentage into bytes of a file of `size` bytes."""
    return lambda percent: on_progress(int(size * percent / 100), size)
