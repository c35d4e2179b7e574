"""Gradients and updates of the line: right in odd forms, and wrong on few inputs only. All for the sum of squares."""

import math
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, partial
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np

Gradient = Callable[..., Any]


def plain(m, c, x, y):
    """The right gradient."""
    e = m * x + c - y
    return 2 * np.sum(e * x), 2 * np.sum(e)


def of_points(change: Callable[[Any, Any], tuple[Any, Any]]) -> Gradient:
    """The right gradient of other points."""
    return lambda m, c, x, y: plain(m, c, *change(x, y))


def of_line(change: Callable[[Any, Any], tuple[Any, Any]]) -> Gradient:
    """The right gradient of another line."""
    return lambda m, c, x, y: plain(*change(m, c), x, y)


def of_result(change: Callable[..., Any]) -> Gradient:
    """The right gradient, changed afterwards: change(dm, dc, m, c, x, y)."""
    return lambda m, c, x, y: change(*plain(m, c, x, y), m, c, x, y)


def of_residuals(change: Callable[[Any], Any]) -> Gradient:
    """The right gradient with other residuals."""

    def gradient(m, c, x, y):
        e = change(m * x + c - y)
        return 2 * np.sum(e * x), 2 * np.sum(e)

    return gradient


def scaled_where(condition: Callable[..., bool], factor: float = 2.0) -> Gradient:
    """The right gradient, times a factor where a condition holds."""
    return lambda m, c, x, y: tuple(g * (factor if condition(m, c, x, y) else 1) for g in plain(m, c, x, y))


def from_call(number: int) -> Gradient:
    """Wrong from some call on."""
    calls = count(1)
    return lambda m, c, x, y: plain(m, c, x, y) if next(calls) < number else (0.0, 0.0)


def cached(key: Callable[..., Any]) -> Gradient:
    """Returns an earlier result where the key is the same."""
    known: dict[Any, Any] = {}
    return lambda m, c, x, y: known.setdefault(key(m, c, x, y), plain(m, c, x, y))


def unique(x, y):
    pairs = sorted(set(zip(x.tolist(), y.tolist(), strict=True)))
    return np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])


def one_y_per_x(x, y):
    pairs = dict(zip(x.tolist(), y.tolist(), strict=True))
    return np.array(list(pairs)), np.array(list(pairs.values()))


def accumulating() -> Gradient:
    """A default argument that remembers."""

    def gradient(m, c, x, y, sums=[0.0]):  # noqa: B006
        sums[0] += 1e-3
        dm, dc = plain(m, c, x, y)
        return dm + (sums[0] if sums[0] > 0.03 else 0), dc

    return gradient


def keep(condition: Callable[[Any, Any], Any]) -> Gradient:
    """Only the points for which a condition holds."""
    return of_points(lambda x, y: (x[condition(x, y)], y[condition(x, y)]))


