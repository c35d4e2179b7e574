"""Which mistakes explain every step of a path: the rules of the update, with every gradient of the catalogue.

An explanation costs what it takes for granted: one mistake less than two, the usual form of a mistake less than a
rare one, a rate that the program names less than one that nobody named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tf_gd.diagnosis.line.catalogue import CATALOGUE
from tf_gd.diagnosis.line.formulas import Formula, residual, right
from tf_gd.diagnosis.line.running_error import each, sign
from tf_gd.diagnosis.path.path_steps import Derivatives, PathSteps
from tf_gd.diagnosis.path.rate_fit import BOTH, Factor, Move, fit, fit_many
from tf_gd.diagnosis.path.step_factors import UNREAD, FactorReading, PathContext, read_factor, shares
from tf_gd.diagnosis.path.step_rules import MOVED_TWICE, RULES, WITHOUT_INTERCEPT, GradientRule, at_once, right_move
from tf_gd.points.arrays import Floats

# Entries that only multiply the right gradient: the factor in front of it tells these.
SCALED = {
    "missing-factor-2", "sign", "mean-instead-of-sum", "sum-instead-of-mean", "extra-factor-2", "half-mean",
    "one-half-n-precedence", "sign-of-m", "sign-of-c",
}  # fmt: skip

# Entries about the intercept, which a line through the origin has not.
OF_INTERCEPT = {
    "sign-of-c", "swapped", "x-in-both", "missing-intercept", "intercept-subtracted", "tied-m-and-c",
    "intercept-counted-once", "index-instead-of-c",
}  # fmt: skip

PARAMETERS = ("m", "c")
WITHOUT_SIGN = "residual-without-sign"


@dataclass(frozen=True)
class PathExplanation:
    """One way to explain every step.

    Attributes:
        names: the mistakes, none where the steps are right.
        reading: the loss and the rate.
        factor: in front of the derivatives of the sum.
        cost: how much it takes for granted.
        alone: "m" or "c" where only that derivative is wrong.
    """

    names: tuple[str, ...]
    reading: FactorReading
    factor: Factor
    cost: float
    alone: str = ""


class Search:
    """The explanations of one path, worked out on its first steps."""

    def __init__(self, steps: PathSteps, context: PathContext) -> None:
        self.steps, self.context = steps.window, context

    def gradient(self, formula: Formula) -> GradientRule:
        """Return the derivatives of a formula, worked out once for each state that is asked for."""
        now: list[Derivatives] = []

        def at(states: Floats | None) -> Derivatives:
            if states is not None:
                return self.steps.derivatives(formula, at=states)
            if not now:
                now.append(self.steps.derivatives(formula))
            return now[0]

        return at

    def read(self, factor: Factor, formula: Formula = right, scale: float = 1.0) -> FactorReading:
        """Return what a factor in front of a formula says; `scale` is what the formula is multiplied by already."""
        scales = {name: share / scale for name, share in self.scales_of(formula).items()}
        context = self.context
        reading = read_factor(factor, scales, self.steps.n, context.rates, context.reduction, context.loss)
        return self._by_sum_of_x(factor) or reading if formula is right and reading.guess >= UNREAD else reading

    def _by_sum_of_x(self, factor: Factor) -> FactorReading | None:
        """Return the reading where sum(x) divides the sums in place of n, if a rate with a name says so."""
        if self.steps.x.ndim != 1 or abs(self.steps.x.sum()) <= self.steps.noise * np.abs(self.steps.x).sum():
            return None
        asked = self.context.reduction or self.context.loss
        for rate in (one for one in self.context.rates if one.named):
            for loss, share in (("mean", 1.0), ("half_mean", 0.5)):
                if asked in (None, loss) and factor.agrees(rate.value * share / self.steps.x.sum()):
                    return FactorReading(loss, rate.value, ("divided-by-sum-of-x",), 0.1)
        return None

    def scales_of(self, formula: Formula) -> dict[str, float]:
        """Return what each loss multiplies a formula by, relative to the sum's."""
        usual = shares(self.steps.n)
        if formula is right:
            return usual
        first = self.steps.part(slice(0, 1))
        whole, mean = (first.derivatives(formula, name).value for name in ("sum", "mean"))
        with np.errstate(all="ignore"):
            ratio = (mean / whole).ravel()[int(np.argmax(np.abs(np.nan_to_num(whole))))]
        ratio = ratio if np.isfinite(ratio) and ratio != 0 else 1.0 / self.steps.n
        known = {"sum": 1.0, "mean": ratio, "half_sum": 0.5, "half_mean": 0.5 * ratio}
        return {name: known[name] for name in usual}

    def plain(self) -> PathExplanation | None:
        """Return the right update, at one constant factor, if it explains every step."""
        factor = fit(self.steps, right_move(self.steps))
        if factor is None:
            return None
        reading = self.read(factor)
        return PathExplanation(reading.mistakes, reading, factor, len(reading.mistakes) + reading.guess)

    def rules(self, formula: Formula = right, name: str = "", cost: float = 0.0) -> Iterator[PathExplanation]:
        """Yield the mistakes of the update that explain every step, with the right gradient or another."""
        gradient = self.gradient(formula)
        known = [
            rule
            for rule in ((MOVED_TWICE, *RULES) if self.context.twice else RULES)
            if self.steps.intercept or rule.name in WITHOUT_INTERCEPT
        ]
        factors = fit_many(self.steps, [one.rule(self.steps, gradient) for one in known])
        for mistake, factor in zip(known, factors, strict=True):
            if factor is None or (factor.value == 0 and np.isinf(factor.slack)):
                continue
            reading = self.read(factor, formula)
            names = (mistake.name, *((name,) if name else ()), *reading.mistakes)
            total = cost + 1.0 + len(reading.mistakes) + reading.guess
            yield PathExplanation(names, reading, factor, total, mistake.alone)

    def gradients(self) -> Iterator[PathExplanation]:
        """Yield the mistakes of the catalogue that explain every step: in both derivatives, or in one of them."""
        known = [(*form, move) for form in self.forms() if (move := self.move(form[1])) is not None]
        truth, moves = right_move(self.steps), [move for *_, move in known]
        rights = [fit(self.steps, truth, (which,)) for which in BOTH]
        alone = [fit_many(self.steps, moves, (which,)) for which in BOTH]
        for (name, formula, cost, move), *wrongs in zip(known, *alone, strict=True):
            yield from self._gradient(name, formula, cost, move, wrongs, rights)

    def forms(self) -> Iterator[tuple[str, Formula, float]]:
        """Yield the forms of mistakes that these steps can show."""
        return (form for form in forms() if self.steps.intercept or form[0] not in OF_INTERCEPT)

    def _gradient(
        self,
        name: str,
        formula: Formula,
        cost: float,
        move: Move,
        wrongs: Sequence[Factor | None],
        rights: Sequence[Factor | None],
    ) -> Iterator[PathExplanation]:
        """Yield the explanation by one formula; `wrongs` and `rights` fit m, and c, to it and to the right one."""
        factor = fit(self.steps, move) if all(wrongs) else None
        if factor is not None:
            reading = self.read(factor, formula)
            yield PathExplanation(
                (name, *reading.mistakes), reading, factor, 1.0 + cost + len(reading.mistakes) + reading.guess
            )
        for which in BOTH:
            wrong, good, kept = wrongs[which], rights[1 - which], rights[which]
            if wrong is None or good is None or not (good.is_telling and wrong.is_telling):
                continue
            if kept is None or not kept.agrees(good.value):  # else there is nothing wrong in this one
                yield from self._in_one(name, formula, cost, which, wrong, good)

    def _in_one(
        self, name: str, formula: Formula, cost: float, which: int, wrong: Factor, good: Factor
    ) -> Iterator[PathExplanation]:
        """Yield a mistake in one derivative, the other being right under the same loss."""
        reading = self.read(good)
        losses = [reading.loss] if reading.loss else list(shares(self.steps.n))
        scales, usual = self.scales_of(formula), shares(self.steps.n)
        for loss in losses:
            wanted = good.value * scales[loss] / usual[loss]
            if wrong.agrees(wanted) or Factor(wanted, good.slack).agrees(wrong.value):
                extra = 1.15 + cost + len(reading.mistakes) + reading.guess
                yield PathExplanation((name, *reading.mistakes), reading, good, extra, PARAMETERS[which])
                return

    def move(self, formula: Formula) -> Move | None:
        """Return the right update with another gradient, or nothing where the formula has no value here."""
        try:
            move = at_once(self.steps, self.gradient(formula))
        except (ZeroDivisionError, TypeError, ValueError, AttributeError):
            return None
        return move

    def scales(self) -> Iterator[PathExplanation]:
        """Yield the explanation of one derivative that is off by a factor."""
        truth = right_move(self.steps)
        m, c = (fit(self.steps, truth, (which,)) for which in BOTH)
        if m is None or c is None or 0 in (m.value, c.value):
            return
        for name, ratio in self._ratios():
            for which, (wrong, good) in enumerate(((m, c), (c, m))):
                spread = wrong.slack + abs(ratio) * good.slack
                if not abs(wrong.value - ratio * good.value) <= spread + 1e-12 * abs(wrong.value):
                    continue
                reading = self.read(good)
                if ratio < 0 and good.value < 0:
                    continue  # then the other one is the wrong one
                cost = 1.2 + len(reading.mistakes) + reading.guess
                own = f"sign-of-{PARAMETERS[which]}" if name == "sign" else name
                yield PathExplanation((own, *reading.mistakes), reading, good, cost, PARAMETERS[which])

    def _ratios(self) -> Iterator[tuple[str, float]]:
        """Yield (name, by what one derivative is off)."""
        n = self.steps.n
        yield "sign", -1.0
        yield "missing-factor-2", 0.5
        if n > 1:
            yield "sum-instead-of-mean", float(n)
            yield "mean-instead-of-sum", 1.0 / n
        yield "extra-factor-2", 2.0
        if n > 1:
            yield from (("half-mean", 0.5 / n), ("sum-instead-of-mean", 2.0 * n), ("sum-instead-of-mean", 0.5 * n))

    def pairs(self) -> Iterator[PathExplanation]:
        """Yield a mistake of the update together with one of the gradient in it."""
        for name, formula, cost in self.forms():
            if self.move(formula) is not None:
                yield from self.rules(formula, name, 1.0 + cost)


def forms() -> Iterator[tuple[str, Formula, float]]:
    """Yield (name, formula, cost) of each mistake of the catalogue that is more than a factor."""
    for position, mistake in enumerate(CATALOGUE):
        if mistake.name not in SCALED:
            yield mistake.name, mistake.formula, position * 1e-4
            for form in mistake.rarer:
                yield mistake.name, form, 0.05 + position * 1e-4
    yield WITHOUT_SIGN, residual(lambda probe: each(sign, probe.e) * probe.e), 0.05
