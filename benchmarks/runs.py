"""A step inside the graph's own loop, and a step that is a run of the session, at 100 points."""

from benchmarks.measuring import side_by_side
from benchmarks.peers import made_points
from benchmarks.table import Table, ratios
from tf_gd.curvature import Curvature
from tf_gd.graph import LineGraph, SteppedLineGraph
from tf_gd.line import Line
from tf_gd.points import Points
from tf_gd.summation.manual_engine import ManualDescent

POINTS, NUM_STEPS = 100, 1000
OURS = "TensorFlow, loop in the graph"


def measure(*, rounds: int, **_: int) -> Table:
    """Return the seconds that each way takes for 1,000 steps."""
    points = Points(*made_points(POINTS))
    what = points, Curvature.of(points.x).best_learning_rate
    with LineGraph(*what) as inside, SteppedLineGraph(*what) as stepped:
        ways = {OURS: inside, "TensorFlow, a Session.run a step": stepped, "by hand": ManualDescent(*what)}
        calls = {name: lambda way=way: way.descend(Line(0.0, 0.0), NUM_STEPS) for name, way in ways.items()}
        seconds = side_by_side(calls, rounds)
    title = f"{NUM_STEPS:,} steps at n = {POINTS}, every step recorded"
    return Table(title, ["", "time", f"as a multiple of {OURS}"], ratios(seconds, OURS), reference=OURS, note="")
