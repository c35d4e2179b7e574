"""The assertions raise what the checks find, and nothing else."""

import re
from pathlib import Path

import numpy as np
import pytest

import tf_gd

pytest_plugins = ["pytester"]


def right(m, c, x, y):
    e = m * x + c - y
    return 2 * np.sum(e * x), 2 * np.sum(e)


def wrong(m, c, x, y):
    e = m * x + c - y
    return np.sum(e * x), np.sum(e)


def update(m, c, x, y, learning_rate):
    dm, dc = right(m, c, x, y)
    return m - learning_rate * dm, c - learning_rate * dc


def climbing(m, c, x, y, learning_rate):
    dm, dc = right(m, c, x, y)
    return m + learning_rate * dm, c + learning_rate * dc


def test_what_is_right_passes() -> None:
    tf_gd.assert_gradient(right)
    tf_gd.assert_gradient(right, [1.0, 2.0, 4.0], [1.0, 0.0, 2.0])
    tf_gd.assert_gradient(gradient=right, x=[1.0, 2.0, 4.0], y=[1.0, 0.0, 2.0], reduction="sum")
    tf_gd.assert_gradient(lambda *a: np.array(right(*a)) / len(a[2]), reduction="mean")
    tf_gd.assert_update(update)
    tf_gd.assert_update(update=update)


def test_the_message_is_the_report() -> None:
    with pytest.raises(AssertionError) as caught:
        tf_gd.assert_gradient(wrong)
    assert str(tf_gd.check_line_gradient(wrong)) in str(caught.value)
    assert "missing-factor-2" in str(caught.value)
    with pytest.raises(AssertionError) as caught:
        tf_gd.assert_update(climbing)
    assert str(tf_gd.check_update(climbing)) in str(caught.value)
    assert "ascent" in str(caught.value)


def test_the_gradient_of_any_model() -> None:
    x, y = np.array([0.5, 1.0, 3.0]), np.array([1.0, 0.0, 2.0])
    arguments = {"params": {"w": np.array([0.25, -0.5])}, "data": {"x": x, "y": y}}

    def loss(w, x, y):
        e = w[0] * x + w[1] - y
        return tensorflow_sum(e * e)

    def tensorflow_sum(values):
        import tensorflow as tf

        return tf.reduce_sum(values)

    def gradient(w, x, y):
        return np.array(right(w[0], w[1], x, y))

    tf_gd.assert_gradient(loss, gradient, **arguments)
    tf_gd.assert_gradient(loss=loss, gradient=gradient, **arguments)
    with pytest.raises(AssertionError, match="missing-factor-2"):
        tf_gd.assert_gradient(loss, lambda w, x, y: gradient(w, x, y) / 2, **arguments)


def test_a_bad_argument_is_no_assertion_error() -> None:
    with pytest.raises(ValueError, match="`gradient` must be a function"):
        tf_gd.assert_gradient(3)
    with pytest.raises(TypeError):
        tf_gd.assert_gradient(right, tolerance=1e-3)


def test_the_documented_example_runs(pytester: pytest.Pytester) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "your-tests.md").read_text(encoding="utf-8")
    (example,) = [block for block in re.findall(r"```python\n(.*?)```", page, re.S) if "tf_gd.assert_update" in block]
    pytester.makepyfile(example)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_pytest_shows_the_callers_line(pytester: pytest.Pytester) -> None:
    """In somebody's test suite the report points at their own line, not into this package."""
    pytester.makepyfile(
        """
        import tf_gd

        def gradient(m, c, x, y):
            e = m * x + c - y
            return sum(e * x), sum(e)

        def test_gradient():
            tf_gd.assert_gradient(gradient)
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*tf_gd.assert_gradient(gradient)", "*missing-factor-2*", "*:8: AssertionError"])
    assert "assertions.py" not in result.stdout.str()