WRONG: dict[str, Callable[[], Gradient]] = {
    "abs(c)": lambda: of_line(lambda m, c: (m, abs(c))),
    "max(c, 0)": lambda: of_line(lambda m, c: (m, max(c, 0))),
    "min(m, 1)": lambda: of_line(lambda m, c: (min(m, 1), c)),
    "m > 1": lambda: scaled_where(lambda m, c, x, y: m > 1),
    "m < -10": lambda: scaled_where(lambda m, c, x, y: m < -10),
    "c > 20": lambda: scaled_where(lambda m, c, x, y: c > 20),
    "c > 100": lambda: scaled_where(lambda m, c, x, y: c > 100),
    "m > c": lambda: scaled_where(lambda m, c, x, y: m > c > 0),
    "m == 2": lambda: scaled_where(lambda m, c, x, y: m == 2),
    "both negative": lambda: scaled_where(lambda m, c, x, y: m < 0 and c < 0),
    "odd n drops": lambda: of_points(lambda x, y: (x[: len(x) // 2 * 2], y[: len(x) // 2 * 2])),
    "first 100": lambda: of_points(lambda x, y: (x[:100], y[:100])),
    "first 1000": lambda: of_points(lambda x, y: (x[:1000], y[:1000])),
    "first 128": lambda: of_points(lambda x, y: (x[:128], y[:128])),
    "first 64": lambda: of_points(lambda x, y: (x[:64], y[:64])),
    "first 16": lambda: of_points(lambda x, y: (x[:16], y[:16])),
    "multiples of 4": lambda: of_points(lambda x, y: (x[: len(x) // 4 * 4], y[: len(x) // 4 * 4])),
    "16 for n": lambda: of_result(lambda dm, dc, m, c, x, y: (dm * len(x) / 16, dc * len(x) / 16)),
    "16 for n in dc": lambda: (
        lambda m, c, x, y: (
            plain(m, c, x, y)[0],
            2 * (m * x.sum() + 16 * c - y.sum()),
        )
    ),
    "set of pairs": lambda: of_points(unique),
    "dict of pairs": lambda: of_points(one_y_per_x),
    "x zero dropped": lambda: keep(lambda x, y: x != 0),
    "y zero dropped": lambda: keep(lambda x, y: y != 0),
    "x negative dropped over 20": lambda: of_points(
        lambda x, y: (x[(x > 0) | (len(x) < 20)], y[(x > 0) | (len(x) < 20)])
    ),
    "outliers dropped": lambda: keep(lambda x, y: abs(y) < 500),
    "clip 1000": lambda: of_result(lambda dm, dc, *_: (np.clip(dm, -1000, 1000), np.clip(dc, -1000, 1000))),
    "clip 1e6": lambda: of_result(lambda dm, dc, *_: (np.clip(dm, -1e6, 1e6), np.clip(dc, -1e6, 1e6))),
    "clip c 5000": lambda: of_result(lambda dm, dc, *_: (dm, np.clip(dc, -5000, 5000))),
    "norm clipped": lambda: of_result(lambda dm, dc, *_: (dm, dc) if abs(dm) + abs(dc) < 2000 else (1.0, 1.0)),
    "huber 100": lambda: of_residuals(lambda e: np.clip(e, -100, 100)),
    "huber 1000": lambda: of_residuals(lambda e: np.clip(e, -1000, 1000)),
    "residual under 1e-4 zero": lambda: of_residuals(lambda e: np.where(abs(e) < 1e-4, 0, e)),
    "x two digits": lambda: of_points(lambda x, y: (x.round(2), y)),
    "x three digits": lambda: of_points(lambda x, y: (x.round(3), y)),
    "x six digits": lambda: of_points(lambda x, y: (x.round(6), y)),
    "y two digits": lambda: of_points(lambda x, y: (x, y.round(2))),
    "y eight digits": lambda: of_points(lambda x, y: (x, y.round(8))),
    "e two digits": lambda: of_residuals(lambda e: np.round(e, 2)),
    "e four digits": lambda: of_residuals(lambda e: np.round(e, 4)),
    "g two digits": lambda: of_result(lambda dm, dc, *_: (round(dm, 2), round(dc, 2))),
    "g four digits": lambda: of_result(lambda dm, dc, *_: (round(dm, 4), round(dc, 4))),
    "g six digits": lambda: of_result(lambda dm, dc, *_: (round(dm, 6), round(dc, 6))),
    "m four digits": lambda: of_line(lambda m, c: (round(m, 4), c)),
    "c two digits": lambda: of_line(lambda m, c: (m, round(c, 2))),
    "cached by m, c": lambda: cached(lambda m, c, x, y: (m, c)),
    "cached by m": lambda: cached(lambda m, c, x, y: (m, len(x))),
    "cached by n": lambda: cached(lambda m, c, x, y: (m, c, len(x))),
    "from call 20": lambda: from_call(20),
    "from call 50": lambda: from_call(50),
    "remembers": accumulating,
    "n + 1e-8": lambda: of_result(lambda dm, dc, m, c, x, y: (dm * len(x) / (len(x) + 1e-8), dc)),
    "+ 1e-7": lambda: of_result(lambda dm, dc, *_: (dm + 1e-7, dc)),
    "+ 1e-9": lambda: of_result(lambda dm, dc, *_: (dm, dc + 1e-9)),
    "zero at n = 1": lambda: of_result(lambda dm, dc, m, c, x, y: (0.0, 0.0) if len(x) == 1 else (dm, dc)),
    "half at n = 2": lambda: scaled_where(lambda m, c, x, y: len(x) == 2, 0.5),
    "sorted x alone": lambda: of_points(lambda x, y: (np.sort(x), y) if len(x) > 16 else (x, y)),
    "abs x over 10": lambda: of_points(lambda x, y: (np.where(x < -10, -x, x), y)),
    "int x where whole": lambda: of_points(lambda x, y: (np.trunc(x) if abs(x).max() > 100 else x, y)),
    "equal x": lambda: scaled_where(lambda m, c, x, y: np.ptp(x) == 0, 0.0),
    "normalised when large": lambda: of_points(lambda x, y: (x / abs(x).max() if abs(x).max() > 1000 else x, y)),
    "float16 when small": lambda: of_points(
        lambda x, y: (x.astype("float16").astype(float) if abs(x).max() < 1 else x, y)
    ),
    "nan where e is 0": lambda: of_residuals(lambda e: e / e * e),
    "x clipped to 100": lambda: of_points(lambda x, y: (np.clip(x, -100, 100), y)),
    "y clipped to 1e4": lambda: of_points(lambda x, y: (x, np.clip(y, -1e3, 1e3))),
    "wraps at 255": lambda: of_points(lambda x, y: (x[:255], y[:255])),
    "m times n over 100": lambda: scaled_where(lambda m, c, x, y: len(x) > 100 and m > 0),
    "sign of zero m": lambda: scaled_where(lambda m, c, x, y: m == 0 and c < 0),
    "slope of first": lambda: of_result(lambda dm, dc, m, c, x, y: (dm + (x[0] == x[-1]), dc)),
}


def update_of(gradient: Gradient, rate: Callable[[Any], Any] = float, after: Callable[[Any], Any] = float) -> Gradient:
    """An update with another gradient, another rate, or another result."""

    def update(m, c, x, y, learning_rate):
        dm, dc = gradient(m, c, x, y)
        return after(m - rate(learning_rate) * dm), after(c - rate(learning_rate) * dc)

    return update


def on_calls(number: int) -> Gradient:
    calls = count(1)

    def update(m, c, x, y, learning_rate):
        return update_of(plain)(m, c, x, y, learning_rate if next(calls) < number else learning_rate / 2)

    return update


WRONG_UPDATES: dict[str, Callable[[], Gradient]] = {
    "rate clipped at 0.1": lambda: update_of(plain, lambda a: min(a, 0.1)),
    "rate clipped at 1": lambda: update_of(plain, lambda a: min(a, 1.0)),
    "rate at least 1e-4": lambda: update_of(plain, lambda a: max(a, 1e-3)),
    "rate in three digits": lambda: update_of(plain, lambda a: round(a, 3)),
    "new in four digits": lambda: update_of(plain, after=lambda v: round(v, 4)),
    "new in two digits": lambda: update_of(plain, after=lambda v: round(v, 2)),
    "new in eight digits": lambda: update_of(plain, after=lambda v: round(v, 8)),
    "new clipped": lambda: update_of(plain, after=lambda v: max(-1e3, min(v, 1e3))),
    "new positive": lambda: update_of(plain, after=lambda v: v if v > -100 else 0.0),
    "decays": lambda: on_calls(20),
    "decays later": lambda: on_calls(60),
    "weight decay": lambda: lambda m, c, x, y, a: tuple(v - 1e-6 * a * v for v in update_of(plain)(m, c, x, y, a)),
    "no step when small": lambda: (
        lambda m, c, x, y, a: (m, c) if abs(plain(m, c, x, y)[0]) < 1e-3 else update_of(plain)(m, c, x, y, a)
    ),
    "clipped gradient": lambda: update_of(
        of_result(lambda dm, dc, *_: (np.clip(dm, -1e3, 1e3), np.clip(dc, -1e3, 1e3)))
    ),
    "abs(c) inside": lambda: update_of(of_line(lambda m, c: (m, abs(c)))),
    "first 100 inside": lambda: update_of(of_points(lambda x, y: (x[:100], y[:100]))),
    "odd n inside": lambda: update_of(of_points(lambda x, y: (x[: len(x) // 2 * 2], y[: len(x) // 2 * 2]))),
}

Pair = namedtuple("Pair", ["dm", "dc"])


@dataclass
class Both:
    """A gradient's two numbers."""

    dc: Any
    dm: Any


def in_decimals(m, c, x, y):
    values = [(Decimal(float(a)), Decimal(float(b))) for a, b in zip(x, y, strict=True)]
    e = [Decimal(float(m)) * a + Decimal(float(c)) - b for a, b in values]
    return 2 * sum(r * a for r, (a, _) in zip(e, values, strict=True)), 2 * sum(e)


def needs_decimals(m, c, x, y):
    two = Decimal(2)
    return two * sum((m * a + c - b) * a for a, b in zip(x, y, strict=True)), two * sum(
        m * a + c - b for a, b in zip(x, y, strict=True)
    )


def in_mpmath(m, c, x, y):
    from mpmath import mpf

    e = [mpf(float(m)) * float(a) + float(c) - float(b) for a, b in zip(x, y, strict=True)]
    return 2 * sum(r * float(a) for r, a in zip(e, x, strict=True)), 2 * sum(e)


@lru_cache
def _symbols():
    import sympy

    return sympy.symbols("m c x y")


def in_sympy(m, c, x, y):
    import sympy

    sm, sc, sx, sy = _symbols()
    dm, dc = (sympy.lambdify((sm, sc, sx, sy), sympy.diff((sm * sx + sc - sy) ** 2, v)) for v in (sm, sc))
    return (
        sum(sympy.Float(dm(float(m), float(c), float(a), float(b)), 30) for a, b in zip(x, y, strict=True)),
        sum(sympy.Float(dc(float(m), float(c), float(a), float(b)), 30) for a, b in zip(x, y, strict=True)),
    )


def refuses_few(m, c, x, y):
    if len(x) < 3:
        raise ValueError("three points are needed")
    return plain(m, c, x, y)


def nan_for_equal(m, c, x, y):
    spread = np.ptp(x)
    return tuple(g * (spread / spread) for g in plain(m, c, x, y))


def in_dtype(dtype: str, back: Callable[[Any], Any] = float) -> Gradient:
    def gradient(m, c, x, y):
        cast = np.dtype(dtype).type
        dm, dc = plain(cast(m), cast(c), x.astype(dtype), y.astype(dtype))
        return back(dm), back(dc)

    return gradient


def centred(m, c, x, y):
    mx, my, n = x.mean(), y.mean(), len(x)
    dc = 2 * n * (m * mx + c - my)
    return 2 * np.sum((m * (x - mx) - (y - my)) * (x - mx)) + mx * dc, dc


def by_matrix(m, c, x, y):
    a = np.column_stack([x, np.ones(len(x))])
    return 2 * a.T @ (a @ np.array([m, c]) - y)


def keyword_only(*, m, c, x, y):
    return plain(m, c, x, y)


def pure(m, c, x, y):
    dm = dc = 0.0
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        e = m * a + c - b
        dm += 2 * e * a
        dc += 2 * e
    return dm, dc


def generator(m, c, x, y):
    yield from plain(m, c, x, y)


class Callable_:
    """An object that is called."""

    def __call__(self, m, c, x, y):
        return plain(m, c, x, y)


RIGHT: dict[str, Gradient] = {
    "plain": plain,
    "Decimal": in_decimals,
    "needs Decimal": needs_decimals,
    "mpmath": in_mpmath,
    "sympy": in_sympy,
    "dict": of_result(lambda dm, dc, *_: {"dm": dm, "dc": dc}),
    "dict reversed": of_result(lambda dm, dc, *_: {"c": dc, "m": dm}),
    "dict of w and b": of_result(lambda dm, dc, *_: {"dw": dm, "db": dc}),
    "dict of others": of_result(lambda dm, dc, *_: {"first": dm, "second": dc}),
    "dataclass": of_result(lambda dm, dc, *_: Both(dm=dm, dc=dc)),
    "namespace": of_result(lambda dm, dc, *_: SimpleNamespace(dm=dm, dc=dc)),
    "namedtuple": of_result(lambda dm, dc, *_: Pair(dm, dc)),
    "column": of_result(lambda dm, dc, *_: np.array([[dm], [dc]])),
    "generator": generator,
    "map": of_result(lambda dm, dc, *_: map(float, (dm, dc))),
    "arrays of one": of_result(lambda dm, dc, *_: (np.array([dm]), np.array([[dc]]))),
    "lists of one": of_result(lambda dm, dc, *_: ([dm], [dc])),
    "keyword only": keyword_only,
    "x, y, m, c": lambda x, y, m, c: plain(m, c, x, y),
    "x, y, w, b": lambda x, y, w, b: plain(w, b, x, y),
    "b, m, points": lambda b, m, points: plain(m, b, points[:, 0], points[:, 1])[::-1],
    "theta, X, y": lambda theta, X, y: 2 * X.T @ (X @ theta - y),
    "X, y, theta column": lambda X, y, theta: 2 * X.T @ (X @ theta.reshape(-1, 1) - y.reshape(-1, 1)),
    "params, x, y": lambda params, x, y: np.array(plain(params[0], params[1], x, y)),
    "unknown names": lambda p1, p2, p3, p4: plain(p3, p4, p1, p2),
    "default": lambda m, c, x, y, verbose=False: plain(m, c, x, y),
    "*args": lambda *args: plain(*args),
    "partial": partial(lambda scale, m, c, x, y: tuple(scale * g for g in plain(m, c, x, y)), 1.0),
    "object": Callable_(),
    "float32": in_dtype("float32"),
    "float32 kept": in_dtype("float32", lambda v: v),
    "float16": in_dtype("float16"),
    "float16 kept": in_dtype("float16", lambda v: v),
    "longdouble": in_dtype("longdouble", lambda v: v),
    "rounded to float32": of_result(lambda dm, dc, *_: (float(np.float32(dm)), float(np.float32(dc)))),
    "x in float32": of_points(lambda x, y: (x.astype("float32").astype(float), y)),
    "y in float32": of_points(lambda x, y: (x, y.astype("float32"))),
    "m in float32": of_line(lambda m, c: (float(np.float32(m)), c)),
    "refuses few": refuses_few,
    "NaN for equal x": nan_for_equal,
    "centred": centred,
    "matrix": by_matrix,
    "pure": pure,
    "fsum": lambda m, c, x, y: (
        2 * math.fsum((m * a + c - b) * a for a, b in zip(x, y, strict=True)),
        2 * math.fsum(m * a + c - b for a, b in zip(x, y, strict=True)),
    ),
    "fractions": lambda m, c, x, y: tuple(
        2
        * sum(
            (Fraction(m) * Fraction(a) + Fraction(c) - Fraction(b)) * f(Fraction(a)) for a, b in zip(x, y, strict=True)
        )
        for f in (lambda a: a, lambda a: 1)
    ),
    "expanded": lambda m, c, x, y: (
        2 * (m * (x @ x) + c * x.sum() - x @ y),
        2 * (m * x.sum() + len(x) * c - y.sum()),
    ),
    "polyval": lambda m, c, x, y: (2 * np.dot(np.polyval([m, c], x) - y, x), 2 * (np.polyval([m, c], x) - y).sum()),
    "cached rightly": lru_cache(lambda: plain)(),
    "mean times n": lambda m, c, x, y: (
        2 * len(x) * np.mean((m * x + c - y) * x),
        2 * len(x) * np.mean(m * x + c - y),
    ),
    "complex step": lambda m, c, x, y: (
        np.sum((((m + 1e-200j) * x + c) - y) ** 2).imag / 1e-200,
        np.sum(((m * x + c + 1e-200j) - y) ** 2).imag / 1e-200,
    ),
}

RIGHT_UPDATES: dict[str, Gradient] = {
    "plain": update_of(plain),
    "as TensorFlow": update_of(plain, np.float32),
    "x, y, w, b, lr": lambda x, y, w, b, lr: update_of(plain)(w, b, x, y, lr),
    "b, m, points, rate": lambda b, m, points, rate: update_of(plain)(m, b, points[:, 0], points[:, 1], rate)[::-1],
    "theta, X, y, alpha": lambda theta, X, y, alpha: theta - alpha * 2 * X.T @ (X @ theta - y),
    "dict": lambda m, c, x, y, learning_rate: dict(zip("mc", update_of(plain)(m, c, x, y, learning_rate), strict=True)),
    "float32": lambda m, c, x, y, a: update_of(in_dtype("float32"))(m, c, x, y, a),
    "array": lambda m, c, x, y, a: np.array([m, c]) - a * np.array(plain(m, c, x, y)),
    "refuses few": update_of(refuses_few),
    "Decimal": lambda m, c, x, y, a: tuple(
        Decimal(v) - Decimal(a) * g for v, g in zip((m, c), in_decimals(m, c, x, y), strict=True)
    ),
}
