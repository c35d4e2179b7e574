"""Right gradients of the line in many odd forms, put together at random: for the tests of false alarms."""

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

import tf_gd

Gradient = Callable[[Any, Any, Any, Any], Any]

RESIDUALS: list[Callable[..., Any]] = [
    lambda m, c, x, y: m * x + c - y,
    lambda m, c, x, y: c - y + x * m,
    lambda m, c, x, y: -(y - m * x - c),
    lambda m, c, x, y: m * x - (y - c),
    lambda m, c, x, y: np.polyval(np.array([m, c]), x) - y,
    lambda m, c, x, y: np.column_stack([x, np.ones_like(x)]) @ np.array([m, c], dtype=x.dtype) - y,
    lambda m, c, x, y: np.array([m * xi + c - yi for xi, yi in zip(x, y, strict=True)]),
    lambda m, c, x, y: np.subtract(np.add(np.multiply(x, m), c), y),
    lambda m, c, x, y: (np.outer([m], x)[0] + c) - y,
]
SUMS: list[Callable[[Any], Any]] = [
    np.sum,
    sum,
    math.fsum,
    lambda v: np.sum(v[::-1]),
    lambda v: np.cumsum(v)[-1],
    lambda v: np.add.reduce(v),
    lambda v: np.dot(v, np.ones_like(v)),
    lambda v: np.mean(v) * len(v),
    lambda v: np.sum(v[::2]) + np.sum(v[1::2]),
    lambda v: np.sum(np.sort(v)),
    lambda v: np.einsum("i->", v),
    lambda v: (np.ones((1, len(v)), v.dtype) @ v)[0],
]
PRODUCTS: list[Callable[..., Any]] = [
    lambda e, x, total: total(e * x),
    lambda e, x, total: np.dot(e, x),
    lambda e, x, total: x @ e,
    lambda e, x, total: np.einsum("i,i->", e, x),
    lambda e, x, total: np.vdot(x, e),
    lambda e, x, total: np.inner(e, x),
    lambda e, x, total: total(x * e),
    lambda e, x, total: (x.reshape(1, -1) @ e.reshape(-1, 1)).item(),
]
TWICE: list[Callable[[Any], Any]] = [lambda v: 2 * v, lambda v: v + v, lambda v: v * 2.0, lambda v: v / 0.5]
CONTAINERS: list[Callable[[Any, Any], Any]] = [
    lambda dm, dc: (dm, dc),
    lambda dm, dc: [dm, dc],
    lambda dm, dc: np.array([dm, dc]),
    lambda dm, dc: tf_gd.Gradient(dm, dc),
    lambda dm, dc: (float(dm), float(dc)),
    lambda dm, dc: np.array([[dm], [dc]]),
    lambda dm, dc: (np.array([dm]), np.array([[dc]])),
]


def by_residuals(pick: random.Random) -> Gradient:
    """Equation 5, with every part of it in some form or other, the 2 and the 1/n at a random place."""
    residuals, total, product, twice = map(pick.choice, (RESIDUALS, SUMS, PRODUCTS, TWICE))
    early = pick.random() < 0.5

    def gradient(m, c, x, y):
        e = residuals(m, c, x, y)
        e = twice(e) if early else e
        dm, dc = product(e, x, total), total(e)
        return (dm, dc) if early else (twice(dm), twice(dc))

    return gradient


def expanded(pick: random.Random) -> Gradient:
    """Multiplied out: sums over the data alone, combined with m and c afterwards."""
    total, product, twice = map(pick.choice, (SUMS, PRODUCTS, TWICE))
    order = pick.sample(range(3), 3)

    def gradient(m, c, x, y):
        sxx, sx, sxy, sy = product(x, x, total), total(x), product(x, y, total), total(y)
        for_m, for_c = [m * sxx, c * sx, -sxy], [m * sx, len(x) * c, -sy]
        dm = for_m[order[0]] + for_m[order[1]] + for_m[order[2]]
        dc = for_c[order[2]] + for_c[order[1]] + for_c[order[0]]
        return twice(dm), twice(dc)

    return gradient


def normal_equations(pick: random.Random) -> Gradient:
    """2 A^T (A p - b), or 2 (A^T A) p - 2 A^T b."""
    inner, twice = pick.random() < 0.5, pick.choice(TWICE)

    def gradient(m, c, x, y):
        a, p = np.stack([x, np.ones_like(x)], axis=1), np.array([m, c], dtype=x.dtype)
        both = a.T @ (a @ p - y) if inner else (a.T @ a) @ p - a.T @ y
        return twice(both[0]), twice(both[1])

    return gradient


def loop(pick: random.Random) -> Gradient:
    """A loop, in a random order, with an accumulator."""
    seed, from_y = pick.randrange(10**6), pick.random() < 0.5

    def gradient(m, c, x, y):
        dm = dc = x.dtype.type(0)
        for i in random.Random(seed).sample(range(len(x)), len(x)):
            if from_y:
                e = y[i] - (m * x[i] + c)
                dm -= 2 * x[i] * e
                dc -= 2 * e
            else:
                e = (m * x[i] + c) - y[i]
                dm += e * x[i] * 2
                dc += 2 * e
        return dm, dc

    return gradient


def right_gradient(seed: int) -> tuple[Gradient, str]:
    """Return a right gradient in some odd form, and the reduction it is right for."""
    pick = random.Random(seed)
    total = pick.choice([by_residuals, by_residuals, expanded, normal_equations, loop])(pick)
    reduction, container = pick.choice(["sum", "mean"]), pick.choice(CONTAINERS)
    share = pick.choice([lambda v, n: v / n, lambda v, n: v * (1 / n), lambda v, n: 1 / n * v])

    def gradient(m, c, x, y):
        dm, dc = total(m, c, x, y)
        return container(*((share(dm, len(x)), share(dc, len(x))) if reduction == "mean" else (dm, dc)))

    return gradient, reduction
