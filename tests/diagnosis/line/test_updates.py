"""Planted mistakes in an update are named; right updates draw no alarm."""

import re
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from support.right_forms import right_gradient

import tf_gd
from tf_gd.diagnosis.line.asking import UNITS
from tf_gd.diagnosis.line.line_check import UPDATES
from tf_gd.diagnosis.line.matching import ROUNDINGS
from tf_gd.diagnosis.line.probes import points_for, probes
from tf_gd.diagnosis.line.updates import RATES, STEPS, Fraction, UpdateQuestion, on_paper

Update = Callable[..., Any]
REDUCTIONS = ("sum", "mean")


def planted(reduction: str) -> dict[str, Update]:
    """The mistakes as a learner writes them."""

    def g(m, c, x, y):
        e = m * x + c - y
        n = len(x) if reduction == "mean" else 1
        return 2 * np.sum(e * x) / n, 2 * np.sum(e) / n

    def sequential_m_first(m, c, x, y, learning_rate):
        m = m - learning_rate * g(m, c, x, y)[0]
        c = c - learning_rate * g(m, c, x, y)[1]
        return m, c

    def sequential_c_first(m, c, x, y, learning_rate):
        c -= learning_rate * g(m, c, x, y)[1]
        m -= learning_rate * g(m, c, x, y)[0]
        return m, c

    def of(change: Callable[..., Any]) -> Update:
        return lambda m, c, x, y, a: change(m, c, *g(m, c, x, y), a, len(x))

    return {
        "sequential-m-first": sequential_m_first,
        "sequential-c-first": sequential_c_first,
        "ascent": of(lambda m, c, dm, dc, a, n: (m + a * dm, c + a * dc)),
        "rate-applied-twice": of(lambda m, c, dm, dc, a, n: (m - a * (a * dm), c - a * (a * dc))),
        "rate-divided-by-n": of(lambda m, c, dm, dc, a, n: (m - a / n * dm, c - a / n * dc)),
        "only-m": of(lambda m, c, dm, dc, a, n: (m - a * dm, c)),
        "only-c": of(lambda m, c, dm, dc, a, n: (m, c - a * dc)),
        "unchanged": of(lambda m, c, dm, dc, a, n: (m, c)),
        "returns-the-gradient": of(lambda m, c, dm, dc, a, n: (dm, dc)),
        "returns-the-change": of(lambda m, c, dm, dc, a, n: (-a * dm, -a * dc)),
        "rate-missing": of(lambda m, c, dm, dc, a, n: (m - dm, c - dc)),
        "intercept-moved-twice": of(lambda m, c, dm, dc, a, n: (m - a * dm, c - a * dc - a * dc)),
        "step-from-the-other-parameter": of(lambda m, c, dm, dc, a, n: (c - a * dm, c - a * dc)),
        "swapped-return": of(lambda m, c, dm, dc, a, n: (c - a * dc, m - a * dm)),
    }


def in_dtype(update: Update, dtype: str) -> Update:
    cast = np.dtype(dtype).type
    return lambda m, c, x, y, a: update(cast(m), cast(c), x.astype(dtype), y.astype(dtype), cast(a))


def rounding_the_rate(update: Update) -> Update:
    return lambda m, c, x, y, a: update(m, c, x, y, float(np.float32(a)))


def names(check: tf_gd.GradientCheck) -> list[str]:
    return [name for name, _ in check.diagnosis]


CONTAINERS: list[Callable[[Any], Any]] = [tuple, list, np.array, lambda pair: tf_gd.Line(*pair)]


def test_every_entry_is_planted() -> None:
    assert planted("sum").keys() == {entry.name for entry in UPDATES}


