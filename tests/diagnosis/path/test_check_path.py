"""`check_path`: whose steps are gradient descent, and what is wrong with the others."""

import re
from typing import Any

import numpy as np
import pytest
from support import descents
from support.descents import MISTAKES, SCALES, Descent

import tf_gd

check_path = tf_gd.check_path


def names(findings: list[tuple[str, str]]) -> list[str]:
    return [name for name, _ in findings]


@pytest.mark.parametrize("reduction", SCALES)
def test_right_steps_are_right_under_their_loss(reduction: str) -> None:
    for seed in range(3):
        d = Descent(seed, reduction, n=5 + seed)
        m, c = d.run(descents.right)
        known = check_path(m, c, d.x, d.y, learning_rate=d.rate)
        assert (known.verdict, known.loss, known.ok) == ("right", reduction, True)
        unknown = check_path(list(m), list(c), d.x, d.y)
        assert (unknown.verdict, unknown.loss) == ("right", None)
        strict = check_path(m, c, d.x, d.y, learning_rate=d.rate, reduction=reduction)
        assert (strict.verdict, strict.loss) == ("right", reduction)


@pytest.mark.corpus(20)
@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.parametrize("reduction", SCALES)
def test_each_mistake_by_name(name: str, reduction: str) -> None:
    d = Descent(3, reduction)
    m, c = d.run(MISTAKES[name]())
    check = check_path(m, c, d.x, d.y, learning_rate=d.rate)
    assert (check.verdict, names(check.diagnosis)) == ("wrong", [name])
    assert check.loss in (reduction, None) and (check.loss or name == "adaptive-rate")
    unknown = check_path(m, c, d.x, d.y)
    assert (unknown.verdict, names(unknown.diagnosis)) == ("wrong", [name])


@pytest.mark.parametrize("make", [descents.stale, descents.late])
def test_a_stale_residual(make: Any) -> None:
    d = Descent(1, "mean")
    check = check_path(*d.run(make()), d.x, d.y, learning_rate=d.rate)
    assert (check.verdict, check.loss, names(check.diagnosis)) == ("wrong", "mean", ["stale-residual"])


def test_nesterov_is_momentum() -> None:
    d = Descent(1)
    check = check_path(*d.run(descents.momentum(nesterov=True), 20), d.x, d.y)
    assert names(check.diagnosis) == ["momentum"]
    assert "not plain gradient descent" in check.diagnosis[0][1] and "mistake" not in check.diagnosis[0][1]


@pytest.mark.parametrize("reduction", SCALES)
def test_a_missing_rate_shows_only_where_the_rate_is_known(reduction: str) -> None:
    d = Descent(2, reduction, n=5)
    m, c = d.run(descents.no_rate, 5)
    check = check_path(m, c, d.x, d.y, learning_rate=d.rate)
    assert (check.verdict, check.loss, names(check.diagnosis)) == ("wrong", reduction, ["rate-missing"])
    assert check_path(m, c, d.x, d.y).verdict == "right"


@pytest.mark.parametrize(
    ("reduction", "factor", "name"),
    [
        ("sum", 0.5, "missing-factor-2"),
        ("mean", 0.5, "missing-factor-2"),
        ("half_mean", 2, "extra-factor-2"),
        ("sum", 1 / 9, "mean-instead-of-sum"),
        ("mean", 1 / 9, "rate-divided-by-n"),
        ("mean", 9, "sum-instead-of-mean"),
        ("sum", -1, "ascent"),
    ],
)
def test_a_factor_is_a_mistake_where_the_loss_is_given(reduction: str, factor: float, name: str) -> None:
    d = Descent(2, reduction, n=9)
    m, c = d.run(descents.times(factor, factor), 5)
    check = check_path(m, c, d.x, d.y, learning_rate=d.rate, reduction=reduction)
    assert (check.verdict, check.loss, names(check.diagnosis)) == ("wrong", reduction, [name])
    if factor > 0:
        assert check_path(m, c, d.x, d.y, reduction=reduction).verdict == "right"


