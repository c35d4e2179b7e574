"""Any step of a descent at once: against exact iteration, against walking, and at its ends."""

from fractions import Fraction

import numpy as np
import pytest

import tf_gd
from tf_gd import Line, Moments
from tf_gd.errors import InvalidArgumentError
from tf_gd.moments.closed_form import ClosedForm
from tf_gd.moments.stopping import first_at_or_under
from tf_gd.points import Points
from tf_gd.reduction import loss_factor
from tf_gd.trajectory import SERIES
from tf_gd.verify.rounding import RoundingBound

UNIT = 2.0**-53
HUBBLE = tf_gd.sample("hubble1929")


def walk(moments, start, rate, num_steps):
    """Every state of a descent in rational arithmetic."""
    m, c = map(Fraction, start)
    states = [(m, c)]
    for _ in range(num_steps):
        dm, dc = moments.exact_gradient(m, c)
        m, c = m - Fraction(rate) * dm, c - Fraction(rate) * dc
        states.append((m, c))
    return states


def allowed(descent, k):
    """How far a computed state may be off.

    A power |r|^k = exp(k log |r|) carries the rounding of log |r|, of its product with k and of two exponentials:
    relatively (2 t + 6) u with t = k |log |r||. A parameter is at most three terms, each rounded, multiplied and added.
    """
    terms = [abs(float(value)) for value in (*descent.start, descent.m, descent.c)]
    total = sum(terms) * 4
    for mode in descent.modes:
        if mode.ratio:
            t = k * abs(mode.logarithm)
            share = max(abs(float(mode.m)), abs(float(mode.c)))
            total += share * max(1.0, abs(float(mode.ratio)) ** k) * (2 * t + 12)
        else:
            total += 12 * max(abs(float(mode.m)), abs(float(mode.c)))
    return UNIT * total


@pytest.mark.corpus(30)
@pytest.mark.parametrize(
    ("reduction", "loss_scale"), [("sum", None), ("mean", None), ("half_sum", None), ("half_mean", 3.0), ("sum", 0.1)]
)
@pytest.mark.parametrize("factor", [1e-9, 0.3, 0.98, 1.0, 1.02])
@pytest.mark.parametrize("offset", [0.0, -1.0, 1e3, 1e9])
def test_jump_lands_where_exact_iteration_does(offset, factor, reduction, loss_scale):
    moments = Moments.of(HUBBLE.x + offset, HUBBLE.y)
    rate = moments.curvature(reduction, loss_scale).max_learning_rate * factor
    start = Line(3.0, -2.0)
    factor = loss_factor(moments.n, reduction, loss_scale)
    descent = ClosedForm.of(moments, start, rate, factor)
    scaled = Fraction(rate) * factor
    steps = np.array([0, 1, 2, 3, 7, 40, 61])
    states = walk(moments, start, scaled, 61)
    line = moments.jump(start, np.float64(rate), steps, reduction, loss_scale)
    for k, m, c in zip(steps, *line, strict=True):
        bound = allowed(descent, int(k))
        assert abs(Fraction(float(m)) - states[k][0]) <= bound
        assert abs(Fraction(float(c)) - states[k][1]) <= bound


@pytest.mark.parametrize("name", ["hubble1929", "norris", "anscombe-4"])
def test_after_a_very_long_way_the_line_is_the_optimum_to_the_last_bit(name):
    moments = Moments.of(*tf_gd.sample(name))
    rate = np.float64(moments.curvature().best_learning_rate)
    assert moments.jump(Line(0.0, 0.0), rate, 10**15) == moments.least_squares()


def test_no_step_is_the_start_and_the_optimum_is_a_fixed_point():
    moments = Moments.of([1, 2, 3], [2, 4, 6])
    assert moments.jump(Line(0.1, 0.7), 0.01, 0) == (0.1, 0.7)
    assert moments.jump(Line(2.0, 0.0), 0.01, [0, 1, 10**9]).m.tolist() == [2.0, 2.0, 2.0]
    assert moments.jump(Line(2.0, 0.0), 10.0, 10**9) == (2.0, 0.0)  # even where everything else diverges


def test_a_rate_that_is_too_large_ends_at_infinity():
    line = Moments.of(*HUBBLE).jump(Line(0.0, 0.0), 0.03, [1, 10**6, 10**6 + 1])
    assert np.isfinite([line.m[0], line.c[0]]).all()
    assert np.isinf([line.m[1:], line.c[1:]]).all()
    assert line.m[1] == -line.m[2]  # it swings from side to side


