"""Descents by hand, right and wrong, as series of states: for the tests of `check_path`."""

from collections.abc import Callable
from typing import Any

import numpy as np

SCALES: dict[str, Callable[[int], float]] = {
    "sum": lambda n: 1.0,
    "mean": lambda n: 1.0 / n,
    "half_sum": lambda n: 0.5,
    "half_mean": lambda n: 0.5 / n,
}
Step = Callable[["Descent", Any, Any, int], tuple[Any, Any]]


class Descent:
    """Points, a loss and a rate; `step` says what an update does."""

    def __init__(self, seed: int = 0, reduction: str = "sum", n: int = 9, dtype: Any = np.float64) -> None:
        rng = np.random.default_rng(seed)
        self.x = rng.uniform(-1, 3, n).astype(dtype)
        self.y = (1.7 * self.x + 0.4 + 0.2 * rng.normal(size=n)).astype(dtype)
        self.n, self.reduction, self.scale = n, reduction, dtype(SCALES[reduction](n))
        steepest = 2 * self.scale * np.linalg.eigvalsh([[self.x @ self.x, self.x.sum()], [self.x.sum(), n]])[1]
        self.rate = dtype(float(f"{0.6 / steepest:.3g}"))

    def gradient(self, m: Any, c: Any) -> tuple[Any, Any]:
        e = m * self.x + c - self.y
        two = type(self.scale)(2)
        return two * self.scale * np.sum(e * self.x), two * self.scale * np.sum(e)

    def run(self, step: Step, num_steps: int = 12, start: tuple[float, float] = (0.3, -0.4)) -> tuple[Any, Any]:
        m, c = [type(self.scale)(start[0])], [type(self.scale)(start[1])]
        with np.errstate(all="ignore"):
            for k in range(num_steps):
                new = step(self, m[-1], c[-1], k)
                m.append(new[0])
                c.append(new[1])
        return np.array(m), np.array(c)


def right(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
    dm, dc = d.gradient(m, c)
    return m - d.rate * dm, c - d.rate * dc


def times(by_m: float, by_c: float) -> Step:
    def step(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
        dm, dc = d.gradient(m, c)
        return m - d.rate * dm * by_m, c - d.rate * dc * by_c

    return step


def from_gradient(gradient: Callable[[Descent, Any, Any], tuple[Any, Any]]) -> Step:
    def step(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
        dm, dc = gradient(d, m, c)
        return m - d.rate * dm, c - d.rate * dc

    return step


def m_first(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
    m = m - d.rate * d.gradient(m, c)[0]
    return m, c - d.rate * d.gradient(m, c)[1]


def c_first(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
    c = c - d.rate * d.gradient(m, c)[1]
    return m - d.rate * d.gradient(m, c)[0], c


def intercept_twice(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
    m, c = right(d, m, c, k)
    return m, c - d.rate * d.gradient(m, c)[1]


def no_rate(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
    dm, dc = d.gradient(m, c)
    return m - dm, c - dc


def from_the_other(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
    dm, dc = d.gradient(m, c)
    return m - d.rate * dm, m - d.rate * dc


def turns(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
    return times(1, 1)(d, m, c, k) if k < 5 else times(-1, -1)(d, m, c, k)


def stale() -> Step:
    first: list[Any] = []

    def step(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
        first.append(d.gradient(m, c))
        return m - d.rate * first[0][0], c - d.rate * first[0][1]

    return step


def late() -> Step:
    gradients: list[Any] = []

    def step(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
        gradients.append(d.gradient(m, c))
        dm, dc = gradients[max(k - 1, 0)]
        return m - d.rate * dm, c - d.rate * dc

    return step


def not_reset() -> Step:
    sums = np.zeros(2)

    def step(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
        nonlocal sums
        sums = sums + d.gradient(m, c)
        return m - d.rate * sums[0], c - d.rate * sums[1]

    return step


def momentum(nesterov: bool = False) -> Step:
    velocity = np.zeros(2)

    def step(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
        nonlocal velocity
        ahead = 0.8 * velocity if nesterov else np.zeros(2)
        velocity = 0.8 * velocity - d.rate * np.array(d.gradient(m + ahead[0], c + ahead[1]))
        return m + velocity[0], c + velocity[1]

    return step


def adam() -> Step:
    mean, square = np.zeros(2), np.zeros(2)

    def step(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
        nonlocal mean, square
        g = np.array(d.gradient(m, c))
        mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
        change = 0.05 * mean / (1 - 0.9 ** (k + 1)) / (np.sqrt(square / (1 - 0.999 ** (k + 1))) + 1e-8)
        return m - change[0], c - change[1]

    return step


def ridge(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
    dm, dc = d.gradient(m, c)
    return m - d.rate * (dm + 0.3 * m), c - d.rate * dc


def one_point(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
    i = k % d.n
    e = m * d.x[i] + c - d.y[i]
    return m - d.rate * e * d.x[i], c - d.rate * e


def one_at_random() -> Step:
    rng = np.random.default_rng(5)

    def step(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
        return one_point(d, m, c, int(rng.integers(d.n)))

    return step


def batches(size: int) -> Step:
    def step(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
        first = k % -(-d.n // size) * size
        x, y = d.x[first : first + size], d.y[first : first + size]
        e = m * x + c - y
        return m - d.rate * 2 * np.mean(e * x), c - d.rate * 2 * np.mean(e)

    return step


def slower(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
    return times(0.9**k, 0.9**k)(d, m, c, k)


# Name of the mistake -> a step that makes it.
MISTAKES: dict[str, Callable[[], Step]] = {
    "sequential-m-first": lambda: m_first,
    "sequential-c-first": lambda: c_first,
    "intercept-moved-twice": lambda: intercept_twice,
    "step-from-the-other-parameter": lambda: from_the_other,
    "sign-turns": lambda: turns,
    "gradient-not-reset": not_reset,
    "momentum": momentum,
    "adaptive-rate": adam,
    "weight-decay": lambda: ridge,
    "only-m": lambda: times(1, 0),
    "only-c": lambda: times(0, 1),
    "ascent": lambda: times(-1, -1),
    "sign-of-m": lambda: times(-1, 1),
    "sign-of-c": lambda: times(1, -1),
    "swapped": lambda: from_gradient(lambda d, m, c: d.gradient(m, c)[::-1]),
    "missing-x": lambda: from_gradient(lambda d, m, c: (d.gradient(m, c)[1],) * 2),
    "x-in-both": lambda: from_gradient(lambda d, m, c: (d.gradient(m, c)[0],) * 2),
    "missing-intercept": lambda: from_gradient(lambda d, m, c: d.gradient(m, 0.0)),
}
