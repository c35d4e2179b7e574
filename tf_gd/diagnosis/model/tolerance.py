"""How exactly the numbers can be known: the tolerance, from the problem's own rounding.

Every one of the N inputs is moved by one unit in the last place, up or down at random, again and again;
`moved` is how far the gradient moves then. The rounding differs from trial to trial, so it is included.
Another correct evaluation may differ by more, since each input passes up to N operations whose roundings add
up like a random walk: LAMBDA sqrt(N) of them (Higham and Mary, A new approach to probabilistic rounding error
analysis, SIAM J. Sci. Comput. 41, 2019). That all movements go one way costs another sqrt(N) at most
(Cauchy-Schwarz).

    tolerance = LAMBDA sqrt(N) moved               float32: the likely case
                LAMBDA N moved                     float64: the worst case too, for there is room for it

`moved` is estimated from the lower quartile of the trials, so that a kink that some trials step over does not
pass for rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tf_gd.diagnosis.model.finite_differences import DOUBLE
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.points.arrays import Floats

LAMBDA = 4.0  # standard deviations
QUARTILE = 0.3186  # the lower quartile of |a normal variable|, in standard deviations


@dataclass(frozen=True)
class Tolerance:
    """How far two correct evaluations may lie apart.

    Attributes:
        values: shape [size].
        factor: how many movements that is.
        num_inputs: N, how many numbers go in.
        unit: the relative size of one unit in the last place: 2^-52, or 2^-23 and over.
        trials: how often the inputs were moved.
    """

    values: Floats
    factor: float
    num_inputs: int
    unit: float
    trials: int


def tolerance(functions: list[Callable[[ModelProblem], Floats]], problem: ModelProblem, unit: float) -> Tolerance:
    """Return the tolerance for the values of `functions`, the larger of them at each element."""
    trials = num_trials(problem.size)
    moved = np.max([movement(function, problem, unit, trials) for function in functions], axis=0)
    num_inputs = problem.num_inputs
    factor = LAMBDA * (num_inputs if unit == DOUBLE else num_inputs**0.5)
    return Tolerance(factor * moved, factor, num_inputs, unit, trials)


def rough_tolerance(problem: ModelProblem, values: Floats, unit: float) -> Tolerance:
    """Return one tolerance for each parameter: roundings of its largest element."""
    factor = LAMBDA * problem.num_inputs**0.5
    bound = np.zeros(problem.size)
    for part in problem.slices.values():
        bound[part] = factor * unit * abs(values[part]).max(initial=0.0)
    return Tolerance(bound, factor, problem.num_inputs, unit, 0)


def num_trials(size: int) -> int:
    """Return how often the inputs are moved: less often where each trial is dear."""
    return 16 if size <= 1000 else 8 if size <= 20_000 else 1


def movement(function: Callable[[ModelProblem], Floats], problem: ModelProblem, unit: float, trials: int) -> Floats:
    """Return how far the values move; never under half a unit of the value, its last rounding."""
    base_values = np.atleast_1d(function(problem))
    rng = np.random.default_rng(0)
    moves = []
    for _ in range(trials):
        there = np.atleast_1d(function(problem.map(lambda value: nudged(value, rng, unit))))
        with np.errstate(invalid="ignore"):  # infinity minus infinity
            moves.append(abs(np.nan_to_num(there - base_values, nan=0.0, posinf=0.0, neginf=0.0)))
    typical = np.sort(moves, axis=0)[trials // 4] / QUARTILE if trials > 1 else moves[0]
    return np.maximum(typical, unit / 2 * abs(base_values))


def nudged(value: Floats, rng: np.random.Generator, unit: float) -> Floats:
    """Return the values, each moved by one unit in the last place, up or down."""
    signs = rng.integers(0, 2, size=value.shape, dtype=np.int8)
    moved = value * (1.0 + (2 * signs - 1) * unit)
    return np.asarray(moved).astype(value.dtype)
