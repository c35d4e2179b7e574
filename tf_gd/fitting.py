"""What a user calls to descend: `train`, with any engine, and `check`, with two of them side by side."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from tf_gd.descent import EngineName, run
from tf_gd.errors import DescentWarning, invalid
from tf_gd.moments.moments import Moments
from tf_gd.points import Points
from tf_gd.problem import Batches, LearningRate, Problem
from tf_gd.reduction import Reduction
from tf_gd.session import train_in
from tf_gd.trajectory import Trajectory
from tf_gd.validation import Progress, check_dtype
from tf_gd.verify.compare import Comparison, check_problem
from tf_gd.verify.rounding import smallest_tolerance
from tf_gd.verify.steps_needed import told

MOST_STEPS = 10_000  # where neither a number of steps nor a tolerance says when to stop


@overload
def train(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    learning_rate: LearningRate = ...,
    num_steps: int | None = ...,
    engine: EngineName = ...,
    start: tuple[float, float] = ...,
    dtype: npt.DTypeLike = ...,
    reduction: Reduction = ...,
    loss_scale: float | None = ...,
    constants: bool = ...,
    intercept: bool = ...,
    batches: Batches = ...,
    standardize: bool = ...,
    tolerance: float | None = ...,
    record_every: int = ...,
    steps_per_run: int | None = ...,
    session: str | os.PathLike[str] | None = ...,
    resume: bool = ...,
    checkpoint_steps: int | None = ...,
    on_progress: Progress | None = ...,
) -> Trajectory: ...


@overload
def train(
    x: Moments,
    *,
    learning_rate: LearningRate = ...,
    num_steps: int | None = ...,
    engine: EngineName = ...,
    start: tuple[float, float] = ...,
    reduction: Reduction = ...,
    loss_scale: float | None = ...,
    standardize: bool = ...,
    intercept: bool = ...,
    tolerance: float | None = ...,
    record_every: int = ...,
    session: str | os.PathLike[str] | None = ...,
    resume: bool = ...,
    checkpoint_steps: int | None = ...,
    on_progress: Progress | None = ...,
) -> Trajectory: ...


def train(
    x: npt.ArrayLike | Moments,
    y: npt.ArrayLike | None = None,
    *,
    learning_rate: LearningRate = "auto",
    num_steps: int | None = None,
    engine: EngineName = "tensorflow",
    start: tuple[float, float] = (0.0, 0.0),
    dtype: npt.DTypeLike = "float64",
    reduction: Reduction = "sum",
    loss_scale: float | None = None,
    constants: bool = False,
    intercept: bool = True,
    batches: Batches = None,
    standardize: bool = False,
    tolerance: float | None = None,
    record_every: int = 1,
    steps_per_run: int | None = None,
    session: str | os.PathLike[str] | None = None,
    resume: bool = False,
    checkpoint_steps: int | None = None,
    on_progress: Progress | None = None,
) -> Trajectory:
    """Fit `y = m x + c` by gradient descent and return the path.

    Args:
        x, y: shape [n] each, finite. Or, in place of both, `Moments`: of files larger than memory, say.
        learning_rate: alpha, above 0. A Python float is rounded to float32 first, as TensorFlow does; `np.float64(...)`
            stays as it is. "auto" is a rate, stable after rounding, that leaves the least loss after
            `num_steps`; where several reach the floor of rounding, `Curvature.best_learning_rate`; with batches, half
            of the largest rate that is stable for each. A callable is called once, as TensorFlow does. An array or a
            list holds one rate for each step; a function of the step, such as a TensorFlow or Keras schedule, is
            evaluated for each step by TensorFlow.
        num_steps: the largest number of updates, 0 or above. Left out together with `tolerance`: until the gradient is
            as close to 0 as the arithmetic allows, at most 10,000.
        engine: "tensorflow"; "manual", which gives the same bits without it; or "moments", whose steps cost the same
            for any number of points, and which is the one for `Moments`.
        start: (m, c) to begin with.
        dtype: "float64", "float32", "float16" or "bfloat16": of the points, the parameters and all arithmetic.
        reduction: the loss is the "sum" or the "mean" of the squared residuals, or half of it: "half_sum", "half_mean".
        loss_scale: a further number in front of the loss, as 1/(2 n) before the sum of a batch of one.
        constants: whether the program has its points as constants in the graph (NumPy arrays in the formula) and does
            not feed them: TensorFlow then adds the residual as (m x - y) + c, which rounds otherwise.
        intercept: whether c is a parameter; if not, the line is y = m x + c with c where it starts, 0 by default.
        batches: a size, for consecutive points in turn, the last batch short; or a list of index arrays, taken in turn,
            in which indices may repeat. The loss and the gradient of a row are those of its batch. Takes `num_steps`
            and no `tolerance`.
        standardize: descend on z = (x - mean) / sd, which takes a few steps wherever x lies. The series, the gradient,
            the rates and `start` are those of z; `.line` is in the data's own units, and `.x_mean` and `.x_sd` tell the
            two numbers, in the dtype of the descent.
        tolerance: stop at the first state whose gradient has no component over it, in absolute value.
        record_every: record every k-th step; the final state is always recorded.
        steps_per_run: steps inside one `Session.run`; 1 is the classic loop, one run a step. Chosen when left out.
        session: a new or empty directory to train in, from which the descent can go on after whatever happens.
        resume: go on where the session in that directory was saved last, to the very same bits.
        checkpoint_steps: save the session after so many steps at the latest; else now and then, and at the end.
        on_progress: called with (step, num_steps) every now and then.

    Returns:
        A `Trajectory`. It ends early where the tolerance is met or a number is no longer finite.

    Raises:
        DataError: the points cannot be used, or do not fit `dtype`.
        InvalidArgumentError: any other argument is not what it must be.
        SessionError: the session cannot be begun, resumed or written.

    Warns:
        DescentWarning: the rate is at or over the largest stable one, or all x are equal.

    Example:
        >>> path = train([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], engine="manual")
        >>> round(float(path.line.m), 6), round(float(path.line.c), 6)
        (2.0, 1.0)
        >>> path = train(Moments.of([0.0, 1.0, 2.0], [1.0, 3.0, 5.0]), num_steps=10**15, record_every=10**14)
        >>> round(float(path.line.m), 12), round(float(path.line.c), 12)
        (2.0, 1.0)
    """
    if isinstance(x, Moments) and engine == "tensorflow":
        engine = "moments"
    _check_session(session, resume, checkpoint_steps)
    data = _data(x, y, engine, dtype)
    problem = problem_of(
        data,
        learning_rate=learning_rate,
        num_steps=num_steps,
        start=start,
        dtype=dtype,
        reduction=reduction,
        loss_scale=loss_scale,
        constants=constants,
        intercept=intercept,
        batches=batches,
        standardize=standardize,
        tolerance=tolerance,
        record_every=record_every,
        steps_per_run=steps_per_run,
    )
    if problem.warning:
        warnings.warn(problem.warning, DescentWarning, stacklevel=2)
    if session is None:
        path = run(problem, engine, on_progress)
    else:
        saving: Any = {"resume": resume, "checkpoint_steps": checkpoint_steps}
        path = train_in(session, problem, engine, on_progress=on_progress, **saving)
    return told(path, problem, data)


def check(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    learning_rate: LearningRate = "auto",
    num_steps: int | None = None,
    start: tuple[float, float] = (0.0, 0.0),
    dtype: npt.DTypeLike = "float64",
    reduction: Reduction = "sum",
    loss_scale: float | None = None,
    constants: bool = False,
    intercept: bool = True,
    batches: Batches = None,
    standardize: bool = False,
    tolerance: float | None = None,
    steps_per_run: int | None = None,
    on_progress: Progress | None = None,
) -> Comparison:
    """Train in TensorFlow and by hand, and compare gradients, updates and the whole way, series by series.

    Args:
        x, y: shape [n] each, finite.
        learning_rate: as for `train`, and so are the arguments after it. Every step is recorded.

    Returns:
        A `Comparison`.

    Raises:
        DataError: the points cannot be used.
        InvalidArgumentError: any other argument is not what it must be.

    Warns:
        DescentWarning: as `train` does.

    Example:
        >>> comparison = check([0.0, 1.0, 2.0], [1.0, 3.0, 4.0], learning_rate=0.1, num_steps=10)
        >>> comparison.identical, comparison.max_ulp["loss"]
        (True, 0)
    """
    problem = problem_of(
        Points(x, y),
        learning_rate=learning_rate,
        num_steps=num_steps,
        start=start,
        dtype=dtype,
        reduction=reduction,
        loss_scale=loss_scale,
        constants=constants,
        intercept=intercept,
        batches=batches,
        standardize=standardize,
        tolerance=tolerance,
        steps_per_run=steps_per_run,
    )
    if problem.warning:
        warnings.warn(problem.warning, DescentWarning, stacklevel=2)
    return check_problem(problem, on_progress)


def problem_of(
    data: Points | Moments,
    *,
    num_steps: int | None = None,
    tolerance: float | None = None,
    dtype: npt.DTypeLike = "float64",
    learning_rate: LearningRate = "auto",
    steps_per_run: int | None = None,
    **others: Any,
) -> Problem:
    """Return the problem that the arguments of `train` describe, or raise what `train` raises."""
    others |= {"learning_rate": learning_rate, "tolerance": tolerance, "steps_per_run": steps_per_run}
    others["num_steps"] = _steps(num_steps, learning_rate) if others.get("batches") is None else num_steps
    if others.get("batches") is not None:
        _check_batched(num_steps, tolerance)
    if isinstance(data, Moments):
        if check_dtype(dtype).name != "float64":
            raise invalid("dtype", "float64 where only the moments are at hand", dtype, "Leave it out.")
        problem = Problem.of_moments(data, **others)
    else:
        problem = Problem.of(*data, dtype=dtype, **others)
    if num_steps is None and tolerance is None and not isinstance(problem.learning_rate, np.ndarray):
        tolerance = smallest_tolerance(problem)
        return replace(problem, tolerance=tolerance, default_tolerance=tolerance is not None)
    return problem


def _steps(num_steps: int | None, learning_rate: Any) -> int:
    """Return how many steps to make at most: as many as there are rates, where there is one for each."""
    if num_steps is not None:
        return num_steps
    return len(learning_rate) if isinstance(learning_rate, list | tuple | np.ndarray) else MOST_STEPS


def _check_batched(num_steps: int | None, tolerance: float | None) -> None:
    """Refuse what has no meaning with batches, whose own gradient does not go to 0 at the best line."""
    if num_steps is None:
        raise invalid("num_steps", "given with `batches`, which have no gradient that ends them", None, "Try 1000.")
    if tolerance is not None:
        advice = "Leave it out, and say num_steps."
        raise invalid("tolerance", "None with `batches`: a batch's gradient does not go to 0", tolerance, advice)


def _data(x: Any, y: Any, engine: str, dtype: npt.DTypeLike) -> Points | Moments:
    """Return the points; or their moments, where no more than those is needed, which look at the points once."""
    if isinstance(x, Moments):
        if y is not None:
            raise invalid("y", "left out, where `x` is the moments of the points", y)
        return x
    if engine == "moments" and check_dtype(dtype).name == "float64":
        return Moments.of(x, y)
    return Points(x, y)


def _check_session(session: Any, resume: bool, checkpoint_steps: int | None) -> None:
    """Make sure that arguments about a session come with one."""
    if session is None and resume:
        raise invalid("session", "a directory that holds a session, to resume it", None, "Name it.")
    if session is None and checkpoint_steps is not None:
        raise invalid("checkpoint_steps", "left out without a session", checkpoint_steps, "Name a session's directory.")
