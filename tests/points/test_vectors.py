"""Python objects as people have them: taken, or refused in one line whose advice is carried out here."""

import re
import warnings
from collections import deque
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas
import polars
import pyarrow
import pytest

import tf_gd
from tf_gd.points import Points, as_vector, is_number

X, Y = [1.0, 2.0, 4.0], [3.0, 5.0, 9.0]
FRAMES = {
    "pandas": pandas.DataFrame({"name": ["a", "b", "c"], "km": X, "price": Y}),
    "polars": polars.DataFrame({"name": ["a", "b", "c"], "km": X, "price": Y}),
    "arrow": pyarrow.table({"name": ["a", "b", "c"], "km": X, "price": Y}),
    "structured": np.array([("a", 1, 3), ("b", 2, 5), ("c", 4, 9)], [("name", "U1"), ("km", "f8"), ("price", "f8")]),
    "dict": {"name": ["a", "b", "c"], "km": X, "price": Y},
}

TAKEN = {
    "list": X,
    "tuple": tuple(X),
    "range": range(1, 4),
    "deque": deque(X),
    "column [n, 1]": np.array(X).reshape(-1, 1),
    "row [1, n]": np.array([X]),
    "list of lists [n, 1]": [[1.0], [2.0], [4.0]],
    "one column of pandas [n, 1]": pandas.DataFrame({"km": X}),
    "one column of polars": polars.DataFrame({"km": X}),
    "one column of Arrow": pyarrow.table({"km": X}),
    "Series": pandas.Series(X, index=[7, 8, 9]),
    "nullable integers": pandas.Series([1, 2, 4], dtype="Int64"),
    "nullable floats": pandas.Series(X, dtype="Float64"),
    "Arrow in pandas": pandas.Series(X, dtype="double[pyarrow]"),
    "polars Series": polars.Series(X),
    "Arrow array": pyarrow.array(X),
    "Arrow chunks": pyarrow.chunked_array([[1.0], [2.0, 4.0]]),
    "Decimal": [Decimal("1"), Decimal("2"), Decimal("4")],
    "Fraction": [Fraction(1), Fraction(2), Fraction(4)],
    "objects": np.array([1, 2.0, Fraction(4)], dtype=object),
    "an unmasked masked array": np.ma.array(X, mask=[0, 0, 0]),
    "big endian": np.array(X, ">f8"),
    "matrix": np.array(X)[:, None],
}


@pytest.mark.parametrize("kind", TAKEN)
def test_what_holds_numbers_is_taken(kind: str) -> None:
    values = TAKEN[kind]
    expected = [1.0, 2.0, 3.0] if kind == "range" else X
    assert as_vector("x", values).tolist() == expected
    assert Points(values, values).y.tolist() == expected


@pytest.mark.parametrize("kind", ["column [n, 1]", "row [1, n]", "Series", "polars Series", "Arrow array"])
def test_every_function_takes_them(kind: str) -> None:
    x = TAKEN[kind]
    y = np.array(Y).reshape(-1, 1)
    line = tf_gd.Line(2.0, 1.0)
    assert tf_gd.predict(line, x).tolist() == Y
    assert tf_gd.residuals(line, x, y).tolist() == [0.0, 0.0, 0.0]
    assert float(tf_gd.loss(line, x, y)) == 0.0
    assert tuple(tf_gd.gradient(line, x, y)) == (0.0, 0.0)
    assert tf_gd.least_squares(x, y) == line
    assert tf_gd.Moments.of(x, y) == tf_gd.Moments.of(X, Y)
    assert tf_gd.Curvature.of(x) == tf_gd.Curvature.of(X)
    path, same = (tf_gd.train(a, b, learning_rate=0.01, num_steps=3, engine="manual") for a, b in ((x, y), (X, Y)))
    assert path.m.tobytes() == same.m.tobytes()


