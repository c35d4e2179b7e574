"""A mistake that is in no catalogue: in which parameter; by a factor, by a constant, in one term or otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.line.asking import GRADIENT
from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.line.matching import Observation, bound, in_one_precision
from tf_gd.diagnosis.line.mistake import cite
from tf_gd.diagnosis.line.probes import LINES, OURS, probes
from tf_gd.diagnosis.line.tested_function import Tested, on_points
from tf_gd.points import Points
from tf_gd.reduction import Reduction

Diagnosis = list[tuple[str, str]]

# Points whose numbers are easy to check by hand.
ROUND = Points([1.0, 2.0, 4.0, -1.0, 0.0, 3.0], [3.0, 1.0, 5.0, 2.0, 4.0, -2.0])
_ROUND_WORDS = "x=[1, 2, 4, -1, 0, 3], y=[3, 1, 5, 2, 4, -2]"

PARAMETERS = GRADIENT.results
MOVED = tuple(f"The {result} by which {name} moves" for name, result in zip("mc", PARAMETERS, strict=True))

# Equation 5 multiplied out: for each derivative the constant term, the term with m and the term with c.
TERMS = (("-{add}(2 x_i y_i)", "{add}(2 x_i^2) m", "{add}(2 x_i) c"), ("-{add}(2 y_i)", "{add}(2 x_i) m", "{add}(2) c"))


@dataclass(frozen=True)
class DerivativeSeries:
    """One derivative at the four lines: what came back, what is right, and how far rounding reaches."""

    values: list[Fraction]
    rights: list[Fraction]
    slack: list[Fraction]

    def __iter__(self) -> Iterator[tuple[Fraction, Fraction, Fraction]]:
        """Iterate over (value, right, slack), a line at a time."""
        return zip(self.values, self.rights, self.slack, strict=True)

    @property
    def wrong(self) -> list[int]:
        """The indices of the lines at which it is wrong."""
        return [index for index, (value, truth, slack) in enumerate(self) if abs(value - truth) > slack]

    @property
    def factor(self) -> Fraction | None:
        """The one factor by which every value is off, if there is one."""
        largest = max(range(len(self.rights)), key=lambda index: abs(self.rights[index]))
        if not self.rights[largest]:
            return None
        factor = self.values[largest] / self.rights[largest]
        share = self.slack[largest] / abs(self.rights[largest])
        fits = all(abs(v - factor * t) <= (1 + abs(factor)) * s + share * abs(t) for v, t, s in self)
        return _simplest(factor, share) if fits else None

    @property
    def constant(self) -> Fraction | None:
        """The one number by which every value is too large, if there is one."""
        off = self.values[0] - self.rights[0]
        fits = all(abs(value - truth - off) <= slack + self.slack[0] for value, truth, slack in self)
        return _simplest(off, self.slack[0]) if fits else None

    @property
    def is_affine(self) -> bool:
        """Whether the fourth value is what the first three determine."""
        m, c = map(Fraction, LINES[3])
        zero, one_m, one_c, far = self.values
        slack = self.slack[3] + abs(m) * self.slack[1] + abs(c) * self.slack[2] + abs(1 - m - c) * self.slack[0]
        return abs(far - (zero + m * (one_m - zero) + c * (one_c - zero))) <= slack

    @property
    def terms(self) -> Iterator[tuple[int, Fraction, Fraction]]:
        """The wrong ones of the constant term (0), that with m (1) and that with c (2): (which, yours, right)."""
        for index in range(3):
            base = 0 if index == 0 else 1
            yours = self.values[index] - base * self.values[0]
            truth = self.rights[index] - base * self.rights[0]
            if abs(yours - truth) > self.slack[index] + base * self.slack[0]:
                yield index, yours, truth


def _simplest(number: Fraction, slack: Fraction) -> Fraction:
    """Return the simplest fraction within `slack` of a number that was rounded."""
    simple = number.limit_denominator(10_000)
    return simple if abs(simple - number) <= slack else number


def describe(tested: Tested, observations: Sequence[Observation], points: Points) -> Diagnosis:
    """Return (name, message) for each derivative that is wrong, when no entry explains it."""
    loss = observations[0].points.reduction
    series = [of_gradient(observations, which) for which in range(2)]
    shown = [] if points is not OURS else _on_round_points(tested, observations)
    diagnosis = _describe(series, PARAMETERS, loss, shown or series)
    if not diagnosis:
        return [("unlisted", "The gradient is right in floats but not in fractions: look for rounded constants.")]
    return [(name, f"{message} {cite(5, loss)}") for name, message in diagnosis]


def describe_update(observations: Sequence[Observation]) -> Diagnosis:
    """Return (name, message) for each of m and c that moves wrongly, when no entry explains it."""
    series = [of_update(observations, which) for which in range(2)]
    diagnosis = _describe(series, MOVED, observations[0].points.reduction, [])
    only = "m and c are right at some learning rates, but not at others: look for a rate that is rounded or limited."
    diagnosis = [(name, f"{message} Check the gradient by itself first.") for name, message in diagnosis]
    return [(name, f"{message} {cite(8)}") for name, message in diagnosis or [("unlisted", only)]]


def _on_round_points(tested: Tested, observations: Sequence[Observation]) -> list[DerivativeSeries]:
    """Return both derivatives on points whose numbers are easy to check by hand; nothing where they do not come."""
    try:
        answers = tested.answers(on_points(tested, ROUND))
    except Misbehaved:
        return []
    asked = zip(probes(ROUND, observations[0].points.reduction), answers, strict=True)
    observed = in_one_precision([Observation(*pair) for pair in asked], observations[0].answer.unit)
    return [of_gradient(observed, which) for which in range(2)]


def of_gradient(observations: Sequence[Observation], which: int) -> DerivativeSeries:
    """Return dL/dm (0) or dL/dc (1) at the four lines."""
    observations = observations[: len(LINES)]
    terms = [one.points.under(right)[which] for one in observations]
    slack = [bound(term, one.points, one.answer.unit) for term, one in zip(terms, observations, strict=True)]
    return DerivativeSeries([one.answer.values[which] for one in observations], [term.value for term in terms], slack)


def of_update(observations: Sequence[Observation], which: int) -> DerivativeSeries:
    """Return the derivative by which m (0) or c (1) moved at the four lines: (old - new) / learning_rate."""
    values, rights, slack = [], [], []
    for one in observations[: len(LINES)]:
        old, new = (one.points.m, one.points.c)[which].value, one.probe.moved()[which]
        values.append((old - one.answer.values[which]) / one.probe.learning_rate)
        rights.append((old - new.value) / one.probe.learning_rate)
        slack.append(bound(new, one.points, one.answer.unit) / one.probe.learning_rate)
    return DerivativeSeries(values, rights, slack)


def _describe(
    series: Sequence[DerivativeSeries], labels: Sequence[str], reduction: Reduction, shown: Sequence[DerivativeSeries]
) -> Diagnosis:
    """Return (name, message) for each wrong series, or one for both where they share a factor."""
    factors = [one.factor for one in series]
    if all(one.wrong for one in series) and factors[0] is not None and factors[0] == factors[1]:
        return [("unlisted-factor", f"Both derivatives are {show(factors[0])} times what they should be.")]
    diagnosis = []
    for which, (label, one) in enumerate(zip(labels, series, strict=True)):
        if one.wrong:
            name, explanation = _describe_one(one, terms_of(which, reduction), shown[which] if shown else None)
            diagnosis.append((name, f"{label} {explanation}"))
    return diagnosis


def terms_of(which: int, reduction: Reduction) -> list[str]:
    """Return the terms of a derivative, multiplied out, under a loss."""
    half = reduction.startswith("half_")
    terms = [term.format(add=reduction.removeprefix("half_")) for term in TERMS[which]]
    return [term.replace("(2 ", "(").replace("(2)", "(1)") for term in terms] if half else terms


def _describe_one(one: DerivativeSeries, terms: Sequence[str], shown: DerivativeSeries | None) -> tuple[str, str]:
    """Return in what way one derivative is wrong."""
    if one.factor is not None:
        return "unlisted-factor", f"is {_times(one, shown)} what it should be."
    if one.constant is not None:
        phrase = _too_large(one, shown)
        return "unlisted-constant", f"is {phrase} whatever m and c are: look at the term {terms[0]}."
    if one.is_affine:
        phrase = "is wrong, neither by a factor nor by a constant."
        if shown is None or not shown.wrong:
            return "unlisted-term", f"{phrase} Look at {' and '.join(terms[index] for index, _, _ in one.terms)}."
        wrong = [_term(terms[index], ("", " m", " c")[index], yours, truth) for index, yours, truth in shown.terms]
        return (
            "unlisted-term",
            f"{phrase} Multiplied out, on {_ROUND_WORDS}, {'; '.join(wrong)}.",
        )
    return "unlisted", (
        "is wrong, and it does not grow in proportion to m and c as it must: look for a power, a root, an absolute "
        "value or a limit such as np.clip."
    )


def _times(one: DerivativeSeries, shown: DerivativeSeries | None) -> str:
    """Return the factor; with the round points where it is another one on other points."""
    assert one.factor is not None
    if shown is None or shown.factor is None or shown.factor == one.factor:
        return f"{show(one.factor)} times"
    return f"on {_ROUND_WORDS} {show(shown.factor)} times"


def _too_large(one: DerivativeSeries, shown: DerivativeSeries | None) -> str:
    """Return the constant; with the round points where it is another one on other points."""
    assert one.constant is not None
    constant, at = one.constant, ""
    if shown is not None and shown.constant is not None and shown.constant != constant:
        constant, at = shown.constant, f" on {_ROUND_WORDS},"
    return f"{digits(abs(constant))} too {'large' if constant > 0 else 'small'}{at}"


def _term(term: str, unit: str, yours: Fraction, truth: Fraction) -> str:
    return f"{term} is {digits(truth)}{unit}, yours is {digits(yours)}{unit}"


def show(factor: Fraction) -> str:
    """Return a factor as a short fraction, or in as many digits as tell it apart.

    Example:
        >>> show(Fraction(-1, 3)), show(Fraction(1.0001))
        ('-1/3', '1.0001')
    """
    return str(factor) if factor.denominator <= 1000 else digits(factor)


def digits(number: Fraction) -> str:
    """Return a number in ten digits.

    Example:
        >>> digits(Fraction(-13, 4)), digits(Fraction(5))
        ('-3.25', '5')
    """
    try:
        return f"{float(number):.10g}"
    except OverflowError:
        return f"about 1e{len(str(abs(int(number)))) - 1}"
