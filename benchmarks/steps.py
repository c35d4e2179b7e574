"""A whole training session of 1,000 steps, trajectory included, and the usual ways to the same line."""

import numpy as np

from benchmarks.measuring import Contenders, missing_is_none, side_by_side
from benchmarks.peers import jax_descent, made_points
from benchmarks.table import Table, ratios
from tf_gd.curvature import Curvature
from tf_gd.fitting import train

NUM_STEPS = 1000
OURS = "tf_gd: train, engine moments"


def measure(*, points: int, rounds: int, **_: int) -> Table:
    """Return the seconds of each contender on `points` points."""
    x, y = made_points(points)
    rate = Curvature.of(x).best_learning_rate
    calls: Contenders = {
        OURS: lambda: train(x, y, learning_rate=rate, num_steps=NUM_STEPS, engine="moments"),
        "tf_gd: train, engine manual": lambda: train(x, y, learning_rate=rate, num_steps=NUM_STEPS, engine="manual"),
        "TensorFlow, loop in the graph": lambda: train(x, y, learning_rate=rate, num_steps=NUM_STEPS),
        "numpy.polyfit": lambda: np.polyfit(x, y, 1),
    }
    with missing_is_none(calls, "jax, compiled loop"):
        calls["jax, compiled loop"] = jax_descent(x, y, rate, NUM_STEPS)
    for name in ("LinearRegression", "SGDRegressor"):
        with missing_is_none(calls, f"scikit-learn {name}"):
            from sklearn import linear_model

            model = getattr(linear_model, name)()
            calls[f"scikit-learn {name}"] = lambda model=model: model.fit(x[:, None], y)
    seconds = side_by_side(calls, rounds)
    return Table(
        f"{NUM_STEPS:,} steps at n = {points:,}, every step recorded",
        ["", "time", f"as a multiple of {OURS}"],
        ratios(seconds, OURS),
        reference=OURS,
        note="numpy.polyfit and LinearRegression solve for the line at once and have no trajectory; SGDRegressor runs "
        "to its own stopping rule.",
    )
