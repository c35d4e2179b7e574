"""Each way to get a slope out of a Parquet file, alone in a process: `python -m benchmarks.readers NAME FILE`.

Prints the seconds, the peak memory and the slope as JSON; a reader whose package is missing exits with 3.
"""

import json
import re
import resource
import sys
from pathlib import Path
from time import perf_counter

OURS = "tf_gd"
SUMS = "duckdb sum(x), sum(y)"


def with_tf_gd(file: str) -> float:
    """Return the slope from one reading into moments."""
    from tf_gd.moments.files import moments_of_files

    return moments_of_files(file, "x", "y").moments.least_squares().m


def with_duckdb_sums(file: str) -> None:
    """Read both columns and add them up: what a reading costs at least."""
    import duckdb

    duckdb.sql(f"SELECT sum(x), sum(y) FROM '{file}'").fetchall()


def with_duckdb(file: str) -> float:
    """Return DuckDB's own slope."""
    import duckdb

    return duckdb.sql(f"SELECT regr_slope(y, x) FROM '{file}'").fetchall()[0][0]


def with_polars(file: str) -> float:
    """Return covariance over variance, read lazily."""
    import polars

    x, y = polars.col("x"), polars.col("y")
    return polars.scan_parquet(file).select(polars.cov(x, y) / x.var()).collect(engine="streaming").item()


def with_pyarrow(file: str) -> float:
    """Return the school formula over plain sums, batch by batch."""
    import numpy as np
    from pyarrow.parquet import ParquetFile

    n, sums = 0, np.zeros(4)
    for batch in ParquetFile(file).iter_batches(2**18, columns=["x", "y"]):
        x, y = (column.to_numpy() for column in batch.columns)
        n += x.size
        sums += x.sum(), y.sum(), x @ x, x @ y
    x, y, xx, xy = sums
    return (n * xy - x * y) / (n * xx - x * x)


READERS = {
    OURS: with_tf_gd,
    SUMS: with_duckdb_sums,
    "duckdb regr_slope": with_duckdb,
    "polars cov / var": with_polars,
    "pyarrow + numpy": with_pyarrow,
}


def main(name: str, file: str) -> None:
    """Run one reader and print what it took."""
    try:
        READERS[name](file)  # warms up imports and the operating system's file cache
        start = perf_counter()
        slope = READERS[name](file)
        seconds = perf_counter() - start
    except ImportError:
        sys.exit(3)
    print(json.dumps({"seconds": seconds, "peak": peak_memory(), "slope": slope}))


def peak_memory() -> int:
    """Return the most memory that this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # the peak since this program began; getrusage would count what the parent held, too
        return 1024 * int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
