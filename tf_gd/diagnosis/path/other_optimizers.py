"""Descents that remember: momentum and its kin, which are not plain gradient descent; and rates that change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.path.path_steps import Derivatives, PathSteps
from tf_gd.diagnosis.path.rate_fit import each_factor
from tf_gd.diagnosis.path.step_rules import right_move
from tf_gd.points.arrays import Floats

FEWEST = 4  # steps, for a rule with two unknown numbers in it


@dataclass(frozen=True)
class Remembered:
    """A descent that is no plain gradient descent: its name and the numbers that were found."""

    name: str
    factor: float
    keeps: float


def momentum(steps: PathSteps) -> Remembered | None:
    """Return the momentum that explains every step, if one does: each step keeps a share of the one before it.

    change_k = keeps * change_(k-1) - factor * gradient        at (m, c), or, as Nesterov has it, ahead of it
    """
    if steps.num_steps < FEWEST:
        return None
    gradient = steps.derivatives(right)
    before = np.vstack([np.zeros(2), steps.moved[:-1]])
    ahead = steps.derivatives(right, at=steps.before + before).value - gradient.value
    for columns in ((before, -gradient.value), (before, -gradient.value, -ahead)):
        coefficients = _least_squares(steps, columns, gradient.size)
        if (
            coefficients is not None
            and abs(coefficients[0]) > 0.01
            and abs(coefficients[0] - 1) > 1e-9
            and coefficients[1] > 0
        ):
            return Remembered("momentum", float(coefficients[1]), float(coefficients[0]))
    return None


def weight_decay(steps: PathSteps) -> Remembered | None:
    """Return the shrinking that explains every step, if one does: of m alone, or of both.

    change_k = -factor * gradient - keeps * (m, c)
    """
    if steps.num_steps < FEWEST:
        return None
    gradient = steps.derivatives(right)
    for kept in (np.array([1.0, 0.0]), np.array([1.0, 1.0])):
        coefficients = _least_squares(steps, (-steps.before * kept, -gradient.value), gradient.size)
        if coefficients is not None and coefficients[0] > 1e-9 * abs(coefficients[1]) and coefficients[1] > 0:
            return Remembered("weight-decay", float(coefficients[1]), float(coefficients[0]))
    return None


def _least_squares(steps: PathSteps, columns: tuple[Floats, ...], size: Floats) -> Floats | None:
    """Return the numbers in front of these columns that explain every step; None where none do."""
    table, change = np.stack([column.ravel() for column in columns], axis=1), steps.moved.ravel()
    if not np.isfinite(table).all() or np.linalg.matrix_rank(table) < len(columns):
        return None
    slack = _slack(steps, size, 1.0)
    weights = 1.0 / np.maximum(slack, np.finfo(float).tiny * 1e10)
    scale = np.abs(table * weights[:, None]).max(axis=0)
    if not np.all(np.isfinite(scale)) or not scale.all():
        return None
    coefficients: Floats = np.linalg.lstsq(table * weights[:, None] / scale, change * weights, rcond=None)[0] / scale
    off = np.abs(table @ coefficients - change)
    slack = _slack(steps, size, max(abs(coefficients[1]), 1e-300)) * (2 + abs(coefficients[0]))
    explained = off <= 8 * slack + 1e-13 * np.abs(table * coefficients).sum(axis=1)
    return coefficients if explained.all() else None


def _slack(steps: PathSteps, size: Floats, factor: float) -> Floats:
    """Return how far rounding reaches in each change, one after the other."""
    slack = steps.rounding(steps.before, Derivatives(size, size), factor)
    slack[1:] += 2 * steps.unit * np.abs(steps.before[:-1])
    return slack.ravel()


def adaptive(steps: PathSteps) -> Remembered | None:
    """Return the adaptive method that explains every step: Adam, RMSprop or Adagrad, at their usual settings."""
    if steps.num_steps < FEWEST:
        return None
    gradient = steps.derivatives(right).value
    for directions in (_adam, _rmsprop, _slow_rmsprop, _adagrad):
        with np.errstate(all="ignore"):
            own = -steps.moved / directions(gradient)
        own = own[np.isfinite(own)]
        if own.size >= steps.num_steps and np.ptp(own) <= 1e-3 * abs(np.median(own)) and np.median(own) > 0:
            return Remembered("adaptive-rate", float(np.median(own)), 0.0)
    return None


def _adam(gradient: Floats, first: float = 0.9, second: float = 0.999) -> Floats:
    k = np.arange(1, len(gradient) + 1)[:, None]
    mean, square = _averages(gradient, first) / (1 - first**k), _averages(gradient**2, second) / (1 - second**k)
    return mean / np.sqrt(square)


def _rmsprop(gradient: Floats) -> Floats:
    return gradient / np.sqrt(_averages(gradient**2, 0.9))


def _slow_rmsprop(gradient: Floats) -> Floats:
    return gradient / np.sqrt(_averages(gradient**2, 0.99))


def _adagrad(gradient: Floats) -> Floats:
    return gradient / np.sqrt(np.cumsum(gradient**2, axis=0))


def _averages(values: Floats, keeps: float) -> Floats:
    averages, now = np.empty_like(values), np.zeros(values.shape[1])
    for row, value in enumerate(values):
        now = keeps * now + (1 - keeps) * value
        averages[row] = now
    return averages


REMEMBERING: tuple[Callable[[PathSteps], Remembered | None], ...] = (momentum, weight_decay, adaptive)


def changing_factor(steps: PathSteps) -> Floats | None:
    """Return the factor of every step where each moves along the right gradient; None where one does not.

    A step too small to tell has the factor NaN.
    """
    factor, spread = each_factor(steps, right_move(steps))
    told = np.isfinite(spread) & (spread < 1e-2 * np.abs(np.nan_to_num(factor)))
    if np.isnan(factor[np.isfinite(spread)]).any() or told.sum() < 2:
        return None
    rests = (np.abs(factor) <= spread) & (spread < 1e-2 * np.median(np.abs(factor[told])))
    if rests.sum() > 0.25 * told.sum():
        return None  # steps that could have been seen, and were not taken
    return np.where(told, factor, np.nan)
