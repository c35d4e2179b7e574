"""The mistakes of the catalogue as a learner writes them: with NumPy, and with a loop."""

from collections.abc import Callable
from typing import Any

import numpy as np

Gradient = Callable[[Any, Any, Any, Any], Any]


def np_mistakes(S: Any) -> dict[str, Gradient]:
    """Written with NumPy; S is np.sum or np.mean."""

    def residuals(m, c, x, y):
        return m * x + c - y

    def terms(e, x):
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
        "missing-intercept": of(lambda e, m, c, x, y: terms(m * x - y, x)),
        "missing-target": of(lambda e, m, c, x, y: terms(m * x + c, x)),
        "target-added": of(lambda e, m, c, x, y: terms(m * x + c + y, x)),
        "intercept-subtracted": of(lambda e, m, c, x, y: terms(m * x - c - y, x)),
        "absolute-error": of(lambda e, m, c, x, y: (S(np.sign(e) * x), S(np.sign(e)))),
        "root-of-loss": of(lambda e, m, c, x, y: (S(e * x) / np.sqrt(S(e**2)), S(e) / np.sqrt(S(e**2)))),
        "last-point-only": of(lambda e, m, c, x, y: (2 * S(e[-1:] * x[-1:]), 2 * S(e[-1:]))),
        "first-point-only": of(lambda e, m, c, x, y: (2 * S(e[:1] * x[:1]), 2 * S(e[:1]))),
        "first-point-dropped": of(lambda e, m, c, x, y: terms(e[1:], x[1:])),
        "last-point-dropped": of(lambda e, m, c, x, y: terms(e[:-1], x[:-1])),
        "one-half-n-precedence": of(lambda e, m, c, x, y: (1 / 2 * len(x) * 2 * S(e * x), 1 / 2 * len(x) * 2 * S(e))),
        "broadcast": lambda m, c, x, y: terms(m * x[:, None] + c - y, x[:, None]),
        "integer-division": of(lambda e, m, c, x, y: (2 * S(e * x) // 1, 2 * S(e) // 1)),
        "tied-m-and-c": lambda m, c, x, y: (2 * S((m * (x + 1) - y) * (x + 1)),) * 2,
        "intercept-counted-once": lambda m, c, x, y: (
            2 * S((m * x + c - y) * x),
            2 * (m * np.sum(x) + c - np.sum(y)) * S(np.ones_like(x) / len(x)),
        ),
        "x-and-y-swapped": lambda m, c, x, y: terms(m * y + c - x, y),
        "misplaced-bracket": of(lambda e, m, c, x, y: (2 * S(m * x + c - y * x), 2 * S(e))),
        "m-instead-of-x": of(lambda e, m, c, x, y: (2 * S(e * m), 2 * S(e))),
        "sum-outside-product": of(lambda e, m, c, x, y: (2 * S(e) * S(x), 2 * S(e))),
        "divided-by-sum-of-x": of(lambda e, m, c, x, y: (2 * np.sum(e * x) / np.sum(x), 2 * np.sum(e) / np.sum(x))),
        "returns-the-parameters": of(lambda e, m, c, x, y: (m, c)),
        "returns-the-loss": of(lambda e, m, c, x, y: (S(e**2), S(e**2))),
        "index-instead-of-c": of(lambda e, m, c, x, y: terms(m * x + np.arange(len(x), dtype=x.dtype) - y, x)),
        "power-not-lowered": of(lambda e, m, c, x, y: terms(e**2, x)),
    }


def loop_mistakes(reduction: str) -> dict[str, Gradient]:
    """Written with a loop over the points."""

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

    def counted_once(m, c, x, y):
        n = len(x) if reduction == "mean" else 1
        return loop()(m, c, x, y)[0], 2 * (m * sum(x) + c - sum(y)) / n

    def divided_by_sum(m, c, x, y):
        dm, dc = loop()(m, c, x, y)
        n = len(x) if reduction == "mean" else 1
        return dm * n / sum(x), dc * n / sum(x)

    def loss(m, c, x, y):
        squares = x.dtype.type(0)
        for xi, yi in zip(x, y, strict=True):
            squares += (m * xi + c - yi) ** 2
        squares = squares / len(x) if reduction == "mean" else squares
        return squares, squares

    def index_for_c(m, c, x, y):
        n = len(x)
        dm = dc = x.dtype.type(0)
        for c in range(n):
            dm += 2 * (m * x[c] + x.dtype.type(c) - y[c]) * x[c]
            dc += 2 * (m * x[c] + x.dtype.type(c) - y[c])
        return (dm / n, dc / n) if reduction == "mean" else (dm, dc)

    def sums_apart(m, c, x, y):
        dc = loop()(m, c, x, y)[1]
        n = len(x) if reduction == "mean" else 1
        return dc * sum(x) / n, dc

    def bracket(m, c, x, y):
        n = len(x) if reduction == "mean" else 1
        dm = x.dtype.type(0)
        for xi, yi in zip(x, y, strict=True):
            dm += 2 * (m * xi + c - yi * xi)
        return dm / n, loop()(m, c, x, y)[1]

    return {
        "misplaced-bracket": bracket,
        "m-instead-of-x": lambda m, c, x, y: (loop()(m, c, x, y)[1] * m, loop()(m, c, x, y)[1]),
        "sum-outside-product": sums_apart,
        "divided-by-sum-of-x": divided_by_sum,
        "returns-the-parameters": lambda m, c, x, y: (m, c),
        "returns-the-loss": loss,
        "index-instead-of-c": index_for_c,
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
        "intercept-counted-once": counted_once,
        "x-and-y-swapped": lambda m, c, x, y: loop()(m, c, y, x),
        "power-not-lowered": loop(lambda e, xi: (2 * e**2 * xi, 2 * e**2)),
    }


def planted(style: str, reduction: str) -> dict[str, Gradient]:
    """Return name -> gradient with that mistake in it; style "numpy" or "loops", reduction "sum" or "mean"."""
    return np_mistakes(np.sum if reduction == "sum" else np.mean) if style == "numpy" else loop_mistakes(reduction)


def in_dtype(gradient: Gradient, dtype: str) -> Gradient:
    """Return the gradient computed in another dtype, whatever comes in."""
    cast = np.dtype(dtype).type
    return lambda m, c, x, y: gradient(cast(m), cast(c), x.astype(dtype), y.astype(dtype))