def test_decimals_and_fractions_are_rounded_once() -> None:
    assert as_vector("x", [Decimal("0.1"), Decimal("1e-400")]).tolist() == [0.1, 0.0]
    assert as_vector("x", [Fraction(1, 3), 2**100]).tolist() == [1 / 3, 2.0**100]


def advised(message: str, **names: object) -> object:
    """Return what the advice between the last pair of backticks gives, evaluated or executed."""
    code = re.findall(r"`([^`]*)`", message)[-1]
    known = {"np": np, "tf_gd": tf_gd, "train": lambda x, y: Points(x, y), **names}
    if " = " not in code:
        return eval(code, known)
    exec(code, known)
    left = code.split(" = ")[0]
    return tuple(known[name] for name in left.split(", ")) if "," in left else known[left]


@pytest.mark.parametrize("kind", FRAMES)
def test_a_whole_table_is_refused_with_its_own_columns(kind: str) -> None:
    frame = FRAMES[kind]
    for call in (
        lambda: Points(frame, Y),
        lambda: tf_gd.train(frame, Y, learning_rate=0.01, num_steps=1, engine="manual"),
    ):
        with pytest.raises(tf_gd.DataError, match=r'\["km"\], \w+\["price"\]\)`\.$') as caught:
            call()
        message = str(caught.value)
        assert message.isprintable()
        points = advised(message, frame=frame, data=frame)
        assert (points.x.tolist(), points.y.tolist()) == (X, Y)


REFUSED = {
    "generator": ((value for value in X), "which gives its values one by one. Use `list(x)`.", X),
    "map": (map(float, X), "which gives its values one by one.", X),
    "dict values": ({"a": 1.0, "b": 2.0}.values(), None, [1.0, 2.0]),
    "texts": (["1", "2.5"], "Got dtype str", [1.0, 2.5]),
    "texts in a Series": (pandas.Series(["1", "2.5"]), "Got ", [1.0, 2.5]),
    "decimal commas": (["1,5", "2"], "Got dtype str", [1.5, 2.0]),
    "booleans": ([True, False], "Got dtype bool.", [1.0, 0.0]),
    "complex": ([1 + 0j, 2], "Got dtype complex128.", [1.0, 2.0]),
    "dates": (np.array(["1970-01-02", "1970-01-05"], "M8[s]"), "Got dtype datetime64", [1.0, 4.0]),
    "dates of pandas": (pandas.Series(pandas.to_datetime(["1970-01-02", "1970-01-05"])), "Got dtype", [1.0, 4.0]),
    "dates of polars": (polars.Series(["1970-01-02", "1970-01-05"]).str.to_date(), "Got dtype", [1.0, 4.0]),
    "durations": (np.array([1, 2], "m8[m]"), "Got dtype timedelta64", [60.0, 120.0]),
    "two columns": (np.array([[1.0, 9], [2, 9], [4, 9]]), "Got shape [3, 2].", X),
    "two rows": (np.array([X, Y]), "Got shape [2, 3].", X),
    "pairs": ([[1.0, 9], [2, 9], [4, 9]], "Got shape [3, 2].", X),
    "three dimensions": (np.zeros((1, 2, 1)), "Got shape [1, 2, 1].", [0.0, 0.0]),
    "large integers": ([2**53 + 1, 1], "Got 9007199254740993 at index 0.", [2.0**53, 1.0]),
    "huge integers": ([10**30, 1], "Got 1000000000000000000000000000000 at index 0.", [1e30, 1.0]),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_to_type_is_said_for_this_object(kind: str) -> None:
    values, expected, numbers = REFUSED[kind]
    if expected is None:  # NumPy makes one object of it
        values = {"a": 1.0, "b": 2.0}.values()
        with pytest.raises(tf_gd.DataError, match=r"Use `list\(x\)`|Give a list"):
            as_vector("x", values)
        return
    with pytest.raises(tf_gd.DataError) as caught:
        as_vector("x", values)
    message = str(caught.value)
    assert message.startswith("`x` must ")
    assert expected in message
    assert message.isprintable()
    assert as_vector("x", advised(message, x=values)).tolist() == numbers


MISSING = {
    "None": [1.0, None, 3.0],
    "NaN": [1.0, float("nan"), 3.0],
    "masked": np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]),
    "masked integers": np.ma.array([1, 2, 3], mask=[0, 1, 0]),
    "nullable": pandas.Series([1, None, 3], dtype="Int64"),
    "Arrow nulls": pyarrow.array([1, None, 3]),
    "Arrow nulls in chunks": pyarrow.chunked_array([[1], [None, 3]]),
    "polars nulls": polars.Series([1, None, 3]),
    "pandas NA among objects": pandas.Series([1, pandas.NA, 3], dtype=object),
}


