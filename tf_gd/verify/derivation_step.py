"""One step of a derivation: what is done and why, and its formulas as text, LaTeX or MathML."""

from dataclasses import dataclass
from typing import Any

from tf_gd.verify.algebra import symbols


@dataclass(frozen=True)
class DerivationStep:
    """One step: what is done, why, and the formulas.

    Attributes:
        equation: the number of the equation in the post; 11 and 12 go beyond it.
        title: a few words.
        sentence: why this step is taken.
        formulas: SymPy equations.
        order: in which SymPy's printers put the terms of a sum: "grevlex", or "none" for as they stand.
    """

    equation: int
    title: str
    sentence: str
    formulas: tuple[Any, ...]
    order: str = "grevlex"

    @property
    def text(self) -> list[str]:
        """The formulas in Unicode, several lines each."""
        return self.pretty(use_unicode=True)

    def pretty(self, use_unicode: bool, width: int | None = None) -> list[str]:
        """Return the formulas as text of several lines each, in Unicode or in ASCII, in `width` columns if given."""
        s = symbols()
        flat = {one: s.sympy.Symbol(one.name.replace("S_", "S")) for one in s.all_power_sums}
        return [
            s.sympy.pretty(
                one.xreplace(flat),
                order=self.order,
                use_unicode=use_unicode,
                wrap_line=width is not None,
                num_columns=width,
            )
            for one in self._on_paper
        ]

    @property
    def latex(self) -> list[str]:
        """The formulas in LaTeX, without delimiters."""
        return [symbols().sympy.latex(one, order=self.order) for one in self._on_paper]

    @property
    def mathml(self) -> list[str]:
        """The formulas in presentation MathML, a `<math>` element each, which browsers show without a script."""
        return [_mathml(one, self.order) for one in self._on_paper]

    @property
    def _on_paper(self) -> list[Any]:
        return [symbols().on_paper(one) for one in self.formulas]


def _mathml(formula: Any, order: str) -> str:
    """Return a formula in presentation MathML; SymPy's own printer writes L as l, and d and I as rare letters."""
    from sympy.printing.mathml import MathMLPresentationPrinter  # type: ignore[import-untyped]

    class Printer(MathMLPresentationPrinter):  # type: ignore[misc]
        def _print_Function(self, applied: Any) -> Any:  # noqa: N802
            row = self.dom.createElement("mrow")
            row.appendChild(self._print(symbols().sympy.Symbol(applied.func.__name__)))
            row.appendChild(self._paren_comma_separated(*applied.args))
            return row

        def _print_Identity(self, _: Any) -> Any:  # noqa: N802
            return self._print(symbols().sympy.Symbol("I"))

    written = str(Printer({"order": order}).doprint(formula)).replace("&dd;", "d")
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{written}</math>'
