"""The learning rate, as TensorFlow's optimizer really applies it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import invalid


def applied_learning_rate(learning_rate: float | Callable[[], float], dtype: npt.DTypeLike) -> Any:
    """Return the learning rate that TensorFlow's optimizer applies to a variable of `dtype`, as a scalar of it.

    TensorFlow turns a Python float into a float32 tensor before it casts to the variable's dtype, so 0.1 becomes
    0.10000000149011612 in float64; a NumPy scalar keeps the precision that it has.

    Args:
        learning_rate: a number above 0, or a callable that returns one.
        dtype: the variable's dtype.

    Raises:
        InvalidArgumentError: not a finite number above 0, before or after rounding.

    Example:
        >>> float(applied_learning_rate(0.1, "float64"))
        0.10000000149011612
        >>> float(applied_learning_rate(np.float64(0.1), "float64"))
        0.1
    """
    rate = learning_rate() if callable(learning_rate) else learning_rate
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.floating | np.integer):
        raise invalid("learning_rate", "a finite number above 0", rate)
    with np.errstate(over="ignore", under="ignore"):
        tensor: Any = np.float32(rate) if isinstance(rate, float) and not isinstance(rate, np.generic) else rate
        try:
            applied = np.dtype(dtype).type(tensor)
        except OverflowError:  # an int beyond every float
            raise invalid("learning_rate", "a finite number above 0", rate) from None
    if not (np.isfinite(applied) and applied > 0):
        raise invalid("learning_rate", f"a finite number above 0 in {np.dtype(dtype).name}", rate)
    return applied
