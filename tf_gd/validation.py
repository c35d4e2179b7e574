"""What the arguments of a descent must be, checked before anything starts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import InvalidArgumentError, invalid

MOST_STEPS = 2**63 - 1  # what the steps of a trajectory, int64, can count
MOST_ROWS = 10**7  # 400 MB in float64
Progress = Callable[[int, int], None]
"""Who is told how far something has come: a function of what is done and what there is to do in all."""

DTYPES = ("float64", "float32", "float16", "bfloat16")


def check_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the NumPy dtype of a name, a dtype, or TensorFlow's dtype; only those that TensorFlow trains in.

    Example:
        >>> check_dtype("float32")
        dtype('float32')
    """
    name = getattr(dtype, "name", getattr(dtype, "__name__", dtype))
    if name not in DTYPES:
        raise invalid("dtype", f"one of {', '.join(DTYPES)}", dtype)
    if name == "bfloat16":
        import ml_dtypes  # comes with TensorFlow, and teaches NumPy the type

        name = ml_dtypes.bfloat16
    wanted: np.dtype[Any] = np.dtype(name)
    return wanted


def float_info(dtype: npt.DTypeLike) -> Any:
    """Return what `numpy.finfo` tells of a dtype (`eps`, `smallest_normal`, `smallest_subnormal`, `max`), bfloat16 too.

    Example:
        >>> float(float_info("bfloat16").eps) == 2.0**-7
        True
    """
    import ml_dtypes

    info: Any = ml_dtypes.finfo
    return info(check_dtype(dtype))


