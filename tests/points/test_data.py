"""The points, the samples, and the files that hold good points."""

import csv
import io
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tf_gd
from tf_gd.errors import DataError
from tf_gd.points import SAMPLES, Points

# Slope and intercept in exact rational arithmetic over the decimal text of the samples.
EXACT = {
    "hubble1929": (24, Fraction(34818655000, 76666317), Fraction(-3126732170, 76666317)),
    "norris": (36, Fraction(1911133837, 1907096860), Fraction(-5002755103, 19070968600)),
    "anscombe-1": (11, Fraction(5501, 11000), Fraction(33001, 11000)),
    "anscombe-2": (11, Fraction(1, 2), Fraction(3301, 1100)),
    "anscombe-3": (11, Fraction(5497, 11000), Fraction(33027, 11000)),
    "anscombe-4": (11, Fraction(5499, 11000), Fraction(33019, 11000)),
}


def decimal_line(points: Points) -> tuple[Fraction, Fraction]:
    """Return the least-squares line of the points' shortest decimal text, exactly."""
    x, y = ([Fraction(repr(float(value))) for value in values] for values in points)
    mean_x, mean_y = sum(x) / points.n, sum(y) / points.n
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum((a - mean_x) ** 2 for a in x)
    return slope, mean_y - slope * mean_x


@pytest.mark.parametrize("name", EXACT)
def test_sample_has_its_published_line(name: str) -> None:
    points = tf_gd.sample(name)
    assert (points.n, *decimal_line(points)) == EXACT[name]
    assert points.x.dtype == np.float64


@pytest.mark.parametrize(("name", "slope"), [("noint1", Fraction(251, 121)), ("noint2", Fraction(8, 11))])
def test_sample_without_intercept(name: str, slope: Fraction) -> None:
    x, y = ([Fraction(float(value)) for value in values] for values in tf_gd.sample(name))
    assert sum(a * b for a, b in zip(x, y, strict=True)) / sum(a * a for a in x) == slope


def test_samples_are_named_in_the_error() -> None:
    with pytest.raises(tf_gd.InvalidArgumentError, match=r"`name` must be one of hubble1929, .*, noint2"):
        tf_gd.sample("hubble")
    assert set(EXACT) < set(SAMPLES)


def test_a_sample_needs_no_database() -> None:
    code = "import sys, tf_gd; tf_gd.sample('norris'); print({'duckdb', 'tensorflow'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()"


def test_points_are_read_only_and_one_dtype() -> None:
    points = Points(np.array([1, 2], np.float32), [3.0, 4.0])
    assert points.x.dtype == points.y.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        points.x[0] = 7


def test_points_in_the_other_byte_order_are_the_same_numbers() -> None:
    points = Points(np.array([1, 2], ">f8"), np.array([3, 4], ">f8"))
    assert points.x.dtype.isnative
    assert points.x.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2], [1], "`x` and `y` must have one length. Got 2 and 1."),
        ([], [], "`x` must hold at least one number"),
        ([[1, 2], [3, 4]], [1, 2], r"`x` must be one-dimensional, shape \[n\]. Got shape \[2, 2\]"),
        ([[1], [2, 3]], [1, 2], "`x` must be a one-dimensional array of numbers. Got ragged rows"),
        (["a"], [1], "`x` must be numbers. Got dtype str"),
        ([None], [1], "`x` must hold a number everywhere. Got None at index 0"),
        ([True], [1], "`x` must be numbers. Got dtype bool"),
        ([1j], [1], "`x` must be numbers. Got dtype complex128"),
        ([10**30], [1], "`x` must fit float64 exactly. Got 1000000000000000000000000000000 at index 0"),
        ([2**53 + 1], [1], "`x` must fit float64 exactly. Got 9007199254740993 at index 0"),
        ([2**64 - 1], [1], "`x` must fit float64 exactly. Got 18446744073709551615 at index 0"),
        ([-(2**53) - 1], [1], "`x` must fit float64 exactly. Got -9007199254740993 at index 0"),
        ([1, np.nan], [1, 2], r"`x` must be finite. Got nan at index 1 \(1 such in all\)"),
        ([1, 2], [-np.inf, np.inf], r"`y` must be finite. Got -inf at index 0 \(2 such in all\)"),
        (np.ma.array([1, 2], mask=[0, 1]), [1, 2], "`x` must hold a number everywhere. Got a masked value at index 1"),
        (np.array(["2020-01-01"], "M8[D]"), [1], "`x` must be numbers. Got dtype datetime64"),
    ],
)
def test_bad_arrays(x: object, y: object, message: str) -> None:
    with pytest.raises(tf_gd.DataError, match=f"^{message}"):
        Points(x, y)  # type: ignore[arg-type]


