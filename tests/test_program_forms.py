"""Programs of other forms than the default one, written against TensorFlow itself: every bit of m and c by hand."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import tf1_programs

import tf_gd
from tf_gd.descent import regroups
from tf_gd.loading import load_tensorflow


def program(
    x: Any, y: Any, *, reduction: str = "sum", constants: bool = False, intercept: bool = True, **how: Any
) -> Any:
    """Return m and c after each step of a TensorFlow 1 program, which is built without this package's graph."""
    tf = load_tensorflow()
    v1, kind = tf.compat.v1, x.dtype.type
    batches, rates, start = how.get("batches"), how["rates"], how.get("start", (0.0, 0.0))
    with tf.Graph().as_default(), v1.Session() as session:
        m, c = (v1.Variable(kind(value)) for value in start)
        fed = [v1.placeholder(x.dtype, [None]) for _ in "xy"]
        rate = v1.placeholder(np.asarray(rates[0]).dtype, [])
        left, right = (x, y) if constants else fed
        squares = tf.square((m * left + c if intercept else m * left) - right)
        n = len(x)
        loss = {
            "sum": lambda: tf.reduce_sum(squares),
            "mean": lambda: tf.reduce_mean(squares),
            "half_sum": lambda: tf.reduce_sum(squares) / 2,
            "half_mean": lambda: tf.reduce_mean(squares) / 2,
            "sum / 2n": lambda: tf.reduce_sum(squares) / (2 * n),
        }[reduction]()
        step = v1.train.GradientDescentOptimizer(rate).minimize(loss, var_list=[m, c] if intercept else [m])
        session.run(v1.global_variables_initializer())
        states = []
        for k, value in enumerate(rates):
            chosen = np.arange(n) if batches is None else batches[k % len(batches)]
            session.run(step, {rate: value} | dict(zip(fed, (x[chosen], y[chosen]), strict=True)))
            states.append(session.run([m, c]))
    return np.array(states)


def points(n: int, dtype: str) -> tuple[Any, Any]:
    draw = np.random.default_rng(n).normal
    x = draw(size=n).astype(dtype)
    return x, (3 * x - 2 + draw(size=n)).astype(dtype)


def loss_arguments(reduction: str, n: int) -> dict[str, Any]:
    return {"loss_scale": 1 / (2 * n)} if reduction == "sum / 2n" else {"reduction": reduction}


def states(path: tf_gd.Trajectory) -> Any:
    return np.stack([path.m[1:], path.c[1:]], axis=1)


@pytest.mark.corpus(5)
@pytest.mark.bits
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("reduction", ["sum", "mean", "half_sum", "half_mean", "sum / 2n"])
@pytest.mark.parametrize("constants", [False, True])
def test_five_losses_fed_and_constant(dtype: str, reduction: str, constants: bool) -> None:
    for n in (8, 23):
        x, y = points(n, dtype)
        rates = [np.float32(0.1 / (n if reduction in ("sum", "half_sum") else 1))] * 12
        theirs = program(x, y, reduction=reduction, constants=constants, rates=rates)
        how = {"learning_rate": rates[0], "num_steps": 12, "dtype": dtype, "constants": constants}
        path = tf_gd.train(x, y, engine="manual", **how, **loss_arguments(reduction, n))
        assert states(path).tobytes() == theirs.tobytes()


