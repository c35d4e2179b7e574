"""What an update does with a gradient: the right rule, and the mistakes that only the steps of a program show.

    equation 8    m = m - alpha dL/dm    c = c - alpha dL/dc
    equation 10   both at once, from the gradient at the (m, c) before the step, again for every step

Each rule says where a step starts and what the rate multiplies. It reads the states that came out: where c used the
new m, the new m is there to be read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.path.path_steps import Derivatives, PathSteps
from tf_gd.diagnosis.path.rate_fit import Move, fit
from tf_gd.points.arrays import Floats

# The derivatives at the state before each step (None), or at other states.
GradientRule = Callable[[Floats | None], Derivatives]
Rule = Callable[[PathSteps, GradientRule], Move]


@dataclass(frozen=True)
class StepMistake:
    """One rule that is no gradient descent: the name of the mistake and what it computes."""

    name: str
    rule: Rule
    alone: str = ""  # "m" or "c" where only that one is wrong


def right_move(steps: PathSteps) -> Move:
    """Return the right update with the right gradient of the sum."""
    return Move(steps.before, steps.derivatives(right))


def at_once(steps: PathSteps, gradient: GradientRule) -> Move:
    """Return the right update."""
    return Move(steps.before, gradient(None))


def _joined(for_m: Derivatives, for_c: Derivatives) -> Derivatives:
    """Return the first derivative of the one and the second of the other."""
    return Derivatives(
        np.column_stack([for_m.value[:, 0], for_c.value[:, 1]]), np.column_stack([for_m.size[:, 0], for_c.size[:, 1]])
    )


def _mixed(m: Floats, c: Floats) -> Floats:
    return np.column_stack([m[:, 0], c[:, 1]])


def _m_first(steps: PathSteps, gradient: GradientRule) -> Move:
    before, after = steps.before, steps.after
    return Move(before, _joined(gradient(None), gradient(_mixed(after, before))), chain=2)


def _c_first(steps: PathSteps, gradient: GradientRule) -> Move:
    before, after = steps.before, steps.after
    return Move(before, _joined(gradient(_mixed(before, after)), gradient(None)), chain=2)


def _stale(steps: PathSteps, gradient: GradientRule) -> Move:
    return Move(steps.before, gradient(np.repeat(steps.before[:1], steps.num_steps, axis=0)))


def _one_step_late(steps: PathSteps, gradient: GradientRule) -> Move:
    return Move(steps.before, gradient(np.vstack([steps.before[:1], steps.before[:-1]])))


def _not_reset(steps: PathSteps, gradient: GradientRule) -> Move:
    now = gradient(None)
    sums = Derivatives(np.cumsum(now.value, axis=0), np.cumsum(now.size, axis=0))
    return Move(steps.before, sums, chain=min(steps.num_steps, 50))


def _not_reset_in(which: int) -> Rule:
    def rule(steps: PathSteps, gradient: GradientRule) -> Move:
        one, grown = at_once(steps, gradient).derivatives, _not_reset(steps, gradient).derivatives
        parts = (grown, one) if which == 0 else (one, grown)
        return Move(steps.before, _joined(*parts), chain=min(steps.num_steps, 50))

    return rule


def _only(which: int) -> Rule:
    def rule(steps: PathSteps, gradient: GradientRule) -> Move:
        kept = np.array([1.0, 0.0]) if which == 0 else np.array([0.0, 1.0])
        return Move(steps.before, gradient(None) * kept)

    return rule


def _twice(gradient_at: Callable[[Floats, Floats], Floats] | None) -> Rule:
    """Return the rule that moves c twice: by the same derivative, or by a new one at `gradient_at(before, after)`."""

    def rule(steps: PathSteps, gradient: GradientRule) -> Move:
        before, after, first = steps.before, steps.after, gradient(None)
        if gradient_at is None:
            return Move(before, first * np.array([1.0, 2.0]))
        rate = fit(steps, Move(before, first), (0,))
        if rate is None:
            return Move(before, first * np.nan)
        half_way = np.column_stack([gradient_at(before, after)[:, 0], before[:, 1] - rate.value * first.value[:, 1]])
        second = gradient(half_way) * np.array([0.0, 1.0])
        return Move(before, first + second, chain=2)

    return rule


def _from_the_other(base: Callable[[Floats, Floats], Floats]) -> Rule:
    return lambda steps, gradient: Move(base(steps.before, steps.after), gradient(None))


def _from_the_start(steps: PathSteps, gradient: GradientRule) -> Move:
    return Move(np.repeat(steps.before[:1], steps.num_steps, axis=0), gradient(None))


def _change_alone(steps: PathSteps, gradient: GradientRule) -> Move:
    return Move(np.zeros_like(steps.before), gradient(None))


def _exchanged(steps: PathSteps, gradient: GradientRule) -> Move:
    now = gradient(None)
    return Move(steps.before[:, ::-1], Derivatives(now.value[:, ::-1], now.size[:, ::-1]))


FROM_THE_OTHER = "step-from-the-other-parameter"

RULES: tuple[StepMistake, ...] = (
    StepMistake("sequential-m-first", _m_first),
    StepMistake("sequential-c-first", _c_first),
    StepMistake("only-m", _only(0)),
    StepMistake("only-c", _only(1)),
    StepMistake("stale-residual", _stale),
    StepMistake("stale-residual", _one_step_late),
    StepMistake("gradient-not-reset", _not_reset),
    StepMistake("gradient-not-reset", _not_reset_in(0)),
    StepMistake("gradient-not-reset", _not_reset_in(1)),
    StepMistake("intercept-moved-twice", _twice(lambda before, after: after)),
    StepMistake("intercept-moved-twice", _twice(lambda before, after: before)),
    StepMistake(FROM_THE_OTHER, _from_the_other(lambda before, after: before[:, [1, 1]]), "m"),
    StepMistake(FROM_THE_OTHER, _from_the_other(lambda before, after: before[:, [0, 0]]), "c"),
    StepMistake(FROM_THE_OTHER, _from_the_other(lambda before, after: before[:, ::-1])),
    StepMistake(FROM_THE_OTHER, _from_the_other(lambda before, after: _mixed(after[:, [1, 1]], before)), "m"),
    StepMistake(FROM_THE_OTHER, _from_the_other(lambda before, after: _mixed(before, after[:, [0, 0]])), "c"),
    StepMistake("step-from-the-start", _from_the_start),
    StepMistake("returns-the-change", _change_alone),
    StepMistake("swapped-return", _exchanged),
)

# Those that a line through the origin can have: it has no second parameter.
WITHOUT_INTERCEPT = ("stale-residual", "gradient-not-reset", "step-from-the-start", "returns-the-change")

MOVED_TWICE = StepMistake("intercept-moved-twice", _twice(None))
