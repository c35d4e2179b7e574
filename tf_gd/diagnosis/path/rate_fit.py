"""Whether the steps are a rate times some derivatives, and which rate, to within rounding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_gd.diagnosis.path.path_steps import Derivatives, PathSteps
from tf_gd.points.arrays import Floats

BOTH = (0, 1)


@dataclass(frozen=True)
class Move:
    """What a step does: after = base - factor * derivatives.

    Attributes:
        base: shape [steps, 2], where the step starts: the state before it, if the update is right.
        derivatives: what the factor multiplies.
        chain: how many gradients stand behind one step, for the rounding.
    """

    base: Floats
    derivatives: Derivatives
    chain: int = 1


@dataclass(frozen=True)
class Factor:
    """The factor that explains every step, and how far it is uncertain."""

    value: float
    slack: float

    @property
    def is_telling(self) -> bool:
        """Whether the steps are large enough, beside their rounding, to tell the factor."""
        return bool(np.isfinite(self.slack)) and self.slack <= 0.5 * abs(self.value)

    def agrees(self, other: float) -> bool:
        """Return whether another number is the same factor."""
        return abs(self.value - other) <= self.slack + 1e-12 * abs(other)


def fit(steps: PathSteps, move: Move, parameters: tuple[int, ...] = BOTH) -> Factor | None:
    """Return the one factor that explains every step of these parameters; None where there is none.

    The factor comes from the step that determines it best, and must explain all the others.
    """
    return fit_many(steps, [move], parameters)[0]


def fit_many(steps: PathSteps, moves: Sequence[Move], parameters: tuple[int, ...] = BOTH) -> list[Factor | None]:
    """Return what `fit` gives for each of many moves: all are worked out at once, shape [moves, numbers]."""
    which = list(parameters)
    base = np.stack([move.base for move in moves])
    value, size = (np.stack([getattr(move.derivatives, name) for move in moves]) for name in ("value", "size"))
    chain = np.array([[[move.chain]] for move in moves])
    flat, places = (len(moves), -1), np.arange(len(moves))

    def slack(factor: Floats) -> Floats:
        bound = steps.rounding(base, Derivatives(value, size), factor[:, None, None], chain)
        return bound[..., which].reshape(flat)

    change, values = ((one[..., which]).reshape(flat) for one in (steps.after - base, value))
    sizes = size[..., which].reshape(flat)
    with np.errstate(all="ignore"):
        finite = np.isfinite(values).all(axis=1) & np.isfinite(sizes).all(axis=1)
        clear, own = np.where(values != 0, np.abs(values) / sizes, 0.0), -change / values
        at_rest = np.logical_and(~change.any(axis=1), (clear <= steps.noise).all(axis=1))
        still = np.logical_or(~clear.any(axis=1), at_rest)
        spreads = np.where(values != 0, slack(own[places, np.argmax(clear, axis=1)]) / np.abs(values), np.inf)
        best = np.argmin(spreads, axis=1)
        factor, spread = own[places, best], spreads[places, best]
        off = np.abs(change + factor[:, None] * values) - (slack(factor) + spread[:, None] * np.abs(values))
        explained = (off <= 0).all(axis=1) & (factor != 0)
        rest = (np.abs(change) <= slack(np.zeros(len(moves)))).all(axis=1)
    # where no step has a derivative and none moves, nothing is known of the factor
    factors = [Factor(0.0, np.inf) if one else Factor(f, s) for one, f, s in zip(still, factor, spread, strict=True)]
    fits = finite & np.where(still, rest, explained)
    return [one if fits[index] else None for index, one in enumerate(factors)]


def fits_factor(steps: PathSteps, move: Move, factor: float, parameters: tuple[int, ...] = BOTH) -> bool:
    """Return whether this very factor explains every step of these parameters."""
    which = list(parameters)
    slack = steps.rounding(move.base, move.derivatives, factor, move.chain)
    with np.errstate(all="ignore"):
        off = np.abs(steps.after - move.base + factor * move.derivatives.value)
    return bool((off <= slack)[:, which].all())


def each_factor(steps: PathSteps, move: Move) -> tuple[Floats, Floats]:
    """Return the factor of every step by itself, and how far each is uncertain; NaN where m and c disagree."""
    value, change = move.derivatives.value, steps.after - move.base
    with np.errstate(all="ignore"):
        own = -change / value
        rough = np.fmax.reduce(np.abs(np.where(value != 0, own, np.nan)), axis=1, keepdims=True)
        slack = steps.rounding(move.base, move.derivatives, 1.0) * np.maximum(np.nan_to_num(rough), 1.0)
        spread = np.where(value != 0, slack / np.abs(value), np.inf)
        best = np.argmin(spread, axis=1)
        rows = np.arange(len(value))
        factor, uncertain = own[rows, best], spread[rows, best]
        explained = np.abs(change + factor[:, None] * value) <= slack + uncertain[:, None] * np.abs(value)
    return np.where(explained.all(axis=1), factor, np.nan), uncertain
