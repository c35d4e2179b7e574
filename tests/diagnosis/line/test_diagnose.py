"""Planted mistakes are named; right gradients, however written, draw no alarm."""

import json
import re
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from support.planted_mistakes import Gradient, in_dtype, planted
from support.right_forms import right_gradient

import tf_gd
from tf_gd.diagnosis.line.asking import UNITS
from tf_gd.diagnosis.line.catalogue import CATALOGUE
from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.line.matching import ROUNDINGS
from tf_gd.diagnosis.line.probes import Probe, points_for, probes
from tf_gd.diagnosis.line.running_error import ExactValue, vector

REDUCTIONS = ("sum", "mean")

CONTAINERS: dict[str, Callable[[Any], Any]] = {
    "tuple": tuple,
    "list": list,
    "array": np.array,
    "Gradient": lambda pair: tf_gd.Gradient(*pair),
    "python floats": lambda pair: tuple(float(value) for value in pair),
}


def returning(gradient: Gradient, container: str) -> Gradient:
    return lambda m, c, x, y: CONTAINERS[container](gradient(m, c, x, y))


def names(check: tf_gd.GradientCheck) -> list[str]:
    return [name for name, _ in check.diagnosis]


def test_every_entry_is_planted() -> None:
    for style, reduction in product(("numpy", "loops"), REDUCTIONS):
        assert planted(style, reduction).keys() == {entry.name for entry in CATALOGUE}


@pytest.mark.corpus(24)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", [entry.name for entry in CATALOGUE])
def test_a_planted_mistake_is_named_alone(name: str, reduction: str) -> None:
    """Every second way for each reduction, so that both see every style, dtype and container."""
    ways = zip(product(("numpy", "loops"), ("float64", "float32")), CONTAINERS, strict=False)
    for (style, dtype), container in list(ways)[reduction == "sum" :: 2]:
        gradient = returning(in_dtype(planted(style, reduction)[name], dtype), container)
        check = tf_gd.check_line_gradient(gradient, reduction=reduction)
        assert (check.ok, names(check)) == (False, [name]), (style, dtype, container)
        assert name in str(check)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_no_two_mistakes_look_alike_on_our_points(reduction: Any) -> None:
    """For any two forms of different names, and the right one, some answer differs by more than float32's
    bound."""
    points = points_for(None, None)
    questions = probes(points, reduction)
    forms = [("right", right)] + [(one.name, form) for one in CATALOGUE for form in (one.formula, *one.rarer)]
    answers = [(name, [term for question in questions for term in form(question)]) for name, form in forms]
    k = points.n + ROUNDINGS
    for (name, terms), (other_name, others) in combinations(answers, 2):
        if name == other_name:
            continue
        apart = [
            abs(a.value - b.value) > 2 * k * UNITS["float32"] * (a.size + b.size)
            for a, b in zip(terms, others, strict=True)
        ]
        assert any(apart), (name, other_name)


# --- no false alarms


@pytest.mark.parametrize("block", [0, *(pytest.param(block, marks=pytest.mark.slow) for block in range(1, 25))])
def test_a_right_gradient_in_an_odd_form_draws_no_alarm(block: int) -> None:
    """A thousand of them, on our points; a quarter each also on other points, cast to float32 inside, or on
    both."""
    for seed in range(40 * block, 40 * (block + 1)):
        gradient, reduction = right_gradient(seed)
        if seed % 4 >= 2:
            gradient = in_dtype(gradient, "float32")
        x, y = random_points(seed) if seed % 2 else (None, None)
        check = tf_gd.check_line_gradient(gradient, x, y, reduction=reduction)
        assert check.ok, (seed, str(check))
        assert check.diagnosis == []


def random_points(seed: int) -> tuple[Any, Any]:
    """Return points of some scale, offset, number and dtype, on a line or not."""
    random = np.random.default_rng(seed)
    n, scale, offset = random.integers(1, 60), 10.0 ** random.integers(-6, 7), random.choice([0, 1, 1000])
    x = (random.normal(size=n) + offset) * scale
    y = random.choice([0.0, 3.0]) * x + random.normal(size=n) * 10.0 ** random.integers(-6, 7)
    dtype = random.choice(["float64", "float32"])
    return x.astype(dtype), y.astype(dtype)


# --- how small a mistake is caught


