"""How well a line fits: against NIST's certified values, and the textbook's formulas in exact numbers."""

import csv
import json
import math
from dataclasses import FrozenInstanceError
from fractions import Fraction
from importlib.resources import files

import numpy as np
import pytest

import tf_gd
from tf_gd import Line, Moments, evaluate
from tf_gd.errors import DataError, InvalidArgumentError

# NIST StRD, linear regression: the digits that are certified.
NORRIS = {
    "standard_error_c": "0.232818234301152",
    "standard_error_m": "0.000429796848199937",
    "residual_sd": "0.884796396144373",
    "r_squared": "0.999993745883712",
}
NOINT1 = {
    "standard_error_m": "0.0165289256198347",
    "residual_sd": "3.56753034006338",
    "r_squared": "0.999365492298663",
}
NOINT2 = {
    "standard_error_m": "0.0420827318078432",
    "residual_sd": "0.369274472937998",
    "r_squared": "0.993348115299335",
}


def last_digit(certified: str) -> float:
    """Return one unit of the last digit."""
    return 10.0 ** -len(certified.split(".")[1])


def in_decimal(name: str) -> Moments:
    """The moments of a sample as its file writes it, before any number was rounded to float64."""
    with files("tf_gd").joinpath("datasets", f"{name}.csv").open(encoding="utf-8") as stream:
        points = [(Fraction(row["x"]), Fraction(row["y"])) for row in csv.DictReader(stream)]
    x, y = map(list, zip(*points, strict=True))
    products = ((x, x), (x, y), (y, y))
    return Moments(len(x), sum(x), sum(y), *(sum(a * b for a, b in zip(*pair, strict=True)) for pair in products))


CERTIFIED = pytest.mark.parametrize(
    ("name", "line", "intercept", "certified"),
    [
        ("norris", Line(1.00211681802045, -0.262323073774029), True, NORRIS),
        ("noint1", Line(2.07438016528926, 0.0), False, NOINT1),
        ("noint2", Line(0.727272727272727, 0.0), False, NOINT2),
    ],
)


@CERTIFIED
def test_nists_certified_values_to_the_last_digit(name, line, intercept, certified):
    fit = evaluate(line, in_decimal(name), intercept=intercept)
    for field, value in certified.items():  # Norris' intercept: 0.2328182343011525 to one digit more
        assert abs(getattr(fit, field) - float(value)) <= 0.6 * last_digit(value)
    assert (fit.standard_error_c is None) == (not intercept)


@CERTIFIED
def test_the_points_have_them_but_for_reading_their_decimals(name, line, intercept, certified):
    """A number that is read is off by 2^-53 of itself, so a residual by 2^-53 (|y| + |m x|), and their root mean square
    by no more than the root mean square of that; relatively, the standard errors follow it."""
    x, y = tf_gd.sample(name)
    fit = evaluate(line, x, y, intercept=intercept)
    read = 2.0**-53 * np.hypot.reduce(np.abs(y) + np.abs(line.m * x)) / np.sqrt(fit.loss)
    assert read < 2e-13
    for field, value in certified.items():
        assert abs(getattr(fit, field) - float(value)) <= float(value) * (read + 2.0**-50) + last_digit(value)


@pytest.mark.parametrize("offset", [0.0, 1e9, 1e12])
@pytest.mark.parametrize("intercept", [True, False])
def test_every_number_is_the_true_one_rounded_once(offset, intercept):
    generator = np.random.default_rng(3)
    x = generator.uniform(0, 10, 50) + offset
    y = 2 * x + generator.normal(size=50)
    line = tf_gd.least_squares(x, y)
    fit = evaluate(line, x, y, intercept=intercept)
    a, b = [Fraction(v) for v in x], [Fraction(v) for v in y]
    errors = [Fraction(line.m) * u + Fraction(line.c) - v for u, v in zip(a, b, strict=True)]
    loss, mean, mean_y = sum(e * e for e in errors), sum(a) / 50, sum(b) / 50
    spread = sum((u - mean) ** 2 for u in a) if intercept else sum(u * u for u in a)
    total = sum((v - mean_y) ** 2 for v in b) if intercept else sum(v * v for v in b)
    variance = loss / (48 if intercept else 49)
    assert (fit.n, fit.loss, fit.r_squared) == (50, float(loss), float(1 - loss / total))
    for got, squared in (
        (fit.rmse, loss / 50),
        (fit.residual_sd, variance),
        (fit.standard_error_m, variance / spread),
        *([(fit.standard_error_c, variance * (Fraction(1, 50) + mean**2 / spread))] if intercept else []),
    ):
        half_ulp = Fraction(math.ulp(got)) / 2
        assert (Fraction(got) - half_ulp) ** 2 <= squared <= (Fraction(got) + half_ulp) ** 2
    ordered = sorted(errors)
    for got, want in ((fit.residuals.min, ordered[0]), (fit.residuals.max, ordered[-1])):
        assert abs(Fraction(got) - want) <= 2 * math.ulp(got)
    middle = (ordered[24] + ordered[25]) / 2
    assert abs(Fraction(fit.residuals.median) - middle) <= 4 * math.ulp(float(middle))


