"""Which mistakes explain right steps as well, and whether other steps on the same points would tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tf_gd.diagnosis.path.explanations import WITHOUT_SIGN, PathExplanation, Search
from tf_gd.diagnosis.path.path_steps import PathSteps
from tf_gd.diagnosis.path.rate_fit import Factor
from tf_gd.diagnosis.path.step_factors import PathContext


def alike(explanation: PathExplanation, steps: PathSteps, context: PathContext) -> list[str]:
    """Return the mistakes that explain these steps at the same rate as the right update does."""
    search = Search(steps, context)
    known = bool(context.rates) and explanation.reading.loss is not None
    return [
        other.names[0]
        for other in (*search.rules(), *search.gradients())
        if len(other.names) == 1
        and other.names[0] != WITHOUT_SIGN  # as long as no residual is negative, it is right
        and other.factor.value > 0
        and (not known or other.reading.guess == 0)
    ]


def generic(steps: PathSteps, factor: Factor) -> PathSteps:
    """Return right steps on the same points from a start where nothing cancels: what they cannot tell, none can."""
    rows = min(4, max(steps.num_steps, 3))
    x, y = (np.atleast_2d(values)[np.arange(rows) % len(np.atleast_2d(values))] for values in (steps.x, steps.y))
    height = float(np.abs(y).max()) or 1.0
    width = float(np.abs(x).max()) or 1.0
    state, states = np.array([1.37 * height / width, -0.73 * height]) * steps.trained, []
    for row in range(rows):
        states.append(state)
        e = state[0] * x[row] + state[1] - y[row]
        state = state - factor.value * 2 * np.array([np.sum(e * x[row]), np.sum(e)]) * steps.trained
    states.append(state)
    table = np.array(states)
    kept = (x, y) if steps.x.ndim == 2 else (steps.x, steps.y)
    return replace(steps, before=table[:-1], after=table[1:], x=kept[0], y=kept[1], resolution=0.0)
