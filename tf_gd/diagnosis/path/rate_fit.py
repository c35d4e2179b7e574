"""Whether the steps are a rate times some derivatives, and which rate, to within rounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_gd.diagnosis.path.path_steps import Derivatives, PathSteps
from tf_gd.diagnosis.path.term_arrays import Array

BOTH = (0, 1)


@dataclass(frozen=True)
class Move:
    """What a step does: after = base - factor * derivatives.

    Attributes:
        base: shape [steps, 2], where the step starts: the state before it, if the update is right.
        derivatives: what the factor multiplies.
        chain: how many gradients stand behind one step, for the rounding.
    """

    base: Array
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
    which = list(parameters)
    value = move.derivatives.value[:, which]
    change = (steps.after - move.base)[:, which]
    if not (np.isfinite(value).all() and np.isfinite(move.derivatives.size).all()):
        return None
    with np.errstate(all="ignore"):
        clear = np.where(value != 0, np.abs(value) / move.derivatives.size[:, which], 0.0)
        if not clear.any() or (not change.any() and (clear <= steps.noise).all()):
            return _unmoved(steps, move, which, change)
        rough = float((-change / value).flat[int(np.argmax(clear))])
        slack = steps.rounding(move.base, move.derivatives, rough, move.chain)[:, which]
        best = int(np.argmin(np.where(value != 0, slack / np.abs(value), np.inf)))
        factor, spread = float((-change / value).flat[best]), float((slack / np.abs(value)).flat[best])
        slack = steps.rounding(move.base, move.derivatives, factor, move.chain)[:, which]
        explained = np.abs(change + factor * value) <= slack + spread * np.abs(value)
    return Factor(factor, spread) if explained.all() and factor != 0 else None


def _unmoved(steps: PathSteps, move: Move, which: list[int], change: Array) -> Factor | None:
    """Return a factor of which nothing is known, where no step has a derivative and none moves."""
    slack = steps.rounding(move.base, move.derivatives, 0.0)[:, which]
    return Factor(0.0, np.inf) if (np.abs(change) <= slack).all() else None


def fits_factor(steps: PathSteps, move: Move, factor: float, parameters: tuple[int, ...] = BOTH) -> bool:
    """Return whether this very factor explains every step of these parameters."""
    which = list(parameters)
    slack = steps.rounding(move.base, move.derivatives, factor, move.chain)
    with np.errstate(all="ignore"):
        off = np.abs(steps.after - move.base + factor * move.derivatives.value)
    return bool((off <= slack)[:, which].all())


def each_factor(steps: PathSteps, move: Move) -> tuple[Array, Array]:
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
