"""One gradient of the loss, for more and more points."""

import numpy as np

from benchmarks.measuring import Contenders, missing_is_none, side_by_side
from benchmarks.peers import LINE, jax_gradient, made_points, numpy_gradient, torch_gradient
from benchmarks.table import Table
from tf_gd.descent import confirm_order
from tf_gd.graph import LineGraph
from tf_gd.line import Line
from tf_gd.moments.moments import Moments
from tf_gd.points import Points
from tf_gd.problem import Problem
from tf_gd.summation.manual_engine import ManualDescent

FLOOR = "floor: one read of x and y, x.dot(y)"
READ = "tf_gd: moments, reading included"
KNOWN = "tf_gd: moments, already read"
BITS = "tf_gd: by hand, TensorFlow's bits"
LOOP = "TensorFlow, loop in the graph"
RATE = 1e-12  # so small that no descent ends early


def measure(*, points: int, rounds: int, **_: int) -> Table:
    """Return the seconds for n from 1,000 up to `points`, in powers of ten."""
    sizes = [10**power for power in range(3, 1 + int(np.log10(points)))]
    columns = [_one_size(n, rounds) for n in sizes]
    rows = {name: [column[name] for column in columns] for name in columns[0]}
    return Table(
        "One gradient",
        ["", *(f"n = {n:,}" for n in sizes)],
        rows,
        reference=FLOOR,
        note=_ratios(columns[-1], sizes[-1]),
        drawn=len(sizes),
        places=[float(n) for n in sizes],
    )


def _one_size(n: int, rounds: int) -> dict[str, float | None]:
    x, y = made_points(n)
    points, line = Points(x, y), Line(*LINE)
    known = Moments.of(x, y)
    problem = confirm_order(Problem.of(x, y, learning_rate=RATE, num_steps=1))
    by_hand, steps = ManualDescent.of(problem), max(1, min(1000, 10**7 // n))
    calls: Contenders = {
        FLOOR: lambda: x.dot(y),
        READ: lambda: Moments.of(x, y).gradient(line),
        KNOWN: lambda: known.gradient(line),
        BITS: lambda: by_hand.descend(line, steps),
        "numpy, as everybody writes it": numpy_gradient(x, y),
    }
    with LineGraph(points, RATE) as graph:
        calls[LOOP] = lambda: graph.descend(line, steps)
        calls["TensorFlow, a Session.run each"] = lambda: graph.session.run([graph.gradient_m, graph.gradient_c])
        for name, peer in (("jax, compiled", jax_gradient), ("torch, autograd", torch_gradient)):
            with missing_is_none(calls, name):
                calls[name] = peer(x, y)
        best = side_by_side(calls, rounds)
    for name in (BITS, LOOP):
        seconds = best[name]
        best[name] = seconds and seconds / (steps + 1)  # that many gradients, the one at the start included
    return best


def _ratios(seconds: dict[str, float | None], n: int) -> str:
    ours = seconds[READ]
    others = [name for name in seconds if not name.startswith(("tf_gd", "floor")) and seconds[name]]
    faster = ", ".join(f"{seconds[name] / ours:.2g} times as fast as {name}" for name in others)
    return f"At n = {n:,} the moments, reading included, take {ours / seconds[FLOOR]:.2f} times the floor: {faster}."
