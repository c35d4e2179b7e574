"""What mistakes look like: the name of what turns the right gradient into the one that was returned."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.model.model_problem import Problem, Vector

Finding = tuple[str, str]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Comparison:
    """The hand-derived gradient beside the right one, one element after another.

    Attributes:
        problem: where they were taken.
        by_hand, truth, tolerance: shape [size].
        terms: what each additive term of the loss contributes to the right gradient.
    """

    problem: Problem
    by_hand: Vector
    truth: Vector
    tolerance: Vector
    terms: list[tuple[str, Vector]]

    @property
    def wrong(self) -> list[str]:
        """The parameters of which some element is wrong."""
        off = abs(self.by_hand - self.truth) > self.tolerance
        return [name for name, part in self.problem.slices.items() if off[part].any()]

    def elements(self, names: list[str]) -> Indices:
        """Return where in the vectors these parameters lie."""
        return np.concatenate([np.arange(self.truth.size)[self.problem.slices[name]] for name in names])

    def fits(self, pattern: Vector, names: list[str], its_tolerance: Vector) -> bool:
        """Return whether a mistake that gives `pattern` explains these parameters, and is one."""
        at = self.elements(names)
        room = (self.tolerance + its_tolerance)[at]
        explained = abs(self.by_hand - pattern)[at] <= room
        telling = abs(self.truth - pattern)[at] > room
        return bool(explained.all() and telling.any())

    def fits_scaled(self, factor: float, names: list[str]) -> bool:
        """Return whether the right gradient times `factor` explains these parameters."""
        return self.fits(factor * self.truth, names, abs(factor) * self.tolerance)

    def fits_reordered(self, order: Indices, names: list[str]) -> bool:
        """Return whether the right gradient with its elements in this order explains these parameters."""
        return self.fits(self.truth[order], names, self.tolerance[order])


def explain(seen: Comparison) -> list[Finding]:
    """Return the name and the explanation of each mistake that turns the right gradient into this one.

    Mistakes that explain every wrong parameter at once come first; else each parameter is explained alone.
    """
    if found := _explanations(seen, seen.wrong):
        return found
    alone = (_explanations(seen, [name]) or [_unnamed(seen, name)] for name in seen.wrong)
    return [finding for found in alone for finding in found]


def _explanations(seen: Comparison, names: list[str]) -> list[Finding]:
    """Return what the first kind of mistake that fits has to say."""
    for pattern in (
        _known_factor,
        _exchange,
        _transpose,
        _term,
        _constant_factor,
        _constant_added,
        _term_factor,
    ):
        if names and (found := list(pattern(seen, names))):
            return found
    return []


def _known_factor(seen: Comparison, names: list[str]) -> Iterator[Finding]:
    """A factor of which it is known where it comes from."""
    for factor, name, sentence in _known_factors(seen.problem.lengths):
        if seen.fits_scaled(factor, names):
            yield name, f"{_subject(names)} {sentence}"


def _known_factors(lengths: list[int]) -> Iterator[tuple[float, str, str]]:
    yield -1.0, "sign", "the negative of the right one: turn the sign, or descent would climb."
    yield 2.0, "extra-factor-2", "twice the right one: there is one factor 2 too many."
    yield 0.5, "missing-factor-2", "half of the right one: a factor 2 is missing, as in d(e^2) = 2 e de."
    for n in lengths:
        yield n, "sum-instead-of-mean", f"n = {n} times the right one: the loss is a mean, so divide by n."
        yield (
            1 / n,
            "mean-instead-of-sum",
            f"1/n of the right one, n = {n}: the loss is a sum, so do not divide.",
        )
        yield 0.5 / n, "half-mean", f"1/(2n) of the right one, n = {n}: do not divide by 2n."
        yield (
            2.0 * n,
            "missing-half-mean",
            f"2n times the right one, n = {n}: divide by 2n, as the loss does.",
        )
    yield -2.0, "sign", "-2 times the right one: the sign is wrong, and there is one factor 2 too many."
    yield -0.5, "sign", "-1/2 times the right one: the sign is wrong, and a factor 2 is missing."


def _exchange(seen: Comparison, names: list[str]) -> Iterator[Finding]:
    """Two parameters of one shape whose gradients have changed places."""
    if len(names) == 2 and len({seen.problem.params[name].shape for name in names}) == 1:
        first, second = (seen.problem.slices[name] for name in names)
        order = np.arange(seen.truth.size)
        order[first], order[second] = np.arange(seen.truth.size)[second], np.arange(seen.truth.size)[first]
        if seen.fits_reordered(order, names):
            yield "swapped", f"The gradients of {names[0]} and {names[1]} have changed places: exchange them."


def _transpose(seen: Comparison, names: list[str]) -> Iterator[Finding]:
    """Square matrices that are returned transposed; others show by their shape."""
    order = np.arange(seen.truth.size)
    for name in names:
        shape, part = seen.problem.params[name].shape, seen.problem.slices[name]
        if len(shape) != 2 or shape[0] != shape[1]:
            return
        order[part] = order[part].reshape(shape).T.ravel()
    if seen.fits_reordered(order, names):
        yield "transposed", f"{_subject(names)} the transpose of the right one: exchange rows and columns."


def _term(seen: Comparison, names: list[str]) -> Iterator[Finding]:
    """One term of the loss that is missing, or has the wrong sign, or twice or half its factor."""
    for label, share, least_squares in _shares(seen, names):
        factor = min((0.0, -1.0, 2.0, 0.5), key=lambda known: abs(known - least_squares))
        yield from _of_term(seen, names, label, share, factor)


def _term_factor(seen: Comparison, names: list[str]) -> Iterator[Finding]:
    """One term of the loss with any other factor, where at least two elements confirm it."""
    for label, share, least_squares in _shares(seen, names):
        if np.count_nonzero(share[seen.elements(names)]) > 1:
            yield from _of_term(seen, names, label, share, least_squares)


def _shares(seen: Comparison, names: list[str]) -> Iterator[tuple[str, Vector, float]]:
    """Return each term's name, its share of the gradient, and the factor of it that fits best."""
    at = seen.elements(names)
    for label, share in seen.terms:
        if share[at].any():
            excess = (seen.by_hand - seen.truth)[at]
            yield label, share, 1.0 + float(share[at] @ excess / (share[at] @ share[at]))


