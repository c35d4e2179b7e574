"""A training session on disk: the same bits however often it stops, and no going on with anything else."""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tf_gd.descent import run
from tf_gd.errors import InvalidArgumentError, SessionError
from tf_gd.loading import load_tensorflow
from tf_gd.moments.moments import Moments
from tf_gd.problem import Problem
from tf_gd.session import Interrupted, train_in
from tf_gd.summation.order import Order, usable_cores
from tf_gd.trajectory import SERIES

ENGINES = ("tensorflow", "manual", "moments")
X = np.random.default_rng(7).normal(3.0, 2.0, 37)
Y = 2.0 * X - 1.0 + np.random.default_rng(8).normal(0.0, 0.3, 37)


def problem_of(**changes):
    asked = {"learning_rate": np.float64(0.001), "num_steps": 230, "start": (0.5, -0.25)}
    return Problem.of(X, Y, **(asked | changes))


def bits(path):
    """Everything that a trajectory says, to the bit."""
    series = tuple(getattr(path, name).tobytes() for name in ("step", *SERIES))
    return series, path.outcome, path.message, path.learning_rate, path.m.dtype


class Stop(Exception):
    """Raised in a callback, as a caller's own mistake would be."""


def stop_at(step):
    def on_progress(done, num_steps):
        if done >= step:
            raise Stop

    return on_progress


def interrupt_at(step, signum=signal.SIGINT):
    def on_progress(done, num_steps):
        if done >= step:
            signal.raise_signal(signum)

    return on_progress


@pytest.mark.corpus(4)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_a_session_gives_the_bits_of_a_run_without_one(engine, dtype, tmp_path):
    problem = problem_of(dtype=dtype, reduction="mean", learning_rate="auto", record_every=7)
    assert bits(train_in(tmp_path, problem, engine, checkpoint_steps=50)) == bits(run(problem, engine))


@pytest.mark.corpus(4)
@pytest.mark.parametrize(("engine", "every"), [("tensorflow", 7), *product(("manual", "moments"), (1, 7, 1000))])
def test_more_steps_in_three_goes_are_the_steps_of_one(engine, every, tmp_path):
    problem = problem_of(record_every=every)
    for num_steps in (0, 60, 61, 61, 230):
        path = train_in(tmp_path, replace(problem, num_steps=num_steps), engine, resume=True, checkpoint_steps=13)
        assert bits(path) == bits(run(replace(problem, num_steps=num_steps), engine))


@pytest.mark.parametrize("engine", ENGINES)
def test_an_interrupted_run_goes_on_to_the_same_bits(engine, tmp_path):
    problem = problem_of()
    for step in (1, 50, 120):
        with pytest.raises(Interrupted):
            train_in(tmp_path, problem, engine, resume=True, checkpoint_steps=10, on_progress=interrupt_at(step))
    assert bits(train_in(tmp_path, problem, engine, resume=True)) == bits(run(problem, engine))


@pytest.mark.parametrize("engine", ["tensorflow", "manual"])
def test_the_classic_loop_one_run_a_step_resumes_too(engine, tmp_path):
    problem = problem_of(num_steps=40, steps_per_run=1)
    train_in(tmp_path, replace(problem, num_steps=11), engine)
    assert bits(train_in(tmp_path, problem, engine, resume=True)) == bits(run(problem, engine))


@pytest.mark.corpus(3)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rate", [np.float64(0.01), np.float64(1e6)])
def test_a_divergent_run_ends_where_it_ended_before(engine, rate, tmp_path):
    problem = problem_of(learning_rate=rate, num_steps=5000)
    whole = run(problem, engine)
    train_in(tmp_path, replace(problem, num_steps=10), engine)
    for _ in range(2):
        assert bits(train_in(tmp_path, problem, engine, resume=True, checkpoint_steps=50)) == bits(whole)
    assert not np.isfinite(whole.loss[-1])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_tolerance_stops_a_session_where_it_stops_a_run(engine, tmp_path):
    problem = problem_of(num_steps=100_000, tolerance=1e-2)
    assert bits(train_in(tmp_path, problem, engine, checkpoint_steps=9)) == bits(run(problem, engine))
    finer = replace(problem, tolerance=1e-6)
    assert bits(train_in(tmp_path, finer, engine, resume=True)) == bits(run(finer, engine))
    with pytest.raises(SessionError, match=r"^`tolerance` must be at most 1e-06, .* Got 0\.01\. "):
        train_in(tmp_path, problem, engine, resume=True)


