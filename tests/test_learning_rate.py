"""Rates at the edge of float32 and beyond: flushed as TensorFlow does, and a derived one is never blamed on a user."""

import numpy as np
import pytest

from tf_gd import DataError, InvalidArgumentError, check, train
from tf_gd.learning_rate import applied_learning_rate, automatic_rate
from tf_gd.validation import check_dtype

TINY = 2.0**-126  # the smallest normal number of float32


@pytest.mark.parametrize("rate", [1e-39, np.float32(1e-39), TINY * 0.99, 1e-50, np.float64(1e-310)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_tensorflow_flushes_to_zero_is_refused(rate, dtype):
    with pytest.raises(
        InvalidArgumentError, match="`learning_rate` must be a finite number above 0 in .* once"
    ) as error:
        applied_learning_rate(rate, dtype)
    assert "\n" not in str(error.value)


def test_the_advice_works():
    with pytest.raises(InvalidArgumentError, match=r"'auto', or in Python write np\.float64\(1e-39\)"):
        applied_learning_rate(1e-39, "float64")
    assert applied_learning_rate(np.float64(1e-39), "float64") == 1e-39
    assert applied_learning_rate(TINY, "float64") == TINY
    assert applied_learning_rate(3e-6, "float16") == np.float16(3e-6)  # subnormal, but computed in float32


@pytest.mark.filterwarnings("ignore::tf_gd.errors.DescentWarning")  # the best rate is the limit, but for rounding
@pytest.mark.parametrize("scale", [3e19, 1e22, 1e60, 1e-60, 1e-22])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_auto_hands_over_what_float32_cannot_hold(scale, reduction):
    x = np.array([1.0, 2.0, 3.5, 4.0]) * scale
    comparison = check(x, x * 2 + scale, learning_rate="auto", num_steps=5, reduction=reduction)
    assert comparison.identical
    path = train(x, x, learning_rate="auto", num_steps=1, engine="manual", reduction=reduction)
    assert path.learning_rate > 0


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_points_that_no_rate_fits_are_to_blame_themselves(dtype):
    with pytest.raises(DataError, match=r"^`x` must leave a learning rate that .* can hold\. Got 1e-45\. Scale"):
        automatic_rate(1e-45, check_dtype(dtype))
    x = np.array([1e22, 2e22]) if dtype == "bfloat16" else np.array([1e19, 3e19])
    with pytest.raises(DataError) as error:
        train(x, x, learning_rate="auto", num_steps=1, dtype=dtype, engine="manual")
    assert "learning_rate`" not in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_steps": 10**26}, "`num_steps` must be a whole number, at most 9223372036854775807"),
        ({"num_steps": 10**18}, r"`record_every` must be at least 100,000,010,001 .* Add --record-every 100000010001"),
        ({"num_steps": 9, "steps_per_run": 2**31}, "`steps_per_run` must be a whole number, at most 10000000"),
        ({"num_steps": 9, "record_every": 10**20}, "`record_every` must be a whole number, at most"),
    ],
)
def test_more_than_memory_holds_is_refused_at_once(arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        train([0.0, 1.0], [0.0, 1.0], learning_rate=0.1, engine="manual", **arguments)
