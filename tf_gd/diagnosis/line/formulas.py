"""What the right gradient of a line computes, and what each mistake in it computes instead.

Every formula takes a `Probe` and returns (dL/dm, dL/dc) as exact values: exact values with the size that bounds
their rounding.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tf_gd.diagnosis.line.probes import Probe
from tf_gd.diagnosis.line.running_error import ExactValue, each, floor, root, sign, total, truncate

ExactPair = tuple[ExactValue, ExactValue]
Formula = Callable[[Probe], ExactPair]
Share = Callable[[Probe], Any]


def _once(probe: Probe) -> int:
    return 1


def right(probe: Probe) -> ExactPair:
    """Return the right gradient  (equation 5)."""
    total_m, total_c = probe.totals
    return 2 * probe.share * total_m, 2 * probe.share * total_c


def from_residuals(probe: Probe, e: Any, x: Any) -> ExactPair:
    """Return equation 5 with other residuals, or with something else where x_i belongs."""
    return 2 * probe.share * total(e * x), 2 * probe.share * total(e)


def scaled(by: Share, by_c: Share | None = None, of: Formula = right) -> Formula:
    """Return the right gradient (or another) times a factor; `by_c` where dL/dc has another one."""

    def formula(probe: Probe) -> ExactPair:
        dm, dc = of(probe)
        return dm * by(probe), dc * (by_c or by)(probe)

    return formula


def in_one(formula: Formula) -> tuple[Formula, Formula]:
    """Return the mistake made in dL/dm only, and in dL/dc only."""
    return lambda probe: (formula(probe)[0], right(probe)[1]), lambda probe: (
        right(probe)[0],
        formula(probe)[1],
    )


def residual(e: Callable[[Probe], Any]) -> Formula:
    """Return equation 5 with the residuals `e`."""
    return lambda probe: from_residuals(probe, e(probe), probe.x)


def rows(first: int, last: int | None) -> Formula:
    """Return the sums over `x[first:last]` only; a mean still divides by n."""

    def formula(probe: Probe) -> ExactPair:
        e, x = probe.e[first:last], probe.x[first:last]
        return 2 * probe.share * total(e * x), 2 * probe.share * total(e)

    return formula


def rows_alone(first: int, last: int | None) -> Formula:
    """Return the right gradient of `x[first:last]` alone; a mean divides by the number of those rows."""

    def formula(probe: Probe) -> ExactPair:
        part = replace(probe, x=probe.x[first:last], y=probe.y[first:last])
        return right(part) if part.n else (ExactValue(0), ExactValue(0))

    return formula


def swapped(probe: Probe) -> ExactPair:
    """Return dL/dc where dL/dm belongs, and the other way round."""
    dm, dc = right(probe)
    return dc, dm


def x_and_y_swapped(probe: Probe) -> ExactPair:
    """Return the right gradient of the points (y_i, x_i)."""
    return right(replace(probe, x=probe.y, y=probe.x))


def x_in_both(probe: Probe) -> ExactPair:
    """Return dL/dm twice."""
    dm, _ = right(probe)
    return dm, dm


def absolute_error(probe: Probe) -> ExactPair:
    """Return the gradient of the sum (or mean) of |e_i|."""
    signs = each(sign, probe.e)
    return probe.share * total(signs * probe.x), probe.share * total(signs)


def root_of(share: Share) -> Formula:
    """Return the gradient of sqrt(share * sum(e_i^2)), which is the right one over 2 sqrt(L)."""

    def formula(probe: Probe) -> ExactPair:
        length = root(share(probe) * total(probe.e * probe.e))
        dm, dc = probe.totals
        return share(probe) * dm / length, share(probe) * dc / length

    return formula


def broadcast(share: Share, *, x_across: bool = False) -> Formula:
    """Return the sums over the [n, n] table e_ij = p_i - y_j, each times x_i (or times x_j)."""

    def formula(probe: Probe) -> ExactPair:
        x, y, p, n = probe.x, probe.y, probe.p, probe.n
        along, across = total(p * x) * n - total(y) * total(x), total(p) * total(x) - total(y * x) * n
        return 2 * share(probe) * (across if x_across else along), 2 * share(probe) * n * (total(p) - total(y))

    return formula


def every_pair(share: Share) -> Formula:
    """Return the sum over the [n, n] table e_i x_j, which is sum(e_i) sum(x_i), where sum(e_i x_i) belongs."""
    return lambda probe: (2 * share(probe) * total(probe.e) * total(probe.x), right(probe)[1])


def averaged(probe: Probe) -> int:
    """Return n where the loss is a mean, 1 where it is a sum."""
    return probe.n if probe.reduction.endswith("mean") else 1


def misplaced_bracket(probe: Probe) -> ExactPair:
    """Return sum(m x_i + c - y_i x_i) for dL/dm: x multiplies y only."""
    return 2 * probe.share * total(probe.p - probe.y * probe.x), right(probe)[1]


def misplaced_bracket_reversed(probe: Probe) -> ExactPair:
    """Return sum((m x_i + c) x_i - y_i) for dL/dm: x multiplies the prediction only."""
    return 2 * probe.share * total(probe.p * probe.x - probe.y), right(probe)[1]


def m_instead_of_x(probe: Probe) -> ExactPair:
    """Return sum(2 e_i m) for dL/dm."""
    dc = right(probe)[1]
    return dc * probe.m, dc


def divided_by_sum_of_x(probe: Probe) -> ExactPair:
    """Return equation 5 divided by sum(x) where a mean divides by n."""
    dm, dc = right(probe)
    by = averaged(probe) / total(probe.x)
    return dm * by, dc * by


def parameters(probe: Probe) -> ExactPair:
    """Return the parameters themselves."""
    return probe.m, probe.c


def loss(probe: Probe) -> ExactPair:
    """Return the loss, twice."""
    value = probe.share * total(probe.e * probe.e)
    return value, value


def loss_of_residuals(probe: Probe) -> ExactPair:
    """Return the sum of the squared residuals, twice, whatever the loss multiplies it by."""
    value = total(probe.e * probe.e)
    return value, value


def counted_once(probe: Probe) -> ExactPair:
    """Return equation 5 multiplied out, with c added once where n c belongs."""
    dm, dc = right(probe)
    return dm, dc - 2 * probe.share * (probe.n - 1) * probe.c


def cut(function: Callable[[ExactValue], ExactValue], inside: Share, outside: Share = _once) -> Formula:
    """Return outside(probe) * function(inside * sum), equation 5 cut to whole numbers."""

    def formula(probe: Probe) -> ExactPair:
        dm, dc = probe.totals
        return outside(probe) * function(inside(probe) * dm), outside(probe) * function(inside(probe) * dc)

    return formula


def cut_terms(inside: Share, outside: Share = _once) -> Formula:
    """Return equation 5 with every term cut to a whole number before they are added."""

    def formula(probe: Probe) -> ExactPair:
        terms = inside(probe) * probe.e * probe.x, inside(probe) * probe.e
        return outside(probe) * total(each(floor, terms[0])), outside(probe) * total(each(floor, terms[1]))

    return formula


def cut_data(function: Callable[[ExactValue], ExactValue]) -> Formula:
    """Return the right gradient of points whose coordinates were made whole numbers."""
    return lambda probe: right(replace(probe, x=each(function, probe.x), y=each(function, probe.y)))


def cut_line(probe: Probe) -> ExactPair:
    """Return the right gradient at an m and a c that were made whole numbers."""
    return right(probe.at(truncate(probe.m), truncate(probe.c)))


def zero(probe: Probe) -> ExactPair:
    """Return nothing but zeros, as `2 // n * ...` does."""
    return ExactValue(0), ExactValue(0)


def tied(probe: Probe) -> ExactPair:
    """Return the derivative of sum((M (x_i + 1) - y_i)^2) at M = m, for both."""
    derivative = 2 * probe.share * total(((probe.x + 1) * probe.m - probe.y) * (probe.x + 1))
    return derivative, derivative


def tied_factor(probe: Probe) -> ExactPair:
    """Return sum(2 e_i (x_i + 1)) for both, with m and c still apart in the residuals."""
    dm, dc = right(probe)
    return dm + dc, dm + dc


def tied_each(probe: Probe) -> ExactPair:
    """Return the derivative of the M-model at M = m for the one and at M = c for the other."""
    return tied(probe)[0], tied(probe.at(probe.c, probe.c))[0]


def tied_residuals(probe: Probe) -> ExactPair:
    """Return equation 5 with c = m in the residuals only."""
    return right(probe.at(probe.m, probe.m))
