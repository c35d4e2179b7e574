"""The loss as a surface over (m, c): its value at many lines at once, and the part worth seeing."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from tf_gd.curvature import Curvature
from tf_gd.line import Line
from tf_gd.moments.moments import Moments
from tf_gd.moments.quadratic import representable
from tf_gd.moments.rational import rounded
from tf_gd.points import Points
from tf_gd.points.arrays import Floats
from tf_gd.reduction import Reduction
from tf_gd.trajectory import Trajectory


@dataclass(frozen=True)
class Surface:
    """The loss of some points as a function of (m, c), in the form that keeps its digits.

    L(m, c) = least + scale (n (c - c0 + xbar (m - m0))^2 + spread (m - m0)^2)

    where scale is `loss_scale` divided by 1 for the sum, n for the mean, and 2 or 2 n for half of either;
    (m0, c0) is the best line, xbar the mean of x and `spread = sum((x - xbar)^2)`.

    Example:
        >>> surface = Surface.of(Points([0.0, 2.0], [1.0, 5.0]))
        >>> surface.best, float(surface.excess(2.0, 2.0))
        (Line(m=2.0, c=1.0), 2.0)
    """

    n: int
    mean: float
    spread: float
    best: Line
    sum_of_squares: float
    reduction: Reduction
    loss_scale: float | None = None

    @classmethod
    def of(cls, points: Points, reduction: Reduction = "sum", loss_scale: float | None = None) -> "Surface":
        """Return the surface of `points`; where all x are equal, the best line is the level one."""
        moments = Moments.of(points.x, points.y)
        mean, spread = rounded(moments.x / moments.n), rounded(moments.spread)
        best = moments.least_squares() if spread > 0 else Line(0.0, rounded(moments.y / moments.n))
        return cls(moments.n, mean, spread, representable(best), moments.loss(best), reduction, loss_scale)

    @classmethod
    def of_run(cls, points: Points, trajectory: Trajectory) -> "Surface":
        """Return the surface that a run descended on: of z = (x - mean) / sd where x was standardized."""
        if trajectory.x_mean is not None and trajectory.x_sd is not None:
            z = (points.x.astype(np.float64) - trajectory.x_mean) / trajectory.x_sd
            points = Points(z, points.y.astype(np.float64))
        return cls.of(points, cast(Reduction, trajectory.reduction), trajectory.loss_scale)

    def scaled(self, total: Any) -> Any:
        """Return the loss whose sum of squares is `total`."""
        divisor = {"sum": 1, "mean": self.n, "half_sum": 2, "half_mean": 2 * self.n}[self.reduction]
        return total / divisor * (1.0 if self.loss_scale is None else self.loss_scale)

    @property
    def curvature(self) -> Curvature:
        """The Hessian of the surface."""
        return Curvature.from_sums(self.n, self.mean, self.spread, self.reduction, self.loss_scale)

    @property
    def least(self) -> float:
        """The loss of the best line, the least there is."""
        return float(self.scaled(self.sum_of_squares))

    def excess(self, m: npt.ArrayLike, c: npt.ArrayLike) -> Any:
        """Return by how much the loss at (m, c) exceeds the least; arrays broadcast."""
        away_m, away_c = np.asarray(m) - self.best.m, np.asarray(c) - self.best.c
        with np.errstate(all="ignore"):
            whole = self.n * (away_c + self.mean * away_m) ** 2 + self.spread * away_m**2
        return self.scaled(whole)

    def loss(self, m: npt.ArrayLike, c: npt.ArrayLike) -> Any:
        """Return the loss at (m, c)."""
        return self.least + self.excess(m, c)

    def slope(self, line: Line, parameter: str) -> float:
        """Return the partial derivative of the loss at a line with respect to "m" or "c"."""
        away = float(line.m) - self.best.m
        residuals = self.n * (float(line.c) - self.best.c + self.mean * away)  # the sum of them
        return float(self.scaled(2 * (residuals * self.mean + self.spread * away if parameter == "m" else residuals)))

    def radius(self, start: Line) -> float:
        """Return half the side of the square around the best line that shows `start` and some room."""
        m, c = float(self.best.m), float(self.best.c)
        away = max(abs(float(start.m) - m), abs(float(start.c) - c))
        return 1.25 * away or max(1.0, abs(m), abs(c)) / 4

    def grid(self, radius: float, size: int = 121) -> tuple[Floats, Floats, Floats]:
        """Return m and c, shape [size] each, and the excess, shape [size, size], a row for each c."""
        away = np.linspace(-radius, radius, size)
        m, c = self.best.m + away, self.best.c + away
        return m, c, self.excess(m[None, :], c[:, None])
