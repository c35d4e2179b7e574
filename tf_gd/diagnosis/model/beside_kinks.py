"""Which values are subgradients at a kink, also where several parameters share it: gradients a hair beside the point.

Where a loss has a kink, its generalized gradient is the convex hull of the gradients at points nearby (Clarke). So
the gradient is asked at such points, drawn at random, and a value passes where it is a mixture of what came back.
Independent kinks, a hundred units at 0 for one, have too many sides to meet them all: elements that take their sides
independently of one another are judged apart.

References:
    F. Clarke, Optimization and Nonsmooth Analysis, Wiley, 1983, theorem 2.5.1.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import combinations

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.model.finite_differences import DOUBLE
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.errors import TfGdError
from tf_gd.points.arrays import Floats

Labels = npt.NDArray[np.intp]

_DRAWN, _FEW, _STILL = 48, 8, 12  # points nearby; of a very large model; of them, drawn nearer once more
_NEARER, _STAYS = 16.0, 4.0  # by so much: a jump stays as large, a difference through curvature shrinks
_VERY_LARGE = 200_000
_MOST_MOVED, _MOST_PATTERNS, _MOST_ASKED, _FEW_ASKED = 24, 256, 40, 2


class Side(Enum):
    """What a value is at a kink."""

    SUBGRADIENT = "a mixture of the gradients beside the point"
    OUTSIDE = "no mixture of the gradients beside the point"
    UNKNOWN = "too many sides meet here to tell"


@dataclass(frozen=True)
class Reach:
    """Where beside the problem a gradient is asked, and how exactly it is known there.

    Attributes:
        far: how far away, in the elements' sizes.
        rough: the relative error of the gradient there.
        off_ties: whether it is one only where no two numbers tie, as that of differences element by element is.
    """

    far: float
    rough: float
    off_ties: bool = False

    @classmethod
    def of(cls, unit: float) -> "Reach":
        """Return that of a gradient that rounds to this unit."""
        return cls(unit ** (0.7 if unit == DOUBLE else 0.6), unit**0.4)


class BesideKinks:
    """A gradient at points a hair beside a problem.

    Attributes:
        jumps: whether an element takes several values there, however near the points are, shape [size]; nowhere, where
            the gradient cannot be asked there.
    """

    def __init__(
        self, function: Callable[[ModelProblem], Floats], problem: ModelProblem, tolerance: Floats, how: "Reach"
    ) -> None:
        self._function, self._problem, self._tolerance = function, problem, tolerance
        self._how = how
        try:
            self._gradients, nearer = self._near(list(_moves(problem, how.off_ties)))
        except (Misbehaved, TfGdError):
            self._gradients = nearer = np.zeros((1, problem.size))
        self._bound = self._bound_of(self._gradients)
        spread = np.ptp(self._gradients, axis=0)
        self.jumps = (spread > self._bound) & (np.ptp(nearer, axis=0) > np.maximum(self._bound, spread) / _STAYS)

    def sides(self, value: Floats) -> dict[int, Side]:
        """Return what `value` is at each element that jumps."""
        at = np.flatnonzero(self.jumps)
        if not at.size:
            return {}
        alone = len(_apart(self._gradients[:, at], self._bound[at])) == 1
        whole = self._side(value, at) if alone else Side.UNKNOWN  # independent groups are judged apart
        if whole is Side.SUBGRADIENT:
            return dict.fromkeys(at.tolist(), whole)
        side_by_element: dict[int, Side] = {}
        points, target, bound = self._gradients[:, at], value[at], self._bound[at]
        groups = _apart(points, bound)
        for group in groups:
            part, few = points[:, group], 3 * _distinct(points[:, group], bound[group]) <= len(points)
            inside = _shortest(part, target[group], bound[group])[0]
            otherwise = whole if len(groups) == 1 else Side.UNKNOWN
            side = Side.SUBGRADIENT if inside else Side.OUTSIDE if few else otherwise
            side_by_element |= dict.fromkeys(at[group].tolist(), side)
        return side_by_element

    def _side(self, value: Floats, at: Labels) -> Side:
        """Return what the value is among the gradients; they are asked where a direction parts it from them.

        It is outside where it lies farther from them than half of their own width, and asking finds none farther out.
        """
        for _ in range(_MOST_ASKED if at.size <= _MOST_PATTERNS else _FEW_ASKED):
            inside, parting = _shortest(self._gradients[:, at], value[at], self._bound[at])
            if inside:
                return Side.SUBGRADIENT
            move = np.zeros(value.size)
            move[at] = parting / abs(parting / self._problem.scales[at]).max()
            if self._how.off_ties:
                move += 2.0**-5 * next(_drawn(self._problem, 1))
            try:
                met = self._asked([sign * move for sign in (1.0, -1.0)])
            except (Misbehaved, TfGdError):
                return Side.UNKNOWN
            along = self._gradients[:, at] @ parting
            self._gradients = np.vstack([self._gradients, met])
            if (met[:, at] @ parting).max() <= along.max() + abs(parting) @ self._bound[at]:
                return Side.OUTSIDE if value[at] @ parting - along.max() > np.ptp(along) / 2 else Side.UNKNOWN
        return Side.UNKNOWN

    def _near(self, moves: list[Floats]) -> tuple[Floats, Floats]:
        """Return the gradients beside the problem, and some that are nearer."""
        near = self._asked(moves)
        spread = np.flatnonzero(np.ptp(near, axis=0) > self._bound_of(near))
        if 0 < spread.size <= _MOST_MOVED and not self._how.off_ties:
            near = np.vstack([near, self._asked(_single_moves(self._problem, spread))])
        return near, self._asked(move / _NEARER for move in moves[-_STILL:])

    def _asked(self, moves: Iterable[Floats]) -> Floats:
        """Return the gradients after moves, without those that went over a kink."""
        gradients = np.array([self._at(self._how.far * move) for move in moves])
        known = gradients[np.isfinite(gradients).all(axis=1)]
        return known if len(known) else np.zeros((1, self._problem.size))

    def _at(self, move: Floats) -> Floats:
        return self._function(self._problem.at(self._problem.vector + move))

    def _bound_of(self, near: Floats) -> Floats:
        """Return how far one side's gradients may lie apart, by rounding or through curvature."""
        bound = 2 * self._tolerance
        for part in self._problem.slices.values():
            bound[part] += self._how.rough * abs(near[:, part]).max(initial=0.0)
        return np.maximum(bound, np.finfo(float).tiny)


