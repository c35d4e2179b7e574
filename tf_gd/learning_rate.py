"""The learning rate, as TensorFlow's optimizer really applies it; which one is stable or best is in `curvature.py`."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError, InvalidArgumentError, invalid
from tf_gd.loading import load_tensorflow, quiet_stderr
from tf_gd.validation import float_info

FLUSHED = ("float64", "float32", "bfloat16")
"""In which TensorFlow's threads flush subnormal numbers to 0; float16 is computed in float32, which holds all of it."""


def applied_learning_rate(learning_rate: float | Callable[[], float], dtype: npt.DTypeLike) -> Any:
    """Return the learning rate that TensorFlow's optimizer applies to a variable of `dtype`, as a scalar of it.

    TensorFlow turns a Python float into a float32 tensor before it casts to the variable's dtype, so 0.1 becomes
    0.10000000149011612 in float64; a NumPy scalar keeps the precision that it has. Subnormal numbers are flushed to 0.

    Args:
        learning_rate: a number above 0, or a callable that returns one.
        dtype: the variable's dtype.

    Raises:
        InvalidArgumentError: not a finite number above 0, before or after rounding and flushing.

    Example:
        >>> float(applied_learning_rate(0.1, "float64"))
        0.10000000149011612
        >>> float(applied_learning_rate(np.float64(0.1), "float64"))
        0.1
    """
    rate = called_once(learning_rate)
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.floating | np.integer):
        raise invalid("learning_rate", "a finite number above 0", rate)
    kind: np.dtype[Any] = np.dtype(dtype)
    is_rounded = isinstance(rate, float) and not isinstance(rate, np.generic)
    with np.errstate(over="ignore", under="ignore"):
        tensor: Any = np.float32(rate) if is_rounded else rate
        if kind.name != "bfloat16":  # to which TensorFlow rounds before it flushes
            tensor = _flushed(tensor)
        try:
            applied = _flushed(kind.type(tensor))
        except OverflowError:  # an int beyond every float
            raise invalid("learning_rate", "a finite number above 0", rate) from None
    if not (np.isfinite(applied) and applied > 0):
        raise _lost(rate, kind, is_rounded)
    return applied


def resolved_rate(learning_rate: Any, num_steps: int, dtype: np.dtype[Any]) -> Any:
    """Return a learning rate as a number that TensorFlow takes, or as an array of what is applied at each step."""
    if is_schedule(learning_rate):
        learning_rate = schedule_values(learning_rate, num_steps)
    rate = called_once(learning_rate)
    if isinstance(rate, list | tuple | np.ndarray):
        return one_for_each_step(rate, num_steps, dtype)
    applied_learning_rate(rate, dtype)
    return rate


