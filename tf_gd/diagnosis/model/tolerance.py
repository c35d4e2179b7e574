"""How exactly the numbers can be known: the tolerance, from the problem's own sensitivity to rounding.

Every one of the N inputs is moved by one unit in the last place, up or down at random, again and again;
`moved` is how far the gradient moves then (root mean square). The rounding of the evaluation itself is in it,
for it falls otherwise at each trial. Another correct evaluation may differ by more, since each input passes
up to N
operations whose roundings add up like a random walk: LAMBDA sqrt(N) of them (Higham and Mary, A new approach
to probabilistic rounding error analysis, SIAM J. Sci. Comput. 41, 2019). That all movements go one way costs
another sqrt(N) at most (Cauchy-Schwarz).

    tolerance = LAMBDA sqrt(N) moved               float32: the likely case
                LAMBDA N moved                     float64: the worst case too, for there is room for it
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tf_gd.diagnosis.model.model_problem import Problem, Vector

# One unit in the last place, relative to a number just over a power of two.
DOUBLE, SINGLE = 2.0**-52, 2.0**-23
TRIALS = 16
LAMBDA = 4.0  # standard deviations, as it were


@dataclass(frozen=True)
class Sensitivity:
    """How far values move when every input moves by one unit in the last place.

    Attributes:
        moved: shape [size], the root mean square over the trials.
        num_inputs: N, how many numbers go in.
        unit: the relative size of that unit in the last place: 2^-52, or 2^-23 and over.
    """

    moved: Vector
    num_inputs: int
    unit: float

    @property
    def factor(self) -> float:
        """How far a correct evaluation may be off, in units of `moved`."""
        return LAMBDA * (self.num_inputs if self.unit == DOUBLE else self.num_inputs**0.5)

    @property
    def tolerance(self) -> Vector:
        """How far two correct evaluations may lie apart, shape [size]."""
        return self.factor * self.moved


def sensitivity(functions: list[Callable[[Problem], Vector]], problem: Problem, unit: float) -> Sensitivity:
    """Return the sensitivity of the values of `functions`, the larger of them at each element."""
    moved = np.max([_moved(function, problem, unit) for function in functions], axis=0)
    return Sensitivity(moved, problem.num_inputs, unit)


def _moved(function: Callable[[Problem], Vector], problem: Problem, unit: float) -> Vector:
    """Return the root mean square movement; never under half a unit of the value, its last rounding."""
    here = np.atleast_1d(function(problem))
    rng = np.random.default_rng(0)
    squares = np.zeros_like(here)
    for _ in range(TRIALS):
        there = np.atleast_1d(function(problem.map(lambda value: _nudged(value, rng, unit))))
        squares += np.nan_to_num(there - here, nan=0.0, posinf=0.0, neginf=0.0) ** 2
    return np.maximum(np.sqrt(squares / TRIALS), unit / 2 * np.abs(here))


def _nudged(value: Vector, rng: np.random.Generator, unit: float) -> Vector:
    signs = rng.choice([-1.0, 1.0], size=value.shape)
    return (value * (1.0 + signs * unit)).astype(value.dtype)
