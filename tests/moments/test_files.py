"""Files into moments: one reading, out of core, right to 12 digits wherever the data lie."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import duckdb
import numpy as np
import pytest

import tf_gd
from tf_gd.moments.files import list_files, moments_of_file, moments_of_files

DIGITS_12 = Fraction(1, 10**12)


def write_parquet(file: Path, x: np.ndarray, y: np.ndarray, row_group: int = 122_880) -> None:
    with duckdb.connect() as connection:
        connection.register("points", {"x": x, "y": y})
        connection.execute(f"COPY (SELECT * FROM points) TO '{file}' (FORMAT parquet, ROW_GROUP_SIZE {row_group})")


def points_at(offset: float, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 10, n) + offset
    return x, 2.5 * (x - offset) + 1 + rng.normal(0, 1, n)


def distance(a: tf_gd.Moments, b: tf_gd.Moments) -> Fraction:
    """Return the largest relative difference of slope and intercept."""
    return max(abs(p - q) / abs(q) for p, q in zip(a.optimum(), b.optimum(), strict=True))


def distance_of_slope(a: tf_gd.Moments, b: tf_gd.Moments) -> Fraction:
    return abs(a.optimum()[0] - b.optimum()[0]) / abs(b.optimum()[0])


@pytest.mark.corpus(6)
@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9, -1e12])
@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_right_to_12_digits_at_any_offset(tmp_path: Path, offset: float, ending: str) -> None:
    file = tmp_path / f"points.{ending}"
    x, y = points_at(offset, 20_000)
    if ending == "parquet":
        write_parquet(file, x, y)
    elif ending == "csv":
        file.write_text("x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), y.tolist(), strict=True)))
    else:
        file.write_text("".join(f'{{"x":{a!r},"y":{b!r}}}\n' for a, b in zip(x.tolist(), y.tolist(), strict=True)))
    reading = moments_of_file(file)
    assert (reading.moments.n, reading.skipped, reading.x_name, reading.y_name) == (20_000, 0, "x", "y")
    assert distance(reading.moments, tf_gd.Moments.of(x, y, exact=True)) < DIGITS_12


def test_sorted_points_are_right_to_12_digits_too(tmp_path: Path) -> None:
    """The sample at the start does not stand for the rest: what is subtracted is far from the middle."""
    x, y = points_at(1e9, 400_000)
    order = np.argsort(x)
    write_parquet(tmp_path / "sorted.parquet", x[order], y[order])
    reading = moments_of_file(tmp_path / "sorted.parquet")
    assert distance(reading.moments, tf_gd.Moments.of(x, y, exact=True)) < DIGITS_12


@pytest.mark.slow
def test_ten_million_rows_are_right_to_12_digits(tmp_path: Path) -> None:
    x, y = points_at(1e9, 10_000_000)
    write_parquet(tmp_path / "large.parquet", x, y)
    reading = moments_of_file(tmp_path / "large.parquet")
    assert distance(reading.moments, tf_gd.Moments.of(x, y, exact=True)) < DIGITS_12


def test_small_whole_numbers_are_summed_exactly(tmp_path: Path) -> None:
    x, y = np.arange(5000.0), 2 * np.arange(5000.0) + 1  # every sum is under 2^53
    write_parquet(tmp_path / "whole.parquet", x, y)
    assert moments_of_file(tmp_path / "whole.parquet").moments == tf_gd.Moments.of(x, y, exact=True)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """A reading of 2 * 10^7 rows (320 MB) peaks within 64 MB of one of 10^5."""
    peaks = []
    for n in (100_000, 20_000_000):
        file = tmp_path / f"{n}.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"COPY (SELECT random() AS x, random() AS y FROM range({n})) TO '{file}'")
        code = (
            "import resource, sys; from tf_gd.moments.files import moments_of_file; moments_of_file(sys.argv[1]);"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 64 * 1024
    assert peaks[1] < 500 * 1024


def folder_of_files(folder: Path) -> Path:
    (folder / "a.csv").write_text("x,y\n1,3\n2,5\n")
    (folder / "b.jsonl").write_text('{"x":3,"y":7}\n')
    (folder / "deep").mkdir()
    (folder / "deep" / "c.tsv").write_text("y\tx\n9\t4\n")
    write_parquet(folder / "d.parquet", np.array([5.0]), np.array([11.0]))
    np.savez(folder / "e.npz", x=[6.0], y=[13.0])
    (folder / "README.txt").write_text("not data")
    return folder


def test_files_directories_patterns_and_lists(tmp_path: Path) -> None:
    folder = folder_of_files(tmp_path)
    everything = tf_gd.Moments.of([1, 2, 3, 4, 5, 6], [3, 5, 7, 9, 11, 13])
    assert moments_of_files(folder, "x", "y").moments == everything
    assert moments_of_files([folder / "[a-b].*", str(folder / "**/[c-e].*")], "x", "y").moments == everything
    assert moments_of_files([folder, folder / "a.csv"], "x", "y").moments == everything  # a.csv is read once
    assert [file.name for file in list_files(folder)] == ["a.csv", "b.jsonl", "d.parquet", "c.tsv", "e.npz"]


def test_a_file_whose_name_is_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "a[1].csv").write_text("x,y\n1,3\n")
    (tmp_path / "a1.csv").write_text("x,y\n9,9\n")
    assert moments_of_files(tmp_path / "a[1].csv").moments == tf_gd.Moments.of([1], [3])


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([], "`paths` must name at least one file. Got an empty list."),
        ("none.csv", "must be a file. There is none of that name"),
        ("*.nope", "must match at least one file. Got none"),
        ("bare", "must hold files that end in one of .csv"),
        ("https://example.org/*.csv", "must match at least one file"),
        ("README.txt", "README.txt' must hold at least one point. Got none"),
    ],
)
def test_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: str, message: str) -> None:
    folder_of_files(tmp_path)
    (tmp_path / "bare").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(tf_gd.DataError, match=message):
        moments_of_files(paths)


def test_a_bad_file_among_good_ones_is_named(tmp_path: Path) -> None:
    (folder_of_files(tmp_path) / "deep" / "bad.csv").write_text("x,y\n1,2\n3,4\nnan,6\n,8\n9,10\n")
    with pytest.raises(tf_gd.DataError, match=r"bad.csv', line 4: 'x' must be finite. .* are 2 such rows in all."):
        moments_of_files(tmp_path, "x", "y")


def test_files_of_other_columns_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("time,y\n1,2\n")
    with pytest.raises(tf_gd.DataError, match=r"b.csv' must have the columns of .*a.csv', .* Got 'time' and 'y'"):
        moments_of_files(tmp_path)


@pytest.mark.parametrize("value", ["NULL", "'nan'::DOUBLE"])
def test_invalid_rows_are_counted_named_or_skipped(tmp_path: Path, value: str) -> None:
    file = tmp_path / "points.parquet"
    with duckdb.connect() as connection:
        row = f"CASE WHEN i % 50000 = 40000 THEN {value} ELSE i END"
        connection.execute(f"COPY (SELECT i::DOUBLE AS x, ({row})::DOUBLE AS y FROM range(200000) t(i)) TO '{file}'")
    with pytest.raises(
        tf_gd.DataError,
        match=r"points.parquet', row 40001: 'y' .* There are 4 such rows in all. Add skip_invalid=True$",
    ):
        moments_of_file(file)
    reading = moments_of_file(file, skip_invalid=True)
    kept = np.array([i for i in range(200_000) if i % 50_000 != 40_000], np.float64)
    assert reading.skipped == 4
    assert [place.split(" (")[0] for place in reading.first_skipped] == ["row 40001", "row 90001", "row 140001"]
    assert reading.moments.n == 199_996
    assert distance_of_slope(reading.moments, tf_gd.Moments.of(kept, kept, exact=True)) < DIGITS_12


def test_only_invalid_rows(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("x,y\nnan,1\n2,\n")
    with pytest.raises(tf_gd.DataError, match="must hold at least one point"):
        moments_of_file(tmp_path / "points.csv", skip_invalid=True)


def test_what_is_no_value_is_not_skipped(tmp_path: Path) -> None:
    """A ragged row, or an integer that float64 has rounded, is an error even where invalid values may be skipped."""
    (tmp_path / "ragged.csv").write_text("x,y\n1,2\n3\n")
    (tmp_path / "grouped.csv").write_text('x,y\n1,2\n"1,010",3\n,4\n')
    (tmp_path / "infinite.csv").write_text("x,y\n1,2\n,3\ninf,4\n")
    (tmp_path / "rounded.csv").write_text("x,y\n1,2\nnan,3\n9007199254740993,4\n")
    with pytest.raises(tf_gd.DataError, match="line 3: must have 2 fields"):
        moments_of_file(tmp_path / "ragged.csv", skip_invalid=True)
    with pytest.raises(tf_gd.DataError, match="line 3: 'x' must be a number .*Add thousands=','$"):
        moments_of_file(tmp_path / "grouped.csv", skip_invalid=True)
    with pytest.raises(tf_gd.DataError, match="line 4: 'x' must be finite. Got 'inf'"):
        moments_of_file(tmp_path / "infinite.csv", skip_invalid=True)
    with pytest.raises(tf_gd.DataError, match="line 4: 'x' must be an integer that float64 holds exactly"):
        moments_of_file(tmp_path / "rounded.csv", skip_invalid=True)


def test_squares_that_overflow_are_added_exactly(tmp_path: Path) -> None:
    (tmp_path / "huge.csv").write_text("x,y\n1e300,1\n-1e300,2\n1e-300,7\n")
    moments = moments_of_file(tmp_path / "huge.csv").moments
    assert moments == tf_gd.Moments.of([1e300, -1e300, 1e-300], [1, 2, 7])


def test_one_reading_in_the_good_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are read once, and no query counts or looks for a fault."""
    from tf_gd.moments.duckdb_sums import FileSums

    readings, run = [], FileSums._batches

    def noted(self: FileSums) -> Iterator[list[np.ndarray]]:
        readings.append(self.points)
        return run(self)

    monkeypatch.setattr(FileSums, "_batches", noted)
    monkeypatch.setattr(FileSums, "_rows", None)
    write_parquet(tmp_path / "points.parquet", *points_at(0, 1000))
    moments_of_file(tmp_path / "points.parquet")
    assert len(readings) == 1


