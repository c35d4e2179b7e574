"""How many steps a descent needs, known before it starts; and whether standardized x would need few."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tf_gd.descent import run
from tf_gd.errors import DataError
from tf_gd.moments.closed_form import ClosedForm
from tf_gd.moments.engine import MomentsDescent
from tf_gd.moments.moments import Moments
from tf_gd.moments.stopping import first_at_or_under
from tf_gd.points import Points
from tf_gd.problem import Problem
from tf_gd.trajectory import Outcome, Trajectory
from tf_gd.verify.rounding import smallest_tolerance

MOST_STEPS = 2**62
FEW = 100
"""The steps in which a descent on standardized x is tried."""


@dataclass(frozen=True)
class Shortfall:
    """A descent that is allowed too few steps for its tolerance.

    Attributes:
        needed: the steps that it needs, as a float; infinity for more than can be counted.
        standardized: the steps that the same descent takes on standardized x, with "auto"; None where that does not
            reach the tolerance either. It was tried, so it is so.
    """

    needed: float
    allowed: int
    tolerance: float
    standardized: int | None

    def __str__(self) -> str:
        about = f"{self.needed:,.0f}" if self.needed < 1e6 else f"{self.needed:.2g}"
        about = about if self.needed < MOST_STEPS else "More than 4e+18"
        about = about if about.startswith("More") else f"About {about}"
        return f"{about} steps are needed for the tolerance {self.tolerance:.3g}, and {self.allowed:,} are allowed."


def shortfall(problem: Problem, data: Points | Moments) -> Shortfall | None:
    """Return by how much a descent is allowed too few steps; None where it is not, or where that cannot be known.

    Args:
        problem: the descent.
        data: what it is about, in its own units.
    """
    many_rates = isinstance(problem.learning_rate, np.ndarray)
    if problem.reached is None or problem.batches is not None or many_rates or not problem.intercept:
        return None
    if problem.applied_rate >= problem.max_learning_rate:
        return None
    engine = MomentsDescent(problem)
    descent = ClosedForm.of(engine.moments, problem.start, problem.applied_rate, engine.scale)
    end = descent.rows([min(problem.num_steps, MOST_STEPS)])[0]
    if not np.isfinite(end).all() or np.max(np.abs(end[3:])) <= problem.reached:
        return None
    if first_at_or_under(descent, problem.reached, problem.num_steps) is not None:
        return None
    needed = first_at_or_under(descent, problem.reached, MOST_STEPS)
    few = None if problem.curvature.is_singular else _standardized(problem, data)
    return Shortfall(float(MOST_STEPS if needed is None else needed), problem.num_steps, problem.reached, few)


def told(path: Trajectory, problem: Problem, data: Points | Moments) -> Trajectory:
    """Return a trajectory whose message says how many steps were needed, and what would need fewer."""
    if path.outcome is not Outcome.STEP_LIMIT or problem.tolerance is None:
        return path
    found = shortfall(problem, data)
    if found is None:
        return path
    advice = ""
    if found.standardized is not None:
        rest = "" if found.standardized <= problem.num_steps else f", num_steps={found.standardized}"
        rest += "" if problem.automatic else ', learning_rate="auto"'
        advice = f" With standardize=True{rest} it takes {found.standardized}."
    return replace(path, message=f"{path.message} {found}{advice}")


def _standardized(problem: Problem, data: Points | Moments) -> int | None:
    """Return the steps that the same descent takes on standardized x; None where it does not get there."""
    described: dict[str, Any] = {
        "learning_rate": "auto",
        "num_steps": FEW,
        "start": tuple(problem.start),
        "reduction": problem.reduction,
        "loss_scale": problem.loss_scale,
        "standardize": True,
    }
    try:
        if isinstance(data, Moments):
            tried = Problem.of_moments(data, **described)
        else:
            tried = Problem.of(*data, dtype=problem.dtype, constants=problem.constants, **described)
        default = smallest_tolerance(tried)
        tried = replace(tried, tolerance=default if problem.default_tolerance else problem.tolerance)
        path = run(tried, "moments" if tried.points is None else "manual")
    except DataError:
        return None
    return path.num_steps if path.outcome is Outcome.CONVERGED else None
