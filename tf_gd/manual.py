"""The hand-written path: the gradient and the update, from the derivation on paper.

    5.  dL/dm = sum(2 e_i x_i)      dL/dc = sum(2 e_i)      with e_i = m x_i + c - y_i
    8.  M = M - alpha dL/dM         for m and c at once, both from the same gradient

The multiplications are written in TensorFlow's order, so that the bits are TensorFlow's.
"""

from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.learning_rate import applied_learning_rate
from tf_gd.line import Gradient, Line, Reduction, as_gradient, as_line, check_mean, check_reduction
from tf_gd.points import Points
from tf_gd.summation.adder import Adder
from tf_gd.summation.order import Order, Vector, accumulator, known


class Evaluation:
    """The loss and its gradient over fixed points, ready to be taken at many lines.

    Args:
        points: the observations; their dtype is the dtype of everything.
        reduction: "sum" or "mean".
        order: the order of addition; the one known for these points when left out.
        repeated: whether it is taken at many lines, see `Adder`.
    """

    def __init__(
        self, points: Points, reduction: Reduction = "sum", order: Order | None = None, repeated: bool = False
    ) -> None:
        check_mean(points, reduction)
        n, dtype = points.n, points.x.dtype
        self.adder = Adder(list(points), 3, order or known(n, dtype), repeated)
        self.two = np.array(2, dtype)
        self.n = accumulator(dtype).type(n) if reduction == "mean" else None
        self.mean_factor = np.array(dtype.type(1) / dtype.type(n)) if reduction == "mean" else None

    def __call__(self, m: Any, c: Any, out: Vector) -> None:
        """Put (loss, dL/dm, dL/dc) at the line (m, c) into `out`, shape [3]; m and c have the points' dtype."""
        sums = self.adder(self._terms, m, c)
        if self.n is not None:
            sums[0] /= self.n
        out[...] = sums

    def _terms(self, rows: list[Vector], x: Vector, y: Vector, m: Any, c: Any) -> None:
        """Fill the rows with the terms of the three sums  (equations 1 to 3, and 5)."""
        squares, products, factors = rows
        np.multiply(x, m, factors)
        np.add(factors, c, factors)
        np.subtract(factors, y, factors)
        np.multiply(factors, factors, squares)
        np.multiply(factors, self.two, factors)  # TensorFlow's _SquareGrad multiplies the residual by two, then ...
        if self.mean_factor is not None:
            np.multiply(factors, self.mean_factor, factors)  # ... its _MeanGrad by 1/n, not dividing by n
        np.multiply(factors, x, products)


def gradient(line: Line, x: npt.ArrayLike, y: npt.ArrayLike, reduction: Reduction = "sum") -> Gradient:
    """Return the gradient of the loss, derived by hand  (equation 5).

    Args:
        line: slope and intercept.
        x, y: shape [n] each, finite.
        reduction: "sum" as in the post, or "mean", which divides by n.

    Returns:
        (dL/dm, dL/dc), scalars of the points' dtype. Positive: the loss grows with the parameter.

    Raises:
        DataError: see `Points`.
        InvalidArgumentError: `line` is not two numbers, or unknown `reduction`.

    Example:
        >>> dm, dc = gradient(Line(2.0, 1.0), [1.0, 2.0], [3.0, 6.0])
        >>> float(dm), float(dc)
        (-4.0, -2.0)

    References:
        The factor 2 comes first, as in `_SquareGrad` of TensorFlow's math_grad.py; for the mean,
        1/n is multiplied in afterwards, as in its `_MeanGrad`.
    """
    check_reduction(reduction)
    points = Points(x, y)
    evaluate, sums = Evaluation(points, reduction), np.empty(3, points.x.dtype)
    with evaluate.adder.at_work():
        m, c = np.array(as_line(line), points.x.dtype)
        evaluate(m, c, sums)
    return Gradient(sums[1], sums[2])


def update(line: Line, gradient: Gradient, learning_rate: float | Callable[[], float]) -> Line:
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
        return Line(m - alpha * dm, c - alpha * dc)


class ManualDescent:
    """The hand-written descent over fixed points; the twin of `graph.LineGraph`.

    Args:
        points: the observations.
        learning_rate: see `applied_learning_rate`.
        reduction: "sum" or "mean".
        order: the order of addition; the one known for these points when left out.
    """

    def __init__(
        self,
        points: Points,
        learning_rate: float | Callable[[], float],
        reduction: Reduction = "sum",
        order: Order | None = None,
    ) -> None:
        self.dtype = points.x.dtype
        self.learning_rate = applied_learning_rate(learning_rate, self.dtype)
        self.evaluate = Evaluation(points, reduction, order, repeated=True)

    def descend(self, start: Line, num_steps: int, tolerance: float | None = None) -> Vector:
        """Return the rows (m, c, loss, dL/dm, dL/dc) of a descent: the start, then the state after each update.

        Args:
            start: where to begin.
            num_steps: the largest number of updates.
            tolerance: stop at the first state whose gradient has no component over it, in absolute value.

        Returns:
            Shape [rows, 5], at most `num_steps + 1` rows. The first state with a number that is not finite is the last.
        """
        enough = -1.0 if tolerance is None else float(self.dtype.type(tolerance))
        rows = np.empty((num_steps + 1, 5), self.dtype)
        row = np.array([*start, 0, 0, 0], self.dtype)
        state, sums, slopes = row[:2], row[2:], row[3:]
        m, c = row[:1].reshape(()), row[1:2].reshape(())  # views, which cost less than scalars
        rate, change = np.array(self.learning_rate), np.empty(2, self.dtype)
        with self.evaluate.adder.at_work():
            for step in range(num_steps + 1):
                self.evaluate(m, c, sums)
                rows[step] = row
                loss, dm, dc = sums.tolist()
                if abs(dm) <= enough >= abs(dc) or not (isfinite(loss) and isfinite(dm) and isfinite(dc)):
                    return rows[: step + 1]
                np.multiply(slopes, rate, change)
                np.subtract(state, change, state)
        return rows
