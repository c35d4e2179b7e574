"""The line, and equations 1 to 8 as functions of whole vectors, checked.

1.  p_i = m x_i + c          the prediction
2.  e_i = p_i - y_i          the residual: prediction minus observation
3.  L   = sum(e_i^2)         the loss
4.  L(m, c) = sum((m x_i + c - y_i)^2)
5.  dL/dm = sum(2 e_i x_i), dL/dc = sum(2 e_i)
8.  M = M - alpha dL/dM
"""

from collections.abc import Callable
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from tf_gd import manual
from tf_gd.errors import invalid
from tf_gd.learning_rate import applied_learning_rate
from tf_gd.points import Points, as_vector, common_dtype, is_number, vector_of
from tf_gd.reduction import Reduction, check_mean, check_reduction, scales
from tf_gd.summation.line_sums import evaluate
from tf_gd.summation.order import expected
from tf_gd.validation import check_loss_scale

Number = float | np.floating[Any]


class Line(NamedTuple):
    """The line `y = m x + c`: slope m, intercept c, both scalars.

    Example:
        >>> Line(m=2.0, c=1.0)
        Line(m=2.0, c=1.0)
    """

    m: Number
    c: Number


class Gradient(NamedTuple):
    """The partial derivatives of the loss: `dm` is dL/dm, `dc` is dL/dc.

    Positive means that the loss grows when the parameter grows, so the parameter must come down.

    Example:
        >>> Gradient(dm=-4.0, dc=-2.0)
        Gradient(dm=-4.0, dc=-2.0)
    """

    dm: Number
    dc: Number

    @property
    def m(self) -> Number:
        """The same as `dm`."""
        return self.dm

    @property
    def c(self) -> Number:
        """The same as `dc`."""
        return self.dc

    @property
    def largest(self) -> float:
        """The largest absolute component; NaN when either is NaN."""
        return float(np.max(np.abs(np.asarray([self.dm, self.dc]))))


LineLike = Line | tuple[Number, Number] | npt.NDArray[Any]
GradientLike = Gradient | tuple[Number, Number] | npt.NDArray[Any]


def as_line(line: Any) -> Line:
    """Return the line that `line` holds: a `Line`, or any two numbers (m, c).

    Raises:
        InvalidArgumentError: it holds anything else.

    Example:
        >>> as_line((2.0, 1.0))
        Line(m=2.0, c=1.0)
    """
    return Line(*_two_numbers("line", line))


def as_gradient(gradient: Any) -> Gradient:
    """Return the gradient that `gradient` holds: a `Gradient`, or any two numbers (dL/dm, dL/dc).

    Raises:
        InvalidArgumentError: it holds anything else.
    """
    return Gradient(*_two_numbers("gradient", gradient))


def _two_numbers(name: str, pair: Any) -> tuple[Any, Any]:
    """Return the two numbers as they are, in their own dtypes."""
    try:
        first, second = pair
        if not any(isinstance(value, str | bytes) for value in (first, second)):
            float(first), float(second)
            return first, second
    except (TypeError, ValueError, OverflowError):
        pass
    raise invalid(name, "two numbers", pair)


@overload  # a number is an ArrayLike too; mypy sees that from Python 3.11 on
def predict(  # type: ignore[overload-overlap, unused-ignore]
    line: LineLike, x: Number | np.integer[Any]
) -> np.floating[Any]: ...


@overload
def predict(line: LineLike, x: npt.ArrayLike) -> npt.NDArray[Any]: ...


def predict(line: LineLike, x: npt.ArrayLike) -> Any:
    """Return the predictions `m x_i + c`  (equation 1).

    Args:
        line: slope and intercept.
        x: a number, or shape [n]; floats keep their dtype, anything else becomes float64.

    Returns:
        A number for a number, else shape [n]; the dtype of `x`.

    Raises:
        DataError: `x` is not one-dimensional, is empty, or is not numeric.
        InvalidArgumentError: `line` is not two numbers.

    Example:
        >>> predict(Line(2.0, 1.0), [0.0, 1.0, 2.0])
        array([1., 3., 5.])
        >>> float(predict(Line(2.0, 1.0), 5))
        11.0
    """
    values: Any = [x] if is_number(x) else x
    points = as_vector("x", values)
    m, c = (points.dtype.type(value) for value in as_line(line))
    with np.errstate(all="ignore"):
        predictions = np.asarray(points * m + c)
    return predictions[0] if is_number(x) else predictions


