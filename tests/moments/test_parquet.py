"""Large Parquet files, which Polars adds up: the sums of DuckDB's query, and its errors."""

import math
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import duckdb
import numpy as np
import pytest

import tf_gd
from tf_gd.moments import polars_sums as parquet
from tf_gd.moments.data_files import moments_of_file


@pytest.fixture(autouse=True)
def used(monkeypatch):
    """Let Polars read small files too, 1,000 rows at a time; return what it gave each time it was asked."""
    given, total = [], parquet.polars_total

    def noted(*arguments):
        given.append(total(*arguments))
        return given[-1]

    monkeypatch.setattr(parquet, "WORTH", 0)
    monkeypatch.setattr(parquet, "ROWS", 1000)
    monkeypatch.setattr("tf_gd.moments.data_files.polars_total", noted)
    return given


def write(file: Path, select: str) -> Path:
    with duckdb.connect() as connection:
        target = str(file).replace("'", "''")
        connection.sql(f"COPY ({select}) TO '{target}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
    return file


def line(n: int, offset: float = 0.0) -> str:
    return (
        f"SELECT {offset} + (i * 7919 % {n}) / 10.0 AS x, 2 * i + (i * 104729 % 1000) / 100.0 AS y FROM range({n}) r(i)"
    )


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9])
@pytest.mark.parametrize("n", [1, 999, 1000, 10_001])
def test_the_sums_are_right(tmp_path, used, n, offset):
    file = write(tmp_path / "a.parquet", line(n, offset))
    moments = moments_of_file(file).moments
    points = tf_gd.read_points(file)
    exact = tf_gd.Moments.of(points.x, points.y, exact=True)
    assert used[0] is not None
    assert moments.n == n
    # Every term and every partial sum is rounded by at most 2^-53 of the sum of the magnitudes, each number goes
    # through fewer than 200 additions (Polars adds 128 in a row, then in pairs), and about three roundings before.
    x, y = (np.abs(values - np.median(values)) for values in (points.x, points.y))
    for name, size in (("x", x.sum()), ("y", y.sum())):
        middle = used[0].origin.x if name == "x" else used[0].origin.y
        error = getattr(moments, name) - getattr(exact, name)
        assert abs(error) <= Fraction(203 * 2.0**-53 * (size + n * abs(middle - np.median(getattr(points, name)))))
    if n > 1:
        slope, truth = moments.least_squares().m, exact.optimum()[0]
        assert abs(Fraction(slope) / truth - 1) < 1e-12


def test_polars_and_duckdb_agree_on_names_and_float32(tmp_path, used):
    file = write(
        tmp_path / "[a]*.parquet", 'SELECT CAST(i / 3 AS FLOAT) AS "^x.*$", i / 2 AS "y\'" FROM range(5000) r(i)'
    )
    reading = moments_of_file(file)
    points = tf_gd.read_points(file)
    assert used[0] is not None
    assert (reading.x_name, reading.y_name) == (points.x_name, points.y_name) == ("^x.*$", "y'")
    assert used[0].n == used[0].n_x == used[0].n_y == 5000
    slope = tf_gd.Moments.of(points.x, points.y, exact=True).least_squares().m
    assert math.isclose(reading.moments.least_squares().m, slope, rel_tol=1e-12)


def errors_of_both(file: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the errors of a reading that tries Polars first, and of one that does not."""
    messages = []
    for worth in (0, 2**60):
        monkeypatch.setattr(parquet, "WORTH", worth)
        with pytest.raises(tf_gd.DataError) as raised:
            moments_of_file(file)
        messages.append(str(raised.value))
    return messages


@pytest.mark.parametrize("bad", ["NULL", "CAST('nan' AS DOUBLE)"])
def test_invalid_rows_are_named_as_duckdb_names_them(tmp_path, used, monkeypatch, bad):
    file = write(
        tmp_path / "a.parquet", f"SELECT x, CASE WHEN x IN (4.0, 12.0) THEN {bad} ELSE y END AS y FROM ({line(9000)})"
    )
    messages = errors_of_both(file, monkeypatch)
    assert used[0] is not None
    assert messages[0] == messages[1]
    assert "There are 2 such rows in all." in messages[0]
    monkeypatch.setattr(parquet, "WORTH", 0)
    reading = moments_of_file(file, skip_invalid=True)
    assert (reading.moments.n, reading.skipped) == (8998, 2)


@pytest.mark.parametrize("kind", ["BIGINT", "INTEGER", "DECIMAL(18, 3)"])
def test_what_is_not_a_float_is_left_to_duckdb(tmp_path, used, kind):
    file = write(tmp_path / "a.parquet", f"SELECT CAST(x AS {kind}) AS x, y FROM ({line(3000)})")
    moments = moments_of_file(file).moments
    assert used == [None]
    assert moments.n == 3000


def test_no_rows(tmp_path):
    file = write(tmp_path / "a.parquet", f"{line(10)} WHERE false")
    with pytest.raises(tf_gd.DataError, match="must hold at least one point"):
        moments_of_file(file)


def test_squares_that_overflow(tmp_path):
    file = write(
        tmp_path / "a.parquet",
        "SELECT x * 1e200 AS x, y FROM (SELECT i * 1.0 AS x, i * 2.0 AS y FROM range(5000) r(i))",
    )
    with pytest.raises(tf_gd.DataError, match="squares overflow float64"):
        moments_of_file(file)


def test_a_damaged_file_has_duckdbs_error(tmp_path, used, monkeypatch):
    file = write(tmp_path / "a.parquet", line(20_000))
    content = bytearray(file.read_bytes())
    quarter = len(content) // 4  # where no sample is taken
    content[quarter : quarter + 4000] = b"\xff" * 4000
    file.write_bytes(content)
    messages = errors_of_both(file, monkeypatch)
    assert messages[0] == messages[1]
    assert used == [None, None]


def test_progress_comes_slice_by_slice(tmp_path, used):
    seen = []
    file = write(tmp_path / "a.parquet", line(4500))
    moments_of_file(file, on_progress=lambda done, total: seen.append(done / total))
    assert used[0] is not None
    assert [round(part, 1) for part in seen] == [0.2, 0.4, 0.7, 0.9, 1.0]


def test_without_polars_duckdb_reads(tmp_path, used, monkeypatch):
    file = write(tmp_path / "a.parquet", line(5000))
    monkeypatch.setattr(parquet, "find_spec", lambda name: None)
    assert moments_of_file(file).moments.n == 5000
    assert used == [None]


def test_small_files_do_not_import_polars(tmp_path, used, monkeypatch):
    monkeypatch.setattr(parquet, "WORTH", 2**26)
    file = write(tmp_path / "a.parquet", line(5000))
    assert moments_of_file(file).moments.n == 5000
    assert used == [None]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here, so nothing to get wrong")
def test_a_process_that_was_forked_after_polars_ran_reads_with_duckdb(tmp_path):
    file = write(tmp_path / "a.parquet", line(5000))
    program = (
        "import os, sys\n"
        "from tf_gd.moments import polars_sums as parquet\n"
        "from tf_gd.moments.data_files import moments_of_file\n"
        "parquet.WORTH = 0\n"
        "read = lambda: moments_of_file(sys.argv[1]).moments.n\n"
        "assert read() == 5000 and 'polars' in sys.modules\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    os._exit(0 if read() == 5000 and not parquet._is_usable() else 1)\n"
        "assert os.waitpid(child, 0)[1] == 0 and parquet._is_usable()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(file)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
