"""How many steps a descent makes where nobody says it, how many it needs, and whether standardized x would need few."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.descent import run
from tf_gd.errors import DataError, invalid
from tf_gd.moments.closed_form import ClosedForm
from tf_gd.moments.engine import MomentsDescent
from tf_gd.moments.moments import Moments
from tf_gd.moments.stopping import first_at_or_under
from tf_gd.points import Points
from tf_gd.problem import Batches, LearningRate, Problem
from tf_gd.trajectory import Outcome, Trajectory
from tf_gd.verify.rounding import smallest_tolerance

MOST_STEPS = 10_000
"""Where neither a number of steps nor a tolerance says when to stop."""
UNCOUNTED = 2**62
FEW = 100
"""The steps in which a descent on standardized x is tried."""


def problem_of(
    x: npt.ArrayLike | Points | Moments,
    y: npt.ArrayLike | None = None,
    *,
    num_steps: int | None = None,
    tolerance: float | None = None,
    learning_rate: LearningRate = "auto",
    batches: Batches = None,
    **others: Any,
) -> Problem:
    """Return the problem that the arguments of `train` describe, or raise what `train` raises.

    Without `num_steps` and `tolerance` it ends where the gradient is as close to 0 as the arithmetic allows.
    """
    most = _most_steps(num_steps, tolerance, learning_rate, batches)
    descent: Any = {"learning_rate": learning_rate, "batches": batches, "tolerance": tolerance, **others}
    problem = Problem.of(x, y, num_steps=most, **descent)
    if num_steps is None and tolerance is None and not isinstance(problem.learning_rate, np.ndarray):
        tolerance = smallest_tolerance(problem)
        return replace(problem, tolerance=tolerance, default_tolerance=tolerance is not None)
    return problem


def _most_steps(num_steps: int | None, tolerance: float | None, learning_rate: Any, batches: Batches) -> int:
    """Return how many steps to make at most: as many as there are rates, where there is one for each."""
    if batches is not None and num_steps is None:
        raise invalid("num_steps", "given with `batches`, which have no gradient that ends them", None, "Try 1000.")
    if batches is not None and tolerance is not None:
        advice = "Leave it out, and say num_steps."
        raise invalid("tolerance", "None with `batches`: a batch's gradient does not go to 0", tolerance, advice)
    if num_steps is not None:
        return num_steps
    return len(learning_rate) if isinstance(learning_rate, list | tuple | np.ndarray) else MOST_STEPS


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
        about = about if self.needed < UNCOUNTED else "More than 4e+18"
        about = about if about.startswith("More") else f"About {about}"
        return f"{about} steps are needed for the tolerance {self.tolerance:.3g}, and {self.allowed:,} are allowed."


def shortfall(problem: Problem) -> Shortfall | None:
    """Return by how much a descent is allowed too few steps; None where it is not, or where that cannot be known."""
    many_rates = isinstance(problem.learning_rate, np.ndarray)
    if problem.reached is None or problem.batches is not None or many_rates or not problem.intercept:
        return None
    if problem.applied_rate >= problem.max_learning_rate:
        return None
    engine = MomentsDescent(problem)
    descent = ClosedForm.of(engine.moments, problem.start, problem.applied_rate, engine.scale)
    end = descent.rows([min(problem.num_steps, UNCOUNTED)])[0]
    if not np.isfinite(end).all() or np.max(np.abs(end[3:])) <= problem.reached:
        return None
    if first_at_or_under(descent, problem.reached, problem.num_steps) is not None:
        return None
    needed = first_at_or_under(descent, problem.reached, UNCOUNTED)
    few = None if problem.curvature.is_singular else _standardized(problem)
    return Shortfall(float(UNCOUNTED if needed is None else needed), problem.num_steps, problem.reached, few)


def with_advice(path: Trajectory, problem: Problem) -> Trajectory:
    """Return a trajectory whose message says how many steps were needed, and what would need fewer."""
    if path.outcome is not Outcome.STEP_LIMIT or problem.tolerance is None:
        return path
    step_shortage = shortfall(problem)
    if step_shortage is None:
        return path
    advice = ""
    if step_shortage.standardized is not None:
        rest = "" if step_shortage.standardized <= problem.num_steps else f", num_steps={step_shortage.standardized}"
        rest += "" if problem.automatic else ', learning_rate="auto"'
        advice = f" With standardize=True{rest} it takes {step_shortage.standardized}."
    return replace(path, message=f"{path.message} {step_shortage}{advice}")


def _standardized(problem: Problem) -> int | None:
    """Return the steps that the same descent takes on standardized x; None where it does not get there."""
    described: dict[str, Any] = {
        "learning_rate": "auto",
        "num_steps": FEW,
        "start": tuple(problem.start),
        "reduction": problem.reduction,
        "loss_scale": problem.loss_scale,
        "standardize": problem.scaling is None,
    }
    try:
        tried = Problem.of(problem.data, dtype=problem.dtype, constants=problem.constants, **described)
        default = smallest_tolerance(tried)
        tried = replace(tried, tolerance=default if problem.default_tolerance else problem.tolerance)
        path = run(tried, "moments" if tried.points is None else "manual")
    except DataError:
        return None
    return path.num_steps if path.outcome is Outcome.CONVERGED else None