def one_for_each_step(rates: Any, num_steps: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return a rate for each step as TensorFlow's optimizer applies it, shape [num_steps].

    Args:
        rates: at least `num_steps` numbers, each finite, and 0 (no move) or above; an array keeps its precision, and
            Python floats are rounded to float32 first, as one rate is.
        num_steps: the number of updates.
        dtype: the variable's dtype.

    Raises:
        InvalidArgumentError: fewer rates than steps, or one that is no finite number, 0 or above.

    Example:
        >>> one_for_each_step([0.5, 0.25, 0.125], 2, "float64")
        array([0.5 , 0.25])
    """
    if np.ndim(rates) != 1:
        raise invalid("learning_rate", "one number, or an array of one for each step", rates)
    if len(rates) < num_steps:
        advice = f"Give one for each step, or ask for num_steps={len(rates)}."
        raise invalid("learning_rate", f"one for each of the {num_steps} steps", f"{len(rates)} rates", advice)
    applied = np.empty(num_steps, dtype)
    for step in range(num_steps):
        try:
            applied[step] = applied_learning_rate(rates[step], dtype)
        except InvalidArgumentError:
            if not _is_zero(rates[step]):
                raise invalid(f"learning_rate[{step}]", "a finite number, 0 or above", rates[step]) from None
            applied[step] = 0  # where a schedule ends, say
    return applied


def _is_zero(rate: Any) -> bool:
    return isinstance(rate, int | float | np.floating | np.integer) and not isinstance(rate, bool) and rate == 0


def is_schedule(learning_rate: Any) -> bool:
    """Return whether a learning rate is a function of the step, as TensorFlow's schedules are.

    Example:
        >>> is_schedule(lambda step: 0.1 / (1 + step)), is_schedule(lambda: 0.1)
        (True, False)
    """
    if not callable(learning_rate):
        return False
    try:
        parameters = inspect.signature(learning_rate).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(each.default is each.empty and each.kind in (0, 1) for each in parameters)


def called_once(learning_rate: Any) -> Any:
    """Return the number that a rate stands for: a callable is called, once; an eager tensor gives its value."""
    value = learning_rate() if callable(learning_rate) else learning_rate
    if hasattr(value, "numpy") and not isinstance(value, np.generic):
        try:
            value = value.numpy()
        except (AttributeError, NotImplementedError):
            raise invalid("learning_rate", "a number; a tensor must be eager", value, "Hand over its value.") from None
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def schedule_values(schedule: Callable[[Any], Any], num_steps: int) -> list[Any]:
    """Return the learning rate of each step that a schedule gives, computed by TensorFlow, shape [num_steps].

    Args:
        schedule: a function of the step, such as `lambda step: tf.compat.v1.train.exponential_decay(0.1, step, 50,
            0.9)`, or a Keras `LearningRateSchedule`. What TensorFlow cannot build a graph of is called with each step.
        num_steps: the number of steps.
    """
    tf = load_tensorflow()
    with tf.Graph().as_default() as graph:
        step = tf.compat.v1.placeholder(tf.int64, [])
        try:
            rate = tf.convert_to_tensor(schedule(step))
        except (TypeError, ValueError, AttributeError):  # plain Python, which wants numbers
            rate = None
    if rate is None:
        return [called_once(schedule(k)) for k in range(num_steps)]
    with tf.compat.v1.Session(graph=graph) as session, quiet_stderr():
        return [session.run(rate, {step: k}) for k in range(num_steps)]


def automatic_rate(wanted: float, dtype: npt.DTypeLike, limit: float = np.inf) -> float:
    """Return a rate that was derived and not given: as a Python float, or as `np.float64` where float32 cannot hold it.

    Args:
        wanted: the rate to come close to.
        dtype: the variable's dtype.
        limit: the rate stays under it as TensorFlow applies it, after rounding.

    Raises:
        DataError: no number of `dtype` is near it; the points are to blame, and not a learning rate that nobody gave.

    Example:
        >>> automatic_rate(0.01, "float64"), automatic_rate(1e-45, "float64")
        (0.01, np.float64(1e-45))
        >>> automatic_rate(0.1, "float64", limit=0.1) < 0.1
        True
    """
    for rate in (float(wanted), np.float64(wanted)):
        try:
            while applied_learning_rate(rate, dtype) >= limit:
                rate = type(rate)(rate * (1 - resolution(np.float32 if type(rate) is float else dtype)))
        except InvalidArgumentError:
            continue
        return rate
    raise DataError(
        f"`x` must leave a learning rate that {np.dtype(dtype).name} can hold. Got {wanted:.3g}. "
        "Scale the points, or take dtype float64."
    )


def resolution(dtype: npt.DTypeLike) -> float:
    """Return the distance from 1 to the next number of a dtype.

    Example:
        >>> resolution("float64") == 2.0**-52
        True
    """
    return float(float_info(dtype).eps)


@cache  # finfo is slow: 20 microseconds, at every update by hand
def smallest_kept(dtype: npt.DTypeLike) -> float:
    """Return the number under which TensorFlow flushes to 0; 0 where it does not.

    Example:
        >>> smallest_kept("float32") == 2.0**-126, smallest_kept("float16")
        (True, 0.0)
    """
    return float(float_info(dtype).smallest_normal) if np.dtype(dtype).name in FLUSHED else 0.0


def _flushed(value: Any) -> Any:
    """Return 0 in place of a number that is subnormal in its own dtype."""
    smallest = smallest_kept(value.dtype) if isinstance(value, np.generic) else 0.0
    return type(value)(0) if 0 < value < smallest else value


def _lost(rate: Any, kind: np.dtype[Any], is_rounded: bool) -> InvalidArgumentError:
    """Return the error for a rate that is no finite number above 0 once TensorFlow has rounded it."""
    if not (np.isfinite(rate) and rate > 0):
        return invalid("learning_rate", "a finite number above 0", rate)
    advice = "Scale the points, or leave it to 'auto'."
    if is_rounded and kind.name == "float64":
        advice = f"TensorFlow rounds it to float32. Leave it to 'auto', or in Python write np.float64({rate!r})."
    return invalid("learning_rate", f"a finite number above 0 in {kind.name}, once it is rounded", rate, advice)
