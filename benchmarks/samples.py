"""One sample a step: a batch of one, by hand and in TensorFlow, which is fed each time."""

import numpy as np

from benchmarks.measuring import Contenders, side_by_side
from benchmarks.peers import made_points
from benchmarks.table import Table
from tf_gd.descent import confirm_order
from tf_gd.graph import SteppedLineGraph
from tf_gd.problem import Problem
from tf_gd.summation.manual_engine import ManualDescent

OURS = "TensorFlow, fed at each step"
LENGTHS = {OURS: (200, 1_000), "by hand": (1_000, 301_000)}  # a step is the difference, as in `runs`


def measure(*, rounds: int, **_: int) -> Table:
    """Return the seconds that each way takes for a step over one sample of 100."""
    x, y = (np.asarray(values, np.float32) for values in made_points(100))
    form = {"learning_rate": 1e-9, "num_steps": 1, "dtype": "float32", "batches": 1, "loss_scale": 1 / 200}
    problem = confirm_order(Problem.of(x, y, **form))
    with SteppedLineGraph.of(problem) as fed:
        ways = {OURS: fed, "by hand": ManualDescent.of(problem)}
        calls: Contenders = {
            f"{name} {length}": lambda way=way, length=length: way.descend(problem.start, length)
            for name, way in ways.items()
            for length in LENGTHS[name]
        }
        seconds = side_by_side(calls, rounds)
    rows: dict[str, list[float | str | None]] = {}
    for name, (short, long) in LENGTHS.items():
        rows[name] = [((seconds[f"{name} {long}"] or 0) - (seconds[f"{name} {short}"] or 0)) / (long - short)]
    return Table("One sample a step", ["", "seconds a step"], rows, reference=OURS)
