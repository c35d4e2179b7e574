"""Event files, as the real TensorBoard reads them; with --slow, as its server hands them out."""

import json
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tf_gd import DataError, sample, train
from tf_gd.cli import run
from tf_gd.show.tensorboard import write_events

POINTS = sample("hubble1929")
RUN = train(*POINTS, learning_rate=0.01, num_steps=30, engine="manual")


TAGS = {"loss": "loss", "line/m": "m", "line/c": "c", "gradient/m": "gradient_m", "gradient/c": "gradient_c"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_events(tmp_path_factory.mktemp("logs") / "new" / "run", POINTS, RUN)


@pytest.fixture(scope="module")
def events(folder):
    """Return what TensorBoard reads from the files."""
    return EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()


@pytest.fixture(scope="module")
def board(folder, tmp_path_factory):
    """Serve the events on loopback, and return a function that asks the server for JSON."""
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


def is_the_run(rows, name):
    """Return whether (time, step, value) of every row are those of the trajectory, rounded to float32."""
    _, steps, values = zip(*rows, strict=True)
    return list(steps) == RUN.step.tolist() and np.array_equal(values, getattr(RUN, name).astype(np.float32))


@pytest.mark.parametrize(("tag", "name"), TAGS.items())
def test_it_reads_the_trajectory_rounded_to_float32(events, tag, name):
    assert is_the_run([(row.wall_time, row.step, row.value) for row in events.Scalars(tag)], name)


def test_it_reads_the_learning_rate(events):
    assert {row.value for row in events.Scalars("learning_rate")} == {float(np.float32(0.01))}


def test_it_reads_the_graph_that_trains(events):
    assert_trains(str(events.Graph()))


def assert_trains(graph):
    for node in ("GradientDescent", "x_data", "y_data", "Square", "while"):
        assert f'name: "{node}' in graph


@pytest.mark.slow  # the server loads TensorFlow anew
@pytest.mark.parametrize(("tag", "name"), TAGS.items())
def test_it_serves_the_trajectory_rounded_to_float32(board, tag, name):
    assert is_the_run(json.loads(board("plugin/scalars/scalars", run=".", tag=tag)), name)


@pytest.mark.slow
def test_it_serves_the_learning_rate_and_the_graph_that_trains(board):
    rows = json.loads(board("plugin/scalars/scalars", run=".", tag="learning_rate"))
    assert {value for *_, value in rows} == {float(np.float32(0.01))}
    assert_trains(board("plugin/graphs/graph", run="."))


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