def test_a_dtype_too_narrow() -> None:
    with pytest.raises(tf_gd.DataError, match=r"`y` must fit float16. Got 70000.0 at index 1. Try a wider dtype"):
        Points([1, 2], [3, 70000]).astype("float16")


def good_files(folder: Path) -> list[Path]:
    """Write the points (1, 2.5), (3, -4e-3) with a column of text, once in each format."""
    rows = "(VALUES ('a', 1.0::DOUBLE, 2.5::DOUBLE), ('b', 3, -4e-3)) AS t(label, x, y)"
    files = [
        folder / f"points{ending}" for ending in (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".json", ".npz")
    ]
    formats = ["csv", "csv, DELIMITER '\t'", "parquet", "json", "json", "json"]
    with duckdb.connect() as connection:
        for file, form in zip(files, formats, strict=False):
            connection.execute(f"COPY (SELECT * FROM {rows}) TO '{file}' (FORMAT {form})")
    np.savez(files[-1], x=[1.0, 3], y=[2.5, -4e-3])
    np.save(folder / "points.npy", [[1.0, 2.5], [3, -4e-3]])
    return [*files, folder / "points.npy"]


def test_every_format_gives_the_same_points(tmp_path: Path) -> None:
    for file in good_files(tmp_path):
        points = tf_gd.read_points(file)
        assert (points.x.tolist(), points.y.tolist()) == ([1.0, 3.0], [2.5, -4e-3]), file
        assert (points.x_name, points.y_name) == (("column 0", "column 1") if file.suffix == ".npy" else ("x", "y"))


def test_an_ending_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "A.CSV").write_text("x,y\n1,2\n")
    assert tf_gd.read_points(tmp_path / "A.CSV").n == 1


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [("b", "a", (2, 1)), (2, 0, (3, 1)), ("2", "1", (3, 2)), ("9", "3", (4, 4)), (3, "c", (4, 3)), ("a", "a", (1, 1))],
)
def test_columns_by_name_and_position(tmp_path: Path, x: str | int, y: str | int, expected: tuple[int, int]) -> None:
    file = tmp_path / "four.jsonl"
    file.write_text('{"a": 1, "b": 2, "c": 3, "9": 4}')
    points = tf_gd.read_points(file, x, y)
    assert (points.x[0], points.y[0]) == expected


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (
            None,
            None,
            "`x` and `y` must name their columns unless .* has just two numeric ones. Got 4 columns: 'a', 'b'",
        ),
        ("a", None, "`x` and `y` must name their columns"),
        ("d", "a", "`x` must be a column of .*: 4 columns: 'a', 'b', 'c', 'e'. Got 'd'"),
        ("a", 4, "`y` must be a column of .* Got 4"),
        ("a", "-1", "`y` must be a column of .* Got '-1'"),
        ("a", -1, "`y` must be a column of .* Got -1"),
        ("a", "9" * 5000, "`y` must be a column of .* Got '9999"),
        ("", "a", "`x` must be a column of .* Got ''"),
        ('a"; DROP', "a", "`x` must be a column of"),
    ],
)
def test_no_such_column(tmp_path: Path, x: str | int, y: str | int, message: str) -> None:
    file = tmp_path / "four.csv"
    file.write_text("a,b,c,e\n1,2,3,4\n")
    with pytest.raises(tf_gd.DataError, match=message):
        tf_gd.read_points(file, x, y)


