"""The learning rate, as TensorFlow's optimizer really applies it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError, InvalidArgumentError, invalid

SMALLEST_NORMAL = {"float32": 2.0**-126, "bfloat16": 2.0**-126, "float64": 2.0**-1022}
"""Under it TensorFlow's threads flush to 0; float16 is computed in float32, which holds all of it."""


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
    rate = learning_rate() if callable(learning_rate) else learning_rate
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


def automatic_rate(best: float, dtype: npt.DTypeLike) -> float:
    """Return a rate that was derived and not given: as a Python float, or as `np.float64` where float32 cannot hold it.

    Raises:
        DataError: no number of `dtype` is near it; the points are to blame, and not a learning rate that nobody gave.

    Example:
        >>> automatic_rate(0.01, "float64"), automatic_rate(1e-45, "float64")
        (0.01, np.float64(1e-45))
    """
    for rate in (best, np.float64(best)):
        try:
            applied_learning_rate(rate, dtype)
        except InvalidArgumentError:
            continue
        return rate
    raise DataError(
        f"`x` must leave a learning rate that {np.dtype(dtype).name} can hold. Got {best:.3g}. "
        "Scale the points, or take dtype float64."
    )


def _flushed(value: Any) -> Any:
    """Return 0 in place of a number that is subnormal in its own dtype."""
    smallest = SMALLEST_NORMAL.get(np.dtype(type(value)).name, 0.0) if isinstance(value, np.generic) else 0.0
    return type(value)(0) if 0 < value < smallest else value


def _lost(rate: Any, kind: np.dtype[Any], is_rounded: bool) -> InvalidArgumentError:
    """Return the error for a rate that is no finite number above 0 once TensorFlow has rounded it."""
    if not (np.isfinite(rate) and rate > 0):
        return invalid("learning_rate", "a finite number above 0", rate)
    advice = "Scale the points, or leave it to 'auto'."
    if is_rounded and kind.name == "float64":
        advice = f"TensorFlow rounds a Python float to float32; np.float64({rate!r}) stays, and so does 'auto'."
    return invalid("learning_rate", f"a finite number above 0 in {kind.name}, once it is rounded", rate, advice)
