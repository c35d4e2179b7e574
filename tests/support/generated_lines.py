"""Gradients and updates put together at random: right in odd forms, or with one subtle fault on few inputs."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from support.right_forms import right_gradient

Function = Callable[..., Any]

# Each draws a condition that holds for at most about a tenth of what people's data and lines are.
CONDITIONS: list[Callable[[random.Random], Function]] = [
    lambda pick: lambda m, c, x, y: c < -pick_once(pick, "c", 0.0, 0.3),
    lambda pick: lambda m, c, x, y: m < -pick_once(pick, "m", 0.0, 2.0),
    lambda pick: lambda m, c, x, y: m > pick_once(pick, "M", 1.0, 3.0),
    lambda pick: lambda m, c, x, y: c > pick_once(pick, "C", 13.0, 100.0),
    lambda pick: lambda m, c, x, y: len(x) > pick_once(pick, "n", 17, 129),
    lambda pick: lambda m, c, x, y: len(x) == 1,
    lambda pick: lambda m, c, x, y: len(x) == 2,
    lambda pick: lambda m, c, x, y: len(x) % 2 == 1,
    lambda pick: lambda m, c, x, y: len(x) % 16 != 0,
    lambda pick: lambda m, c, x, y: len(np.unique(x)) < len(x),
    lambda pick: lambda m, c, x, y: bool((np.asarray(x) == 0).any()),
    lambda pick: lambda m, c, x, y: bool((np.asarray(y) == 0).any()),
    lambda pick: lambda m, c, x, y: float(np.abs(x).max()) > pick_once(pick, "X", 100, 900),
    lambda pick: lambda m, c, x, y: float(np.abs(x).max()) < pick_once(pick, "small", 0.01, 0.2),
    lambda pick: lambda m, c, x, y: float(np.abs(y).max()) > pick_once(pick, "Y", 10, 500),
    lambda pick: lambda m, c, x, y: bool((np.asarray(x) * 4 % 1 != 0).any()),
    lambda pick: lambda m, c, x, y: float(np.ptp(x)) == 0,
    lambda pick: lambda m, c, x, y: bool((np.diff(x) > 0).all()) and len(x) > 2,
    lambda pick: lambda m, c, x, y: float(np.abs(m * np.asarray(x) + c - y).max()) > 1000,
    lambda pick: lambda m, c, x, y: m < 0 and c < 0,
]


def pick_once(pick: random.Random, key: str, low: float, high: float) -> float:
    """Return a number that stays the same for one function."""
    drawn: dict[str, float] = pick.__dict__.setdefault("drawn", {})
    return drawn.setdefault(key, pick.uniform(low, high))


FAULTS: list[Callable[[Any, Any, Any], tuple[Any, Any]]] = [
    lambda dm, dc, x: (dm * 2, dc * 2),
    lambda dm, dc, x: (-dm, dc),
    lambda dm, dc, x: (dm, dc * (1 + 1e-6)),
    lambda dm, dc, x: (dm * (1 - 1e-5), dc),
    lambda dm, dc, x: (dm + float(np.sum(np.abs(x))) * 1e-3 + 1e-9, dc),
    lambda dm, dc, x: (dm, dc + 1.0),
    lambda dm, dc, x: (dm, dm + 1.0),
    lambda dm, dc, x: (dm / (len(x) + 1), dc / (len(x) + 1)),
    lambda dm, dc, x: (0.0 * dm + 1e-3, 0.0 * dc + 1e-3),
]


def two(result: Any) -> tuple[Any, Any]:
    """Return what came back as two numbers."""
    first, second = result
    return np.asarray(first).reshape(-1)[0], np.asarray(second).reshape(-1)[0]


def faulty_gradient(seed: int) -> tuple[Function, str]:
    """Return a gradient that is right but where a drawn condition holds, and the reduction it is for."""
    pick = random.Random(seed)
    right, reduction = right_gradient(seed)
    condition, fault = pick.choice(CONDITIONS)(pick), pick.choice(FAULTS)

    def gradient(m, c, x, y):
        dm, dc = two(right(m, c, x, y))
        return fault(dm, dc, np.asarray(x, dtype=float)) if condition(m, c, x, y) else (dm, dc)

    return gradient, reduction


NAMES = [("m", "c"), ("w", "b"), ("slope", "intercept"), ("theta1", "theta0"), ("a", "b"), ("b1", "b0"), ("k", "d")]
DATA = [("x", "y"), ("X", "Y"), ("xs", "ys"), ("x_train", "y_train"), ("inputs", "targets")]
RATES = ["learning_rate", "lr", "alpha", "eta", "rate"]


def odd_call(seed: int, with_rate: bool = False) -> tuple[Function, str]:
    """Return a right gradient (or update) whose arguments have other names, in another order, and the reduction."""
    pick = random.Random(seed)
    right, reduction = right_gradient(seed)
    names, data = pick.choice(NAMES), pick.choice(DATA)
    arguments = [*names, *data, *([pick.choice(RATES)] if with_rate else [])]
    order = pick.sample(arguments, len(arguments))
    m_first = order.index(names[0]) < order.index(names[1])

    def function(**given):
        m, c = (given[name] for name in names)
        dm, dc = two(right(m, c, *(given[name] for name in data)))
        if with_rate:
            rate = given[arguments[4]]
            dm, dc = m - rate * dm, c - rate * dc
        return (dm, dc) if m_first else (dc, dm)

    namespace: dict[str, Any] = {"function": function}
    passed = ", ".join(f"{name}={name}" for name in order)
    exec(f"def called({', '.join(order)}):\n    return function({passed})", namespace)
    return namespace["called"], reduction
