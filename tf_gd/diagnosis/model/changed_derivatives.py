"""Mistakes inside of a loss in NumPy: its slopes by complex steps, with one activation's derivative changed.

The imaginary part of what an activation returns is its derivative times that of what went in. With another derivative
in its place, the complex step gives what a backward pass with that mistake gives, wherever in the loss it is.
"""

from collections.abc import Iterator

import numpy as np

from tf_gd.diagnosis.model.comparison_of_gradients import Compared, ModelMistake
from tf_gd.diagnosis.model.factors import subject
from tf_gd.diagnosis.model.finite_differences import SEVERAL
from tf_gd.diagnosis.model.numpy_activations import CHANGES
from tf_gd.points.arrays import Floats


def changed_derivatives(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """One activation inside of a loss in NumPy whose derivative is missing, taken twice, or another."""
    for place, (text, kind) in enumerate(views[0].loss.facts.calls):
        for which, (name, sentence, _) in enumerate(CHANGES[kind]):
            message = f"{subject(names)} right but for the derivative of {text}, which {sentence}"
            yield ModelMistake(name, message, _Pattern(place, which, names), 1.0, 1e-9)


class _Pattern:
    """The gradient with one derivative changed, element by element, until one is not what is explained."""

    def __init__(self, place: int, which: int, names: list[str]) -> None:
        self._place, self._names = 10 * place + which, names

    def __call__(self, view: Compared) -> Floats:
        values = np.full(view.truth.size, np.nan)
        for index in view.elements(self._names).tolist():
            unit = np.zeros(view.truth.size)
            unit[index] = 1.0
            changed_slopes = view.loss.inside("changed", self._place, view.problem, unit)
            values[index] = changed_slopes[0][0] if changed_slopes else np.nan
            if not abs(values[index] - view.by_hand[index]) <= SEVERAL * view.tolerance[index]:
                break
        return values