@pytest.mark.parametrize("alone", [("m", (0.5, 1)), ("c", (1, 0.5))])
def test_a_factor_in_one_derivative(alone: Any) -> None:
    d = Descent(4, "mean")
    check = check_path(*d.run(descents.times(*alone[1])), d.x, d.y, learning_rate=d.rate)
    assert names(check.diagnosis) == ["missing-factor-2"]
    assert f"dL/d{alone[0]} is half of what it should be" in check.diagnosis[0][1]


def test_two_mistakes_together() -> None:
    d = Descent(4, "mean")

    def step(d: Descent, m: Any, c: Any, k: int) -> tuple[Any, Any]:
        m = m - d.rate * d.gradient(m, c)[1]
        return m, c - d.rate * d.gradient(m, c)[1]

    check = check_path(*d.run(step), d.x, d.y, learning_rate=d.rate)
    assert (check.loss, names(check.diagnosis)) == ("mean", ["sequential-m-first", "missing-x"])


def test_whole_numbers() -> None:
    x, y = np.array([1.0, 2.0, 4.0, 5.0]), np.array([12.0, 19.0, 42.0, 49.0])
    states = np.zeros((6, 2), int)
    for k in range(5):
        e = states[k, 0] * x + states[k, 1] - y
        states[k + 1] = states[k] - 0.05 * 2 * np.array([np.mean(e * x), np.mean(e)])
    check = check_path(*states.T, x, y, learning_rate=0.05)
    assert (check.loss, names(check.diagnosis)) == ("mean", ["integer-parameters"])
    assert names(check_path(*np.zeros((2, 4), int), x, y).diagnosis) == ["integer-parameters"]
    assert names(check_path(*np.zeros((2, 4)), x, y).diagnosis) == ["unchanged"]


@pytest.mark.parametrize("start", [(0.0, 0.0), (0.3, -0.4)])
def test_a_single_step_cannot_tell(start: tuple[float, float]) -> None:
    d = Descent(5)
    check = check_path(*d.run(descents.right, 1, start), d.x, d.y, learning_rate=d.rate)
    assert (check.verdict, check.ok, names(check.diagnosis)) == ("cannot-tell", False, ["cannot-tell"])
    assert "stale-residual" in check.diagnosis[0][1]
    advised = check_path(*d.run(descents.right, 3, (0.5, 0.5)), d.x, d.y, learning_rate=d.rate)
    assert advised.verdict == "right"


def test_residuals_of_one_sign_leave_right_steps_right() -> None:
    d = Descent(5)
    m, c = d.run(descents.right, 4, (40.0, 60.0))
    assert (np.outer(m, d.x) + c[:, None] > d.y).all()
    assert check_path(m, c, d.x, d.y, learning_rate=d.rate).verdict == "right"


def test_a_start_at_the_best_line_cannot_tell() -> None:
    x = np.arange(4.0)
    assert check_path([2.0, 2.0, 2.0], [1.0, 1.0, 1.0], x, 2 * x + 1).verdict == "cannot-tell"


def test_what_these_points_can_never_show_is_not_held_against_the_steps() -> None:
    """With x centred, m first and both at once are the same steps."""
    d = Descent(6, "mean")
    d.x = d.x - d.x.mean()
    assert check_path(*d.run(descents.right, 30), d.x, d.y, learning_rate=d.rate).verdict == "right"


@pytest.mark.parametrize(
    ("step", "remark", "loss"),
    [
        (descents.one_point, "one-point-a-step", "half_sum"),
        (descents.one_at_random(), "one-point-a-step", "half_sum"),
        (descents.batches(4), "mini-batches", "mean"),
        (descents.batches(3), "mini-batches", "mean"),
        (descents.slower, "rate-changes", None),
    ],
)
def test_other_ways_of_descending_are_right(step: Any, remark: str, loss: str | None) -> None:
    d = Descent(7, "mean")
    check = check_path(*d.run(step, 40), d.x, d.y, learning_rate=d.rate)
    assert (check.verdict, check.loss, names(check.remarks)) == ("right", loss, [remark])


