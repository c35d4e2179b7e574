"""The steps of a descent, and how far rounding can take a step from what a formula gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.line.formulas import Formula
from tf_gd.diagnosis.line.matching import ROUNDINGS
from tf_gd.diagnosis.line.probes import Probe
from tf_gd.diagnosis.path.term_arrays import TermArray, as_array
from tf_gd.points.arrays import Floats
from tf_gd.verify.rounding import UNIT_ROUNDOFFS

# Beyond this many numbers (steps times points) only the first steps are compared with every formula of the catalogue.
WINDOW = 200_000
FEWEST_STEPS = 6
LARGEST_PATH = 2_000_000  # numbers: of a path on very many points the first steps stand for all


def steps_kept(n: int) -> int:
    """Return how many steps of a path on n points are looked at."""
    return max(FEWEST_STEPS, LARGEST_PATH // max(n, 1))


@dataclass(frozen=True)
class Derivatives:
    """Two derivatives at every step and the sizes that bound their rounding: shape [steps, 2] each."""

    value: Floats
    size: Floats

    def __mul__(self, factor: Any) -> Derivatives:
        return Derivatives(self.value * factor, self.size * np.abs(factor))

    def __add__(self, other: Derivatives) -> Derivatives:
        return Derivatives(self.value + other.value, self.size + other.size)


@dataclass(frozen=True, eq=False)
class PathSteps:
    """The steps of a descent, and the points it descends on.

    Attributes:
        before, after: shape [steps, 2]: m and c before and after each step, every number finite.
        x, y: the points of all steps, shape [n]; or those of each step, shape [steps, batch].
        unit: the unit roundoff of the coarsest number that went into a step.
        resolution: how far a state, as it was written down, may be from the one that was computed.
        intercept: whether c is trained; without, the line is y = m x, and c is 0 in every state.
    """

    before: Floats
    after: Floats
    x: Floats
    y: Floats
    unit: float = UNIT_ROUNDOFFS["float64"]
    resolution: float = 0.0
    intercept: bool = True

    @property
    def num_steps(self) -> int:
        """The number of steps."""
        return len(self.before)

    @property
    def n(self) -> int:
        """The number of points of a step."""
        return int(self.x.shape[-1])

    @property
    def moved(self) -> Floats:
        """By how much each step changed m and c, shape [steps, 2]."""
        return self.after - self.before

    @property
    def trained(self) -> Floats:
        """1 for each parameter that is trained, else 0, shape [2]."""
        return np.array([1.0, float(self.intercept)])

    @property
    def is_still(self) -> bool:
        """Whether no step moves."""
        return bool((self.before == self.after).all())

    @cached_property
    def window(self) -> PathSteps:
        """The first steps: as many as every formula can be compared with."""
        return self.part(slice(0, max(FEWEST_STEPS, WINDOW // max(self.n, 1))))

    def part(self, chosen: Any) -> PathSteps:
        """Return some of the steps: a slice, or an array of indices."""
        rows = (self.x, self.y) if self.x.ndim == 1 else (self.x[chosen], self.y[chosen])
        return replace(self, before=self.before[chosen], after=self.after[chosen], x=rows[0], y=rows[1])

    def on_rows(self, rows: npt.NDArray[np.int64]) -> PathSteps:
        """Return the same steps, each on points of its own: `rows` has their indices, shape [steps, batch]."""
        return replace(self, x=self.x[rows], y=self.y[rows])

    def derivatives(self, formula: Formula, reduction: str = "sum", at: Floats | None = None) -> Derivatives:
        """Return what a formula of the catalogue gives before each step, or at other states, one for each step."""
        states = self.before if at is None else at
        whole = "mean" if reduction.endswith("mean") else "sum"
        probe = self._probes[whole] if at is None else self._probe(at, whole)
        value, size = np.empty((len(states), 2)), np.empty((len(states), 2))
        with np.errstate(all="ignore"):
            for which, number in enumerate(formula(probe)):
                term = as_array(number)
                value[:, which : which + 1], size[:, which : which + 1] = term.value, term.size
        slopes = Derivatives(value, size)
        if reduction.startswith("half"):
            slopes *= 0.5
        return slopes if self.intercept else slopes * self.trained

    @cached_property
    def _probes(self) -> dict[str, Probe]:
        """The question that every formula is asked, so that residuals and sums are worked out once."""
        return {whole: self._probe(self.before, whole) for whole in ("sum", "mean")}

    def _probe(self, states: Floats, reduction: Any) -> Probe:
        m, c = TermArray(states[:, :1]), TermArray(states[:, 1:])
        x, y = (TermArray(np.atleast_2d(values)) for values in (self.x, self.y))
        return Probe(m, c, cast("Any", x), cast("Any", y), reduction)

    def rounding(self, base: Floats, derivatives: Derivatives, factor: Any, chain: Any = 1) -> Floats:
        """Return how far `base - factor * derivatives` may be from the state that was computed, shape [steps, 2].

        One factor and one chain, or arrays of them that broadcast to [moves, steps, 2].

        A sum of n terms, each of a few rounded operations, is off by gamma(k) times its size (see `matching.bound`);
        the product and the subtraction round once more each. The same again for our own float64 arithmetic.
        """
        units, k = self.unit + UNIT_ROUNDOFFS["float64"], chain * (self.n + ROUNDINGS)
        gamma = k * units / (1 - np.minimum(k * units, 0.5))
        written = self.resolution * (1 + np.abs(factor) * self._reach) if self.resolution else 0.0
        last = 2 * units * (np.abs(base) + np.abs(self.after) + np.abs(factor) * np.abs(derivatives.value))
        bound: Floats = np.abs(factor) * gamma * derivatives.size + last + 2 * written + self._smallest
        return bound

    @property
    def noise(self) -> float:
        """How large rounding can make a derivative that is 0, as a share of its terms' sizes."""
        return (self.n + ROUNDINGS) * (self.unit + UNIT_ROUNDOFFS["float64"])

    @property
    def _reach(self) -> Floats:
        """How much a change of m and c by 1 changes the two sums at most, shape [2]."""
        x = np.abs(np.atleast_2d(self.x))
        return 2 * np.array([(x * x + x).sum(axis=-1).max(), (x + 1).sum(axis=-1).max()])

    @property
    def _smallest(self) -> float:
        """What an underflow can be wrong by."""
        return float(4 * self.n * (2.0**-1022 if self.unit == UNIT_ROUNDOFFS["float64"] else 2.0**-126))