def _of_term(seen: Comparison, names: list[str], label: str, share: Vector, factor: float) -> Iterator[Finding]:
    pattern = seen.truth + (factor - 1.0) * share
    if not seen.fits(pattern, names, (1.0 + abs(factor)) * seen.tolerance):
        return
    term = f"In the gradient of {_list(names)}, the derivative of the term {label}"
    if factor == 0.0:
        yield "missing-term", f"{term} is missing: add it."
    elif factor == -1.0:
        yield "term-sign", f"{term} has the wrong sign: turn it."
    else:
        yield "term-factor", f"{term} is {factor:.10g} times the right one."


def _constant_factor(seen: Comparison, names: list[str]) -> Iterator[Finding]:
    """Any other factor, the least-squares one, where at least two elements confirm it."""
    truth, by_hand = (vector[seen.elements(names)] for vector in (seen.truth, seen.by_hand))
    factor = float(truth @ by_hand / (truth @ truth)) if np.count_nonzero(truth) > 1 else 0.0
    if factor and seen.fits_scaled(factor, names):
        yield (
            "constant-factor",
            f"{_subject(names)} {factor:.10g} times the right one, in every element: look for a constant "
            "that does not belong, or one that is missing.",
        )


def _constant_added(seen: Comparison, names: list[str]) -> Iterator[Finding]:
    """The same number added to every element, where at least two elements confirm it."""
    at = seen.elements(names)
    offset = float(np.mean((seen.by_hand - seen.truth)[at]))
    if at.size > 1 and seen.fits(seen.truth + offset, names, seen.tolerance):
        yield "constant-added", f"{_subject(names)} off by {offset:.10g} in every element."


def _unnamed(seen: Comparison, name: str) -> Finding:
    """Say what can be said of a mistake that fits no pattern."""
    at = seen.elements([name])
    off = [index for index in at if abs(seen.by_hand - seen.truth)[index] > seen.tolerance[index]]
    worst = max(off, key=lambda index: float(abs(seen.by_hand - seen.truth)[index]))
    elements = f" in {len(off)} of {at.size} elements" if at.size > 1 else ""
    most = f", most at {seen.problem.labels[worst]}" if at.size > 1 else ""
    return (
        "different",
        f"The gradient of {name} is wrong{elements}{most}: {seen.by_hand[worst]:.10g}, where "
        f"{seen.truth[worst]:.10g} is right. Neither a constant factor nor a single term explains it.",
    )


def _subject(names: list[str]) -> str:
    return f"The gradient of {_list(names)} is" if len(names) == 1 else f"The gradients of {_list(names)} are"


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
