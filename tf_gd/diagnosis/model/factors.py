"""Mistakes that multiply the right gradient, or put its elements in another order."""

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from tf_gd.diagnosis.model.comparison_of_gradients import Compared, ModelMistake
from tf_gd.diagnosis.model.model_problem import ModelProblem, is_floating
from tf_gd.points.arrays import Floats


def nothing(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """Zeros, where the gradient is not 0."""
    message = f"{subject(names)} 0 in every element, and the right one is not: is a part of the code missing?"
    yield ModelMistake("missing-term", message, lambda view: np.zeros_like(view.truth))


def known_factors(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """A factor of which it is known where it comes from."""
    for factor, name, sentence in _known_factors(views[0]):
        yield _scaled(factor, name, f"{subject(names)} {sentence}")


def _scaled(factor: float, name: str, message: str) -> ModelMistake:
    return ModelMistake(name, message, lambda view: factor * view.truth, abs(factor))


def _known_factors(view: Compared) -> Iterator[tuple[float, str, str]]:
    yield -1.0, "sign", "the negative of the right one: turn the sign, or descent would climb."
    yield 2.0, "extra-factor-2", "twice the right one: there is one factor 2 too many."
    yield 0.5, "missing-factor-2", "half of the right one: a factor 2 is missing, as in d(e^2) = 2 e de."
    divisors = view.loss.facts.divisors
    for n in dict.fromkeys([*view.problem.lengths, *divisors]):
        yield from _of_length(n, divisors, view)
    if not view.loss.facts.known:
        yield from _of_sizes(view.problem)
    yield -2.0, "sign", "-2 times the right one: the sign is wrong, and there is one factor 2 too many."
    yield -0.5, "sign", "-1/2 times the right one: the sign is wrong, and a factor 2 is missing."


def wrong_axis(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """A mean over another axis than the loss's."""
    for n in views[0].loss.facts.divisors:
        why = f"the loss divides by {n}, and your gradient by the length of another axis."
        yield from _other_axes(views[0], n, names, why)


def perhaps_wrong_axis(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """The same for a loss of which it is not known what it divides by."""
    if not views[0].loss.facts.known:
        for n in views[0].problem.lengths[:1]:
            yield from _other_axes(views[0], n, names, "is a mean taken over another axis than the loss's?")


def _other_axes(view: Compared, n: int, names: list[str], why: str) -> Iterator[ModelMistake]:
    for axis in _axes(view.problem, n):
        yield _scaled(n / axis, "mean-over-wrong-axis", f"{subject(names)} {n}/{axis} of the right one: {why}")


def _of_length(n: int, divisors: tuple[int, ...], view: Compared) -> Iterator[tuple[float, str, str]]:
    """Return the factors in which a number of data takes part; what the loss divides by is read off its graph."""
    divides, known = n in divisors, view.loss.facts.known
    once_more = f"the loss divides by {n} once, and your gradient once more: do not divide twice."
    no_mean = f"the loss does not divide by {n}, so do not divide." if known else f"is a division by {n} one too many?"
    missing = (
        f"the loss divides by {n}, so divide by {n}."
        if divides
        else f"{n} is the length of data: a sum was taken that should not be, or a division by {n} is missing."
    )
    yield n, "sum-instead-of-mean", f"n = {n} times the right one: {missing}"
    yield 1 / n, "mean-instead-of-sum", f"1/n of the right one, n = {n}: {once_more if divides else no_mean}"
    yield 0.5 / n, "half-mean", f"1/(2n) of the right one, n = {n}: do not divide by 2n."
    yield 2.0 * n, "missing-half-mean", f"2n times the right one, n = {n}: a division by 2n is missing."
    yield -float(n), "sign", f"-{n} times the right one: the sign is wrong, and a division by n = {n} is missing."
    yield -1 / n, "sign", f"-1/{n} of the right one: the sign is wrong, and a division by n = {n} is one too many."


def _of_sizes(problem: ModelProblem) -> Iterator[tuple[float, str, str]]:
    """Return factors of sizes: of what a loss that is no graph divides by, nothing is known."""
    for n in _sizes(problem):
        yield n, "sum-instead-of-mean", f"n = {n} times the right one: is a mean missing, over {n} numbers?"
        yield 1 / n, "mean-instead-of-sum", f"1/n of the right one, n = {n}: is a division by {n} one too many?"


def _sizes(problem: ModelProblem) -> list[int]:
    """Return the products of some axes of the data, and ratios of sizes, as far as they are no lengths."""
    shapes = {value.shape for value in [*problem.data.values(), *problem.params.values()] if is_floating(value)}
    products = {
        math.prod(axes) for shape in shapes for k in range(1, 5) for axes in combinations(shape, k) if len(shape) <= 4
    }
    return sorted(n for n in products if n > 2 and n not in problem.lengths)


def _axes(problem: ModelProblem, n: int) -> list[int]:
    """Return the lengths of axes, but for those that `n` counts."""
    arrays = [*problem.params.values(), *problem.data.values()]
    lengths = {length for array in arrays if isinstance(array, np.ndarray) for length in array.shape}
    return sorted(length for length in lengths if length not in (0, 1, n))


def exchanged(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """Two parameters of one shape whose gradients have changed places."""
    problem = views[0].problem
    if len(names) != 2 or len({problem.params[name].shape for name in names}) > 1:
        return
    first, second = (problem.slices[name] for name in names)
    order = np.arange(problem.size)
    order[first], order[second] = np.arange(problem.size)[second], np.arange(problem.size)[first]
    message = f"The gradients of {names[0]} and {names[1]} have changed places: exchange them."
    yield ModelMistake("swapped", message, lambda view: view.truth[order])


def transposed(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """Square matrices that are returned transposed; others show by their shape."""
    problem = views[0].problem
    order = np.arange(problem.size)
    for name in names:
        shape, part = problem.params[name].shape, problem.slices[name]
        if len(shape) != 2 or shape[0] != shape[1]:
            return
        order[part] = order[part].reshape(shape).T.ravel()
    message = f"{subject(names)} the transpose of the right one: exchange rows and columns."
    yield ModelMistake("transposed", message, lambda view: view.truth[order])


def any_factor(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """Any other factor, the least-squares one, where at least two numbers confirm it."""
    at = views[0].elements(names)
    truth, by_hand = views[0].truth[at], views[0].by_hand[at]
    if np.count_nonzero(truth) > 1:
        factor = float(truth @ by_hand / (truth @ truth))
        if factor:
            yield _scaled(
                factor,
                "constant-factor",
                f"{subject(names)} {factor:.10g} times the right one, in every element: look for a constant "
                "that does not belong, or one that is missing.",
            )


def constant_added(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """The same number added to every element, where at least two elements confirm it."""
    at = views[0].elements(names)
    if at.size > 1:
        offset = float(np.mean((views[0].by_hand - views[0].truth)[at]))
        yield ModelMistake(
            "constant-added",
            f"{subject(names)} off by {offset:.10g} in every element.",
            lambda view: view.truth + offset,
        )


def parameter_added(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """A multiple of the parameter itself, as a penalty gives, that the loss does not have, or that is missing."""
    view, at = views[0], views[0].elements(names)
    parameter_values, excess = view.problem.vector[at], (view.by_hand - view.truth)[at]
    if not parameter_values.any() or (np.count_nonzero(parameter_values) < 2 and len(views) < 2):
        return
    factor = float(parameter_values @ excess / (parameter_values @ parameter_values))
    penalized = [label for label, share in view.terms if _is_multiple(share, factor, view)]
    bias = all(_is_bias(view.problem, name) for name in names)
    plus, name = ("plus", "penalty-on-bias" if bias else "term-factor") if factor > 0 else ("minus", "missing-term")
    explanation = f"{subject(names)} the right one {plus} {abs(factor):.6g} times the parameter, as "
    if penalized:
        explanation += (
            f"the penalty {penalized[0]} gives for other parameters, but the loss does not penalize {listed(names)}."
        )
    elif factor > 0:
        explanation += f"the derivative of a penalty. Does the loss penalize {listed(names)}, and so much?"
    else:
        explanation += "without the derivative of a penalty, or with a part of it: is it missing?"
    yield ModelMistake(name, explanation, lambda view: view.truth + factor * view.problem.vector)


def _is_bias(problem: ModelProblem, name: str) -> bool:
    """Whether a parameter looks like a bias: it has fewer axes than another, or is a single number."""
    return problem.params[name].ndim < max(value.ndim for value in problem.params.values())


def _is_multiple(share: Floats, factor: float, view: Compared) -> bool:
    """Whether a term's gradient is this multiple of some of the parameters."""
    at = np.flatnonzero(share)
    return at.size > 0 and bool(np.allclose(share[at], factor * view.problem.vector[at], rtol=1e-4))


def gradient_of_bias(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """The gradient of a parameter that is that of a bias: the factor of the parameter is missing."""
    problem = views[0].problem
    for bias, part in problem.slices.items():
        if problem.params[bias].size == 1 and bias not in names:
            yield ModelMistake(
                "missing-x",
                f"{subject(names)} that of {bias} in every element: the factor by which {listed(names)} is multiplied "
                "is missing.",
                lambda view, part=part: np.full(view.truth.size, view.truth[part][0]),  # type: ignore[misc]
            )


def subject(names: list[str]) -> str:
    """Return the start of a sentence about these parameters' gradients."""
    return f"The gradient of {listed(names)} is" if len(names) == 1 else f"The gradients of {listed(names)} are"


def listed(names: list[str]) -> str:
    """Return `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
