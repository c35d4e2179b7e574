"""Mistakes in code that is right on paper: points that a loop misses, a bracket, a shape, an integer."""

from fractions import Fraction

from tf_gd.diagnosis.line import formulas
from tf_gd.diagnosis.line.formulas import residual, rows, rows_alone, scaled
from tf_gd.diagnosis.line.mistake import Mistake
from tf_gd.diagnosis.line.running_error import each, floor, truncate

CODE_MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "last-point-only",
        5,
        "Only the last point counts. Most likely `dm = ...` and `dc = ...` in your loop overwrite what the earlier "
        "points gave: start both at 0 before the loop, and use `dm += ...` and `dc += ...` in it.",
        rows(-1, None),
        (rows_alone(-1, None),),
    ),
    Mistake(
        "first-point-only",
        5,
        "Only the first point counts. Most likely the `return` stands inside the loop, which so ends after one round: "
        "indent `return` only as far as `for`.",
        rows(0, 1),
        (rows_alone(0, 1),),
    ),
    Mistake(
        "first-point-dropped",
        5,
        "The first point is left out. Python counts from 0: loop over range(n), not range(1, n), and slice "
        "x[:], not x[1:].",
        rows(1, None),
        (rows_alone(1, None),),
    ),
    Mistake(
        "last-point-dropped",
        5,
        "The last point is left out. range(n) already stops before n: loop over range(n), not range(n - 1), "
        "and slice x[:], not x[:-1].",
        rows(0, -1),
        (rows_alone(0, -1),),
    ),
    Mistake(
        "index-instead-of-c",
        1,
        "The loop's index stands where c belongs: the residual is m * x[i] + c - y[i]. Give the index a name of its "
        "own, and look for a c that the loop overwrites.",
        residual(lambda probe: probe.x * probe.m + probe.indices - probe.y),
        (residual(lambda probe: probe.x * probe.m + (probe.indices + 1) - probe.y),),
    ),
    Mistake(
        "one-half-n-precedence",
        3,
        "Both derivatives grow with n where a division by 2n was meant: 1/2*n is (1/2)*n, since / and * are worked "
        "from left to right. The loss here, {loss}, has no 1/(2n), so leave it out; where you need it, write 1/(2*n), "
        "with brackets.{or_a_sum}",
        scaled(lambda probe: Fraction(probe.n, 2)),
        (
            scaled(lambda probe: Fraction(probe.n, 4)),
            scaled(lambda probe: Fraction(probe.n, 2) / probe.share),
            scaled(lambda probe: Fraction(probe.n, 4) / probe.share),
        ),
    ),
    Mistake(
        "broadcast",
        2,
        "Every residual met every point: one array has shape [n] and the other [n, 1], and so their difference, or "
        "product, is an [n, n] table. Bring x and y to one shape first, x.ravel() and y.ravel(), and check that "
        "e.shape is (n,).",
        formulas.broadcast(lambda probe: probe.share / formulas.averaged(probe)),
        (
            formulas.broadcast(lambda probe: probe.share),
            formulas.broadcast(lambda probe: probe.share / formulas.averaged(probe), x_across=True),
            formulas.broadcast(lambda probe: probe.share, x_across=True),
        ),
    ),
    Mistake(
        "integer-division",
        5,
        "Digits after the point are thrown away: // or int() (or an integer array) cuts to whole numbers, "
        "and 1//n or 2//n is 0. Use / and floats.",
        formulas.cut(floor, lambda probe: 2 * probe.share),
        (
            formulas.cut(truncate, lambda probe: 2 * probe.share),
            formulas.cut(floor, lambda probe: probe.share, outside=lambda probe: 2),
            formulas.cut_terms(lambda probe: 2 * probe.share),
            formulas.cut_terms(lambda probe: probe.share, outside=lambda probe: 2),
            residual(lambda probe: each(floor, probe.e)),
            formulas.cut(floor, lambda probe: 2, outside=lambda probe: probe.share),
            formulas.cut(truncate, lambda probe: 2, outside=lambda probe: probe.share),
            formulas.cut_data(truncate),
            formulas.cut_data(floor),
            formulas.cut_line,
            formulas.zero,
        ),
    ),
)