def test_a_line_from_other_points_is_judged_by_these():
    fit = evaluate(Line(1.0, 0.0), [1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    assert (fit.loss, fit.rmse, fit.r_squared) == (3.0, 1.0, -0.5)
    assert (fit.residuals.min, fit.residuals.max) == (-1.0, -1.0)


@pytest.mark.parametrize(
    ("x", "y", "intercept", "none"),
    [
        ([1.0], [2.0], True, {"residual_sd", "r_squared", "standard_error_m", "standard_error_c"}),
        ([1.0, 2.0], [2.0, 3.0], True, {"residual_sd", "standard_error_m", "standard_error_c"}),
        ([1.0, 2.0], [2.0, 3.0], False, {"standard_error_c"}),
        ([5.0, 5.0, 5.0], [1.0, 2.0, 3.0], True, {"standard_error_m", "standard_error_c"}),
        ([1.0, 2.0, 3.0], [4.0, 4.0, 4.0], True, {"r_squared"}),
        ([0.0, 0.0], [0.0, 0.0], False, {"r_squared", "standard_error_m", "standard_error_c"}),
    ],
)
def test_what_cannot_be_told_is_none(x, y, intercept, none):
    fit = evaluate(Line(1.0, 0.5), x, y, intercept=intercept)
    assert {name for name, value in fit.to_dict().items() if value is None} == none


def test_plain_values_for_json():
    fit = evaluate(Line(1.0, 0.0), np.float32([1, 2, 3]), [2, 3, 5])
    plain = json.loads(json.dumps(fit.to_dict()))
    assert plain["residuals"] == {"min": -2, "lower_quartile": -1.5, "median": -1, "upper_quartile": -1, "max": -1}
    assert plain["n"] == 3
    with pytest.raises(FrozenInstanceError):
        fit.loss = 0.0


def test_moments_alone_have_no_residuals_and_the_same_numbers():
    x, y = tf_gd.sample("hubble1929")
    line = tf_gd.least_squares(x, y)
    ours = evaluate(line, Moments.of(x, y)).to_dict()
    assert ours == {**evaluate(line, x, y).to_dict(), "residuals": None}


def test_numbers_at_the_ends_of_float64():
    fit = evaluate(Line(1e308, -1e308), [1e300, -1e300], [1.0, 2.0])
    assert fit.loss == math.inf
    assert fit.residuals.max > 1e300
    tiny = evaluate(Line(0.0, 0.0), [1e-170, 3e-170, 2e-170], [1e-170, 3e-170, 2e-170])
    assert tiny.rmse == pytest.approx(math.sqrt(14 / 3) * 1e-170, rel=8 * 2.0**-53)  # a few roundings on each side


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "message"),
    [
        ((Line(math.nan, 0.0), [1], [1]), {}, InvalidArgumentError, "`line` must be finite"),
        (("ab", [1], [1]), {}, InvalidArgumentError, "`line` must be two numbers"),
        ((Line(1, 0), [1]), {}, DataError, "`y` must be given"),
        ((Line(1, 0), [1, 2], [1]), {}, DataError, "one length"),
        ((Line(1, 0), [1], [math.nan]), {}, DataError, "`y` must be finite"),
        ((Line(1, 0), [1], [1]), {"intercept": "no"}, InvalidArgumentError, "`intercept` must be True or False"),
        ((Line(1, 0), Moments.of([1], [1]), [1]), {}, InvalidArgumentError, "`y` must be left out"),
    ],
)
def test_bad_arguments(arguments, keywords, error, message):
    with pytest.raises(error, match=message):
        evaluate(*arguments, **keywords)