@pytest.mark.parametrize("kind", MISSING)
@pytest.mark.parametrize("first", [True, False])
def test_a_pair_is_left_out_only_when_asked(kind: str, first: bool) -> None:
    x, y = (MISSING[kind], [4.0, 5.0, 6.0]) if first else ([4.0, 5.0, 6.0], MISSING[kind])
    with pytest.raises(tf_gd.DataError, match=r"at index 1 \(1 such in all\)\. Leave such pairs out") as caught:
        tf_gd.train(x, y, learning_rate=0.01, num_steps=1, engine="manual")
    left_x, left_y = advised(str(caught.value), x=x, y=y)
    assert (left_x.tolist(), left_y.tolist()) == (([1.0, 3.0], [4.0, 6.0]) if first else ([4.0, 6.0], [1.0, 3.0]))
    points = Points(x, y, skip_invalid=True)
    assert (points.n, points.skipped, points.first_skipped) == (2, 1, ("index 1",))


def test_infinity_and_text_are_never_left_out() -> None:
    with pytest.raises(tf_gd.DataError, match="`y` must be finite. Got inf at index 1"):
        Points([1.0, np.nan, 3.0], [1.0, 2.0, np.inf], skip_invalid=True)
    with pytest.raises(tf_gd.DataError, match="`x` must be numbers. Got 'a' at index 1"):
        Points([1.0, "a", None], [1, 2, 3], skip_invalid=True)
    with pytest.raises(tf_gd.DataError, match="must hold at least one pair"):
        Points([1.0, None], [None, 2.0], skip_invalid=True)


def test_integers_among_nulls_are_exact() -> None:
    with pytest.raises(tf_gd.DataError, match="`x` must fit float64 exactly. Got 9007199254740993 at index 1"):
        Points(pyarrow.array([None, 2**53 + 1]), [1, 2], skip_invalid=True)


@pytest.mark.parametrize("number", [5, 5.0, np.float64(5), np.array(5.0), Decimal(5), Fraction(5)])
def test_a_number_is_predicted_as_a_number(number: object) -> None:
    assert is_number(number)
    predicted = tf_gd.predict(tf_gd.Line(2.0, 1.0), number)
    assert np.ndim(predicted) == 0
    assert predicted == 11.0


def test_the_dtype_of_a_number_is_kept() -> None:
    assert tf_gd.predict((2, 1), np.float32(5)).dtype == np.float32
    assert tf_gd.predict((2, 1), [5]).shape == (1,)


def test_no_library_of_tables_is_imported() -> None:
    import subprocess
    import sys

    code = "import sys, tf_gd; tf_gd.Points([1], [2]); print({'pandas', 'polars', 'pyarrow'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"


def test_a_tensor_is_taken_or_its_way_told() -> None:
    tf = pytest.importorskip("tensorflow")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert as_vector("x", tf.constant([[1.0], [2.0]], tf.float64)).tolist() == [1.0, 2.0]
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            x = tf.constant(X, tf.float64)
            with pytest.raises(tf_gd.DataError, match="a tensor of a graph") as caught:
                as_vector("x", x)
            assert as_vector("x", advised(str(caught.value), x=x, session=session)).tolist() == X
