"""The symbols of the derivation, and how sums over the points are written.

Inside a sum, SymPy must know that x_i depends on i, so the points are indexed, `x[i]`; on paper they are x_i.
"""

from functools import lru_cache
from typing import Any, NamedTuple


class Symbols(NamedTuple):
    """SymPy, and the symbols that the derivation uses."""

    sympy: Any
    m: Any
    c: Any
    M: Any
    alpha: Any
    i: Any
    n: Any
    x: Any  # x[i] is the i-th point's
    y: Any
    loss: Any  # L, a function of the parameters
    residual: Any  # e_i, a function of the parameters

    def add(self, term: Any) -> Any:
        """Return the sum of `term` over all points."""
        return self.sympy.Sum(term, (self.i, 1, self.n))

    def power_sums(self, expression: Any) -> Any:
        """Return an expression with each sum over the points written in n, S_x, S_y, S_xx, S_xy and S_yy."""
        sums = {one: self._in_powers(one) for one in expression.atoms(self.sympy.Sum)}
        return self.sympy.expand(expression.xreplace(sums))

    def _in_powers(self, one: Any) -> Any:
        x, y = self.x[self.i], self.y[self.i]
        terms = self.sympy.Poly(self.sympy.expand(one.function), x, y).terms()
        return sum(factor * self.power_sum(*powers) for powers, factor in terms)

    def power_sum(self, x_power: int, y_power: int) -> Any:
        """Return the symbol for the sum of x_i^a y_i^b, which for a = b = 0 is n."""
        return self.sympy.Symbol("S_" + "x" * x_power + "y" * y_power, real=True) if x_power + y_power else self.n

    @property
    def all_power_sums(self) -> list[Any]:
        """The sums that a squared error can contain."""
        return [self.power_sum(*powers) for powers in ((1, 0), (0, 1), (2, 0), (1, 1), (0, 2))]

    def on_paper(self, expression: Any) -> Any:
        """Return the expression with x_i and y_i as they are written."""
        x_i, y_i = self.sympy.symbols("x_i y_i")
        return expression.xreplace({self.x[self.i]: x_i, self.y[self.i]: y_i})


@lru_cache(maxsize=1)
def symbols() -> Symbols:
    """Import SymPy and return the symbols; all stand for real numbers, n for a whole number above 0."""
    import sympy  # type: ignore[import-untyped]

    m, c, M, alpha = sympy.symbols("m c M alpha", real=True)
    i, n = sympy.symbols("i n", integer=True, positive=True)
    x, y = sympy.IndexedBase("x", real=True), sympy.IndexedBase("y", real=True)
    return Symbols(sympy, m, c, M, alpha, i, n, x, y, sympy.Function("L"), sympy.Function("e_i"))


def tidy(expression: Any) -> Any:
    """Return the expression with what stands inside each sum factored, and numbers before the sum."""
    sympy = symbols().sympy

    def factored(term: Any, *limits: Any) -> Any:
        number, rest = sympy.factor(term).as_coeff_Mul()
        return number * sympy.Sum(rest, *limits)

    return expression.replace(sympy.Sum, factored)


def largest_eigenvalue(hessian: Any) -> Any:
    """Return the larger root of the characteristic polynomial of a symmetric 1 x 1 or 2 x 2 matrix."""
    sympy = symbols().sympy
    if hessian.shape == (1, 1):
        return sympy.factor(hessian[0, 0])
    middle, half = (hessian[0, 0] + hessian[1, 1]) / 2, (hessian[0, 0] - hessian[1, 1]) / 2
    larger_root = sympy.together(middle + sympy.sqrt(sympy.together(sympy.together(half) ** 2 + hessian[0, 1] ** 2)))
    assert sympy.expand((hessian - larger_root * sympy.eye(2)).det()) == 0
    return larger_root