def test_a_rate_that_is_too_large_comes_with_the_largest_stable_one() -> None:
    d = Descent(8, "mean")
    limit = tf_gd.Curvature.of(d.x, "mean").max_learning_rate
    d.rate = np.float64(1.5 * limit)
    check = check_path(*d.run(descents.right, 3000), d.x, d.y, learning_rate=d.rate)
    assert (check.verdict, names(check.remarks)) == ("right", ["rate-too-large"])
    assert f"under {limit:.3g}" in check.remarks[0][1] and "overflow" in check.remarks[0][1]


def test_too_few_steps_comes_with_how_many_more_and_the_cure() -> None:
    d = Descent(9, "mean")
    d.x = d.x + 60.0
    d.rate = np.float64(0.0001)
    m, c = d.run(descents.right, 100)
    check = check_path(m, c, d.x, d.y, learning_rate=d.rate)
    assert (check.verdict, names(check.remarks)) == ("right", ["too-few-steps"])
    assert "z = (x - x.mean()) / x.std()" in check.remarks[0][1]


@pytest.mark.parametrize("name", ["sequential-m-first", "missing-x", "sign-of-c", "swapped"])
def test_float32(name: str) -> None:
    d = Descent(10, "sum", dtype=np.float32)
    m, c = d.run(descents.right)
    assert m.dtype == np.float32
    assert check_path(m, c, d.x, d.y, learning_rate=float(d.rate)).verdict == "right"
    narrow = [series.tolist() for series in (m, c, d.x, d.y)]
    assert check_path(*narrow, learning_rate=float(d.rate)).verdict == "right"
    wrong = check_path(*d.run(MISTAKES[name]()), d.x, d.y, learning_rate=float(d.rate))
    assert names(wrong.diagnosis) == [name]


@pytest.mark.parametrize("digits", [4, 6, 8])
def test_a_table_that_was_written_with_few_digits(digits: int) -> None:
    d = Descent(11, "mean")
    m, c = (np.round(series, digits) for series in d.run(descents.right))
    assert check_path(m, c, d.x, d.y, learning_rate=d.rate).verdict == "right"
    m, c = (np.round(series, digits) for series in d.run(descents.m_first))
    assert names(check_path(m, c, d.x, d.y, learning_rate=d.rate).diagnosis) == ["sequential-m-first"]


@pytest.mark.corpus(4)
@pytest.mark.parametrize("every", [2, 5, 20])
@pytest.mark.parametrize("digits", [None, 6])
@pytest.mark.parametrize("known", [True, False])
def test_a_table_of_every_kth_step_is_not_wrong(every: int, digits: int | None, known: bool) -> None:
    d = Descent(3, "mean")
    rate = d.rate if known else None
    m, c = (series[::every] for series in d.run(descents.right, 12 * every))
    m, c = (m, c) if digits is None else (np.round(m, digits), np.round(c, digits))
    check = check_path(m, c, d.x, d.y, learning_rate=rate)
    assert (check.verdict, check.loss) == ("right", "mean" if known else None)
    assert "not-every-step" in names(check.remarks)
    if known:
        assert f"if {every} of them stand" in dict(check.remarks)["not-every-step"]
    m, c = (series[::every] for series in d.run(descents.m_first, 12 * every))
    assert check_path(m, c, d.x, d.y, learning_rate=rate).verdict == "wrong"


def test_a_table_that_is_at_the_best_line_from_its_second_row_cannot_tell() -> None:
    d = Descent(2, "mean")
    d.x = d.x - d.x.mean()
    for step in (descents.right, descents.c_first):
        m, c = (series[::1000] for series in d.run(step, 5000))
        check = check_path(m, c, d.x, d.y)
        assert check.verdict == "cannot-tell" and "a row for every step" in check.diagnosis[0][1]


def test_columns_that_are_exchanged_are_said_to_be() -> None:
    d = Descent(3, "mean")
    m, c = d.run(descents.right)
    check = check_path(c, m, d.x, d.y, learning_rate=d.rate)
    assert (check.verdict, names(check.diagnosis)) == ("cannot-tell", ["columns-exchanged"])
    assert names(check_path(*d.run(descents.m_first)[::-1], d.x, d.y).diagnosis) != ["columns-exchanged"]


