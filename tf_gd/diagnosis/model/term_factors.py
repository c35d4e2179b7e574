"""Mistakes in single terms of a loss: one that is missing, has the wrong sign, or another factor."""

from collections.abc import Iterator

import numpy as np

from tf_gd.diagnosis.gradient_check import Finding
from tf_gd.diagnosis.model.comparison_of_gradients import Compared, ModelMistake
from tf_gd.diagnosis.model.factors import listed
from tf_gd.points.arrays import Floats

_KNOWN = (0.0, -1.0, 2.0, 0.5)
_SENTENCES = {0.0: ("missing-term", "is missing: add it."), -1.0: ("term-sign", "has the wrong sign: turn it.")}


def one_term(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """One term of the loss that is missing, or has the wrong sign, or twice or half its factor."""
    for place, label, least_squares in _factors(views[0], names):
        factor = min(_KNOWN, key=lambda known: abs(known - least_squares))
        yield _of_term(names, place, label, factor)


def one_term_any_factor(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """One term of the loss with any other factor, where at least two elements confirm it."""
    for place, label, factor in _factors(views[0], names):
        share = views[0].terms[place][1]
        if np.count_nonzero(share[views[0].elements(names)]) > 1 or len(views) > 1:
            yield _of_term(names, place, label, factor)


def _factors(view: Compared, names: list[str]) -> Iterator[tuple[int, str, float]]:
    """Return each term's place and label, and the factor of it that fits best."""
    at = view.elements(names)
    excess = (view.by_hand - view.truth)[at]
    for place, (label, share) in enumerate(view.terms):
        if share[at].any():
            yield place, label, 1.0 + float(share[at] @ excess / (share[at] @ share[at]))


def _of_term(names: list[str], place: int, label: str, factor: float) -> ModelMistake:
    def pattern(view: Compared) -> Floats:
        return view.truth + (factor - 1.0) * view.terms[place][1]

    return ModelMistake(*_said(names, label, factor), pattern, 1.0 + abs(factor))


def _said(names: list[str], label: str, factor: float) -> Finding:
    name, end = _SENTENCES.get(factor, ("term-factor", f"is {factor:.10g} times the right one."))
    return name, f"In the gradient of {listed(names)}, the derivative of the term {label} {end}"


def several_terms(views: list[Compared], names: list[str]) -> list[Finding]:
    """Return what is wrong with each of several terms that have factors of their own, confirmed at another point."""
    view, at = views[0], views[0].elements(names)
    terms = view.terms
    if len(views) < 2 or len(terms) < 2:
        return []
    matrix = np.stack([share[at] for _, share in terms], axis=1)
    if at.size < len(terms) or not np.isfinite(matrix).all() or np.linalg.matrix_rank(matrix) < len(terms):
        return []
    coefficients, *_ = np.linalg.lstsq(matrix, view.by_hand[at], rcond=None)
    factors = [_rounded(float(factor)) for factor in coefficients]
    for each in views:
        pattern = np.sum([f * share for f, (_, share) in zip(factors, each.terms, strict=True)], axis=0)
        if not each.fits(pattern, names, sum(map(abs, factors)) * each.tolerance + 1e-9 * abs(pattern)):
            return []
    return [_said(names, label, f) for f, (label, _) in zip(factors, terms, strict=True) if f != 1.0]


def _rounded(factor: float) -> float:
    """Return a factor as the simple number that it is close to."""
    return next((known for known in (1.0, *_KNOWN) if abs(factor - known) < 1e-6), factor)
