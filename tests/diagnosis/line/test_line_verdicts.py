"""Wrong never passes, right is never accused: variants, and generated gradients and updates, counted."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from support.generated_lines import faulty_gradient, odd_call
from support.line_variants import RIGHT, RIGHT_UPDATES, WRONG, WRONG_UPDATES, plain, update_of
from support.right_forms import right_gradient

import tf_gd
from tf_gd.diagnosis.line.conventions import role_of

HARD = ("sympy", "fractions", "mpmath", "Decimal", "needs Decimal")  # slow to compute


def every(names: Iterable[str], step: int, offset: int = 0) -> list[Any]:
    """Return all names, of which all but every step-th are slow tests."""
    return [
        pytest.param(name, marks=() if index % step == offset and name not in HARD[:1] else pytest.mark.slow)
        for index, name in enumerate(names)
    ]


@pytest.mark.parametrize("name", every(WRONG, 4))
def test_a_gradient_that_is_wrong_on_few_inputs_is_wrong(name: str) -> None:
    check = tf_gd.check_line_gradient(WRONG[name]())
    assert check.verdict == "wrong", str(check)
    assert len(check.diagnosis) >= 1


@pytest.mark.parametrize("name", every(WRONG_UPDATES, 3))
def test_an_update_that_is_wrong_on_few_inputs_is_wrong(name: str) -> None:
    assert tf_gd.check_update(WRONG_UPDATES[name]()).verdict == "wrong"


@pytest.mark.parametrize("name", every(RIGHT, 3))
def test_a_right_gradient_in_an_odd_form_is_right(name: str) -> None:
    check = tf_gd.check_line_gradient(RIGHT[name])
    assert check.verdict == "right", str(check)
    assert "data sets" in str(check)
    assert "questions" in str(check)


@pytest.mark.parametrize("name", every(RIGHT_UPDATES, 2))
def test_a_right_update_in_an_odd_form_is_right(name: str) -> None:
    check = tf_gd.check_update(RIGHT_UPDATES[name])
    assert check.verdict == "right", str(check)


BLOCKS = [0, *(pytest.param(block, marks=pytest.mark.slow) for block in range(1, 50))]


@pytest.mark.parametrize("block", BLOCKS)
def test_generated_subtle_faults_are_caught(block: int) -> None:
    """A thousand gradients, each wrong on few inputs only."""
    seeds = range(20 * block, 20 * (block + 1))
    missed = [seed for seed in seeds if tf_gd.check_line_gradient(*_given(faulty_gradient(seed))).verdict == "right"]
    print(f"{len(seeds) - len(missed)} of {len(seeds)} caught; missed: {missed}")
    assert not missed


@pytest.mark.parametrize("block", BLOCKS)
def test_generated_right_ones_are_not_accused(block: int) -> None:
    """A thousand right gradients and updates, in odd forms, with other names and orders, under whatever loss."""
    accused = []
    for seed in range(20 * block, 20 * (block + 1)):
        if seed % 2:
            check = tf_gd.check_line_gradient(*_given(odd_call(seed)))
        else:
            function, reduction = odd_call(seed, with_rate=True)
            check = tf_gd.check_update(function, reduction=reduction)
        if not check.ok:
            accused.append((seed, str(check)))
    print(f"{len(accused)} of 20 accused")
    assert not accused


def _given(pair: tuple[Callable[..., Any], str]) -> tuple[Any, ...]:
    return pair[0], None, None, pair[1]


@pytest.mark.parametrize(("loss", "factor"), [("sum", 2), ("half_sum", 1)])
@pytest.mark.parametrize("mean", [False, True])
def test_the_loss_is_found_or_said(loss: str, factor: int, mean: bool) -> None:
    def gradient(m, c, x, y):
        e = m * x + c - y
        n = len(x) if mean else 1
        return factor * np.sum(e * x) / n, factor * np.sum(e) / n

    name: Any = loss.replace("sum", "mean") if mean else loss
    found = tf_gd.check_line_gradient(gradient, reduction=None)
    assert (found.verdict, found.loss) == ("right", name)
    assert tf_gd.check_line_gradient(gradient, reduction=name).ok
    assert tf_gd.check_update(update_of(gradient), reduction=None).loss == name
    strict = tf_gd.check_line_gradient(gradient)
    assert strict.ok == (name == "sum")
    if not strict.ok:
        assert f'reduction="{name}"' in strict.diagnosis[0][1]


def test_under_the_halved_mean_names_are_those_of_the_mean() -> None:
    def gradient(m, c, x, y):
        e = m * x + c - y
        return np.sum(e * x) / len(x), np.sum(e) / len(x)

    twice = tf_gd.check_line_gradient(lambda m, c, x, y: [g / len(x) for g in gradient(m, c, x, y)], None, None, None)
    assert [name for name, _ in twice.diagnosis] == ["mean-instead-of-sum"]
    update = tf_gd.check_update(lambda m, c, x, y, a: _moved_twice(gradient, m, c, x, y, a), reduction=None)
    assert ([name for name, _ in update.diagnosis], update.loss) == (["intercept-moved-twice"], "half_mean")
    undivided = tf_gd.check_line_gradient(
        lambda m, c, x, y: (gradient(m, c, x, y)[0], np.sum(m * x + c - y)), reduction=None
    )
    assert ([name for name, _ in undivided.diagnosis], undivided.loss) == (["sum-instead-of-mean"], "half_mean")


def _moved_twice(gradient: Any, m: Any, c: Any, x: Any, y: Any, rate: Any) -> Any:
    dm, dc = gradient(m, c, x, y)
    return m - rate * dm, c - rate * dc - rate * dc


def test_how_it_was_called_is_said() -> None:
    check = tf_gd.check_line_gradient(RIGHT["unknown names"])
    assert dict(check.remarks)["called-as"].startswith("Called as gradient(p1, p2, p3, p4), with p1 for x")
    outright = tf_gd.check_line_gradient(RIGHT["unknown names"], call="gradient(x, y, m, c)")
    assert outright.ok
    wrong = tf_gd.check_line_gradient(RIGHT["unknown names"], call="gradient(m, c, x, y)")
    assert not wrong.ok


def test_what_cannot_be_called_is_not_wrong() -> None:
    check = tf_gd.check_line_gradient(lambda m, c: (m, c))
    assert (check.verdict, check.compared) == ("cannot-tell", False)
    assert tf_gd.check_line_gradient(plain).remarks == []


def test_refusing_points_that_determine_no_line_is_a_remark() -> None:
    remarks = dict(tf_gd.check_line_gradient(RIGHT["refuses few"]).remarks)
    assert "one point" in remarks["refuses"]
    assert "overflows" in dict(tf_gd.check_line_gradient(RIGHT["float16 kept"]).remarks)


def test_what_is_rare_is_said_in_words() -> None:
    message = tf_gd.check_line_gradient(WRONG["max(c, 0)"]()).diagnosis[0][1]
    assert "wherever c is negative" in message
    assert "On x=[2], y=[5], at m=2, c=-3, your dL/dm is -4, the right one -16." in message


@pytest.mark.parametrize(
    ("name", "role"),
    [
        *[("x_train", "x"), ("yData", "y"), ("b_current", "c"), ("learningRate", "rate"), ("theta1", "m")],
        *[("W", "m"), ("foo", ""), ("l_rate", "rate"), ("X", "x"), ("points", "table"), ("theta", "theta")],
    ],
)
def test_what_a_name_says(name: str, role: str) -> None:
    assert role_of(name) == role


def test_the_right_forms_of_before_are_right_too() -> None:
    for seed in range(1000, 1010):
        gradient, reduction = right_gradient(seed)
        assert tf_gd.check_line_gradient(gradient, reduction=reduction).ok