def test_progress_grows_to_the_size_of_all_files(tmp_path: Path) -> None:
    for name in "ab":
        with duckdb.connect() as connection:
            rows = "SELECT random() AS x, random() AS y FROM range(400000)"
            connection.execute(f"COPY ({rows}) TO '{tmp_path / name}.csv'")
    seen: list[tuple[int, int]] = []
    threads = threading.active_count()
    moments_of_files(tmp_path, on_progress=lambda done, total: seen.append((done, total)))
    total = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)
    assert {size for _, size in seen} == {total}
    assert threading.active_count() == threads


def test_what_is_no_callback_is_refused_before_the_reading(tmp_path: Path) -> None:
    with pytest.raises(tf_gd.InvalidArgumentError, match="on_progress"):
        moments_of_files(tmp_path / "not there.csv", on_progress=3)  # type: ignore[arg-type]


def test_a_callback_that_raises_ends_the_reading(tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT random() AS x, random() AS y FROM range(1000000)) TO '{file}'")

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    threads = threading.active_count()

    with pytest.raises(KeyboardInterrupt):
        moments_of_files(file, on_progress=stop)
    assert threading.active_count() == threads


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No temporary folder in the working directory, no open file."""
    folder_of_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*")), os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd") else []
    moments_of_files(".", "x", "y")
    tf_gd.read_points("a.csv")
    after = sorted(tmp_path.rglob("*")), os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd") else []
    assert after[0] == before[0]
    assert len(after[1]) == len(before[1])
