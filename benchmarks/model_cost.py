"""What checking a model's gradient costs, beside TensorFlow's own checker and beside random projections.

`python -m benchmarks model_cost` writes results/model_cost.md. The model is a network with one hidden
layer; its gradient is derived by hand, and right, so that every checker does all that it does when all agrees.
"""

import time
import tracemalloc
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

import tf_gd
from benchmarks.table import Cell, Table

INPUTS, ROWS = 100, 32
SIZES = (10**3, 10**4, 10**5, 10**6)


def network(size: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return parameters, about `size` of them, and data."""
    draw = np.random.default_rng(0).standard_normal
    hidden = max(1, size // (INPUTS + 2))
    params = {"w": draw((INPUTS, hidden)) / INPUTS**0.5, "b": draw(hidden), "v": draw(hidden) / hidden**0.5}
    return params, {"x": draw((ROWS, INPUTS)), "y": draw(ROWS)}


def loss(w: Any, b: Any, v: Any, x: Any, y: Any) -> Any:
    tf = import_module("tensorflow")
    return tf.reduce_mean(tf.square(tf.linalg.matvec(tf.tanh(x @ w + b), v) - y))


def gradient(w: Any, b: Any, v: Any, x: Any, y: Any) -> Any:
    hidden = np.tanh(x @ w + b)
    outer = 2 * (hidden @ v - y) / len(y)
    inner = np.outer(outer, v) * (1 - hidden**2)
    return x.T @ inner, inner.sum(0), hidden.T @ outer


def ours(params: dict[str, Any], data: dict[str, Any]) -> None:
    assert tf_gd.check_gradient(loss, gradient, params=params, data=data).verdict == "right"


def tensorflow(params: dict[str, Any], data: dict[str, Any]) -> None:
    tf = import_module("tensorflow")
    given = {name: tf.constant(value) for name, value in data.items()}
    tf.test.compute_gradient(lambda *values: loss(*values, **given), [tf.constant(value) for value in params.values()])


def projections(params: dict[str, Any], data: dict[str, Any], count: int = 5) -> None:
    """Compare the slope along random directions with the hand-derived gradient, as is often done by hand."""
    tf = import_module("tensorflow")
    rng = np.random.default_rng(1)
    given = {name: tf.constant(value) for name, value in data.items()}
    h, by_hand = 1e-5, gradient(**params, **data)
    for _ in range(count):
        directions = [rng.standard_normal(value.shape) for value in params.values()]
        above, below = (
            float(
                loss(*(tf.constant(p + s * h * d) for p, d in zip(params.values(), directions, strict=True)), **given)
            )
            for s in (1, -1)
        )
        along = sum(float(np.vdot(g, d)) for g, d in zip(by_hand, directions, strict=True))
        assert abs((above - below) / (2 * h) - along) <= 1e-4 * max(1.0, abs(along))


def best(check: Callable[..., None], *given: Any, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        check(*given)
        times.append(time.perf_counter() - begun)
    return min(times)


def memory(params: dict[str, Any], data: dict[str, Any]) -> float:
    """Return the peak of what Python allocates in a check, in multiples of the parameters."""
    tracemalloc.start()
    ours(params, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(peak / sum(value.nbytes for value in params.values()))


def measured(size: int, rounds: int) -> list[Cell]:
    """Return the cells of one size: our time, the other checker and its time, their ratio, and our memory."""
    params, data = network(size)
    small = size <= 10_000
    peer, other = ("tf.test.compute_gradient", tensorflow) if small else ("5 random projections", projections)
    ours(params, data)
    if not small:
        other(params, data)
    mine, theirs = best(ours, params, data, rounds=rounds), best(other, params, data, rounds=1 if small else rounds)
    return [mine, peer, theirs, f"{mine / theirs:.2f}", f"{memory(params, data):.0f} times the parameters"]


def measure(*, rounds: int, **_: int) -> Table:
    """Return the table for 10^3 to 10^6 parameters."""
    return Table(
        "What checking a model's gradient costs",
        ["parameters", "tf_gd", "beside", "takes", "tf_gd / it", "memory"],
        {f"{size:,}": measured(size, rounds) for size in SIZES},
        "",
        "A network with one hidden layer, its gradient right, when all agrees. Counted is the whole call, with the "
        "graph that tf_gd makes of a small model's loss; not the import of TensorFlow, nor a first call of either. "
        "Five random projections call the loss ten times and the hand-derived gradient once. Memory is the peak that "
        "Python allocates.",
        drawn=0,
    )