@pytest.mark.parametrize("selector", [1.0, True, b"a", ["a"]])
def test_a_selector_of_the_wrong_kind(tmp_path: Path, selector: object) -> None:
    file = tmp_path / "two.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(tf_gd.InvalidArgumentError, match="`x` must be a column's name or its position from 0"):
        tf_gd.read_points(file, selector, "b")  # type: ignore[arg-type]


def test_text_columns_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "labelled.csv"
    file.write_text("star,distance,kind,speed\nS. Mag,0.032,a,170\nL. Mag,0.034,b,290\n")
    assert tf_gd.read_points(file).x_name == "distance"
    with pytest.raises(tf_gd.DataError, match=r"line 2: 'star' must be a number. Got 'S. Mag'"):
        tf_gd.read_points(file, "star", "speed")


def test_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def pipe(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pipe(b"x,y\n1,2\n")
    assert tf_gd.read_points("-").y.tolist() == [2.0]
    pipe(b"x,y\n1,two\n")
    with pytest.raises(tf_gd.DataError, match=r"^standard input, line 2: 'y' must be a number. Got 'two'"):
        tf_gd.read_points("-")
    pipe(b"")
    with pytest.raises(tf_gd.DataError, match=r"^standard input must hold points. Got an empty file"):
        tf_gd.read_points("-")
    assert not list(tmp_path.iterdir())  # the copy is gone


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.sampled_from(["csv", "jsonl"]))
def test_every_float_comes_back_bit_for_bit(values: list[float], form: str) -> None:
    read = written_and_read([repr(value) for value in values], form)
    assert read.tobytes() == np.array(values).tobytes()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.from_regex(r"[+-]?[0-9]{1,40}\.[0-9]{0,40}([eE][+-]?[0-9]{1,3})?", fullmatch=True), min_size=1))
def test_every_decimal_is_rounded_as_python_rounds_it(texts: list[str]) -> None:
    if any(abs(float(text)) == float("inf") for text in texts):
        with pytest.raises(tf_gd.DataError, match="'x' must fit float64"):
            written_and_read(texts, "csv")
    else:
        assert written_and_read(texts, "csv").tobytes() == np.array([float(text) for text in texts]).tobytes()


def written_and_read(texts: list[str], form: str) -> np.ndarray:
    """Write a column of numbers as text, and return what `read_points` makes of it."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"numbers.{form}")
        if form == "csv":
            with file.open("w", newline="") as stream:
                csv.writer(stream).writerows([("x", "y"), *((text, "1") for text in texts)])
        else:
            file.write_text("\n".join(f'{{"x": {text}, "y": 1}}' for text in texts))
        return tf_gd.read_points(file).x


def test_decimals_of_parquet_are_rounded_once(tmp_path: Path) -> None:
    file = tmp_path / "decimal.parquet"
    with duckdb.connect() as connection:
        values = "12345678901234567890.123456789::DECIMAL(38, 9) AS x, 0.1::DECIMAL(4, 1) AS y"
        connection.execute(f"COPY (SELECT {values}) TO '{file}'")
    points = tf_gd.read_points(file)
    assert (points.x[0], points.y[0]) == (12345678901234567890.123456789, 0.1)


def test_a_large_float_is_no_rounded_integer(tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    file.write_text("x,y\n1e300,9007199254740992\n-9007199254740994,1e16\n")
    assert tf_gd.read_points(file).x.tolist() == [1e300, -9007199254740994.0]


@pytest.mark.parametrize(
    ("alone", "shown"),
    [
        (3.0, "3.0"),
        (np.array(3.0), "array(3.)"),
        (None, "None"),
    ],
)
@pytest.mark.parametrize("engine", ["manual", "moments"])
def test_a_single_value_is_no_vector(alone, shown, engine):
    message = f"`x` must be one-dimensional, shape [n]. Got {shown}"
    for asked in (
        lambda: Points(alone, 4.0),
        lambda: tf_gd.train(alone, 4.0, learning_rate=0.1, num_steps=1, engine=engine),
    ):
        with pytest.raises(DataError, match=f"^{re.escape(message)}.*, a single value. Give a list or an array\\.$"):
            asked()