@pytest.mark.corpus(6)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", [entry.name for entry in UPDATES])
def test_a_planted_mistake_is_named_alone(name: str, reduction: Any) -> None:
    update = planted(reduction)[name]
    variants = (update, in_dtype(update, "float64"), in_dtype(update, "float32"), rounding_the_rate(update))
    for number, variant in enumerate(variants):
        for container in CONTAINERS[number % len(CONTAINERS) :][:1]:

            def returning(m, c, x, y, learning_rate, variant=variant, container=container):
                return container(variant(m, c, x, y, learning_rate))

            check = tf_gd.check_update(returning, reduction=reduction)
            assert (check.ok, names(check)) == (False, [name])
            assert name in str(check)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_no_two_mistakes_look_alike_on_our_points(reduction: Any) -> None:
    """For any two, and the right one, some answer differs by more than float32's bound."""
    points = points_for(None, None)
    questions = [UpdateQuestion(probe, Fraction(rate)) for rate in RATES for probe in probes(points, reduction)]
    forms = [("right", on_paper)] + [(entry.name, entry.formula) for entry in UPDATES]
    answers = [(name, [term for question in questions for term in form(question)]) for name, form in forms]
    bound = 2 * STEPS * (points.n + ROUNDINGS) * UNITS["float32"]
    for (name, terms), (other_name, others) in combinations(answers, 2):
        pairs = zip(terms, others, strict=True)
        assert any(abs(a.value - b.value) > bound * (a.size + b.size) for a, b in pairs), (name, other_name)


def from_gradient(gradient: Callable[..., Any], rate: Callable[[Any], Any]) -> Update:
    def update(m, c, x, y, learning_rate):
        dm, dc = (np.asarray(value).reshape(())[()] for value in gradient(m, c, x, y))
        return m - rate(learning_rate) * dm, c - rate(learning_rate) * dc

    return update


@pytest.mark.parametrize("block", [0, *(pytest.param(block, marks=pytest.mark.slow) for block in range(1, 20))])
def test_right_updates_draw_no_alarm(block: int) -> None:
    """As TensorFlow does it: nothing to say. On paper: the remark, and right all the same."""
    for seed in range(10 * block, 10 * (block + 1)):
        gradient, reduction = right_gradient(seed)
        as_tensorflow = tf_gd.check_update(from_gradient(gradient, np.float32), reduction=reduction)
        on_paper = tf_gd.check_update(from_gradient(gradient, float), reduction=reduction)
        assert (as_tensorflow.ok, as_tensorflow.diagnosis) == (True, [])
        assert (on_paper.ok, [name for name, _ in on_paper.remarks]) == (True, ["float64-learning-rate"])
        narrow = tf_gd.check_update(in_dtype(from_gradient(gradient, float), "float32"), reduction=reduction)
        assert (narrow.ok, narrow.diagnosis) == (True, [])


def test_the_package_itself_does_as_tensorflow_does() -> None:
    def update(m, c, x, y, learning_rate):
        line = tf_gd.Line(m, c)
        return tf_gd.update(line, tf_gd.gradient(line, x, y), learning_rate)

    check = tf_gd.check_update(update)
    assert (check.ok, check.diagnosis) == (True, [])


def test_tensorflows_own_optimizer_is_right_without_a_remark() -> None:
    import tensorflow as tf

    def update(m, c, x, y, learning_rate):
        variables = [tf.Variable(m, dtype=tf.float64), tf.Variable(c, dtype=tf.float64)]
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(variables[0] * x + variables[1] - y))
        gradients = tape.gradient(loss, variables)
        optimizer = tf.compat.v1.train.GradientDescentOptimizer(learning_rate)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return [variable.numpy() for variable in variables]

    check = tf_gd.check_update(update)
    assert (check.ok, check.diagnosis) == (True, [])


def test_the_remark_is_in_the_report() -> None:
    check = tf_gd.check_update(from_gradient(right_gradient(1)[0], float), reduction=right_gradient(1)[1])
    assert check
    assert str(check).startswith("RIGHT")
    assert "float64-learning-rate" in str(check)
    assert "0.10000000149011612" in check.remarks[0][1]


def wrong_gradient(m, c, x, y):
    e = m * x + c - y
    return np.sum(e * x), np.sum(e)


def test_a_mistake_in_the_updates_gradient_is_named() -> None:
    check = tf_gd.check_update(from_gradient(wrong_gradient, float))
    assert names(check) == ["missing-factor-2"]
    assert "right but for its gradient" in check.diagnosis[0][1]


