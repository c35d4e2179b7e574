"""Choosing how a function is called: by its names, else by trying the orders and forms that are left."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tf_gd.diagnosis.calling import Misbehaved, Reply
from tf_gd.diagnosis.line.argument_names import holds_derivatives, holds_predictions
from tf_gd.diagnosis.line.asking import Answer, Call, Subject
from tf_gd.diagnosis.line.call_words import said_outright
from tf_gd.diagnosis.line.conventions import Convention, conventions
from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.line.matching import Observation, in_one_precision, parts_explained
from tf_gd.diagnosis.line.probes import LINES, Probe, probes
from tf_gd.diagnosis.line.tested_function import Tested, TrialLine, on_points
from tf_gd.diagnosis.line.two_results import extra_of
from tf_gd.diagnosis.line.updates import STEPS, UpdateQuestion, as_tensorflow, on_paper
from tf_gd.points import Points
from tf_gd.reduction import Reduction


@dataclass(frozen=True)
class Chosen:
    """A function in the way in which it is called, and its answers to the simple questions."""

    tested: Tested
    points: Points
    answers: list[Answer]

    def observations(self, loss: Reduction, unit: Fraction, exact: Sequence[Answer] = ()) -> list[Observation]:
        """Return the questions under a loss with their answers, `exact` those that were asked in fractions."""
        asked = questions(self.tested, self.points, loss)
        floats = [Observation(*pair) for pair in zip(asked, self.answers, strict=True)]
        return in_one_precision(floats, unit) + [Observation(*pair) for pair in zip(asked, exact, strict=False)]


def questions(tested: Tested, points: Points, loss: Reduction) -> list[Probe | UpdateQuestion]:
    """Return the simple questions under a loss, in exact numbers."""
    by_line = dict(zip(LINES, probes(points, loss), strict=True))

    def question(line: TrialLine) -> Probe | UpdateQuestion:
        probe = by_line[line.m, line.c]
        return probe if line.rate is None else UpdateQuestion(probe, Fraction(line.rate))

    return [question(line) for line in tested.lines()]


def is_right(observations: Sequence[Observation]) -> bool:
    """Return whether every answer is the right one, at the rate as given or rounded to float32."""
    if isinstance(observations[0].probe, UpdateQuestion):
        return any(all(parts_explained(form, observations, STEPS)) for form in (as_tensorflow(on_paper), on_paper))
    return all(parts_explained(right, observations))


def choose(
    call: Call, subject: Subject, points: Points, losses: Sequence[Reduction], call_text: str | None = None
) -> list[Chosen]:
    """Return the function in the way in which it is right, or else in every one that gives numbers.

    Args:
        call: what it is asked for.
        subject: the function.
        points: the simple points.
        losses: under which it may be right.
        call_text: how it is called, outright: "compute_gradient(x, y, w, b)".

    Raises:
        Misbehaved: it can be called in none.
    """
    ways = [Tested(call, subject, way, points.x.dtype.type) for way in _ways(call, subject, call_text)]
    try:
        candidates = [_answered(ways[0], points, ways[0].replies(on_points(ways[0], points)))]
    except Misbehaved as fault:
        if fault.name not in ("raises", "wrong-shape", "not-a-number") or len(ways) == 1:
            raise
        candidates, failed = [], fault
    if not candidates or not _is_right(candidates[0], losses):
        candidates += _others(subject, points, ways[1:])
    if not candidates:
        raise failed
    return next(([one] for one in candidates if _is_right(one, losses)), candidates)


def _answered(tested: Tested, points: Points, replies: Sequence[Reply]) -> Chosen:
    """Return a function with its answers to the simple questions.

    Raises:
        Misbehaved: for the first reply that holds none.
    """
    tested = replace(tested, convention=replace(tested.convention, extra=extra_of(replies)))
    return Chosen(tested, points, [tested.answer(reply) for reply in replies])


def _ways(call: Call, subject: Subject, outright: str | None) -> list[Convention]:
    parsed_call = None if outright is None else said_outright(call, outright)
    parameters = subject.parameters
    if parsed_call is not None:
        parameters = [[name, "positional", False] for name in parsed_call.arguments]
    ways, _ = conventions(call, parameters)
    if parsed_call is not None and parsed_call.order:
        ways = [way for way in ways if any(form.shape.startswith(parsed_call.order) for _, _, form in way.forms)]
    if not ways:
        taken = [name for name, kind, _ in parameters or () if kind not in ("word", "outside")]
        advice = f'Say what they are with --call "{call.name}(...)", or take {", ".join(call.arguments)}.'
        computed = [f"{name} = m * x + c" if holds_predictions(name) else name for name in taken if _is_computed(name)]
        if computed:
            advice = f"Take {', '.join(call.arguments)}, and compute {' and '.join(computed)} in it."
        raise Misbehaved(
            "wrong-arguments", f"Your function takes ({', '.join(taken)}), but it is called as {call}. {advice}"
        )
    ways = ways if parsed_call is None else [parsed_call.with_literals(way) for way in ways]
    return [way.with_c_first() for way in ways] if subject.c_first else ways


def _is_computed(name: str) -> bool:
    return holds_predictions(name) or holds_derivatives(name)


def _is_right(chosen: Chosen, losses: Sequence[Reduction]) -> bool:
    unit = max(answer.unit for answer in chosen.answers)
    return any(is_right(chosen.observations(loss, unit)) for loss in losses)


def _others(subject: Subject, points: Points, ways: Sequence[Tested]) -> list[Chosen]:
    """Ask in every other way, in one message, and return those that give two numbers each time."""
    asked = [one.questions(on_points(one, points)) for one in ways]
    replies, answered_ways = iter(subject.ask([question for part in asked for question in part])), []
    for one, part in zip(ways, asked, strict=True):
        own = [next(replies) for _ in part]
        with contextlib.suppress(Misbehaved):
            answered_ways.append(_answered(one, points, own))
    return answered_ways
