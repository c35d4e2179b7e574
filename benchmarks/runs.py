"""A step inside the graph's own loop, one that is a run of the session, and one by hand, at several sizes."""

from benchmarks.measuring import Contenders, side_by_side
from benchmarks.peers import made_points
from benchmarks.table import Table
from tf_gd.descent import confirm_order
from tf_gd.graph import LineGraph, SteppedLineGraph
from tf_gd.problem import Problem
from tf_gd.summation.manual_engine import ManualDescent

SIZES = (24, 100, 1_000, 20_000)
OURS = "TensorFlow, loop in the graph"
STEPPED = "TensorFlow, a Session.run a step"
HAND = "by hand"
# A step is the difference of two lengths of descent: neither graph nor compiler nor the call itself counts. What takes
# less time gets more steps, so that the difference stands out from the noise.
LENGTHS = {OURS: (200, 1_000), STEPPED: (200, 1_000), HAND: (1_000, 21_000)}
RATE = 1e-12  # so small that no descent ends early


def measure(*, rounds: int, **_: int) -> Table:
    """Return the seconds that each way takes for a step."""
    columns = [_one_size(n, rounds) for n in SIZES]
    rows: dict[str, list[float | str | None]] = {name: [column[name] for column in columns] for name in columns[0]}
    header = ["", *(f"n = {n:,}" for n in SIZES)]
    ratios = ", ".join(
        f"{column[HAND] / column[OURS]:.3g} at n = {n:,}" for n, column in zip(SIZES, columns, strict=True)
    )
    note = f"A step by hand as a multiple of {OURS}: {ratios}."
    places = [float(n) for n in SIZES]
    return Table("One step", header, rows, reference=OURS, note=note, drawn=len(SIZES), places=places)


def _one_size(n: int, rounds: int) -> dict[str, float]:
    problem = confirm_order(Problem.of(*made_points(n), learning_rate=RATE, num_steps=1))
    with LineGraph.of(problem) as inside, SteppedLineGraph.of(problem) as stepped:
        ways = {OURS: inside, STEPPED: stepped, HAND: ManualDescent.of(problem)}
        calls: Contenders = {
            f"{name} {length}": lambda way=way, length=length: way.descend(problem.start, length)
            for name, way in ways.items()
            for length in LENGTHS[name]
        }
        seconds = side_by_side(calls, rounds)
    return {name: _a_step(*((length, seconds[f"{name} {length}"] or 0.0) for length in LENGTHS[name])) for name in ways}


def _a_step(short: tuple[int, float], long: tuple[int, float]) -> float:
    """Return the seconds of a step, from two lengths and the seconds of each."""
    return (long[1] - short[1]) / (long[0] - short[0])