def test_two_mistakes_at_once_are_both_named() -> None:
    def update(m, c, x, y, learning_rate):
        m = m - learning_rate * wrong_gradient(m, c, x, y)[0]
        return m, c - learning_rate * wrong_gradient(m, c, x, y)[1]

    assert names(tf_gd.check_update(update)) == ["sequential-m-first", "missing-factor-2"]


def test_a_mean_is_right_when_the_loss_is_the_mean() -> None:
    def update(m, c, x, y, learning_rate):
        e = m * x + c - y
        return m - learning_rate * np.mean(2 * e * x), c - learning_rate * np.mean(2 * e)

    assert names(tf_gd.check_update(update)) == ["rate-divided-by-n"]
    assert "reduction=" in tf_gd.check_update(update).diagnosis[0][1]
    assert tf_gd.check_update(update, reduction="mean").ok


@pytest.mark.parametrize("loss", ["sum", "mean", "half_sum", "half_mean"])
def test_the_advice_on_a_division_too_many_works(loss: Any) -> None:
    def update(m, c, x, y, learning_rate, power=2):
        e = m * x + c - y
        scale = 1 / len(x) ** (power - 1) / (1 if loss.endswith("sum") else len(x)) / (2 if "half" in loss else 1)
        return m - learning_rate * scale * np.sum(2 * e * x), c - learning_rate * scale * np.sum(2 * e)

    (name, message), *_ = tf_gd.check_update(update, reduction=loss).diagnosis
    assert name == "rate-divided-by-n"
    assert "Remove one division by n." in message
    assert tf_gd.check_update(lambda *given: update(*given, power=1), reduction=loss).ok
    other = re.search(r'reduction="(\w+)"', message)
    assert (other is not None) == loss.endswith("sum")
    assert other is None or tf_gd.check_update(update, reduction=other[1]).ok


@pytest.mark.corpus(2)
@pytest.mark.parametrize(
    ("factors", "diagnosis"),
    [
        ((3, 1), [("unlisted-factor", "The dL/dm by which m moves is 3 times what")]),
        ((1, 1 / 3), [("unlisted-factor", "The dL/dc by which c moves is 1/3 times what")]),
        ((1 + 1e-4, 1), [("unlisted-factor", "The dL/dm by which m moves is 1.0001 times what")]),
        ((1, 1 + 1e-9), [("unlisted-factor", "The dL/dc by which c moves is 1.000000001")]),
    ],
)
def test_other_factors_are_told(factors: tuple[float, float], diagnosis: list[tuple[str, str]]) -> None:
    def update(m, c, x, y, learning_rate):
        e = m * x + c - y
        dm, dc = 2 * np.sum(e * x), 2 * np.sum(e)
        return m - factors[0] * learning_rate * dm, c - factors[1] * learning_rate * dc

    check = tf_gd.check_update(update)
    assert not check.ok
    assert names(check) == [name for name, _ in diagnosis]
    assert diagnosis[0][1] in check.diagnosis[0][1]


@pytest.mark.parametrize("change", ["x", "y"])
def test_a_change_of_the_callers_arrays_is_named(change: str) -> None:
    def update(m, c, x, y, learning_rate):
        changed = x if change == "x" else y
        changed *= 1.5
        return m, c

    check = tf_gd.check_update(update)
    assert names(check) == ["in-place"]
    assert f"the caller's {change} in place" in check.diagnosis[0][1]


@pytest.mark.parametrize(
    ("update", "name"),
    [
        (lambda m, c, x, y: (m, c), "wrong-arguments"),
        (lambda m, c, x, y, a: None, "returns-nothing"),
        (lambda m, c, x, y, a: (m - x, c), "wrong-shape"),
        (lambda m, c, x, y, a: m, "wrong-shape"),
        (lambda m, c, x, y, a: 1 // 0, "raises"),
        (lambda m, c, x, y, a: (float("inf"), c), "not-finite"),
    ],
)
def test_an_update_that_misbehaves_gets_one_clear_finding(update: Any, name: str) -> None:
    check = tf_gd.check_update(update)
    assert not check.ok
    assert names(check) == [name]


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="`update` must be a function"):
        tf_gd.check_update(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="`reduction` must be"):
        tf_gd.check_update(lambda m, c, x, y, a: (m, c), reduction="max")  # type: ignore[arg-type]