def check_count(name: str, value: Any, least: int, most: int = MOST_STEPS) -> int:
    """Return a whole number that is at least `least`, and at most `most`."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or value < least:
        raise invalid(name, f"a whole number, {least} or above", value)
    if value > most:
        raise invalid(name, f"a whole number, at most {most}", value, "Ask for fewer.")
    return int(value)


def check_rows(num_steps: int, record_every: int) -> None:
    """Refuse more rows than memory holds, before the first of them."""
    if num_steps // record_every >= MOST_ROWS:
        least = -(-num_steps // (MOST_ROWS - 1))
        requirement, advice = (
            f"at least {least:,} to keep {num_steps:,} steps in memory",
            f"Add --record-every {least}.",
        )
        raise invalid("record_every", requirement, record_every, advice)


def check_tolerance(value: Any) -> float | None:
    """Return a tolerance: None, or a finite number that is 0 or above."""
    return None if value is None else _finite("tolerance", value, least=0.0)


def check_loss_scale(value: Any) -> float | None:
    """Return the number in front of a loss: None, or a number from 1e-300 to 1e300, so that curvatures fit float64."""
    if value is not None and not 1e-300 <= _finite("loss_scale", value) <= 1e300:
        raise invalid("loss_scale", "a number from 1e-300 to 1e300", value)
    return None if value is None else float(value)


def check_start(start: Any, dtype: np.dtype[Any]) -> tuple[float, float]:
    """Return (m, c) to start from: two finite numbers that fit `dtype`, or arrays of one each."""
    try:
        m, c = (value[0] if np.shape(value) == (1,) else value for value in start)
    except (TypeError, ValueError):
        raise invalid("start", "two numbers, (m, c)", start) from None
    for name, value in (("m", m), ("c", c)):
        with np.errstate(over="ignore"):
            if not np.isfinite(dtype.type(_finite(f"start.{name}", value))):
                raise invalid(f"start.{name}", f"a number that fits {dtype.name}", value)
    return m, c


def check_ending(
    dtype: np.dtype[Any],
    num_steps: int,
    start: tuple[float, float] = (0.0, 0.0),
    tolerance: float | None = None,
    record_every: int = 1,
    steps_per_run: int | None = None,
) -> dict[str, Any]:
    """Return the fields that say where a descent starts, when it ends and what it keeps, checked."""
    if steps_per_run is not None:
        steps_per_run = check_count("steps_per_run", steps_per_run, 1, MOST_ROWS)
    return {
        "num_steps": check_count("num_steps", num_steps, least=0),
        "start": check_start(start, dtype),
        "tolerance": check_tolerance(tolerance),
        "record_every": check_count("record_every", record_every, least=1),
        "steps_per_run": steps_per_run,
    }


def check_batches(batches: Any, n: int) -> tuple[npt.NDArray[np.int64], ...] | None:
    """Return batches as index arrays, taken in turn; None for all points at every step.

    Args:
        batches: a size, for consecutive points, the last batch short; or a list of index arrays; or None.
        n: the number of points.

    Example:
        >>> [batch.tolist() for batch in check_batches(2, 5)]
        [[0, 1], [2, 3], [4]]
    """
    if batches is None:
        return None
    if isinstance(batches, int | np.integer) and not isinstance(batches, bool | np.bool_):
        if not 1 <= batches <= n:
            raise invalid("batches", f"a size from 1 to {n}, the number of points, or a list of index arrays", batches)
        return tuple(np.arange(start, min(start + int(batches), n)) for start in range(0, n, int(batches)))
    if isinstance(batches, str | bytes | bool | dict) or not hasattr(batches, "__iter__"):
        raise invalid("batches", "a size, or a list of index arrays", batches, "Try batches=1 for one point a step.")
    checked = tuple(_indices(f"batches[{place}]", batch, n) for place, batch in enumerate(batches))
    if not checked:
        raise invalid("batches", "a list of at least one index array", batches, "Give a size, such as batches=5.")
    return checked


def _indices(name: str, batch: Any, n: int) -> npt.NDArray[np.int64]:
    """Return one batch as an array of indices from 0 to n - 1."""
    try:
        indices = np.asarray(batch)
    except ValueError:
        raise invalid(name, "an array of whole numbers", batch) from None
    if indices.ndim != 1:
        raise invalid(name, "an array of indices, shape [size]", batch, "Write [[0], [3]] for one point a step.")
    if indices.size == 0:
        raise invalid(name, "an array of at least one index", batch, "Leave the empty batch out.")
    if indices.dtype.kind not in "iu":
        raise invalid(name, "whole numbers, the indices of points", batch, "Convert them with `.astype(int)`.")
    if indices.min() < 0 or indices.max() >= n:
        outside = indices[(indices < 0) | (indices >= n)][0]
        raise invalid(name, f"indices from 0 to {n - 1}", int(outside), "Count from the first point, which is 0.")
    return indices.astype(np.int64)


def check_program(constants: Any, intercept: Any, batches: Any, n: int) -> dict[str, Any]:
    """Return the form of a program, checked: `constants`, `intercept` and `batches` of `train`."""
    if check_flag("constants", constants) and batches is not None:
        raise invalid("constants", "False with batches, which are fed", constants, "Leave one of the two out.")
    form = {"constants": constants, "intercept": check_flag("intercept", intercept)}
    return form | {"batches": check_batches(batches, n)}


def check_flag(name: str, value: Any) -> bool:
    """Return a value that is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise invalid(name, "True or False", value)
    return bool(value)


def check_progress(on_progress: Any) -> None:
    """Raise `InvalidArgumentError` unless `on_progress` is None, or something that can be called.

    Example:
        >>> check_progress(print)
    """
    if on_progress is not None and not callable(on_progress):
        raise invalid("on_progress", "a function of (done, total), or None", on_progress, "Try print.")


def _finite(name: str, value: Any, least: float = -math.inf) -> float:
    """Return `value` as a float, if it is a finite number that is `least` or above."""
    wanted = "a finite number" + (f", {least:g} or above" if math.isfinite(least) else "")
    try:
        if isinstance(value, str | bytes | bool) or not math.isfinite(value) or value < least:
            raise invalid(name, wanted, value)
        return float(value)
    except (TypeError, OverflowError, ValueError) as error:
        if isinstance(error, InvalidArgumentError):
            raise
        raise invalid(name, wanted, value) from None