def test_where_all_x_are_equal_the_descent_goes_to_the_nearest_point_of_the_valley():
    moments = Moments.of([2.0, 2.0], [4.0, 6.0])
    line = moments.jump(Line(1.0, 0.0), 0.01, 10**6)
    # 2 m + c = 5 all along the valley's floor; from (1, 0) the way there is along (2, 1)
    assert abs(line.m - 2.2) <= 8 * UNIT * 2.2
    assert abs(line.c - 0.6) <= 8 * UNIT * 2.2


def test_one_step_to_the_optimum_of_a_round_bowl():
    moments = Moments.of([-1.0, 1.0], [0.0, 4.0])
    assert moments.jump(Line(9.0, -7.0), 0.25, [1, 2, 10**15]).m.tolist() == [2.0, 2.0, 2.0]


def test_the_learning_rate_is_rounded_as_tensorflow_rounds_it():
    moments = Moments.of(*HUBBLE)
    assert moments.jump(Line(0, 0), 0.01, 5) == moments.jump(Line(0, 0), np.float64(np.float32(0.01)), 5)
    assert moments.jump(Line(0, 0), 0.01, 5) != moments.jump(Line(0, 0), np.float64(0.01), 5)


@pytest.mark.parametrize("steps", [-1, 1.5, True, 2**63, [1, -1], "3"])
def test_bad_step_counts(steps):
    with pytest.raises(InvalidArgumentError, match="`num_steps` must be whole numbers"):
        Moments.of(*HUBBLE).jump(Line(0, 0), 0.01, steps)


@pytest.mark.parametrize("rate", [0.0, -0.1, np.nan, "x"])
def test_bad_rates(rate):
    with pytest.raises(InvalidArgumentError, match="learning_rate"):
        Moments.of(*HUBBLE).jump(Line(0, 0), rate, 1)


def test_bad_starts():
    with pytest.raises(InvalidArgumentError, match="`line` must be finite"):
        Moments.of(*HUBBLE).jump(Line(np.nan, 0), 0.1, 1)


def test_the_stopping_step_is_the_first_one_and_not_merely_one():
    generator = np.random.default_rng(7)
    searched = 0
    for _ in range(300):
        n = int(generator.integers(1, 6))
        moments = Moments.of(generator.normal(size=n) + generator.choice([0, -3]), generator.normal(size=n))
        factor = generator.choice([0.5, generator.uniform(0, 1), generator.uniform(0.9, 1.05)])
        rate = float(moments.curvature().max_learning_rate * factor)
        descent = ClosedForm.of(moments, Line(*generator.normal(size=2)), rate)
        largest = np.abs(descent.rows(np.arange(301))[:, 3:]).max(axis=1)
        # between two values that occur, so that rounding cannot decide
        tolerance = float(np.sqrt(np.prod(generator.choice(largest, 2)))) * (1 + 2**-20)
        want = np.flatnonzero(largest <= tolerance)
        assert first_at_or_under(descent, tolerance, 300) == (want[0] if want.size else None)
        searched += want.size > 0 and want[0] > 1
    assert searched > 100


def test_the_stopping_step_of_a_walk_that_nobody_would_wait_for():
    moments = Moments.of(*tf_gd.sample("norris"))
    rate = np.float64(moments.curvature().best_learning_rate)
    path = tf_gd.train(
        *tf_gd.sample("norris"),
        learning_rate=rate,
        num_steps=10**15,
        tolerance=1e-9,
        engine="moments",
        record_every=10**15,
    )
    assert path.outcome is tf_gd.Outcome.CONVERGED
    around = ClosedForm.of(moments, Line(0.0, 0.0), float(rate)).rows(path.num_steps + np.array([-1, 0]))
    assert np.abs(around[0, 3:]).max() > 1e-9 >= np.abs(around[1, 3:]).max() * (1 - 2**-40)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("sample", ["hubble1929", "anscombe-1", "norris"])
