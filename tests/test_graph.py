"""The graph: built once, finalized, fed once, and the caller's TensorFlow left as it was."""

import numpy as np
import pytest

from tf_gd.graph import LineGraph, SteppedLineGraph, load_tensorflow
from tf_gd.line import Line
from tf_gd.points import Points
from tf_gd.validation import check_dtype

POINTS = Points([0.0, 1.0, 2.0, 4.0], [1.0, 3.0, 4.5, 9.5])


def test_the_graph_is_finalized_and_does_not_grow():
    with LineGraph(POINTS, 0.01) as line_graph:
        before = len(line_graph.graph.get_operations())
        line_graph.descend(Line(0.0, 0.0), 5)
        line_graph.descend(Line(1.0, 0.0), 50)
        assert line_graph.graph.finalized
        assert len(line_graph.graph.get_operations()) == before


def test_the_data_are_fed_once(monkeypatch):
    with LineGraph(POINTS, 0.01) as line_graph:
        run, fed = line_graph.session.run, []
        monkeypatch.setattr(
            line_graph.session, "run", lambda what, feed=None: (fed.extend(feed or {}), run(what, feed))[1]
        )
        line_graph.descend(Line(0.0, 0.0), 5)
        assert fed
        assert line_graph.x_placeholder not in fed
        assert line_graph.y_placeholder not in fed


@pytest.mark.corpus(3)
@pytest.mark.parametrize(
    ("rate", "reduction", "dtype"),
    [
        (0.01, "sum", "float64"),
        (10.0, "sum", "float16"),
        (0.01, "mean", "bfloat16"),
        (10.0, "mean", "float64"),
        (0.01, "half_sum", "float32"),
        (10.0, "half_mean", "float32"),
    ],
)
def test_one_run_a_step_has_the_same_bits(rate, reduction, dtype):
    points = POINTS.astype(check_dtype(dtype))
    with LineGraph(points, rate, reduction) as inside, SteppedLineGraph(points, rate, reduction) as classic:
        rows = [each.descend(Line(0.5, -1.0), 200) for each in (inside, classic)]
    assert rows[0].tobytes() == rows[1].tobytes()


def test_the_callers_tensorflow_is_as_it_was():
    tf = load_tensorflow()
    with LineGraph(POINTS, 0.01) as line_graph:
        line_graph.descend(Line(0.0, 0.0), 3)
        assert tf.executing_eagerly()
        assert (tf.constant(2.0) * 3).numpy() == np.float32(6.0)
    assert tf.executing_eagerly()
