"""What checking a model's gradient costs, beside TensorFlow's own checker and beside random projections.

`python -m benchmarks.model_cost [SIZE ...]` writes results/model_cost.md. The model is a network with one hidden
layer; its gradient is derived by hand, and right, so that every checker does all that it does when all agrees.
"""

import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

import tf_gd

INPUTS, ROWS = 100, 32
ROUNDS = 5


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
    h = 1e-5
    for _ in range(count):
        directions = [rng.standard_normal(value.shape) for value in params.values()]
        above, below = (
            float(
                loss(*(tf.constant(p + s * h * d) for p, d in zip(params.values(), directions, strict=True)), **given)
            )
            for s in (1, -1)
        )
        along = sum(float(np.vdot(g, d)) for g, d in zip(gradient(**params, **data), directions, strict=True))
        assert abs((above - below) / (2 * h) - along) <= 1e-4 * max(1.0, abs(along))


def best(check: Callable[..., None], *given: Any, rounds: int = ROUNDS) -> float:
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


def row(size: int) -> str:
    params, data = network(size)
    peer, other = ("tf.test.compute_gradient", tensorflow) if size <= 10_000 else ("5 random projections", projections)
    ours(params, data)
    other(params, data) if other is projections else None
    mine, theirs = best(ours, params, data), best(other, params, data, rounds=ROUNDS if size > 10_000 else 1)
    return f"| {size:,} | {mine:.3g} s | {peer} | {theirs:.3g} s | {mine / theirs:.2f} | {memory(params, data):.0f} |"


def main() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sizes = [int(float(text)) for text in sys.argv[1:]] or [10**3, 10**4, 10**5, 10**6]
    text = (
        "# What checking a model's gradient costs\n\n"
        "Written by `python -m benchmarks.model_cost`: best of several; memory is the peak that Python allocates, in "
        "multiples of the parameters.\n\n"
        "| parameters | tf_gd | beside | takes | tf_gd / it | memory |\n| --- | --- | --- | --- | --- | --- |\n"
        + "".join(f"{row(size)}\n" for size in sizes)
    )
    (Path(__file__).parent / "results" / "model_cost.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