def test_moments_without_points_have_sessions_too(tmp_path):
    problem = Problem.of(Moments.of(X, Y), learning_rate="auto", num_steps=10**12, record_every=10**10)
    train_in(tmp_path, replace(problem, num_steps=10**11 + 1), "moments")
    assert bits(train_in(tmp_path, problem, "moments", resume=True)) == bits(run(problem, "moments"))
    with pytest.raises(InvalidArgumentError, match="engine"):
        train_in(tmp_path / "new", problem, "manual")
    assert not (tmp_path / "new").exists()


def test_tensorflow_alone_reads_the_checkpoint(tmp_path):
    path = train_in(tmp_path, problem_of(), "tensorflow", checkpoint_steps=100)
    reader = load_tensorflow().train.load_checkpoint(str(tmp_path / "checkpoint-230"))
    m, c, step = (reader.get_tensor(name) for name in ("m", "c", "global_step"))
    assert [m.tobytes(), c.tobytes(), step] == [path.line.m.tobytes(), path.line.c.tobytes(), 230]
    assert [entry.name for entry in tmp_path.glob("checkpoint*")] == ["checkpoint-230"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": 0.001}, r"`learning_rate` must be 0\.001, .* Got 0\.0010000000474974513\."),
        ({"dtype": "float32"}, r"`dtype` must be 'float64', .* Got 'float32'\."),
        ({"loss_scale": 0.5}, r"`loss_scale` must be None, .* Got 0\.5\."),
        ({"reduction": "mean"}, r"`reduction` must be 'sum', .* Got 'mean'\."),
        ({"start": (0.5, 0.25)}, r"`start` must be \[0\.5, -0\.25\], .* Got \[0\.5, 0\.25\]\."),
        ({"record_every": 2}, r"`record_every` must be 1, .* Got 2\."),
        ({"num_steps": 229}, r"`num_steps` must be at least 230, .* Got 229\."),
        ({"tolerance": 1e-3}, r"`tolerance` must be None, .* Got 0\.001\."),
    ],
)
def test_going_on_with_something_else_is_refused_with_both_values(changes, message, tmp_path):
    train_in(tmp_path, problem_of(), "manual")
    before = (tmp_path / "session.json").read_bytes()
    with pytest.raises(SessionError, match=message):
        train_in(tmp_path, problem_of(**changes), "manual", resume=True)
    assert (tmp_path / "session.json").read_bytes() == before


def test_another_engine_and_other_points_are_refused(tmp_path):
    train_in(tmp_path, problem_of(), "manual")
    with pytest.raises(SessionError, match=r"`engine` must be 'manual', .* Got 'moments'\."):
        train_in(tmp_path, problem_of(), "moments", resume=True)
    other = Y.copy()
    other[3] = np.nextafter(other[3], np.inf)
    problem = Problem.of(X, other, learning_rate=np.float64(0.001), num_steps=230, start=(0.5, -0.25))
    with pytest.raises(SessionError, match=r"`points` must be '37 points, \w{64}', .* Got '37 points, \w{64}'\."):
        train_in(tmp_path, problem, "manual", resume=True)


def test_another_order_of_addition_is_refused(tmp_path):
    """More cores add long vectors in another order: the bits could not be the same."""
    x = np.linspace(0.0, 1.0, 60_001)
    problem = Problem.of(x, x, learning_rate="auto", num_steps=2)
    train_in(tmp_path, replace(problem, order=Order(4, 1), order_is="confirmed"), "manual")
    with pytest.raises(SessionError, match=r"`order` must be 'packets of 4, 1 block', .* Got 'packets of 4, 2 blocks'"):
        train_in(tmp_path, replace(problem, order=Order(4, 2), order_is="confirmed"), "manual", resume=True)


def test_what_is_there_is_never_trained_over(tmp_path):
    (tmp_path / "thesis.tex").write_text("all of it")
    for resume in (False, True):
        with pytest.raises(SessionError, match=r"which holds 'thesis\.tex'"):
            train_in(tmp_path, problem_of(), "manual", resume=resume)
    assert os.listdir(tmp_path) == ["thesis.tex"]
    with pytest.raises(SessionError, match="which is not there"):
        train_in(tmp_path / "mistyped", problem_of(), "manual", resume=True)
    train_in(tmp_path / "deep" / "run", problem_of(), "manual")
    with pytest.raises(SessionError, match=r"which holds a session\. Go on with it with --resume"):
        train_in(tmp_path / "deep" / "run", problem_of(), "manual")


