"""Two mistakes in one gradient: one in each derivative, or one in the residuals and one in what is added up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tf_gd.diagnosis.line.formulas import Formula, right
from tf_gd.diagnosis.line.running_error import total
from tf_gd.diagnosis.path.explanations import PathExplanation, Search
from tf_gd.diagnosis.path.rate_fit import BOTH, Factor, fit
from tf_gd.diagnosis.path.step_factors import FactorReading, shares

RESIDUALS: dict[str, Callable[[Any], Any]] = {
    "missing-intercept": lambda probe: probe.m * probe.x - probe.y,
    "missing-target": lambda probe: probe.p,
    "target-added": lambda probe: probe.p + probe.y,
    "intercept-subtracted": lambda probe: probe.m * probe.x - probe.c - probe.y,
}
TERMS: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "missing-x": lambda e, x: (total(e), total(e)),
    "x-in-both": lambda e, x: (total(e * x), total(e * x)),
    "swapped": lambda e, x: (total(e), total(e * x)),
    "sign-of-m": lambda e, x: (-total(e * x), total(e)),
    "sign-of-c": lambda e, x: (total(e * x), -total(e)),
}
OF_BOTH = ("swapped", "x-and-y-swapped")  # said of both derivatives, never of one


@dataclass(frozen=True)
class _Side:
    """One derivative, explained: the mistake in it, "" where it is right, and the factor in front of the formula."""

    name: str
    cost: float
    factor: Factor
    scales: dict[str, float]


def two_mistakes(search: Search) -> Iterator[PathExplanation]:
    """Yield the pairs of mistakes that explain every step."""
    if search.steps.intercept:
        yield from _in_residuals_and_terms(search)
        yield from _one_in_each(search)


def _in_residuals_and_terms(search: Search) -> Iterator[PathExplanation]:
    for residual, e in RESIDUALS.items():
        for term, sums in TERMS.items():
            formula = _composed(e, sums)
            move = search.move(formula)
            factor = None if move is None else fit(search.steps, move)
            if factor is not None:
                reading = search.read(factor, formula)
                cost = 2.05 + len(reading.mistakes) + reading.guess
                yield PathExplanation((residual, term, *reading.mistakes), reading, factor, cost)


def _composed(e: Callable[[Any], Any], sums: Callable[[Any, Any], tuple[Any, Any]]) -> Formula:
    def formula(probe: Any) -> Any:
        for_m, for_c = sums(e(probe), probe.x)
        return 2 * probe.share * for_m, 2 * probe.share * for_c

    return formula


def _one_in_each(search: Search) -> Iterator[PathExplanation]:
    """Yield a mistake in dL/dm with another one in dL/dc, at one rate that is known, under one loss."""
    sides = [list(_sides(search, which)) for which in BOTH]
    asked = search.context.reduction or search.context.loss
    for rate in search.context.rates:
        for loss in [asked] if asked else list(shares(search.steps.n)):
            named = [
                [(name, one) for one in sides[which] if (name := _name(one, rate.value, loss, which, search))]
                for which in BOTH
            ]
            for name_m, one in named[0]:
                for name_c, other in named[1]:
                    cost = 2.0 + one.cost + other.cost + 0.1 * (not rate.named)
                    yield PathExplanation((name_m, name_c), FactorReading(loss, rate.value), one.factor, cost, "mc")


def _sides(search: Search, which: int) -> Iterator[_Side]:
    forms = (form for form in search.forms() if form[0] not in OF_BOTH)
    for name, formula, cost in (("", right, 0.0), *forms):
        move = search.move(formula)
        factor = None if move is None else fit(search.steps, move, (which,))
        if factor is not None and factor.is_telling:
            yield _Side(name, cost, factor, search.scales_of(formula))


def _name(side: _Side, rate: float, loss: str, which: int, search: Search) -> str:
    """Return the one mistake in a derivative at this rate; "" where there is none, or more than one."""
    usual, n = float(rate * side.scales[loss]), search.steps.n
    if side.name:
        return str(side.name) if side.factor.agrees(usual) else ""
    ratios: list[tuple[str, float]] = [
        (f"sign-of-{'mc'[which]}", -1.0), ("missing-factor-2", 0.5), ("extra-factor-2", 2.0),
        *((("sum-instead-of-mean", float(n)), ("mean-instead-of-sum", 1.0 / n)) if n > 1 else ()),
    ]  # fmt: skip
    return next((name for name, ratio in ratios if side.factor.agrees(usual * ratio)), "")
