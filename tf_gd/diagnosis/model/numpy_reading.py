"""What can be told of a loss in NumPy, as it is told of a graph: its sums, penalties and activations."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.graph_facts import SUM, Facts, Inside, Use
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.diagnosis.model.numpy_layers import KNOWN, Numbers, NumpyLayers
from tf_gd.points.arrays import Floats

_SAME = 1e-9


def means_over(value: Callable[[ModelProblem], float], problem: ModelProblem) -> Iterator[int]:
    """Yield the lengths of data over which a loss is a mean, with or without a penalty.

    For a mean, n L(all points) = (n - 1) L(all but the last) + L(the last), whatever is added that no point changes.
    """
    for n in problem.lengths:
        for what in ("data", "data and params"):  # logits are a parameter with a row for each point
            with contextlib.suppress(Exception):  # where the loss insists on the number of points
                others, last = (value(_rows(problem, n, rows, what)) for rows in (slice(0, n - 1), slice(n - 1, n)))
                whole = value(problem)
                off = abs(n * whole - (n - 1) * others - last)
                if off <= _SAME * n * max(abs(whole), abs(others)) < abs(whole - last):
                    yield n
                    break


def _rows(problem: ModelProblem, n: int, rows: slice, what: str) -> ModelProblem:
    def cut(values: dict[str, Any]) -> dict[str, Any]:
        return {key: one[rows] if np.ndim(one) and len(one) == n else one for key, one in values.items()}

    params = cut(problem.params) if "params" in what else problem.params
    return replace(problem, params=params, data=cut(problem.data))


class NumpyReading(NumpyLayers):
    """The facts of one loss in NumPy, and the numbers in it."""

    @property
    def facts(self) -> Facts:
        """What is known."""
        if not self._layers:
            return Facts()
        inputs = [self._x, f"{self._activation.lower()}(...)"]
        texts = [f"`{x} @ {one.w}{' + ' * bool(one.b)}{one.b}`" for x, one in zip(inputs, self._layers, strict=False)]
        steps = [(text, SUM) for text in texts]
        if self._activation:
            steps.append((f"{self._activation.lower()} of {texts[0]}", self._activation))
        pairs = [pair for one in self._layers for pair in ((one.w * (not one.turned), 2), (one.b, 1))]
        uses = [Use(name, sign) for name, sign in pairs if name]
        terms = [f"`{factor:.6g} sum({name}^2)`" for name, factor in self._penalties.items()]
        return Facts(False, (), ("of the data", *terms) if terms else (), tuple(steps), tuple(uses))

    def inside(self, what: Inside, place: int, problem: ModelProblem, upstream: Floats | None = None) -> list[Floats]:
        """Return numbers as a graph's reading does; nothing where they are not known."""
        if not self._layers or (numbers := self.numbers(problem)) is None:
            return []
        if what == "use":
            use = self.facts.uses[place]
            layer = next(i for i, one in enumerate(self._layers) if use.parameter in (one.w, one.b))
            return [numbers.flows[layer], numbers.inputs[layer]][: use.sign]  # the input for a product only
        if what == "term":
            name = list(self._penalties)[place - 1]
            at, share = problem.slices[name], np.zeros(problem.size)
            share[at] = 2 * self._penalties[name] * problem.vector[at]
            return [share if place else self._carried(problem, numbers, len(self._layers) - 1, numbers.flows[-1])]
        if what == "back" and upstream is not None:
            layer = place if place < len(self._layers) else 0
            return [np.nan_to_num(self._carried(problem, numbers, layer, upstream))]
        return self._activated(numbers, place, problem) if what == "activation" else []

    def _activated(self, numbers: Numbers, place: int, problem: ModelProblem) -> list[Floats]:
        if place < len(self._layers):
            return [numbers.sums[place]] * 2 + [numbers.flows[place]] * 2
        to_a = numbers.flows[1] @ self._layers[1].matrix(problem).T
        return [numbers.sums[0], numbers.inputs[1], numbers.flows[0], to_a]

    def _carried(self, problem: ModelProblem, numbers: Numbers, layer: int, flow: Floats) -> Floats:
        """Return a flow to a layer's sum, carried on to the parameters; NaN for those that are in no layer."""
        full_gradient = np.full(problem.size, np.nan)
        for place in range(layer, -1, -1):
            one = self._layers[place]
            for name, part in one.gradients(numbers.inputs[place], flow):
                full_gradient[problem.slices[name]] = part
            if place:
                z, (_, derivative) = numbers.sums[place - 1], KNOWN[self._activation]
                flow = (flow @ one.matrix(problem).T) * derivative(z, numbers.inputs[place])
        return full_gradient