def test_steps_that_nothing_explains() -> None:
    d = Descent(12)
    rng = np.random.default_rng(0)
    check = check_path(rng.normal(size=20), rng.normal(size=20), d.x, d.y, learning_rate=0.01)
    assert (check.verdict, names(check.diagnosis)) == ("wrong", ["unlisted"])
    m, c = d.run(descents.right)
    m[7:] += 0.25
    broken = check_path(m, c, d.x, d.y, learning_rate=d.rate)
    assert names(broken.diagnosis) == ["steps-change"] and "first 6 steps are right" in broken.diagnosis[0][1]


def test_bad_arguments_are_one_line() -> None:
    d = Descent(0)
    for arguments, said in [
        (([1.0], [1.0], d.x, d.y), "two states or more"),
        (([1.0, 2.0], [1.0], d.x, d.y), "one length"),
        (([1.0, np.nan], [1.0, 2.0], d.x, d.y), "finite before and after the first step"),
        ((["a", "b"], [1.0, 2.0], d.x, d.y), "must be numbers"),
    ]:
        with pytest.raises(tf_gd.DataError, match=said):
            check_path(*arguments)
    with pytest.raises(tf_gd.InvalidArgumentError, match="half_mean"):
        check_path([1.0, 2.0], [1.0, 2.0], d.x, d.y, reduction="median")
    with pytest.raises(tf_gd.InvalidArgumentError, match="learning_rate"):
        check_path([1.0, 2.0], [1.0, 2.0], d.x, d.y, learning_rate=-1)


def test_the_assertion_raises_with_the_report() -> None:
    d = Descent(1)
    tf_gd.assert_path(*d.run(descents.right), d.x, d.y, learning_rate=d.rate)
    with pytest.raises(AssertionError, match="sequential-m-first"):
        tf_gd.assert_path(*d.run(descents.m_first), d.x, d.y)
    with pytest.raises(AssertionError, match="CANNOT TELL"):
        tf_gd.assert_path(*d.run(descents.right, 1), d.x, d.y)


@pytest.mark.parametrize("loss", [None, "mean", "half_sum"])
@pytest.mark.parametrize("factor", [3.0, 1 / 0.9])
def test_a_rate_that_fits_no_loss_is_said_and_the_one_that_was_taken(factor: float, loss: str | None) -> None:
    d = Descent(4, loss or "sum")
    m, c = d.run(descents.right)
    check = check_path(m, c, d.x, d.y, learning_rate=d.rate / factor, reduction=loss)
    assert check.ok
    assert check.remarks[0][0] == "another-rate"
    fitting = re.findall(r"([\d.e-]+) for the loss", check.remarks[0][1])
    assert len(fitting) == (3 if loss is None else 1)
    for rate in fitting:
        again = check_path(m, c, d.x, d.y, learning_rate=float(rate), reduction=loss)
        assert again.loss is not None
        assert "another-rate" not in names(again.remarks)


def test_one_step_is_said_in_the_singular() -> None:
    d = Descent(4, "sum")
    m, c = d.run(descents.right)
    assert "The 1 step fits the right update" in check_path(m[:2], c[:2], d.x, d.y).diagnosis[0][1]


@pytest.mark.corpus(2)
@pytest.mark.parametrize(("by_m", "by_c"), [(1, 3.0), (0.75, 1), (1, 1.5)])
@pytest.mark.parametrize("reduction", SCALES)
def test_a_factor_of_one_derivative_that_no_entry_has(by_m: float, by_c: float, reduction: str) -> None:
    d = Descent(4, reduction)
    m, c = d.run(descents.times(by_m, by_c))
    check = check_path(m, c, d.x, d.y, learning_rate=d.rate)
    assert (check.verdict, names(check.diagnosis), check.loss) == ("wrong", ["unlisted-factor"], reduction)
    own, ratio = ("m", by_m) if by_m != 1 else ("c", by_c)
    assert check.diagnosis[0][1].startswith(f"dL/d{own} is {ratio:g} times what it should be")
    assert names(check_path(m, c, d.x, d.y).diagnosis) == ["unlisted-factor"]
