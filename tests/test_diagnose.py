"""Planted mistakes are named; right gradients, however written, draw no alarm."""

from collections.abc import Callable
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest

import tf_gd
from tf_gd.verify.catalogue import CATALOGUE
from tf_gd.verify.evidence import ROUNDINGS
from tf_gd.verify.formulas import right
from tf_gd.verify.probes import LINES, points_for, probe
from tf_gd.verify.witness import UNITS

Gradient = Callable[[Any, Any, Any, Any], Any]
REDUCTIONS = ("sum", "mean")

# --- the mistakes as a learner writes them: with numpy, and with a loop
# ------------------------------------------- S is np.sum or np.mean; in loops, `share` is 1 or 1/n.


def np_mistakes(S: Any) -> dict[str, Gradient]:
    def residuals(m, c, x, y):
        return m * x + c - y

    def line5(e, x):
        return 2 * S(e * x), 2 * S(e)

    def of(change: Callable[..., Any]) -> Gradient:
        return lambda m, c, x, y: change(residuals(m, c, x, y), m, c, x, y)

    return {
        "sign": of(lambda e, m, c, x, y: (2 * S(-e * x), 2 * S(-e))),
        "sign-of-m": of(lambda e, m, c, x, y: (-2 * S(e * x), 2 * S(e))),
        "sign-of-c": of(lambda e, m, c, x, y: (2 * S(e * x), -2 * S(e))),
        "missing-factor-2": of(lambda e, m, c, x, y: (S(e * x), S(e))),
        "extra-factor-2": of(lambda e, m, c, x, y: (4 * S(e * x), 4 * S(e))),
        "mean-instead-of-sum": of(lambda e, m, c, x, y: (2 * S(e * x) / len(x), 2 * S(e) / len(x))),
        "sum-instead-of-mean": of(lambda e, m, c, x, y: (2 * S(e * x) * len(x), 2 * S(e) * len(x))),
        "half-mean": of(lambda e, m, c, x, y: (2 * S(e * x) / (2 * len(x)), 2 * S(e) / (2 * len(x)))),
        "swapped": of(lambda e, m, c, x, y: (2 * S(e), 2 * S(e * x))),
        "missing-x": of(lambda e, m, c, x, y: (2 * S(e), 2 * S(e))),
        "x-in-both": of(lambda e, m, c, x, y: (2 * S(e * x), 2 * S(e * x))),
        "x-squared": of(lambda e, m, c, x, y: (2 * S(e * x**2), 2 * S(e))),
        "missing-intercept": of(lambda e, m, c, x, y: line5(m * x - y, x)),
        "missing-target": of(lambda e, m, c, x, y: line5(m * x + c, x)),
        "target-added": of(lambda e, m, c, x, y: line5(m * x + c + y, x)),
        "intercept-subtracted": of(lambda e, m, c, x, y: line5(m * x - c - y, x)),
        "absolute-error": of(lambda e, m, c, x, y: (S(np.sign(e) * x), S(np.sign(e)))),
        "root-of-loss": of(lambda e, m, c, x, y: (S(e * x) / np.sqrt(S(e**2)), S(e) / np.sqrt(S(e**2)))),
        "last-point-only": of(lambda e, m, c, x, y: (2 * S(e[-1:] * x[-1:]), 2 * S(e[-1:]))),
        "first-point-only": of(lambda e, m, c, x, y: (2 * S(e[:1] * x[:1]), 2 * S(e[:1]))),
        "first-point-dropped": of(lambda e, m, c, x, y: line5(e[1:], x[1:])),
        "last-point-dropped": of(lambda e, m, c, x, y: line5(e[:-1], x[:-1])),
        "one-half-n-precedence": of(lambda e, m, c, x, y: (1 / 2 * len(x) * 2 * S(e * x), 1 / 2 * len(x) * 2 * S(e))),
        "broadcast": lambda m, c, x, y: line5(m * x[:, None] + c - y, x[:, None]),
        "integer-division": of(lambda e, m, c, x, y: (2 * S(e * x) // 1, 2 * S(e) // 1)),
        "tied-m-and-c": lambda m, c, x, y: (2 * S((m * (x + 1) - y) * (x + 1)),) * 2,
        "product-of-sums": of(lambda e, m, c, x, y: (2 * S(e) * S(x), 2 * S(e))),
        "power-not-lowered": of(lambda e, m, c, x, y: line5(e**2, x)),
    }


def loop_mistakes(reduction: str) -> dict[str, Gradient]:
    def loop(
        term: Callable[..., Any] = lambda e, xi: (2 * e * xi, 2 * e),
        e: Callable[..., Any] = lambda m, c, xi, yi: m * xi + c - yi,
        index: Callable[[int], Any] = range,
        after: Callable[..., Any] = lambda dm, dc, n: (dm, dc),
    ) -> Gradient:
        def gradient(m, c, x, y):
            n = len(x)
            dm = dc = x.dtype.type(0)
            for i in index(n):
                a, b = term(e(m, c, x[i], y[i]), x[i])
                dm += a
                dc += b
            if reduction == "mean":
                dm, dc = dm / n, dc / n
            return after(dm, dc, n)

        return gradient

    def root(m, c, x, y):
        dm, dc = loop()(m, c, x, y)
        squares = x.dtype.type(0)
        for xi, yi in zip(x, y, strict=True):
            squares += (m * xi + c - yi) ** 2
        length = np.sqrt(squares / len(x) if reduction == "mean" else squares)
        return dm / (2 * length), dc / (2 * length)

    def table(m, c, x, y):
        dm = dc = x.dtype.type(0)
        for xi in x:
            for yj in y:
                dm += 2 * (m * xi + c - yj) * xi
                dc += 2 * (m * xi + c - yj)
        n = len(x) ** 2 if reduction == "mean" else 1
        return dm / n, dc / n

    def product_of_sums(m, c, x, y):
        n = len(x) if reduction == "mean" else 1
        residuals = sum(m * xi + c - yi for xi, yi in zip(x, y, strict=True)) / n
        return 2 * residuals * (sum(x) / n), 2 * residuals

    return {
        "sign": loop(lambda e, xi: (-2 * e * xi, -2 * e)),
        "sign-of-m": loop(lambda e, xi: (-2 * e * xi, 2 * e)),
        "sign-of-c": loop(lambda e, xi: (2 * e * xi, -2 * e)),
        "missing-factor-2": loop(lambda e, xi: (e * xi, e)),
        "extra-factor-2": loop(lambda e, xi: (2 * e * 2 * xi, 2 * e * 2)),
        "mean-instead-of-sum": loop(after=lambda dm, dc, n: (dm / n, dc / n)),
        "sum-instead-of-mean": loop(after=lambda dm, dc, n: (dm * n, dc * n)),
        "half-mean": loop(after=lambda dm, dc, n: (dm / (2 * n), dc / (2 * n))),
        "swapped": loop(lambda e, xi: (2 * e, 2 * e * xi)),
        "missing-x": loop(lambda e, xi: (2 * e, 2 * e)),
        "x-in-both": loop(lambda e, xi: (2 * e * xi, 2 * e * xi)),
        "x-squared": loop(lambda e, xi: (2 * e * xi * xi, 2 * e)),
        "missing-intercept": loop(e=lambda m, c, xi, yi: m * xi - yi),
        "missing-target": loop(e=lambda m, c, xi, yi: m * xi + c),
        "target-added": loop(e=lambda m, c, xi, yi: m * xi + c + yi),
        "intercept-subtracted": loop(e=lambda m, c, xi, yi: m * xi - c - yi),
        "absolute-error": loop(lambda e, xi: (xi if e > 0 else -xi, 1 if e > 0 else -1)),
        "root-of-loss": root,
        "last-point-only": loop(index=lambda n: [n - 1]),
        "first-point-only": loop(index=lambda n: [0]),
        "first-point-dropped": loop(index=lambda n: range(1, n)),
        "last-point-dropped": loop(index=lambda n: range(n - 1)),
        "one-half-n-precedence": loop(after=lambda dm, dc, n: (1 / 2 * n * dm, 1 / 2 * n * dc)),
        "broadcast": table,
        "integer-division": loop(after=lambda dm, dc, n: (dm // 1, dc // 1)),
        "tied-m-and-c": loop(
            lambda e, xi: (2 * e * (xi + 1), 2 * e * (xi + 1)), e=lambda m, c, xi, yi: m * (xi + 1) - yi
        ),
        "product-of-sums": product_of_sums,
        "power-not-lowered": loop(lambda e, xi: (2 * e**2 * xi, 2 * e**2)),
    }


def planted(style: str, reduction: str) -> dict[str, Gradient]:
    return np_mistakes(np.sum if reduction == "sum" else np.mean) if style == "numpy" else loop_mistakes(reduction)


def in_dtype(gradient: Gradient, dtype: str) -> Gradient:
    cast = np.dtype(dtype).type
    return lambda m, c, x, y: gradient(cast(m), cast(c), x.astype(dtype), y.astype(dtype))


CONTAINERS: dict[str, Callable[[Any], Any]] = {
    "tuple": tuple,
    "list": list,
    "array": np.array,
    "Gradient": lambda pair: tf_gd.Gradient(*pair),
    "python floats": lambda pair: tuple(float(value) for value in pair),
}


def returning(gradient: Gradient, container: str) -> Gradient:
    return lambda m, c, x, y: CONTAINERS[container](gradient(m, c, x, y))


def names(check: tf_gd.GradientCheck) -> list[str]:
    return [name for name, _ in check.diagnosis]


def test_every_entry_is_planted() -> None:
    for style, reduction in product(("numpy", "loops"), REDUCTIONS):
        assert planted(style, reduction).keys() == {entry.name for entry in CATALOGUE}


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", [entry.name for entry in CATALOGUE])
def test_a_planted_mistake_is_named_alone(name: str, reduction: str) -> None:
    for style, dtype, container in product(("numpy", "loops"), ("float64", "float32"), CONTAINERS):
        gradient = returning(in_dtype(planted(style, reduction)[name], dtype), container)
        check = tf_gd.check_line_gradient(gradient, reduction=reduction)
        assert (check.ok, names(check)) == (False, [name]), (style, dtype, container)
        assert name in str(check)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_no_two_mistakes_look_alike_on_our_points(reduction: Any) -> None:
    """For any two forms of different names, and the right one, some answer differs by more than float32's
    bound."""
    points = points_for(None, None)
    questions = [probe(points, line, reduction) for line in LINES]
    forms = [("right", right)] + [(one.name, form) for one in CATALOGUE for form in (one.formula, *one.rarer)]
    answers = [(name, [term for question in questions for term in form(question)]) for name, form in forms]
    k = points.n + ROUNDINGS
    for (name, terms), (other_name, others) in combinations(answers, 2):
        if name == other_name:
            continue
        apart = [
            abs(a.value - b.value) > 2 * k * UNITS["float32"] * (a.size + b.size)
            for a, b in zip(terms, others, strict=True)
        ]
        assert any(apart), (name, other_name)