@pytest.mark.corpus(6)
@pytest.mark.parametrize("seed", [5, *(pytest.param(k, marks=pytest.mark.slow) for k in range(12) if k != 5)])
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize(("relative", "dtype"), [(1e-4, "float32"), (1e-4, "float64"), (1e-9, "float64")])
def test_a_small_mistake_is_caught(seed: int, which: int, given: bool, relative: float, dtype: str) -> None:
    gradient, reduction = right_gradient(seed)

    def slightly_wrong(m, c, x, y):
        pair = [np.asarray(value).reshape(()) for value in gradient(m, c, x, y)]
        pair[which] = pair[which] * pair[which].dtype.type(1 + relative)
        return pair

    x, y = tf_gd.sample("hubble1929") if given else (None, None)
    check = tf_gd.check_line_gradient(in_dtype(slightly_wrong, dtype), x, y, reduction=reduction)
    assert not check.ok
    assert names(check) == ["unlisted-factor"]
    assert ("dL/dm", "dL/dc")[which] in check.diagnosis[0][1]


def test_a_right_float32_gradient_that_widens_its_sums_is_right_on_given_points() -> None:
    x, y = tf_gd.sample("hubble1929")

    def gradient(m, c, x, y):
        x, y = x.astype(np.float32), y.astype(np.float32)
        e = np.float32(m) * x + np.float32(c) - y
        return 2 * float(np.sum(e * x)) / len(x), 2 * float(np.sum(e)) / len(x)

    assert tf_gd.check_line_gradient(gradient, x, y, reduction="mean").ok


def test_the_bound_is_where_it_says() -> None:
    """Where nothing is exact, an answer somewhat inside gamma(k) * size passes and one somewhat outside
    fails.

    The bound is 14 units of roundoff here, and the numbers near it are one unit apart: hence "somewhat".
    """
    for factor, ok in ((0.8, True), (1.2, False)):

        def gradient(m, c, x, y, factor=factor):
            dm, dc = right(Probe(ExactValue(Fraction(m)), ExactValue(Fraction(c)), vector(x), vector(y), "sum"))
            k = len(x) + ROUNDINGS
            return float(dm.value), float(dc.value) + float(dc.size) * factor * k * 2.0**-53 / (1 - k * 2.0**-53)

        assert tf_gd.check_line_gradient(gradient, [0.1], [0.3]).ok is ok


# --- given points


def missing_factor(m, c, x, y):
    e = m * x + c - y
    return np.sum(e * x), np.sum(e)


def mean(m, c, x, y):
    e = m * x + c - y
    return 2 * np.mean(e * x), 2 * np.mean(e)


@pytest.mark.parametrize("gradient", [missing_factor, mean])
def test_two_points_cannot_tell_a_missing_2_from_a_mean(gradient: Gradient) -> None:
    check = tf_gd.check_line_gradient(gradient, [1.0, 2.5], [2.0, 7.0])
    assert names(check) == ["missing-factor-2", "mean-instead-of-sum"]
    assert "cannot tell" in str(check)


def test_what_given_points_hide_is_said() -> None:
    check = tf_gd.check_line_gradient(planted("numpy", "sum")["missing-x"], [1.0, 1.0, 1.0], [2.0, 7.0, 3.0])
    assert check.ok
    assert check.diagnosis == []
    for name in ("missing-x", "x-in-both", "swapped", "x-squared"):
        assert name in str(check)


def test_given_points_keep_their_dtype() -> None:
    seen = set()

    def gradient(m, c, x, y):
        seen.add((np.asarray(m).dtype.name, x.dtype.name, y.dtype.name))
        return missing_factor(m, c, x, y)

    tf_gd.check_line_gradient(gradient, np.float32([1, 2, 4]), np.float32([1, 0, 2]))
    assert ("float32", "float32", "float32") in seen


