"""A TensorFlow 1 session of somebody's own, held step by step against gradient descent by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tf_gd import manual
from tf_gd.descent import order_of_sum
from tf_gd.errors import invalid
from tf_gd.learning_rate import applied_learning_rate
from tf_gd.points import Points
from tf_gd.reduction import REDUCTIONS, Reduction, scales
from tf_gd.summation.line_sums import evaluate
from tf_gd.validation import check_count
from tf_gd.verify.rounding import ulp_distance

APPLY = ("ResourceApplyGradientDescent", "ApplyGradientDescent")
Feed = Mapping[Any, Any] | Callable[[int], Mapping[Any, Any]] | None


@dataclass(frozen=True)
class SessionCheck:
    """What a session's steps are.

    Attributes:
        ok: whether every step is, bit for bit, gradient descent of the line by hand.
        steps, identical_steps: how many were made, and how many have the bits of the path by hand.
        reduction: the loss under which they do, or under which most of them do.
        constants: whether the residual is added as TensorFlow does it for points that are constants in the graph.
        intercept: whether c moves.
        learning_rate: the rate of the last step, as it was applied.
        message: one sentence; where a step differs, which one, and by how many ulps.
    """

    ok: bool
    steps: int
    identical_steps: int
    reduction: Reduction
    constants: bool
    intercept: bool
    learning_rate: float
    message: str

    def __str__(self) -> str:
        return self.message


class SessionStep(NamedTuple):
    """One step of a session: the state before it and after it, its points and its rate."""

    before: tuple[Any, Any]
    after: tuple[Any, Any]
    points: Points
    rate: Any


class SessionProgram(NamedTuple):
    """What a program may be: its loss, how it adds the residual, and whether c moves."""

    reduction: Reduction
    constants: bool
    intercept: bool


def check_session(
    session: Any,
    train_op: Any,
    *,
    m: Any,
    c: Any,
    x: Any,
    y: Any,
    feed_dict: Feed = None,
    steps: int = 10,
    learning_rate: float | None = None,
    loss_scale: float | None = None,
) -> SessionCheck:
    """Run a live session's train op, and say whether each step is gradient descent of the line by hand, bit for bit.

    Args:
        session: a `tf.compat.v1.Session` whose variables are initialized. It makes `steps` steps.
        train_op: what `GradientDescentOptimizer.minimize` returned.
        m, c: the variables, of one element each; their dtype is that of the arithmetic.
        x, y: the points, [n] or [n, 1]; or the placeholders that `feed_dict` feeds them to.
        feed_dict: what to feed at every step, or a function of the step that returns it.
        steps: how many steps to make, 1 or above.
        learning_rate: the rate; left out, it is read from the graph.
        loss_scale: a further number in front of the loss.

    Returns:
        A `SessionCheck`.

    Raises:
        InvalidArgumentError: an argument is not what it must be.
        DataError: the points cannot be used.

    Example:
        >>> from tf_gd import Points
        >>> from tf_gd.graph import LineGraph
        >>> points = Points([0.0, 1.0, 2.0], [1.0, 3.0, 4.0])
        >>> with LineGraph(points, learning_rate=0.1) as line:
        ...     check = check_session(line.session, line.train_op, m=line.m, c=line.c, x=points.x, y=points.y)
        >>> check.ok, check.reduction, check.steps
        (True, 'sum', 10)
    """
    check_count("steps", steps, least=1)
    if not hasattr(session, "run"):
        raise invalid("session", "a `tf.compat.v1.Session`", session, "Hand over the session that trains.")
    for name, variable in (("train_op", train_op), ("m", m), ("c", c)):
        if not hasattr(variable, "name"):
            advice = "Hand over what `minimize` returned." if name == "train_op" else "Hand over the variable."
            raise invalid(name, "an operation or variable of the session's graph", variable, advice)
    alpha = _alpha(session, train_op) if learning_rate is None else None
    made = list(_made(session, train_op, (m, c), (x, y), feed_dict, steps, alpha, learning_rate))
    moves = any(step.before[1] != step.after[1] for step in made)
    programs = [SessionProgram(reduction, constants, moves) for constants in (False, True) for reduction in REDUCTIONS]
    same = {program: sum(_is_same(step, program, loss_scale) for step in made) for program in programs}
    program = max(programs, key=lambda program: (same[program], -_distance(made[0], program, loss_scale)))
    count = same[program]
    message = _message(made, program, count, loss_scale)
    return SessionCheck(count == steps, steps, count, *program, float(made[-1].rate), message)


def _alpha(session: Any, train_op: Any) -> Any:
    """Return the tensor of the learning rate: the second input of the operation that applies the gradient."""
    waiting, visited = [getattr(train_op, "op", train_op)], set()
    while waiting:
        operation = waiting.pop()
        if operation.type in APPLY:
            return operation.inputs[1]
        if operation not in visited:
            visited.add(operation)
            waiting += [*operation.control_inputs, *(tensor.op for tensor in operation.inputs)]
    advice = "Pass learning_rate=0.01, or whatever the program takes."
    raise invalid("train_op", "made by GradientDescentOptimizer, whose rate can be read", train_op, advice)


def _made(
    session: Any, train_op: Any, parameters: Any, data: Any, feed_dict: Feed, steps: int, alpha: Any, rate: Any
) -> Iterator[SessionStep]:
    """Make the steps, and say of each what it started from and where it led."""
    for k in range(steps):
        feed = feed_dict(k) if callable(feed_dict) else feed_dict
        before = _line(session, parameters)
        dtype = before[0].dtype
        points = Points(*(_values(name, value, feed) for name, value in zip("xy", data, strict=True))).astype(dtype)
        applied = session.run(alpha, feed) if alpha is not None else rate
        session.run(train_op, feed)
        yield SessionStep(before, _line(session, parameters), points, applied_learning_rate(applied, dtype))


def _line(session: Any, parameters: Any) -> tuple[Any, Any]:
    """Return m and c as scalars."""
    values = [np.asarray(value) for value in session.run(list(parameters))]
    for name, value in zip("mc", values, strict=True):
        if value.size != 1:
            raise invalid(name, "a variable of one element", f"shape {list(value.shape)}")
    m, c = (value.reshape(())[()] for value in values)
    return m, c


def _values(name: str, value: Any, feed: Mapping[Any, Any] | None) -> Any:
    """Return the numbers of x or y: as they are, or what is fed to the placeholder that they are."""
    for key, fed in (feed or {}).items():
        if key is value:
            value = fed
    if hasattr(value, "op"):
        raise invalid(name, "the numbers of the points, or a placeholder that feed_dict feeds", value)
    return np.ravel(np.asarray(value))


def _next(step: SessionStep, program: SessionProgram, loss_scale: float | None) -> tuple[Any, Any]:
    """Return the state after a step by hand."""
    x, y = step.points
    m, c = step.before
    how = scales(x.size, x.dtype, program.reduction, loss_scale)
    _, dm, dc = evaluate(x, y, m, c, how, order_of_sum(x.size, x.dtype), program.constants)
    with np.errstate(all="ignore"):
        after_c = manual.update(c, dc, step.rate) if program.intercept else c
        return manual.update(m, dm, step.rate), after_c


def _is_same(step: SessionStep, program: SessionProgram, loss_scale: float | None) -> bool:
    by_hand = _next(step, program, loss_scale)
    return all(one.tobytes() == other.tobytes() for one, other in zip(by_hand, step.after, strict=True))


def _distance(step: SessionStep, program: SessionProgram, loss_scale: float | None) -> float:
    """Return how far the state by hand is from the session's, in m and c together; infinity where it is not finite."""
    apart = [
        abs(float(one) - float(other)) for one, other in zip(_next(step, program, loss_scale), step.after, strict=True)
    ]
    return sum(apart) if np.isfinite(apart).all() else np.inf


def _message(made: list[SessionStep], program: SessionProgram, count: int, loss_scale: float | None) -> str:
    """Return one sentence: the same, or which step differs first and by how much."""
    loss = program.reduction if loss_scale is None else f"{program.reduction} times {loss_scale:g}"
    points = "constants in the graph" if program.constants else "fed, or in variables"
    what = f"gradient descent of the line by hand, loss {loss}, points {points}, learning rate {made[-1].rate:.9g}"
    if count == len(made):
        return f"The same bits in all {count} steps: {what}."
    first = next(k for k, step in enumerate(made) if not _is_same(step, program, loss_scale))
    ulps = [
        int(ulp_distance(one, other))
        for one, other in zip(_next(made[first], program, loss_scale), made[first].after, strict=True)
    ]
    return (
        f"{count} of {len(made)} steps have the bits of {what}, which comes nearest. Step {first} is the first that "
        f"differs: m by {ulps[0]:,} ulp, c by {ulps[1]:,} ulp. A further number in front of the loss is `loss_scale`."
    )
