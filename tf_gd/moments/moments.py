"""The moments of the data: one reading of the points, after which the loss is a quadratic of six numbers.

The sums are kept as exact numbers: merging two sets of moments loses nothing, in any grouping and order.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError, invalid, plain
from tf_gd.learning_rate import applied_learning_rate
from tf_gd.line import Line, LineLike, as_line
from tf_gd.moments.closed_form import ClosedForm
from tf_gd.moments.quadratic import Quadratic, is_finite
from tf_gd.moments.shift import Unshifted
from tf_gd.moments.sums import exact_sums
from tf_gd.moments.sums import sums as sums_of
from tf_gd.points import Points, as_vector, common_dtype
from tf_gd.reduction import Reduction, loss_factor

SUMS = ("x", "y", "xx", "xy", "yy")
FRACTION = re.compile(r"-?\d{1,4000}(/[1-9]\d{0,3999})?", re.ASCII)
"""A sum as `to_dict` writes it; longer than any sum of float64 products, and short enough to be read at once."""
SLACK = Fraction(1, 2**30)
"""By how much, relatively, the rounding of the sums may bring sum(dx dy)^2 over sum(dx^2) sum(dy^2)."""

if TYPE_CHECKING:

    class Lines(NamedTuple):
        """What `jump` returns for many numbers of steps, as mypy sees it: a `Line` whose fields are arrays."""

        m: npt.NDArray[Any]
        c: npt.NDArray[Any]


@dataclass(frozen=True)
class Moments(Quadratic):
    """The count and five sums of a set of points, as exact numbers; `a + b` is the moments of both sets.

    What they say about the loss is in `Quadratic`.

    Attributes:
        n: the number of points.
        x, y, xx, xy, yy: sum(x), sum(y), sum(x^2), sum(x y), sum(y^2), as fractions.

    Example:
        >>> moments = Moments.of([1.0, 2.0], [3.0, 5.0]) + Moments.of([3.0], [7.0])
        >>> moments.least_squares()
        Line(m=2.0, c=1.0)
    """

    @classmethod
    def of(cls, x: npt.ArrayLike, y: npt.ArrayLike, *, exact: bool = False) -> "Moments":
        """Return the moments of points, read once, in cache-sized blocks on all cores.

        Args:
            x, y: shape [n] each, finite; every value is taken as the float64 that it is.
            exact: whether the sums may not round at all, at about 20 times the cost. Up to 32,768 points
                they never do.

        Returns:
            The moments. Unless exact, the sum of every 8,192 points, about one of the points, is rounded with a
            relative error of a few units in the last place of the terms' magnitudes; nothing else rounds. Neither the
            processor nor the number of threads changes a bit, nor does it matter whether the points came from a file.

        Raises:
            DataError: different lengths, not one-dimensional, empty, not numeric, NaN or infinity, or past float64.
        """
        x_vector, y_vector = as_vector("x", x), as_vector("y", y)
        kind = common_dtype(x_vector, y_vector)
        if kind.name == "bfloat16" or kind.itemsize > 8:
            x_vector, y_vector = Points(x_vector, y_vector).astype(np.float64)
        try:
            total = (exact_sums if exact else sums_of)(x_vector, y_vector)
            return cls(total.n, *total.sums)
        except DataError:
            Points(x_vector, y_vector)  # names the first bad value and counts them all
            raise

    @classmethod
    def from_shifted(cls, n: int, shift: tuple[float, float], sums: Sequence[float]) -> "Moments":
        """Return the moments from sums over dx = x - x0 and dy = y - y0, as a database may have added them.

        Args:
            n: the number of points, at least 1.
            shift: (x0, y0), any one of the points.
            sums: sum(dx), sum(dy), sum(dx^2), sum(dx dy), sum(dy^2), finite.

        Raises:
            DataError: no points, or sums that overflowed.

        Example:
            >>> Moments.from_shifted(2, (1.0, 3.0), (1.0, 2.0, 1.0, 2.0, 4.0)) == Moments.of([1, 2], [3, 5])
            True
        """
        if n < 1:
            raise DataError("The points must be at least one. Got none.")
        if not all(map(math.isfinite, (*shift, *sums))):
            raise DataError(
                "The sums over the points must be finite. Their squares overflow float64; scale the columns."
            )
        total = Unshifted()
        total.add(n, [float(value) for value in shift], [float(value) for value in sums])
        return cls(n, *total.sums().sums)

    def __add__(self, other: "Moments") -> "Moments":
        if not isinstance(other, Moments):
            return NotImplemented
        total = self.plus(other)
        return Moments(total.n, *total.sums)

    @overload
    def jump(
        self,
        line: LineLike,
        learning_rate: float | Callable[[], float],
        num_steps: int,
        reduction: Reduction = ...,
        loss_scale: float | None = ...,
    ) -> Line: ...

    @overload
    def jump(
        self,
        line: LineLike,
        learning_rate: float | Callable[[], float],
        num_steps: Sequence[int] | npt.NDArray[Any],
        reduction: Reduction = ...,
        loss_scale: float | None = ...,
    ) -> "Lines": ...

    def jump(
        self,
        line: LineLike,
        learning_rate: float | Callable[[], float],
        num_steps: int | npt.ArrayLike,
        reduction: Reduction = "sum",
        loss_scale: float | None = None,
    ) -> Any:
        """Return the line after `num_steps` updates from `line`, in a time that does not depend on their number.

        Args:
            line: slope and intercept to start from, finite.
            learning_rate: alpha, above 0. A Python float is rounded to float32 first, as TensorFlow does;
                `np.float64(...)` stays as it is.
            num_steps: a number of updates, or an array of them, each from 0 to 2^63 - 1.
            reduction, loss_scale: see `loss_factor`.

        Returns:
            The line; slope and intercept are floats, or arrays of the shape of `num_steps`. A rate that is too large
            leads to infinity.

        Raises:
            InvalidArgumentError: an argument is not what it must be.

        Example:
            >>> from tf_gd import Moments
            >>> moments = Moments.of([-1.0, 1.0], [0.0, 4.0])
            >>> moments.jump(Line(0.0, 0.0), 0.125, 10**15)
            Line(m=2.0, c=2.0)
        """
        scale = loss_factor(self.n, reduction, loss_scale)
        line = as_line(line)
        if not is_finite(line):
            raise invalid("line", "finite", tuple(line))
        steps = check_steps(num_steps)
        rate = float(applied_learning_rate(learning_rate, np.float64))
        states: Any = ClosedForm.of(self, line, rate, scale).states(steps)
        return Line(*states) if steps.ndim else Line(*map(float, states))

    def to_dict(self) -> dict[str, Any]:
        """Return the moments as plain values for JSON: the count, and each sum as text "numerator/denominator"."""
        return {"n": self.n, **{name: str(value) for name, value in zip(SUMS, self.sums, strict=True)}}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Moments":
        """Return the moments that `to_dict` wrote.

        Raises:
            DataError: a value is missing, of another type, or out of range; or they are no sums over points.

        Example:
            >>> moments = Moments.of([0.1, 0.2], [0.3, 0.4])
            >>> Moments.from_dict(moments.to_dict()) == moments
            True
        """
        if not isinstance(values, dict) or set(values) != {"n", *SUMS}:
            raise DataError(f"The moments must be a table of n, {', '.join(SUMS)}. Got {plain(values)}.")
        n, texts = values["n"], [values[name] for name in SUMS]
        if type(n) is not int or not 1 <= n < 2**63:
            raise DataError(f"`n` of the moments must be a whole number from 1 to 2^63 - 1. Got {plain(n)}.")
        for name, text in zip(SUMS, texts, strict=True):
            if not isinstance(text, str) or not FRACTION.fullmatch(text):
                raise DataError(f"`{name}` of the moments must be text like '3' or '-1/4'. Got {plain(text)}.")
        moments = cls(n, *map(Fraction, texts))
        moments._check_relations()
        return moments

    def _check_relations(self) -> None:
        """Raise `DataError` where no points have these sums: a variance under 0, or a correlation over 1."""
        x_spread, y_spread = self.spread, self.yy - self.y * self.y / self.n
        if x_spread < 0 or y_spread < 0:
            name = "xx" if x_spread < 0 else "yy"
            raise DataError(f"`{name}` of the moments must be at least {name[0]}^2 / n. No points have such sums.")
        if (self.xy - self.x * self.y / self.n) ** 2 > x_spread * y_spread * (1 + SLACK):
            raise DataError("`xy` of the moments must fit xx and yy. No points have such sums.")


def least_squares(x: npt.ArrayLike, y: npt.ArrayLike, *, intercept: bool = True) -> Line:
    """Return the exact least-squares line of the points, each parameter rounded once to float64.

    The sums are exact for any number of points, wherever they lie, so slope and intercept are the float64 nearest to
    the true answer for the float64 data; 10^6 points take a fraction of a second.

    Args:
        x, y: shape [n] each, finite.
        intercept: whether c is a parameter; if not, the line is y = m x, and c is 0.

    Returns:
        The line, as floats.

    Raises:
        DataError: see `Points`; or all x are equal, so the slope cannot be identified.

    Example:
        >>> least_squares([1, 2, 3], [5, 7, 9])
        Line(m=2.0, c=3.0)
        >>> least_squares([1, 2], [3, 6], intercept=False)
        Line(m=3.0, c=0.0)
    """
    moments = Moments.of(x, y, exact=True)
    return (moments if intercept else moments.with_fixed_intercept(Fraction(0))).least_squares()


def check_steps(num_steps: int | npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return numbers of steps as an array, or raise `InvalidArgumentError`."""
    steps = np.asarray(num_steps)
    if steps.dtype.kind not in "iu" or (steps.size and (steps.min() < 0 or steps.max() >= 2**63)):
        raise invalid("num_steps", "whole numbers from 0 to 2^63 - 1", num_steps)
    return steps.astype(np.int64)