def test_the_engine_stays_within_the_rounding_bound_of_the_bit_for_bit_path(sample, reduction, dtype):
    points = Points(*tf_gd.sample(sample)).astype(dtype)
    settings = {"learning_rate": "auto", "num_steps": 300, "reduction": reduction, "dtype": dtype}
    ours = tf_gd.train(*points, engine="moments", **settings)
    theirs = tf_gd.train(*points, engine="manual", **settings)
    series = {name: getattr(theirs, name).astype(np.float64) for name in SERIES}
    bound = RoundingBound.of(points, reduction).trajectory(series, theirs.learning_rate)
    assert (ours.outcome, len(ours)) == (theirs.outcome, len(theirs))
    for name in SERIES:
        assert (np.abs(getattr(ours, name).astype(np.float64) - series[name]) <= bound[name]).all(), name


def test_check_reports_the_distance_of_the_engine_from_the_path_by_hand(monkeypatch):
    comparison = tf_gd.check(*HUBBLE, learning_rate=0.01, num_steps=50)
    assert 0 < comparison.moments_ratio < 1
    assert f"engine moments: at most {comparison.moments_ratio:.1g} of the rounding bound" in str(comparison)
    states = ClosedForm.states
    monkeypatch.setattr(ClosedForm, "states", lambda *a: [values * (1 + 2**-40) for values in states(*a)])
    assert tf_gd.check(*HUBBLE, learning_rate=0.01, num_steps=50).moments_ratio > 1


@pytest.mark.filterwarnings("ignore::tf_gd.errors.DescentWarning")
@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": "auto", "num_steps": 1000, "tolerance": 1e-6},
        {"learning_rate": "auto", "num_steps": 50, "tolerance": 1e-6},
        {"learning_rate": 0.03, "num_steps": 10_000},
        {"learning_rate": 0.03, "num_steps": 10_000, "dtype": "float32"},
        {"learning_rate": 0.03, "num_steps": 20},
        {"learning_rate": 0.01, "num_steps": 0},
        {"learning_rate": 0.01, "num_steps": 95, "record_every": 10},
        {"learning_rate": 0.01, "num_steps": 95, "start": (1e200, 1e200)},
    ],
)
def test_the_same_outcome_at_the_same_step_as_by_walking(settings):
    ours = tf_gd.train(*HUBBLE, engine="moments", **settings)
    theirs = tf_gd.train(*HUBBLE, engine="manual", **settings)
    assert ours.outcome is theirs.outcome
    assert ours.step.tolist() == theirs.step.tolist()
    assert ours.m.dtype == theirs.m.dtype


def test_more_rows_than_memory_holds_are_refused():
    with pytest.raises(InvalidArgumentError, match="`record_every` must be at least 100,000,011"):
        tf_gd.train(*HUBBLE, learning_rate="auto", num_steps=10**15, engine="moments")


def test_progress_is_told_once():
    told = []
    tf_gd.train(
        *HUBBLE,
        learning_rate=0.01,
        num_steps=30,
        engine="moments",
        on_progress=lambda *step: told.append(step),
    )
    assert told == [(30, 30)]


@pytest.mark.parametrize("num_steps", [2**63 - 1, 2**63, 10**30])
def test_steps_past_what_a_step_is_counted_in_are_refused(num_steps):
    with pytest.raises(InvalidArgumentError, match="`num_steps` must be a whole number"):
        tf_gd.train(*HUBBLE, learning_rate=0.01, num_steps=num_steps, engine="moments", record_every=num_steps)


def test_the_largest_number_of_steps_is_taken():
    path = tf_gd.train(*HUBBLE, learning_rate=0.01, num_steps=2**63 - 2, engine="moments", record_every=2**63 - 1)
    assert path.step.tolist() == [0, 2**63 - 2]
    assert path.line == tf_gd.least_squares(*HUBBLE)


@pytest.mark.parametrize(("reduction", "factor"), [("mean", 24), ("half_sum", 2), ("half_mean", 48)])
def test_the_engine_takes_every_reduction(reduction, factor):
    rate = np.float64(2.0**-10)  # times the factor it is exact, so that the two descents are the same
    ours = tf_gd.train(*HUBBLE, learning_rate=rate * factor, num_steps=50, engine="moments", reduction=reduction)
    of_sum = tf_gd.train(*HUBBLE, learning_rate=rate, num_steps=50, engine="moments")
    assert ours.m.tobytes() == of_sum.m.tobytes()
    assert np.abs(ours.loss * factor / of_sum.loss - 1).max() <= 3 * 2.0**-53  # two roundings, and that of the quotient