def test_many_points_are_thinned_out_and_the_first_and_last_kept() -> None:
    x, y = np.arange(100_000.0), np.cos(np.arange(100_000.0))
    check = tf_gd.check_line_gradient(planted("numpy", "sum")["last-point-dropped"], x, y)
    assert names(check) == ["last-point-dropped"]
    assert "500 of the 100000 points given" in str(check)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3,), "`gradient` must be a function, called as gradient(m, c, x, y). Got 3."),
        ((missing_factor, [1.0]), "`y` must be given together with the other one."),
        ((missing_factor, None, [1.0]), "`x` must be given together with the other one."),
        ((missing_factor, [1.0], [2.0, 3.0]), "`x` and `y` must have one length."),
        ((missing_factor, [1e200, 2.0], [1.0, 2.0]), "`x` and `y` must be small enough"),
        (
            (missing_factor, None, None, "max"),
            "`reduction` must be one of sum, mean, half_sum, half_mean. Got 'max'.",
        ),
    ],
)
def test_bad_arguments(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        tf_gd.check_line_gradient(*arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


# --- outside the catalogue


def off(change: Callable[..., Any]) -> Gradient:
    """Return the right gradient after `change(dm, dc, m, c, x, y)`."""

    def gradient(m, c, x, y):
        e = m * x + c - y
        return change(2 * np.sum(e * x), 2 * np.sum(e), m, c, x, y)

    return gradient


@pytest.mark.parametrize(
    ("change", "diagnosis"),
    [
        (lambda dm, dc, *_: (3 * dm, dc), [("unlisted-factor", "dL/dm is 3 times what it should be")]),
        (lambda dm, dc, *_: (dm / 4, dc / 4), [("unlisted-factor", "Both derivatives are 1/4 times")]),
        (lambda dm, dc, *_: (dm, dc / 3), [("unlisted-factor", "dL/dc is 1/3 times what it should be")]),
        (lambda dm, dc, *_: (dm / 2, dc), [("missing-factor-2", "dL/dm is half of what it should be")]),
        (lambda dm, dc, *_: (dm, 2 * dc), [("extra-factor-2", "dL/dc is twice what it should be")]),
        (lambda dm, dc, m, c, *_: (m, dc), [("returns-the-parameters", "In dL/dm: m and c come back")]),
        (lambda dm, dc, *_: (3 * dm, 3 * dc), [("unlisted-factor", "Both derivatives are 3 times")]),
        (lambda dm, dc, *_: (dm, dc + 5), [("unlisted-constant", "dL/dc is 5 too large")]),
        (lambda dm, dc, *_: (dm - 0.5, dc), [("unlisted-constant", "dL/dm is 0.5 too small")]),
        (
            lambda dm, dc, m, c, x, y: (dm + m, dc),
            [("unlisted-term", "y=[3, 1, 5, 2, 4, -2], sum(2 x_i^2) m is 62 m, yours is 63 m.")],
        ),
        (
            lambda dm, dc, m, c, x, y: (dm, dc + c),
            [("unlisted-term", "y=[3, 1, 5, 2, 4, -2], sum(2) c is 12 c, yours is 13 c.")],
        ),
        (lambda dm, dc, *_: (np.clip(dm, -500, 500), dc), [("unlisted", "it does not grow in proportion to m and c")]),
        (
            lambda dm, dc, *_: (3 * dm, dc + 1),
            [("unlisted-factor", "dL/dm is 3 times"), ("unlisted-constant", "dL/dc is 1 too large")],
        ),
    ],
)
def test_what_can_be_said_of_other_mistakes(change: Any, diagnosis: list[tuple[str, str]]) -> None:
    check = tf_gd.check_line_gradient(off(change))
    assert names(check) == [name for name, _ in diagnosis]
    for (_, message), (_, part) in zip(check.diagnosis, diagnosis, strict=True):
        assert part in message
        assert "the right one" in message


def test_other_mistakes_are_shown_on_the_callers_own_points() -> None:
    """One of them, if one shows it; no number of ours."""
    gradient = off(lambda dm, dc, m, c, x, y: (dm + np.sum(np.abs(x) * (y > 8)), dc))
    message = tf_gd.check_line_gradient(gradient, [1.0, 2.0, 7.0, 4.0], [3.0, 5.0, 9.0, 1.5]).diagnosis[0][1]
    assert "At x = 7, y = 9 with m = 2, c = 1, where e = 6, your dL/dm is 91, the right one 84." in message


def test_the_smallest_set_of_rows_is_shown() -> None:
    """A gradient that leaves out negative x is wrong on one such row: the first round one is (-1, 2)."""

    def gradient(m, c, x, y):
        e = m * x + c - y
        return 2 * np.sum(e * x * (x > 0)), 2 * np.sum(e)

    message = tf_gd.check_line_gradient(gradient).diagnosis[0][1]
    assert "x = -1, y = 2" in message
    assert "your dL/dm is 0, the right one 6" in message


def test_a_mistake_between_two_rows_needs_two_rows() -> None:
    def gradient(m, c, x, y):
        e = m * x + c - y
        return 2 * np.sum(e * x) + x[0] * x[-1] - x[0] ** 2, 2 * np.sum(e)

    assert "At x = [1, 3]" in tf_gd.check_line_gradient(gradient).diagnosis[0][1]


@pytest.mark.parametrize(
    ("pair", "change"),
    [
        ({"sign", "missing-factor-2"}, lambda dm, dc: (-dm / 2, -dc / 2)),
        ({"swapped", "missing-factor-2"}, lambda dm, dc: (dc / 2, dm / 2)),
        ({"missing-x", "sign"}, lambda dm, dc: (-dc, -dc)),
        ({"mean-instead-of-sum", "sign"}, lambda dm, dc: (-dm / 16, -dc / 16)),
    ],
)
def test_two_mistakes_at_once_are_both_named(pair: set[str], change: Any) -> None:
    check = tf_gd.check_line_gradient(off(lambda dm, dc, *_: change(dm, dc)))
    assert set(names(check)) == pair
    assert " and ".join(names(check)) in str(check)


# --- functions that misbehave


def raising(m, c, x, y):
    raise ZeroDivisionError("by\x1b[31m nothing")


def changing(m, c, x, y):
    x -= np.mean(x)
    e = m * x + c - y
    return 2 * np.sum(e * x), 2 * np.sum(e)


@pytest.mark.parametrize(
    ("gradient", "name", "message"),
    [
        (raising, "raises", r"raised ZeroDivisionError: by\x1b[31m nothing (line "),
        (changing, "in-place", "changes the caller's x in place"),
        (lambda m, c: (m, c), "wrong-arguments", "takes (m, c), but it is called as gradient(m, c, x, y)"),
        (lambda m, c, x, y: None, "returns-nothing", "Is a `return` missing"),
        (lambda m, c, x, y: 1.0, "wrong-shape", "returned a single float"),
        (lambda m, c, x, y: (1.0, 2.0, 3.0, 4.0), "wrong-shape", "returned 4 values"),
        (lambda m, c, x, y: x, "wrong-shape", "returned n values"),
        (lambda m, c, x, y: (x, y), "wrong-shape", "dL/dm has shape [n]; it must be one number"),
        (lambda m, c, x, y: "12", "wrong-shape", "returned a str"),
        (lambda m, c, x, y: (1.0, "2"), "not-a-number", "dL/dc is '2', a str"),
        (lambda m, c, x, y: (None, 2.0), "not-a-number", "dL/dm is None"),
        (lambda m, c, x, y: (1j, 2.0), "not-a-number", "dL/dm is 1j, a complex"),
        (lambda m, c, x, y: (True, 2.0), "not-a-number", "dL/dm is True, a bool"),
        (lambda m, c, x, y: (np.sum(x) / np.float64(0), 1.0), "not-finite", "dL/dm is inf"),
        (lambda m, c, x, y: (1.0, float("nan")), "not-finite", "dL/dc is nan"),
        (lambda m, c, x, y: exit(3), "raises", "called sys.exit()"),
        (lambda m, c, x, y: ([1.0, "2", 4.0], 3.0), "not-a-number", "dL/dm is"),
    ],
)
def test_a_function_that_misbehaves_gets_one_clear_finding(gradient: Any, name: str, message: str) -> None:
    check = tf_gd.check_line_gradient(gradient)
    assert not check.ok
    assert names(check) == [name]
    assert message in check.diagnosis[0][1]
    assert "Traceback" not in str(check)


def test_an_interrupt_is_not_swallowed() -> None:
    def gradient(m, c, x, y):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tf_gd.check_line_gradient(gradient)


def test_a_function_that_takes_fractions_is_compared_exactly() -> None:
    """0.1 + 0.2 - 0.3 is not 0 in floats, but this function is told nothing of floats."""
    check = tf_gd.check_line_gradient(off(lambda dm, dc, *_: (dm, dc)), [0.1, 0.2], [0.3, 0.6])
    assert check.ok
    assert "exactly" in str(check)


def test_the_report_labels_every_number() -> None:
    report = str(tf_gd.check_line_gradient(missing_factor, [1.0, 2.0, 4.0, 5.0], [3.0, 1.0, 5.0, 5.5]))
    for text in ("WRONG", "dL/dm yours", "dL/dm right", "Equation 5:", "m=-10.5, c=20.5"):
        assert text in report
    assert not tf_gd.check_line_gradient(missing_factor)


NUMBERS = re.compile(r"At x = (.*), y = (.*) with m = (.*), c = (.*), where e = (.*?), (your .*?)\. Equation")


@pytest.mark.parametrize("name", [entry.name for entry in CATALOGUE])
def test_each_finding_shows_round_numbers_of_its_own(name: str) -> None:
    """What it says of yours and of the right one is recomputed; no number comes from the points of the probes."""
    function = planted("numpy", "sum")[name]
    check = tf_gd.check_line_gradient(function)
    for _, message in check.diagnosis:
        found = NUMBERS.search(message)
        assert found, message
        x, y, m, c, e = (np.atleast_1d(json.loads(number)).astype(float) for number in found.groups()[:5])
        assert e.tolist() == (m * x + c - y).tolist()  # round numbers: nothing rounds
        yours = function(m[0], c[0], x, y)
        numbers = {"m": (yours[0], np.sum(2 * e * x)), "c": (yours[1], np.sum(2 * e))}
        said = re.findall(r"your dL/d(.) is (\S+), the right one (\S+?)(?=;|$)", found[6])
        assert said
        for which, *values in said:
            assert values == [f"{float(number):.6g}" for number in numbers[which]]
    assert "16 points" not in str(check)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble"])
def test_points_of_every_dtype(dtype: str) -> None:
    x, y = np.array([1, 2, 4.5], dtype), np.array([1, 0, 2.25], dtype)
    assert tf_gd.check_line_gradient(off(lambda dm, dc, *_: (dm, dc)), x, y).ok
    assert names(tf_gd.check_line_gradient(missing_factor, x, y)) == ["missing-factor-2"]