@pytest.mark.parametrize(
    "arguments",
    [{"checkpoint_steps": 0}, {"checkpoint_steps": 1.5}, {"checkpoint_seconds": 0}, {"checkpoint_seconds": np.nan}],
)
def test_nonsense_is_refused_before_anything_is_written(arguments, tmp_path):
    with pytest.raises(InvalidArgumentError, match=next(iter(arguments))):
        train_in(tmp_path / "new", problem_of(), "manual", **arguments)
    with pytest.raises(InvalidArgumentError, match="engine"):
        train_in(tmp_path / "new", problem_of(), "torch")
    assert not (tmp_path / "new").exists()


def test_a_checkpoint_comes_every_so_many_steps_or_seconds(tmp_path, monkeypatch):
    saved = []
    for name, arguments in (
        ("steps", {"checkpoint_steps": 100, "checkpoint_seconds": np.inf}),
        ("seconds", {"checkpoint_seconds": 25}),
    ):
        clock = iter(range(0, 100_000, 10))  # ten seconds a look; every chunk looks once
        monkeypatch.setattr("tf_gd.session.training.monotonic", lambda clock=clock: float(next(clock)))
        train_in(tmp_path / name, problem_of(steps_per_run=20), "manual", **arguments)
        log = (tmp_path / name / "log.txt").read_text()
        saved.append([int(line.split("saved step ")[1].split(":")[0]) for line in log.splitlines() if "saved" in line])
    assert saved == [[100, 200, 230], [60, 120, 180, 230]]


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_says_how_to_go_on(signum, tmp_path):
    before = signal.getsignal(signum)
    where = tmp_path / "my run"
    with pytest.raises(Interrupted, match=r"--session '.*my run' --resume") as stopped:
        train_in(where, problem_of(steps_per_run=20), "manual", on_progress=interrupt_at(60, signum))
    assert stopped.value.exit_code == 128 + signum
    assert signal.getsignal(signum) is before
    assert json.loads((where / "session.json").read_text())["step"] == 60


def test_handlers_are_put_back_and_what_is_ignored_stays_ignored(tmp_path):
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        train_in(tmp_path, problem_of(steps_per_run=20), "manual", on_progress=interrupt_at(60, signal.SIGTERM))
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_in_another_thread_signals_are_left_alone(tmp_path):
    before, seen = signal.getsignal(signal.SIGINT), []

    def look(done, num_steps):
        seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=train_in, args=(tmp_path, problem_of(), "manual"), kwargs={"on_progress": look})
    thread.start()
    thread.join()
    assert set(seen) == {before}


def test_a_callers_own_error_passes_through(tmp_path):
    def fail(done, num_steps):
        raise OSError("mine")

    with pytest.raises(OSError, match="mine"):
        train_in(tmp_path, problem_of(), "manual", on_progress=fail)
    with pytest.raises(Stop):
        train_in(tmp_path, problem_of(), "manual", resume=True, on_progress=stop_at(0))
    assert bits(train_in(tmp_path, problem_of(), "manual", resume=True)) == bits(run(problem_of(), "manual"))


def test_nothing_is_printed(tmp_path, capfd):
    train_in(tmp_path, problem_of(), "tensorflow")
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.skipif(usable_cores() == 1, reason="one core adds in one order")
def test_another_number_of_cores_is_told_with_the_remedy_that_works(tmp_path):
    x = np.random.default_rng(1).normal(size=60_001)
    np.savez(tmp_path / "big.npz", x=x, y=2 * x + 1)
    options = ["big.npz", "--engine", "manual", "--learning-rate", "1e-7", "--quiet", "--session", "run"]

    def train(*more, **environment):  # in a process of its own: where TensorFlow is loaded, its threads decide
        command = [sys.executable, "-m", "tf_gd", "train", *options, *more]
        path = str(Path(__file__).parents[2])
        return subprocess.run(
            command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path, **environment}, capture_output=True, text=True
        )

    assert train("--num-steps", "3", TF_NUM_INTRAOP_THREADS="1").returncode == 0
    refused = train("--num-steps", "6", "--resume")
    assert refused.returncode == 2
    assert "Go on with as many cores as before, set by TF_NUM_INTRAOP_THREADS, or start" in refused.stderr
    assert train("--num-steps", "6", "--resume", TF_NUM_INTRAOP_THREADS="1").returncode == 0
