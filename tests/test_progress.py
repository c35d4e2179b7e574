"""What is told of progress must be a function: everywhere that takes one, in one line, before any work."""

import pytest

import tf_gd
from tf_gd.moments.cluster import moments_on_cluster
from tf_gd.problem import Problem
from tf_gd.session import train_in
from tf_gd.show.grid_search import GridSearch
from tf_gd.verify.compare import check_problem

X, Y = [0.0, 1.0, 2.0], [1.0, 3.0, 5.0]
PROBLEM = Problem.of(X, Y, learning_rate=0.1, num_steps=5)
TAKES_PROGRESS = {
    "train": lambda **told: tf_gd.train(X, Y, learning_rate=0.1, num_steps=5, engine="manual", **told),
    "train by moments": lambda **told: tf_gd.train(X, Y, learning_rate=0.1, num_steps=5, engine="moments", **told),
    "train from moments": lambda **told: tf_gd.train(tf_gd.Moments.of(X, Y), learning_rate=0.1, num_steps=5, **told),
    "check": lambda **told: tf_gd.check(X, Y, learning_rate=0.1, num_steps=5, **told),
    "check_problem": lambda **told: check_problem(PROBLEM, **told),
    "train_in": lambda **told: train_in("session", PROBLEM, "manual", **told),
    "GridSearch": lambda **told: GridSearch(tf_gd.Points(X, Y), 1).run(**told),
    "moments_on_cluster": lambda **told: moments_on_cluster("points.csv", **told),
}


@pytest.mark.parametrize("call", TAKES_PROGRESS)
def test_only_a_function_can_be_told(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wanted = r"^`on_progress` must be a function of \(done, total\), or None\. Got 3\. Try print\.$"
    with pytest.raises(tf_gd.InvalidArgumentError, match=wanted):
        TAKES_PROGRESS[call](on_progress=3)
    assert list(tmp_path.iterdir()) == []
