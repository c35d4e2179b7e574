"""What a session trains: a description to compare with, so that no session goes on with something else."""

from __future__ import annotations

import json
from typing import Any

from tf_gd.errors import SessionError, plain
from tf_gd.problem import Problem
from tf_gd.session.state import digest
from tf_gd.summation.order import usable_cores

REMEDIES = {"order": "Go on with as many cores as before, set by TF_NUM_INTRAOP_THREADS"}
"""What to do about what is no argument of `train`."""


def describe(problem: Problem, engine: str) -> dict[str, Any]:
    """Return what must stay the same in a session, as plain values for JSON, by the names of `train`'s arguments.

    `order` is the order of addition, which for long vectors depends on the number of cores.
    """
    return {
        "engine": engine,
        "dtype": problem.dtype.name,
        "points": fingerprint(problem),
        "learning_rate": problem.applied_rate,
        **_program(problem),
        "start": [float(problem.dtype.type(value)) for value in problem.start],
        "reduction": problem.reduction,
        "loss_scale": problem.loss_scale,
        "record_every": problem.record_every,
        "order": _order(problem, engine),
        "standardize": [problem.scaling.mean, problem.scaling.sd] if problem.scaling else None,
    }


def _program(problem: Problem) -> dict[str, Any]:
    """Return what the program has besides the plain one: constants, no intercept, batches, a rate for each step."""
    form: dict[str, Any] = {"constants": True} if problem.constants else {}
    if not problem.intercept:
        form["intercept"] = False
    if problem.batches is not None:
        indices = b"".join(batch.tobytes() + b"," for batch in problem.batches)
        form["batches"] = f"{len(problem.batches)} batches, {digest(indices)}"
    if problem.rates.size != 1:
        form["rates"] = f"{problem.rates.size} rates, {digest(problem.rates.tobytes())}"
    return form


def _order(problem: Problem, engine: str) -> str:
    """Return the order of addition in this process: the one that was probed, or the one to expect."""
    if engine == "moments":
        return "none"
    if engine == "tensorflow" and problem.order_is == "unknown":
        return f"unknown, on {usable_cores()} cores"
    orders = dict.fromkeys(map(str, problem.batch_orders.values())) or [str(problem.order)]
    return "; ".join(orders) + ("; regrouped residual" if problem.regrouped else "")


def fingerprint(problem: Problem) -> str:
    """Return a text that tells these points from all others: their number, and the SHA-256 of their content."""
    if problem.points is None:
        assert problem.moments is not None
        return f"{problem.n} points, moments {digest(json.dumps(problem.moments.to_dict()).encode())}"
    x, y = problem.points
    return f"{problem.n} points, {digest(x.tobytes() + y.tobytes())}"


def refuse_another(stored: dict[str, Any], asked: dict[str, Any], directory: str) -> None:
    """Refuse to go on with anything but what the session trains.

    Raises:
        SessionError: with the first argument that differs, and both values.
    """
    for name in dict.fromkeys([*stored, *asked]):
        before, now = stored.get(name), asked.get(name)
        if json.dumps(before) != json.dumps(now):  # to the bit: -0.0 is another start than 0.0
            remedy = REMEDIES.get(name, "Go on with that")
            raise SessionError(
                f"`{name}` must be {plain(before, 120)}, as in the session in {plain(directory)}. "
                f"Got {plain(now, 120)}. {remedy}, or start a session in another directory."
            )


def refuse_less(done: int, tolerance: float | None, problem: Problem, directory: str) -> None:
    """Refuse an end that the session has already passed.

    Raises:
        SessionError: fewer steps than are made, or a tolerance wider than the one it trained with.
    """
    if problem.num_steps < done:
        raise SessionError(
            f"`num_steps` must be at least {done}, the steps made in the session in {plain(directory)}. "
            f"Got {problem.num_steps}. Ask for more, or start a session in another directory."
        )
    if problem.tolerance is not None and done > 0 and (tolerance is None or problem.tolerance > tolerance):
        raise SessionError(
            f"`tolerance` must be {'None' if tolerance is None else f'at most {tolerance}'}, as in the session in "
            f"{plain(directory)}, which may be past a wider one. Got {problem.tolerance}. "
            f"Go on with that, or start a session in another directory."
        )
