"""The search for the descent in a record: which numbers, which points, which steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import islice

import numpy as np

from tf_gd.diagnosis.path import identifier_names as names
from tf_gd.diagnosis.path.candidates import (
    Pair,
    pairs,
    point_candidates,
    vectors,
    writes_itself,
)
from tf_gd.diagnosis.path.given_names import Given
from tf_gd.diagnosis.path.inexact_steps import unexplained
from tf_gd.diagnosis.path.path_judgement import Judgement
from tf_gd.diagnosis.path.path_judging import RIGHT, SINGLE, TOGETHER, Attempt, attempt, cut_short
from tf_gd.diagnosis.path.program_batches import are_shuffled_apart, batch_trials
from tf_gd.diagnosis.path.program_model import LineModel, losses_of
from tf_gd.diagnosis.path.program_rates import changing_loss, rates
from tf_gd.diagnosis.path.program_record import ProgramRecord
from tf_gd.diagnosis.path.rate_fit import fit
from tf_gd.diagnosis.path.statements import Statements
from tf_gd.diagnosis.path.step_factors import FactorReading, PathContext
from tf_gd.diagnosis.path.step_rules import right_move
from tf_gd.diagnosis.path.through_origin import has_intercept, origin_pairs
from tf_gd.diagnosis.path.trials import (
    LIKELY,
    PAIRS_TRIED,
    POINTS_TRIED,
    Descent,
    Trial,
    likeliest,
    on_batches,
    trials_of,
)
from tf_gd.points.arrays import Floats

TRIED_QUICKLY = 8  # steps
BATCHES_TRIED = 6
FEWEST_UNEXPLAINED = 3  # steps: one or two say too little to call them wrong without a reason
SURE = 1.3  # an explanation that takes no more for granted than this: one mistake, at a rate that is known
MOST_DESCENTS = 5


class ProgramSearch:
    """Looks for the descent of a program: the right update first, then every mistake."""

    def __init__(
        self, record: ProgramRecord, statements: Statements, reduction: str | None = None, given: Given | None = None
    ) -> None:
        self.record, self.statements, self.reduction = record, statements, reduction
        self.given = given or Given()
        self.pairs = self.given.pairs(pairs(record, statements))
        self.points = self.given.points(record, point_candidates(vectors(record)))

    def find(self, wrong: bool = True) -> Descent | None:
        """Return the descent, or None where there is none to be seen; without `wrong` only a right one."""
        trials = self._trials()
        right = self._right(trials) or self._batches(trials)
        if right is not None and not self.given.names and names.are_exchanged(right.points.x.stem, right.points.y.stem):
            judgement = replace(right.judgement, verdict="wrong", names=("x-and-y-swapped",), sure=1.0)
            return replace(right, judgement=judgement)
        return right or (self._through_origin() or self._wrong(trials) if wrong else None)

    def others(self, first: Descent) -> Iterator[Descent]:
        """Yield the further descents of a program: of the same numbers from a fresh start, and of others."""
        again = (replace(first.pair, descent=count) for count in range(1, MOST_DESCENTS))
        known = {*first.pair.m.values.tolist(), *first.pair.c.values.tolist()}
        elsewhere = (pair for pair in self.pairs if self._is_another(pair, known))
        for pair in (*(one for one in again if one.samplings), *islice(elsewhere, MOST_DESCENTS)):
            search = copy(self)
            search.pairs = [pair]
            trials = search._trials()
            further_descent = search._right(trials) or search._batches(trials) or search._wrong(trials, surely=True)
            if further_descent is not None:
                yield further_descent

    def _is_another(self, pair: Pair, known: set[float]) -> bool:
        """Return whether a program trains these numbers as well: no copies of those that are known, and no sums.

        A copy may know the last state as well, which the arguments of a function do not show. The sums of a gradient
        shrink as the parameters of a descent without a target do, but begin anew in every step.
        """
        both = (pair.m, pair.c)
        written = [writes_itself(series, self.statements) for series in both]
        copied = any(known.issuperset(series.values[: max(len(series.values) - 1, 2)].tolist()) for series in both)
        begun = max(int((series.values == series.values[0]).sum()) for series in both)
        trained = min(written) > 0 and max(written) == 1 and begun <= MOST_DESCENTS
        return pair.score >= LIKELY and trained and not copied

    def _through_origin(self) -> Descent | None:
        """Return the descent of a line y = m x, where the program has no intercept."""
        if "c" in self.given.names or has_intercept(self.record, self.pairs):
            return None
        search = copy(self)
        search.pairs = self.given.pairs(origin_pairs(self.record, self.statements))
        trials = search._trials()
        if (origin_descent := search._right(trials)) is not None:
            return origin_descent
        origin_descent = search._batches(trials) or search._wrong(trials)
        return origin_descent if origin_descent is not None and self._model(origin_descent).is_fitted() else None

    def _model(self, reading: Descent | Trial) -> LineModel:
        return LineModel(self.record, self.statements, reading.pair, reading.sampling, reading.points)

    def _trials(self) -> list[Trial]:
        return trials_of(self.pairs, self.points, self.statements)

    def _right(self, trials: Sequence[Trial]) -> Descent | None:
        """Return the first reading under which the right update, or a multiple of it, explains every step.

        A reading that starts at the best line, so that its steps are too small to tell, is kept for the case that none
        is right; and so is one that is not right as it is, for another may see several steps in each of its own.
        """
        at_rest: Descent | None = None
        coarse: Descent | None = None
        for trial in trials:
            if coarse is not None and not trial.is_finer(coarse):
                continue
            few = trial.steps.part(slice(0, TRIED_QUICKLY))
            resting = (few.moved == 0).all(axis=0) & (few.trained > 0)
            apart = trial.pair.m.place != trial.pair.c.place
            if apart and (resting & (np.array(trial.sampling.writes) == 0)).any():
                continue  # a number that the program never writes is no parameter of the descent
            factor = fit(few, right_move(few))
            if factor is not None and not factor.is_telling and self._may_rest(trial.pair):
                still = Judgement("cannot-tell", (), trial.steps)
                at_rest = at_rest or Descent(trial.pair, trial.points, trial.sampling, still)
            elif factor is not None and factor.is_telling:
                judged_descent = self._judged(trial, RIGHT[:1])
                if judged_descent is not None and judged_descent.judgement.verdict == "right":
                    return judged_descent
                if judged_descent is not None and judged_descent.judgement.verdict != "wrong":
                    coarse = judged_descent
                elif judged_descent is not None and not resting.any():
                    coarse = coarse or judged_descent
        return at_rest if coarse is None or (at_rest and coarse.judgement.verdict == "wrong") else coarse

    def _may_rest(self, pair: Pair) -> bool:
        """Return whether two numbers are trained, by their names or their updates, though they need not move."""
        updates = (writes_itself(series, self.statements) for series in (pair.m, pair.c))
        return pair.score >= LIKELY or min(updates) > 0

    def _batches(self, trials: Sequence[Trial]) -> Descent | None:
        """Return the first reading under which each step is right on some of the points."""
        for trial in likeliest(trials):
            descent = self._judged(trial, RIGHT[1:])
            if descent is not None and descent.judgement.verdict == "right":
                return descent
        return self._recorded_batches()

    def _recorded_batches(self) -> Descent | None:
        """Return the reading under which each step is right on the points that the program had at hand then."""
        for trial in self._batch_trials():
            factor = fit(trial.steps, right_move(trial.steps))
            if factor is None or factor.value <= 0 or not np.isfinite(factor.slack):
                continue
            descent = self._judged(trial, RIGHT[:1])
            if descent is not None and descent.judgement.verdict == "right":
                if are_shuffled_apart(self.record, trial.steps):
                    reading = replace(descent.judgement, verdict="wrong", names=("shuffled-apart",), sure=1.0)
                    return replace(descent, judgement=reading)
                return on_batches(descent, trial)
        return None

    def _batch_trials(self) -> Iterator[Trial]:
        for pair in [pair for pair in self.pairs[:PAIRS_TRIED] if pair.score >= LIKELY]:
            for sampling in pair.samplings[:2]:
                for points, steps in batch_trials(self.record, pair, sampling):
                    yield Trial(pair, points, sampling, steps)

    def _wrong_batches(self) -> Descent | None:
        """Return the reading under which each step makes one mistake on the points that were at hand then."""
        for trial in islice(self._batch_trials(), BATCHES_TRIED):
            descent = self._judged(trial, SINGLE)
            if descent is not None and descent.judgement.verdict == "wrong" and descent.judgement.sure < SURE:
                return on_batches(descent, trial)
        return None

    def _wrong(self, trials: Sequence[Trial], surely: bool = False) -> Descent | None:
        """Return the reading under which a mistake, with `surely` one alone, explains every step at the least cost."""
        chosen = likeliest(trials)
        for attempts, tried in ((SINGLE, chosen), (TOGETHER, chosen[:3]))[: 1 if surely else 2]:
            ranked_descents = []
            for rank, trial in enumerate(tried):
                descent = self._judged(trial, attempts)
                if descent is not None:
                    ranked_descents.append((descent.judgement.sure + 0.03 * rank, rank, descent))
                    if descent.judgement.sure < SURE and rank < 3:
                        break
            if ranked_descents:
                return min(ranked_descents, key=lambda one: one[:2])[2]
            if attempts is SINGLE and (on_batches := self._wrong_batches()) is not None:
                return on_batches
        return None if surely else self._unexplained(chosen)

    def _unexplained(self, chosen: Sequence[Trial]) -> Descent | None:
        """Return a descent that nothing explains, where the program surely fits a line."""
        for trial in (one for one in chosen[:POINTS_TRIED] if one.steps.num_steps >= FEWEST_UNEXPLAINED):
            if trial.pair.score >= (4 if trial.pair.intercept else 3) and self._model(trial).is_fitted():
                return Descent(trial.pair, trial.points, trial.sampling, unexplained(trial.steps))
        return None

    def _judged(self, trial: Trial, attempts: Sequence[Attempt]) -> Descent | None:
        known = [] if self.reduction else losses_of(self.record, trial.pair, trial.sampling, trial.points)
        losses: list[str | None] = [*known] or [None]
        context = PathContext(
            self.given.rates(self.record) or rates(self.record, self.statements, trial.pair, trial.sampling.lines),
            self.reduction,
            twice=self._moves_twice(trial.sampling.states[:4]),
            computed=True,
        )
        integers = _integers(trial.pair)
        chosen = [one for one in attempts if integers or one is not cut_short]
        loss_judgements = [(one, attempt(trial.steps, replace(context, loss=one), integers, chosen)) for one in losses]
        loss, judgement = next(
            (one for one in loss_judgements if one[1] is not None and one[1].verdict == "right"), loss_judgements[0]
        )
        if judgement is None or (judgement.verdict == "cannot-tell" and not judgement.names):
            return None
        if judgement.factors is not None and judgement.verdict == "right":
            changing = changing_loss(self.record, trial.pair, trial.sampling, judgement.factors, trial.steps.n)
            judgement = replace(judgement, reading=FactorReading(context.reduction or loss or changing, None))
        return Descent(trial.pair, trial.points, trial.sampling, judgement)

    def _moves_twice(self, states: Floats) -> bool:
        """Return whether a round writes c more often than m, wherever the program holds these states."""
        same = (
            one
            for pair in self.pairs
            for one in pair.samplings
            if one.states[:4].shape == states.shape and (one.states[:4] == states).all()
        )
        return any(one.writes[1] > one.writes[0] for one in same)


def _integers(pair: Pair) -> bool:
    return all(set(series.dtypes) <= {"int", "int32", "int64"} for series in (pair.m, pair.c))
