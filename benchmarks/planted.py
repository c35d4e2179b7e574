"""Right gradients, and the same gradients with one mistake planted, to try the checkers on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tf_gd

Gradient = Callable[..., tuple[Any, ...]]


@dataclass(frozen=True)
class Trial:
    """One gradient to be checked.

    Attributes:
        problem: "line" or "logistic".
        what: the mistake, in words; a right gradient says what is odd about it.
        name: the name of the mistake, empty where the gradient is right.
        gradient: called with the parameters and the data by name.
        dtype: of all numbers.
    """

    problem: str
    what: str
    name: str
    gradient: Gradient
    dtype: str = "float64"
    params: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def loss(self) -> Callable[..., Any]:
        """The loss, in NumPy."""
        return line_loss if self.problem == "line" else logistic_loss


def line_loss(m, c, x, y):
    return np.sum((m * x + c - y) ** 2)


def line(m, c, x, y):
    e = m * x + c - y
    return np.sum(2 * e * x), np.sum(2 * e)


def logistic_loss(w, x, y, strength):
    z = x @ w
    return np.mean(np.logaddexp(0, z) - y * z) + strength * np.sum(w * w)


def logistic(w, x, y, strength):
    p = 1 / (1 + np.exp(-(x @ w)))
    return (x.T @ (p - y) / y.dtype.type(len(y)) + 2 * strength * w,)


def _scaled(right: Gradient, *factors: float) -> Gradient:
    """Return the right gradient times a factor for each parameter, in its own dtype."""

    def gradient(**arguments):
        return tuple(part * part.dtype.type(factor) for part, factor in zip(right(**arguments), factors, strict=True))

    return gradient


def _expanded(m, c, x, y):
    return 2 * (m * np.sum(x * x) + c * np.sum(x) - np.sum(x * y)), 2 * (m * np.sum(x) + c * len(x) - np.sum(y))


def _missing_x(m, c, x, y):
    e = m * x + c - y
    return np.sum(2 * e), np.sum(2 * e)


def _last_dropped(m, c, x, y):
    return line(m, c, x[:-1], y[:-1])


def _not_regularised(w, x, y, strength):
    return logistic(w, x, y, strength * 0)


def trials() -> list[Trial]:
    """Return every trial: the line over Hubble's 24 nebulae, and a regularised logistic regression over 20 rows."""
    x, y = tf_gd.sample("hubble1929")
    on_the_line = ({"m": 400.0, "c": -20.0}, {"x": x, "y": y})
    draw = np.random.default_rng(1929).standard_normal
    rows = draw((20, 3))
    labels = (rows.sum(1) + draw(20) > 0).astype(float)
    in_logistic = ({"w": np.array([0.5, -1.0, 0.25])}, {"x": rows, "y": labels, "strength": np.array(0.1)})
    n = len(x)
    planted = [
        ("line", "sign", "sign", _scaled(line, -1, -1)),
        ("line", "factor 2 forgotten", "missing-factor-2", _scaled(line, 0.5, 0.5)),
        ("line", "mean instead of sum", "mean-instead-of-sum", _scaled(line, 1 / n, 1 / n)),
        ("line", "sign of c alone", "sign-of-c", _scaled(line, 1, -1)),
        ("line", "derivatives swapped", "swapped", lambda **given: line(**given)[::-1]),
        ("line", "x forgotten in dL/dm", "missing-x", _missing_x),
        ("line", "last point dropped", "last-point-dropped", _last_dropped),
        ("line", "off by 1e-4", "unlisted-factor", _scaled(line, 1 + 1e-4, 1)),
        ("line", "off by 1e-9", "unlisted-factor", _scaled(line, 1 + 1e-9, 1)),
        ("logistic", "sign", "sign", _scaled(logistic, -1)),
        ("logistic", "sum instead of mean, all terms", "sum-instead-of-mean", _scaled(logistic, 20)),
        ("logistic", "penalty term forgotten", "missing-term", _not_regularised),
        ("logistic", "off by 1e-4", "constant-factor", _scaled(logistic, 1 + 1e-4)),
        ("logistic", "off by 1e-9", "constant-factor", _scaled(logistic, 1 + 1e-9)),
    ]
    right = [
        ("line", line),
        ("line", _expanded),
        ("logistic", logistic),
    ]
    at = {"line": on_the_line, "logistic": in_logistic}
    wrong = [_at(Trial(problem, what, name, gradient), *at[problem]) for problem, what, name, gradient in planted]
    narrow = [
        _at(Trial(one.problem, f"{one.what}, float32", one.name, one.gradient, "float32"), *at[one.problem])
        for one in wrong
        if one.what in ("sign", "off by 1e-4")
    ]
    passing = [
        _at(
            Trial(problem, f"right{', multiplied out' * (gradient is _expanded)}, {dtype}", "", gradient, dtype),
            *at[problem],
        )
        for dtype in ("float64", "float32")
        for problem, gradient in right
    ]
    return wrong + narrow + passing


def _at(trial: Trial, params: dict[str, Any], data: dict[str, Any]) -> Trial:
    """Return the trial at these parameters and data, in its dtype."""
    narrowed = [{name: np.asarray(value, trial.dtype) for name, value in given.items()} for given in (params, data)]
    return Trial(trial.problem, trial.what, trial.name, trial.gradient, trial.dtype, *narrowed)
