"""The moments of a file are those of its points in memory, in every bit: whatever threads, row groups, format."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

import tf_gd
from tf_gd.moments import duckdb_sums
from tf_gd.moments.batches import StreamError, batches
from tf_gd.moments.files import moments_of_file, moments_of_files
from tf_gd.moments.sums import CHUNK, EXACT

N = 2 * CHUNK + EXACT + 1001  # two chunks and a third, that is rounded too


def points(n: int, offset: float = 1e9) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(n)
    x = generator.uniform(0, 10, n) + offset
    return x, 2 * x + generator.normal(size=n)


def write(file: Path, x: np.ndarray, y: np.ndarray, options: str = "FORMAT parquet") -> Path:
    table = {"x": x, "y": y}
    with duckdb.connect() as connection:
        connection.register("points", table)
        connection.sql(f"COPY (SELECT x, y FROM points) TO '{file}' ({options})")
    return file


@pytest.mark.parametrize("n", [1, EXACT, EXACT + 1, CHUNK - 1, CHUNK, CHUNK + 1, CHUNK + EXACT, N])
def test_a_file_has_the_moments_of_its_points(tmp_path, n):
    x, y = points(n)
    assert moments_of_file(write(tmp_path / "a.parquet", x, y)).moments == tf_gd.Moments.of(x, y)


@pytest.fixture(scope="module")
def want():
    return tf_gd.Moments.of(*points(N))


@pytest.mark.parametrize("rows", [2048, 10_240, 122_880, 10**6])
def test_row_groups_of_any_size(tmp_path, want, rows):
    options = f"FORMAT parquet, ROW_GROUP_SIZE {rows}"
    assert moments_of_file(write(tmp_path / "a.parquet", *points(N), options)).moments == want


@pytest.mark.parametrize("options", ["FORMAT csv", "FORMAT json", "FORMAT parquet"])
def test_any_format(tmp_path, want, options):
    ending = {"csv": "csv", "json": "jsonl", "parquet": "parquet"}[options.split()[1]]
    assert moments_of_file(write(tmp_path / f"a.{ending}", *points(N), options)).moments == want


def test_numpy_files_too(tmp_path, want):
    x, y = points(N)
    np.savez(tmp_path / "a.npz", x=x, y=y)
    assert moments_of_file(tmp_path / "a.npz").moments == want


@pytest.mark.corpus(3)
@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_any_number_of_threads(tmp_path, want, threads, ending, monkeypatch):
    connect = duckdb.connect
    limited = lambda name, config: connect(name, config={**config, "threads": threads})  # noqa: E731
    file = write(tmp_path / f"a.{ending}", *points(N), f"FORMAT {ending}")
    monkeypatch.setattr(duckdb, "connect", limited)
    monkeypatch.setattr("tf_gd.moments.threads.usable_cores", lambda: threads)
    assert {moments_of_file(file).moments for _ in range(3)} == {want}


def test_any_split_into_files_gives_points_that_differ_in_the_last_bits_only(tmp_path, want):
    x, y = points(N)
    for number, part in enumerate(np.array_split(np.arange(N), 7)):
        write(tmp_path / f"{number}.parquet", x[part], y[part])
    moments = moments_of_files(tmp_path).moments
    assert moments.n == want.n
    assert abs(moments.least_squares().m / want.least_squares().m - 1) < 1e-14


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9, 1e12])
def test_fifteen_digits_of_the_slope(tmp_path, offset):
    x, y = points(N, offset)
    file = write(tmp_path / "a.parquet", x, y)
    truth = tf_gd.Moments.of(x, y, exact=True).optimum()[0]
    assert abs(float(moments_of_file(file).moments.optimum()[0] / truth - 1)) < 1e-15


@pytest.mark.parametrize("bad", ["NULL", "CAST('nan' AS DOUBLE)"])
def test_missing_rows_are_left_out_where_they_stand(tmp_path, bad):
    x, y = points(N)
    lost = np.arange(N) % 1000 == 7
    file = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        connection.register("points", {"x": x, "y": y, "lost": lost})
        connection.sql(f"COPY (SELECT x, CASE WHEN lost THEN {bad} ELSE y END AS y FROM points) TO '{file}'")
    with pytest.raises(tf_gd.DataError, match=rf"row 8: .*There are {lost.sum()} such rows in all"):
        moments_of_file(file)
    reading = moments_of_file(file, skip_invalid=True)
    assert (reading.moments.n, reading.skipped) == (N - lost.sum(), lost.sum())
    exact = tf_gd.Moments.of(x[~lost], y[~lost], exact=True).least_squares()
    assert abs(reading.moments.least_squares().m / exact.m - 1) < 1e-15


@pytest.mark.parametrize("kind", ["FLOAT", "INTEGER", "BIGINT", "DECIMAL(18, 3)"])
def test_columns_of_any_type_are_taken_as_the_float64_that_they_are(tmp_path, kind):
    file = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        connection.sql(
            f"COPY (SELECT CAST((i % 1000) / 8 AS {kind}) AS x, i / 4 AS y FROM range({CHUNK}) r(i)) TO '{file}'"
        )
    read = tf_gd.read_points(file)
    assert moments_of_file(file).moments == tf_gd.Moments.of(read.x, read.y)


def test_no_rows(tmp_path):
    with pytest.raises(tf_gd.DataError, match="must hold at least one point"):
        moments_of_file(write(tmp_path / "a.parquet", np.array([]), np.array([])))


def test_a_damaged_file_is_refused_in_one_line(tmp_path):
    file = write(tmp_path / "a.parquet", *points(300_000))
    content = bytearray(file.read_bytes())
    quarter = len(content) // 4
    content[quarter : quarter + 40_000] = b"\xff" * 40_000
    file.write_bytes(content)
    with pytest.raises(tf_gd.DataError) as raised:
        moments_of_file(file)
    assert "a.parquet" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_batches_hand_over_null_as_nan_and_duckdbs_words_where_it_stops():
    with duckdb.connect() as connection:
        query = "SELECT CASE WHEN i % 3 = 1 THEN NULL ELSE i::DOUBLE END AS x FROM range(10000) r(i)"
        got = np.concatenate([columns[0] for columns in batches(connection.sql(query))])
        want = np.arange(10_000.0)
        want[1::3] = np.nan
        assert np.array_equal(got, want, equal_nan=True)
        broken = "SELECT CASE WHEN i = 9000 THEN error('no more') ELSE i END::DOUBLE AS x FROM range(10000) r(i)"
        with pytest.raises((StreamError, duckdb.Error), match="no more"):
            list(batches(connection.sql(broken)))
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_what_is_read_by_no_other_package(tmp_path):
    """Neither pyarrow nor pandas is needed, and neither is imported."""
    file = write(tmp_path / "a.parquet", *points(5000))
    program = (
        "import sys; sys.modules.update(pyarrow=None, pandas=None, polars=None)\n"
        "from tf_gd.moments.files import moments_of_file\n"
        "assert moments_of_file(sys.argv[1]).moments.n == 5000\n"
    )
    done = subprocess.run([sys.executable, "-c", program, file], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity here")
def test_a_process_that_may_use_one_core_gets_the_same_bits(tmp_path, want):
    file = write(tmp_path / "a.parquet", *points(N))
    program = (
        "import os, sys; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
        "from tf_gd.moments.files import moments_of_file\n"
        "print(moments_of_file(sys.argv[1]).moments.to_dict())\n"
    )
    done = subprocess.run([sys.executable, "-c", program, file], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == str(want.to_dict()), done.stderr


def test_the_tests_above_would_see_chunks_that_depend_on_the_batches(tmp_path, want, monkeypatch):
    """Summing each batch as it comes, which follows the row groups, gives other bits."""

    def by_batch(self, on_progress):
        for columns in self._batches():
            yield tuple(columns)

    monkeypatch.setattr(duckdb_sums.FileSums, "_chunks", by_batch)
    file = write(tmp_path / "a.parquet", *points(N), "FORMAT parquet, ROW_GROUP_SIZE 50000")
    assert moments_of_file(file).moments != want