def residuals(line: LineLike, x: npt.ArrayLike, y: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return the residuals `e_i = (m x_i + c) - y_i`, prediction minus observation  (equation 2).

    Args:
        line: slope and intercept.
        x, y: shape [n] each, finite.

    Returns:
        Shape [n].

    Raises:
        DataError: see `Points`.
        InvalidArgumentError: `line` is not two numbers.

    Example:
        >>> residuals(Line(2.0, 1.0), [0.0, 1.0], [1.0, 4.0])
        array([ 0., -1.])
    """
    return _residuals(line, Points(x, y))


def _residuals(line: LineLike, points: Points) -> npt.NDArray[Any]:
    """Return the residuals of points that need no further look."""
    with np.errstate(all="ignore"):
        return np.asarray(predict(line, points.x) - points.y)


def loss(
    line: LineLike, x: npt.ArrayLike, y: npt.ArrayLike, reduction: Reduction = "sum", loss_scale: float | None = None
) -> np.floating[Any]:
    """Return the loss: the sum (or mean) of the squared residuals  (equations 3 and 4).

    Added in the order in which TensorFlow's `tf.reduce_sum` adds, so that the bits are the same.

    Args:
        line: slope and intercept.
        x, y: shape [n] each, finite.
        reduction: "sum" as in the post; "mean", which divides by n; "half_sum" or "half_mean", half of it.
        loss_scale: a further number in front of the loss; left out, it is 1.

    Returns:
        A scalar of the points' dtype, 0 or above.

    Raises:
        DataError: see `Points`.
        InvalidArgumentError: `line` is not two numbers, unknown `reduction`, or `loss_scale` is out of range.

    Example:
        >>> float(loss(Line(2.0, 1.0), [0.0, 1.0], [1.0, 4.0]))
        1.0
    """
    value: np.floating[Any] = _evaluated(line, x, y, reduction, loss_scale)[0]
    return value


def gradient(
    line: LineLike, x: npt.ArrayLike, y: npt.ArrayLike, reduction: Reduction = "sum", loss_scale: float | None = None
) -> Gradient:
    """Return the gradient of the loss, derived by hand  (equation 5).

    Args:
        line, x, y, reduction, loss_scale: as for `loss`.

    Returns:
        (dL/dm, dL/dc), scalars of the points' dtype. Positive: the loss grows with the parameter.

    Raises:
        DataError: see `Points`.
        InvalidArgumentError: as `loss` does.

    Example:
        >>> dm, dc = gradient(Line(2.0, 1.0), [1.0, 2.0], [3.0, 6.0])
        >>> float(dm), float(dc)
        (-4.0, -2.0)
    """
    _, dm, dc = _evaluated(line, x, y, reduction, loss_scale)
    return Gradient(dm, dc)


def _evaluated(
    line: LineLike, x: npt.ArrayLike, y: npt.ArrayLike, reduction: Reduction, loss_scale: float | None
) -> list[Any]:
    """Return the loss, dL/dm and dL/dc, in the order of addition to expect of TensorFlow on this machine."""
    check_reduction(reduction)
    x_vector, y_vector = vector_of("x", x).values, vector_of("y", y).values
    dtype = common_dtype(x_vector, y_vector)
    check_mean(x_vector.size, dtype, reduction)
    with np.errstate(all="ignore"):
        m, c = (dtype.type(value) for value in as_line(line))
        how = scales(x_vector.size, dtype, reduction, check_loss_scale(loss_scale))
    vectors = x_vector.astype(dtype, copy=False), y_vector.astype(dtype, copy=False)
    values = evaluate(*vectors, m, c, how, expected(x_vector.size, dtype))
    if not np.isfinite(values).all():  # as they are where any point is not: a further look at each is saved
        Points(x, y)
    return values


def update(line: LineLike, gradient: GradientLike, learning_rate: float | Callable[[], float]) -> Line:
    """Return the line after one step of descent, m and c at once  (equation 8).

    Args:
        line: slope and intercept; np.float32 (or other NumPy) scalars keep their dtype, Python floats are float64.
        gradient: (dL/dm, dL/dc) at `line`.
        learning_rate: alpha. A Python float is rounded to float32 first, as TensorFlow does;
            pass `np.float64(...)` for a rate that stays as it is.

    Returns:
        `Line(m - alpha dL/dm, c - alpha dL/dc)`.

    Raises:
        InvalidArgumentError: `line` or `gradient` is not two numbers, or `learning_rate` not a finite number above 0.

    Example:
        >>> m, c = update(Line(1.0, 0.0), Gradient(-4.0, -2.0), 0.5)
        >>> float(m), float(c)
        (3.0, 1.0)
    """
    line, gradient = as_line(line), as_gradient(gradient)
    dtype = np.result_type(np.asarray(line.m), np.asarray(line.c))
    dtype = dtype if dtype.kind == "f" or dtype.name == "bfloat16" else np.dtype(np.float64)
    alpha = applied_learning_rate(learning_rate, dtype)
    with np.errstate(all="ignore"):
        m, c, dm, dc = (dtype.type(value) for value in (*line, *gradient))
        return Line(manual.update(m, dm, alpha), manual.update(c, dc, alpha))
