"""Proof that the package computes what was derived, and that what was derived is right.

The hand-written path runs on symbols in the place of numbers: its own code, not a copy of it, returns
polynomials, and these must be the derived ones. The optimum of the derivation is put beside NIST's certified
values.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from tf_gd.points import sample
from tf_gd.reduction import Reduction
from tf_gd.summation.order import Order
from tf_gd.summation.reference import evaluate
from tf_gd.verify.algebra import symbols
from tf_gd.verify.derivation import Derivation, Model, derive

# Every point is treated alike; odd and even numbers of points, and more of them than a packet has lanes.
NUM_POINTS = (1, 2, 3, 5)
PACKET = 2

# NIST Statistical Reference Datasets: sample -> parameter -> certified value, 15 digits.
CERTIFIED = {
    "line": {"norris": {"m": "1.00211681802045", "c": "-0.262323073774029"}},
    "no-intercept": {"noint1": {"m": "2.07438016528926"}, "noint2": {"m": "0.727272727272727"}},
    "m-model": {"noint1": {"M": "2.07438016528926"}, "noint2": {"M": "0.727272727272727"}},
}


@dataclass(frozen=True)
class SymbolicCheck:
    """One statement and whether it holds."""

    statement: str
    ok: bool


class SymbolicPoints:
    """Points whose coordinates are symbols x1, x2, ..., to be handed to code that was written for numbers."""

    def __init__(self, n: int) -> None:
        sympy = symbols().sympy
        self.n = sympy.Integer(n)
        self.x, self.y = (np.array(sympy.symbols(f"{name}1:{n + 1}", real=True), object) for name in "xy")

    def __iter__(self) -> Any:
        """Unpack as `x, y = points`."""
        return iter((self.x, self.y))

    def put_into(self, expression: Any) -> Any:
        """Return a derived expression, a sum over n points, written out for these."""
        s = symbols()
        written = expression.subs(s.n, self.n).doit()
        values = {s.x[k + 1]: x for k, x in enumerate(self.x)} | {s.y[k + 1]: y for k, y in enumerate(self.y)}
        return written.xreplace(values)


def prove(derived: Derivation) -> list[SymbolicCheck]:
    """Return what can be proved about a derivation: that the package's code is it, and that it is right."""
    own = [] if derived.model == "m-model" else [prove_own_code(derived.reduction, model=derived.model)]
    return own + certify(derived)


def evaluate_by_hand(points: SymbolicPoints, m: Any, c: Any, reduction: Reduction) -> list[Any]:
    """Return the loss, dL/dm and dL/dc as `tf_gd.manual` has them, added in TensorFlow's order."""
    sympy, n = symbols().sympy, points.n
    share = sympy.Rational(1, n if reduction.endswith("mean") else 1)
    half = sympy.Rational(1, 2 if reduction.startswith("half_") else 1)
    return evaluate(points.x, points.y, m, c, share * half, 1 / share, half, Order(PACKET))


def prove_own_code(
    reduction: Reduction, evaluation: Callable[..., Any] = evaluate_by_hand, model: Model = "line"
) -> SymbolicCheck:
    """Run the hand-written loss and gradient on symbols, and compare them with the derived ones.

    Args:
        reduction: see `line.loss_factor`.
        evaluation: the code to check; the package's own when left out.
        model: "line"; or "no-intercept", for which c is 0 and dL/dc is not looked at.
    """
    s, derived = symbols(), derive(model, reduction)
    wanted = (derived.loss, *derived.gradient)

    def same(n: int) -> bool:
        points = SymbolicPoints(n)
        expressions = evaluation(points, s.m, s.c if model == "line" else s.sympy.Integer(0), reduction)
        pairs = zip(expressions[: len(wanted)], wanted, strict=True)
        return all(s.sympy.expand(own - points.put_into(one)) == 0 for own, one in pairs)

    counts = ", ".join(map(str, NUM_POINTS))
    statement = f"tf_gd.manual, run on symbols for n = {counts} points, returns this loss and this gradient."
    return SymbolicCheck(statement, all(same(n) for n in NUM_POINTS))


def certify(derived: Derivation) -> list[SymbolicCheck]:
    """Compare the derived optimum, exact for the decimal text of a data set, with NIST's certified values."""
    return [
        _certify(derived, name, parameter, certified)
        for name, values in CERTIFIED[derived.model].items()
        for parameter, certified in values.items()
    ]


def _certify(derived: Derivation, name: str, parameter: str, certified: str) -> SymbolicCheck:
    """Return whether the exact optimum, rounded to as many digits, is the certified value."""
    s = symbols()
    values = _power_sums(name, shift=1 if derived.model == "m-model" else 0)
    exact = derived.optimum[getattr(s, parameter)].subs(values)
    digits = len(Decimal(certified).as_tuple().digits)
    rounded = Decimal(str(s.sympy.N(exact, digits)))
    shown = f" = {exact}" if len(str(exact)) < 20 else ""
    shifted = " at x - 1" if derived.model == "m-model" else ""
    statement = f"{name}{shifted}: {parameter}{shown} = {rounded}; NIST certifies {certified}."
    return SymbolicCheck(statement, rounded == Decimal(certified))


def _power_sums(name: str, shift: int) -> dict[Any, Any]:
    """Return n, S_x, ... of a sample as rational numbers, with `shift` subtracted from each x.

    NIST's model is y = b x; at x' = x - 1 that is y = M (x' + 1), the post's with m = c = M.
    """
    s, points = symbols(), sample(name)
    x, y = ([s.sympy.Rational(str(value)) for value in vector.tolist()] for vector in points)
    return {
        symbol: sum(
            (one - shift) ** symbol.name.count("x") * other ** symbol.name.count("y")
            for one, other in zip(x, y, strict=True)
        )
        for symbol in s.all_power_sums
    } | {s.n: points.n}
