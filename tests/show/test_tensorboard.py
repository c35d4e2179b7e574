"""Event files, as the real TensorBoard serves them."""

import json
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import numpy as np
import pytest

from tf_gd import DataError, sample, train
from tf_gd.cli import run
from tf_gd.show.tensorboard import write_events

POINTS = sample("hubble1929")
RUN = train(*POINTS, learning_rate=0.01, num_steps=30, engine="manual")


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """Write events, serve them on loopback, and return a function that asks the server for JSON."""
    folder = write_events(tmp_path_factory.mktemp("logs") / "new" / "run", POINTS, RUN)
    log = tmp_path_factory.mktemp("server") / "log"
    without_keras = "import sys; sys.modules['keras.src.optimizers'] = None"  # which takes seconds
    command = [sys.executable, "-c", f"{without_keras}; from tensorboard.main import run_main; run_main()"]
    command += ["--logdir", str(folder), "--host", "127.0.0.1", "--port", "0"]
    with log.open("w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        address = until(lambda: re.search(r"http://127\.0\.0\.1:\d+/", log.read_text())).group()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def ask(path, **query):
            with opener.open(f"{address}data/{path}?{urllib.parse.urlencode(query)}", timeout=30) as answer:
                return answer.read().decode()

        until(lambda: json.loads(ask("plugin/scalars/tags")).get("."))
        yield ask
    finally:
        server.terminate()
        server.wait(30)


def until(condition, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("TensorBoard did not get there in time")


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("loss", "loss"),
        ("line/m", "m"),
        ("line/c", "c"),
        ("gradient/m", "gradient_m"),
        ("gradient/c", "gradient_c"),
    ],
)
def test_it_serves_the_trajectory_rounded_to_float32(board, tag, name):
    rows = json.loads(board("plugin/scalars/scalars", run=".", tag=tag))
    assert [step for _, step, _ in rows] == RUN.step.tolist()
    values = np.array([value for _, _, value in rows])
    assert np.array_equal(values, getattr(RUN, name).astype(np.float32).astype(np.float64))


def test_it_serves_the_learning_rate(board):
    rows = json.loads(board("plugin/scalars/scalars", run=".", tag="learning_rate"))
    assert {value for *_, value in rows} == {float(np.float32(0.01))}


def test_it_serves_the_graph_that_trains(board):
    graph = board("plugin/graphs/graph", run=".")
    for node in ("GradientDescent", "x_data", "y_data", "Square", "while"):
        assert f'name: "{node}' in graph
    assert "GradientDescent" in graph


def test_a_run_that_overflows_is_written(tmp_path):
    with pytest.warns(UserWarning, match="not under"):
        path = train(*POINTS, learning_rate=10.0, num_steps=500, engine="manual")
    assert not np.isfinite(path.loss[-1])
    assert [file.suffix for file in write_events(tmp_path, POINTS, path).iterdir()]


def test_train_writes_events_and_a_report(tmp_path, capsys):
    logs, report = tmp_path / "logs", tmp_path / "report.html"
    options = ["--num-steps", "20", "--log-dir", str(logs), "--report", str(report), "--quiet"]
    assert run(["train", *options]) == 0
    assert capsys.readouterr() == ("", "")
    assert "tfevents" in next(logs.iterdir()).name
    html = report.read_text(encoding="utf-8")
    assert "agree in every bit of every number" in html
    assert "<math" in html


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="`log_dir` must be a directory that can be written.*: Not a directory"):
        write_events(tmp_path / "file", POINTS, RUN)


def test_the_caller_s_tensorflow_stays_eager(tmp_path):
    import tensorflow as tf

    write_events(tmp_path, POINTS, RUN)
    assert tf.executing_eagerly()