@pytest.mark.bits
@pytest.mark.parametrize("threads", [pytest.param(number, marks=pytest.mark.slow) for number in (1, 2, 4, 8)])
def test_96_programs_of_other_authors(threads: int) -> None:
    """Each in a process of its own, which fixes its number of threads."""
    command = [sys.executable, str(Path(tf1_programs.__file__)), str(threads)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout.splitlines()[-1]
    assert json.loads(told) == {"programs": 96, "different": []}


@pytest.mark.corpus(6)
@pytest.mark.bits
@pytest.mark.parametrize("number", range(16))
def test_a_program_of_another_author(number: int) -> None:
    """A short one, which is added in one go with any number of threads."""
    assert tf1_programs.sweep([23], ["float32"], number) == {"programs": 1, "different": []}


@pytest.mark.corpus(5)
@pytest.mark.bits
@pytest.mark.parametrize("engine", ["manual", "tensorflow"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("kind", ["one", "five", "drawn", "all"])
def test_batches_rates_and_no_intercept(kind: str, intercept: bool, engine: Any) -> None:
    dtype = "float32" if (engine == "manual") == intercept else "float64"  # each engine and each line with both
    x, y = points(23, dtype)
    rng = np.random.default_rng(21)
    drawn = [rng.integers(0, 23, 5) for _ in range(9)]
    batches, said = {
        "one": ([np.array([i]) for i in range(23)], 1),
        "five": ([np.arange(i, min(i + 5, 23)) for i in range(0, 23, 5)], 5),
        "drawn": (drawn, drawn),
        "all": (None, None),
    }[kind]
    rates = np.array([0.05 * 0.9 ** (k // 4) for k in range(30)], dtype)
    theirs = program(x, y, reduction="sum / 2n", batches=batches, rates=rates, intercept=intercept)
    how = {"learning_rate": rates, "num_steps": 30, "loss_scale": 1 / 46, "dtype": dtype}
    path = tf_gd.train(x, y, engine=engine, batches=said, intercept=intercept, **how)
    assert states(path).tobytes() == theirs.tobytes()


def test_the_check_finds_both_twins_the_same() -> None:
    x, y = points(23, "float64")
    for form in ({"constants": True}, {"batches": 5}, {"intercept": False}):
        steps = {"num_steps": 40, "learning_rate": 0.01}
        comparison = tf_gd.check(x, y, **steps, **form)
        assert comparison.identical, form
        assert "IDENTICAL" in str(comparison)


def test_the_residual_of_constants_is_regrouped_here() -> None:
    assert regroups(8, "float32") is True
    assert regroups(23, "float64") is True


def test_a_regrouped_residual_has_other_bits() -> None:
    x, y = points(23, "float32")
    how = {"learning_rate": 0.01, "num_steps": 30, "engine": "manual", "dtype": "float32"}
    assert tf_gd.train(x, y, constants=True, **how).m.tobytes() != tf_gd.train(x, y, **how).m.tobytes()


def test_schedules_are_evaluated_by_tensorflow() -> None:
    tf = load_tensorflow()
    x, y = points(8, "float32")
    how = {"num_steps": 25, "dtype": "float32", "engine": "manual", "reduction": "mean"}

    def decay(step: Any) -> Any:
        return tf.compat.v1.train.exponential_decay(0.1, step, 5, 0.8)

    keras = tf.keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.8)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        values = [session.run(decay(tf.constant(k, tf.int64))) for k in range(25)]
    by_values = tf_gd.train(x, y, learning_rate=np.array(values), **how)
    for schedule in (decay, keras):
        assert tf_gd.train(x, y, learning_rate=schedule, **how).m.tobytes() == by_values.m.tobytes()
    halves = tf_gd.train(x, y, learning_rate=lambda step: 0.1 / (1 + step), **how)
    assert halves.learning_rate == float(np.float32(0.1))


def test_a_callable_is_called_once() -> None:
    calls: list[float] = []

    def rate() -> float:
        calls.append(0.1 / (1 + len(calls)))
        return calls[-1]

    x, y = points(8, "float64")
    assert tf_gd.check(x, y, learning_rate=rate, num_steps=5, reduction="mean").identical
    assert len(calls) == 1


def test_the_line_through_the_origin_is_nists() -> None:
    for name, slope in (("noint1", 2.07438016528926), ("noint2", 0.727272727272727)):
        x, y = tf_gd.sample(name)
        path = tf_gd.train(x, y, intercept=False, engine="manual")
        assert path.outcome is tf_gd.Outcome.CONVERGED
        assert float(path.line.c) == 0.0
        assert f"{path.line.m:.13g}" == f"{slope:.13g}"
        assert f"{tf_gd.least_squares(x, y, intercept=False).m:.14g}" == f"{slope:.14g}"
        jumped = tf_gd.train(x, y, intercept=False, engine="moments", num_steps=10**12, record_every=10**11)
        assert f"{jumped.line.m:.13g}" == f"{slope:.13g}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batches": 9}, "`batches` must be a size from 1 to 8"),
        ({"batches": 0}, "`batches` must be a size from 1 to 8"),
        ({"batches": []}, "at least one index array"),
        ({"batches": [[]]}, r"`batches\[0\]` must be an array of at least one index"),
        ({"batches": [[0], [8]]}, r"`batches\[1\]` must be indices from 0 to 7. Got 8"),
        ({"batches": [[-1]]}, "indices from 0 to 7. Got -1"),
        ({"batches": [[0.5]]}, "whole numbers"),
        ({"batches": [0, 1]}, r"Write \[\[0\], \[3\]\]"),
        ({"batches": "all"}, "a size, or a list of index arrays"),
        ({"batches": 2, "num_steps": None}, "`num_steps` must be given"),
        ({"batches": 2, "tolerance": 1e-3}, "`tolerance` must be None with `batches`"),
        ({"batches": 2, "engine": "moments"}, "engine"),
        ({"batches": 2, "constants": True}, "`constants` must be False with batches"),
        ({"constants": 1}, "`constants` must be True or False"),
        ({"intercept": "no"}, "`intercept` must be True or False"),
        ({"learning_rate": [0.1, 0.1]}, "one for each of the 5 steps. Got '2 rates'"),
        (
            {"learning_rate": [0.1, float("nan"), 0.1, 0.1, 0.1]},
            r"`learning_rate\[1\]` must be a finite number, 0 or above",
        ),
        ({"learning_rate": [0.01] * 5, "engine": "moments"}, "one rate"),
    ],
)
def test_bad_input_is_one_line(arguments: dict[str, Any], message: str) -> None:
    x, y = points(8, "float64")
    how = {"learning_rate": 0.01, "num_steps": 5, "engine": "manual"} | arguments
    with pytest.raises(tf_gd.InvalidArgumentError, match=message) as raised:
        tf_gd.train(x, y, **how)
    assert "\n" not in str(raised.value)


def test_a_session_of_somebodys_own() -> None:
    tf = load_tensorflow()
    v1 = tf.compat.v1
    x, y = points(101, "float32")
    for right in (True, False):
        with tf.Graph().as_default(), v1.Session() as session:
            m, c = v1.Variable([np.float32(0.2)]), v1.Variable([np.float32(-0.4)])
            loss = tf.reduce_mean(tf.square(m * x + c - y))
            optimizer = v1.train.GradientDescentOptimizer(0.05)
            step = optimizer.minimize(loss if right else loss + 0.001 * tf.reduce_sum(m**2))
            session.run(v1.global_variables_initializer())
            check = tf_gd.check_session(session, step, m=m, c=c, x=x, y=y, steps=60)
        assert check.ok is right
        assert check.steps == 60
        assert ("The same bits in all 60 steps" if right else "is the first that differs: m by") in str(check)
        assert check.constants or not right
        assert check.reduction == "mean"
        assert check.learning_rate == float(np.float32(0.05))


def test_a_schedule_may_end_at_a_rate_of_0_and_a_start_may_be_arrays_of_one() -> None:
    x, y = points(8, "float64")
    comparison = tf_gd.check(x, y, learning_rate=[0.01, 0.005, 0.0], num_steps=3, start=([1.0], np.array([2.0])))
    assert comparison.identical
    assert comparison.manual.m[0] == 1.0
    assert comparison.manual.m[2] == comparison.manual.m[3]


def test_check_session_wants_a_session_and_what_is_in_its_graph() -> None:
    x, y = points(8, "float64")
    with pytest.raises(tf_gd.InvalidArgumentError, match="`session` must be a `tf.compat.v1.Session`"):
        tf_gd.check_session(None, None, m=None, c=None, x=x, y=y)
