"""A Parquet file larger than one would load: time, memory, and how many digits of the slope are right."""

import json
import math
import subprocess
import sys
import tempfile
from fractions import Fraction
from functools import reduce
from operator import add
from pathlib import Path

import duckdb

from benchmarks.readers import OURS, READERS, SUMS
from benchmarks.table import Table
from tf_gd.moments.moments import Moments

OFFSETS = (0, 10**6, 10**9)
BATCH = 10**6


def measure(*, rows: int, rounds: int, **_: int) -> Table:
    """Return seconds, peak memory and right digits of each reader."""
    with tempfile.TemporaryDirectory() as folder:
        files = [make(Path(folder), rows, offset) for offset in OFFSETS]
        best = fastest(files[0], rounds)
        digits = {name: [_digits(name, file, truth) for file, truth in files] for name in best}
        size = files[0][0].stat().st_size
    ours, floor = best[OURS], best[SUMS]
    table = {
        name: [
            run and run["seconds"],
            run and f"{run['seconds'] / floor['seconds']:.2f} x",
            run and f"{run['peak'] / 1e6:,.0f} MB",
            *digits[name],
        ]
        for name, run in best.items()
    }
    return Table(
        f"{rows:,} rows of Parquet",
        ["", "time", f"as a multiple of {SUMS}", "peak memory", *(f"digits at {offset:g}" for offset in OFFSETS)],
        table,
        reference=SUMS,
        note=f"{size / 1e6:,.0f} MB, x from 0 to 10 above the offset; digits of the slope against exact arithmetic. "
        f"tf_gd reads {size / ours['seconds'] / 1e6:,.0f} MB a second.",
    )


def make(folder: Path, rows: int, offset: int) -> tuple[Path, Fraction]:
    """Write a file and return it with the exact slope of what it holds."""
    file = folder / f"{offset}.parquet"
    with duckdb.connect() as connection:
        connection.sql("SET threads = 1; SELECT setseed(0.5)")
        connection.sql(
            f"COPY (SELECT x, 2 * x + 1 + random() AS y "
            f"FROM (SELECT 10 * random() + {offset} AS x FROM range({rows}))) "
            f"TO '{file}' (FORMAT parquet)"
        )
        parts = []
        for start in range(0, rows, BATCH):  # a row number range, so that memory stays small
            values = connection.sql(
                f"SELECT x, y FROM read_parquet('{file}', file_row_number = true) "
                f"WHERE file_row_number BETWEEN {start} AND {start + BATCH - 1}"
            ).fetchnumpy()
            parts.append(Moments.of(values["x"], values["y"], exact=True))
    return file, reduce(add, parts).optimum()[0]


def fastest(file: tuple[Path, Fraction], rounds: int) -> dict[str, dict[str, float] | None]:
    """Return the fastest run of each reader, taken in turn; None where its package is not installed."""
    runs: dict[str, list] = {name: [] for name in READERS}
    for _ in range(rounds):
        for name, done in runs.items():
            done.append(_run(name, file[0]))
    return {name: min(done, key=lambda run: run["seconds"]) if all(done) else None for name, done in runs.items()}


def _run(name: str, file: Path) -> dict[str, float] | None:
    done = subprocess.run([sys.executable, "-m", "benchmarks.readers", name, str(file)], capture_output=True, text=True)
    if done.returncode == 3:
        return None
    done.check_returncode()
    return json.loads(done.stdout)


def _digits(name: str, file: Path, truth: Fraction) -> str | None:
    """Return how many digits of the slope a reader gets right."""
    run = _run(name, file)
    if run is None:
        return None
    if run["slope"] is None:
        return "no slope"
    if not math.isfinite(run["slope"]):
        return "0"
    error = abs(Fraction(run["slope"]) / truth - 1)
    return f"{min(16.0, max(0.0, -math.log10(error))):.1f}" if error else "16.0"
