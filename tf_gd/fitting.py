"""What a user calls to descend: `train`, with any engine, and `check`, with two of them side by side."""

from __future__ import annotations

import os
import warnings
from typing import Any, overload

import numpy.typing as npt

from tf_gd.descent import EngineName, run
from tf_gd.errors import DescentWarning, invalid
from tf_gd.line import LineLike
from tf_gd.moments.moments import Moments
from tf_gd.problem import Batches, LearningRate
from tf_gd.reduction import Reduction
from tf_gd.session import train_in
from tf_gd.trajectory import Trajectory
from tf_gd.validation import Progress, check_dtype
from tf_gd.verify.compare import check_problem
from tf_gd.verify.comparison import Comparison
from tf_gd.verify.steps_needed import problem_of, with_advice


@overload
def train(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    learning_rate: LearningRate = ...,
    num_steps: int | None = ...,
    engine: EngineName = ...,
    start: LineLike = ...,
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
    start: LineLike = ...,
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
    start: LineLike = (0.0, 0.0),
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
    if engine == "moments" and check_dtype(dtype).name == "float64" and not isinstance(x, Moments):
        x, y = Moments.of(x, y), None  # type: ignore[arg-type]  # a y that is left out is refused there
    problem = problem_of(
        x,
        y,
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
    return with_advice(path, problem)


def check(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    learning_rate: LearningRate = "auto",
    num_steps: int | None = None,
    start: LineLike = (0.0, 0.0),
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
    on_progress: Progress | None = None,
) -> Comparison:
    """Train in TensorFlow and by hand, and compare gradients, updates and the whole way, series by series.

    Args:
        x, y: shape [n] each, finite.
        learning_rate: as for `train`, and so are the arguments after it. Not taken are `engine`, as both are run;
            `session`, `resume` and `checkpoint_steps`, as a whole descent is compared; and `Moments`, as there are no
            points in them to add.
        record_every: which steps the two trajectories of the result keep; every step is compared.

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
    if isinstance(x, Moments):
        raise invalid("x", "points, which TensorFlow adds up: shape [n]", "Moments", "Give those to `train`.")
    problem = problem_of(
        x,
        y,
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
    return check_problem(problem, on_progress)


def _check_session(session: Any, resume: bool, checkpoint_steps: int | None) -> None:
    """Make sure that arguments about a session come with one."""
    if session is None and resume:
        raise invalid("session", "a directory that holds a session, to resume it", None, "Name it.")
    if session is None and checkpoint_steps is not None:
        raise invalid("checkpoint_steps", "left out without a session", checkpoint_steps, "Name a session's directory.")
