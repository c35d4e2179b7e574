"""A large Parquet file added up by Polars, where it is installed: about twice as fast as DuckDB's query.

It gives the same `Total`, for plain columns of floats. Whatever else there is, and whatever is wrong, is DuckDB's.

References:
    Polars, `float_sum.rs`: 128 numbers are added in 16 lanes, and such sums in pairs.
"""

import math
import os
import sys
from importlib.util import find_spec
from typing import Any, cast

from tf_gd.moments.duckdb_sums import Progress, Sums, Total
from tf_gd.moments.shift import Origin
from tf_gd.tables.source import Source

WORTH = 2**26
"""From how many bytes on a file takes longer than the import of Polars."""

ROWS = 2**25
"""How many rows are read between two reports of progress; their sums are rounded, the sum of the sums is not."""

_home = os.getpid()  # the process in which Polars' threads run, once it is loaded


def _is_usable() -> bool:
    """Whether Polars is installed, and was not loaded before a fork: its threads stayed in the parent."""
    global _home
    if "polars" not in sys.modules:
        _home = os.getpid()
    return find_spec("polars") is not None and os.getpid() == _home


def polars_total(
    source: Source, at: tuple[int, int], origin: Origin, on_progress: Progress | None = None
) -> Total | None:
    """Return the count of all rows and the sums over dx = x - origin.x and dy = y - origin.y.

    Args:
        source: any file.
        at: the positions of the x and the y column.
        origin: what is subtracted; from the products nothing is, because Polars adds pairwise.
        on_progress: called with the percentage done, now and then.

    Returns:
        The total; None where Polars is not installed, would gain nothing, would hang, or cannot read the file.
    """
    if source.file.suffix.lower() != ".parquet" or source.file.stat().st_size < WORTH or not _is_usable():
        return None
    import polars

    try:
        frame = polars.scan_parquet(source.file, glob=False, hive_partitioning=False)
        schema = frame.collect_schema()
        floats = all(schema.dtypes()[place] in (polars.Float64, polars.Float32) for place in at)
        rows = frame.select(polars.len()).collect().item()
        if not (rows and floats and schema.names() == [column.name for column in source.columns]):
            return None
        return _total(frame, rows, at, Origin(*origin[:2]), on_progress)
    except (polars.exceptions.PolarsError, OSError):
        return None


def _total(frame: Any, rows: int, at: tuple[int, int], origin: Origin, on_progress: Progress | None) -> Total:
    """Return the total over the rows of a lazy frame, some at a time."""
    import polars

    x, y = (polars.nth(place).cast(polars.Float64) for place in at)
    dx, dy = x - origin.x, y - origin.y
    counts = polars.len(), x.count(), y.count()
    sums = (series.sum() for series in (dx, dy, dx * dx, dx * dy, dy * dy))
    wanted = [part.alias(str(number)) for number, part in enumerate((*counts, *sums))]
    parts = []
    for start in range(0, rows, ROWS):
        parts.append(frame.slice(start, ROWS).select(wanted).collect(engine="streaming").row(0))
        if on_progress is not None:
            on_progress(100 * min(1, (start + ROWS) / rows))
    n, n_x, n_y, *values = zip(*parts, strict=True)
    return Total(sum(n), sum(n_x), sum(n_y), 0.0, cast(Sums, tuple(map(_exact_sum, values))), origin)


def _exact_sum(values: tuple[float, ...]) -> float:
    """Return the sum of a few numbers, rounded once; NaN unless all are finite."""
    return math.fsum(values) if all(map(math.isfinite, values)) else math.nan