def _moves(problem: ModelProblem, off_ties: bool) -> Iterator[Floats]:
    """Yield directions: each parameter up and down, then each element up or down at random."""
    for part in () if off_ties else problem.slices.values():
        yield from _up_and_down(problem, part)
    yield from _drawn(problem, _DRAWN if problem.size <= _VERY_LARGE else _FEW)


def _drawn(problem: ModelProblem, count: int) -> Iterator[Floats]:
    rng = np.random.default_rng(13)
    for _ in range(count):
        yield rng.choice([-1.0, 1.0], problem.size) * rng.uniform(0.5, 1.0, problem.size) * problem.scales


def _single_moves(problem: ModelProblem, elements: Labels) -> Iterator[Floats]:
    for index in elements.tolist():
        yield from _up_and_down(problem, slice(index, index + 1))


def _up_and_down(problem: ModelProblem, part: slice) -> Iterator[Floats]:
    for sign in (1.0, -1.0):
        move = np.zeros(problem.size)
        move[part] = sign * problem.scales[part]
        yield move


def _distinct(points: Floats, bound: Floats) -> int:
    return len(np.unique(_labels(points, bound), axis=0))


def _labels(points: Floats, bound: Floats) -> Labels:
    """Return which of its values each element takes at each point, as whole numbers in order, shape [k, n]."""
    order = np.argsort(points, axis=0, kind="stable")
    steps = np.diff(np.take_along_axis(points, order, 0), axis=0) > bound
    ranks = np.vstack([np.zeros((1, points.shape[1]), np.intp), np.cumsum(steps, axis=0)])
    labels = np.zeros(points.shape, np.intp)
    np.put_along_axis(labels, order, ranks, 0)
    return labels


def _apart(points: Floats, bound: Floats) -> list[Labels]:
    """Return groups of elements that take their sides independently of one another."""
    labels = _labels(points, bound)
    labels = np.where(labels[0] > 0, labels.max(axis=0) - labels, labels)  # of two sides, the first point's is 0
    patterns, belongs = np.unique(labels, axis=1, return_inverse=True)
    belongs = np.ravel(belongs)
    roots = list(range(patterns.shape[1]))
    if len(roots) > _MOST_PATTERNS:
        return [np.arange(points.shape[1])]
    for one, other in combinations(range(len(roots)), 2):
        if roots[one] != roots[other] and _depend(patterns[:, one], patterns[:, other]):
            kept, gone = roots[one], roots[other]
            roots = [kept if root == gone else root for root in roots]
    of_element = np.array(roots)[belongs]
    return [np.flatnonzero(of_element == root) for root in sorted(set(roots))]


def _depend(first: Labels, second: Labels) -> bool:
    """Whether not every pair of values occurs."""
    width = int(second.max()) + 1
    return bool(np.unique(first * width + second).size < (int(first.max()) + 1) * width)


def _shortest(points: Floats, target: Floats, bound: Floats) -> tuple[bool, Floats]:
    """Return whether `target` is a convex combination of the points, within `bound`, and what parts it from them."""
    scaled = (np.unique(points, axis=0) - target) / bound
    rest = _least_norm(scaled) @ scaled
    return bool((abs(rest) <= 1.0).all()), -rest / bound


def _least_norm(points: Floats) -> Floats:
    """Return the weights, at least 0 and 1 in all, of the shortest mixture: nonnegative least squares.

    References:
        C. Lawson, R. Hanson, Solving Least Squares Problems, 1974, chapter 23.
    """
    size = max(float(abs(points).max(initial=0.0)), 1.0)
    orthogonal, upper = np.linalg.qr(np.vstack([points.T, np.full(len(points), size)]))
    wanted = orthogonal[-1] * size
    weights, free = np.zeros(len(points)), np.zeros(len(points), bool)
    for _ in range(3 * len(points)):
        downhill = upper.T @ (wanted - upper @ weights)
        downhill[free] = -np.inf
        if free.all() or downhill.max() <= 1e-12 * size * size:
            break
        free[int(np.argmax(downhill))] = True
        weights = _inside(upper, wanted, weights, free)
    return np.asarray(weights / max(weights.sum(), 1e-300))


def _inside(upper: Floats, wanted: Floats, weights: Floats, free: npt.NDArray[np.bool_]) -> Floats:
    """Return the least-squares weights of the free points, those that would fall below 0 taken out."""
    while free.any():
        best = np.zeros_like(weights)
        best[free] = np.linalg.lstsq(upper[:, free], wanted, rcond=None)[0]
        below = free & (best <= 0)
        if not below.any():
            return best
        steps = weights[below] / np.maximum(weights[below] - best[below], 1e-300)
        weights = weights + float(steps.min()) * (best - weights)
        free &= weights > 1e-14
        weights[~free] = 0.0
    return weights
