"""What a session trains: a description to compare with, so that no session goes on with something else."""

from __future__ import annotations

import json
from typing import Any

from tf_gd.errors import SessionError, plain
from tf_gd.plan import MomentsPlan, Plan
from tf_gd.session.state import digest
from tf_gd.summation.order import confirmed, known, usable_cores, was_probed


def describe(plan: Plan | MomentsPlan, engine: str) -> dict[str, Any]:
    """Return what must stay the same in a session, as plain values for JSON, by the names of `train`'s arguments.

    `order` is the order of addition, which for long vectors depends on the number of cores.
    """
    return {
        "engine": engine,
        "dtype": plan.dtype.name,
        "points": fingerprint(plan),
        "learning_rate": plan.applied_rate,
        "start": [float(plan.dtype.type(value)) for value in plan.start],
        "reduction": plan.reduction,
        "record_every": plan.record_every,
        "order": _order(plan, engine),
    }


def _order(plan: Plan | MomentsPlan, engine: str) -> str:
    """Return the order of addition in this process: the one that was probed, or the one to expect."""
    if engine == "moments" or isinstance(plan, MomentsPlan):
        return "none"
    n, dtype = plan.points.n, plan.dtype
    if engine == "tensorflow" and was_probed(n, dtype) and confirmed(n, dtype) is None:
        return f"unknown, on {usable_cores()} cores"
    return str(known(n, dtype))


def fingerprint(plan: Plan | MomentsPlan) -> str:
    """Return a text that tells these points from all others: their number, and the SHA-256 of their content."""
    if isinstance(plan, MomentsPlan):
        return f"{plan.moments.n} points, moments {digest(json.dumps(plan.moments.to_dict()).encode())}"
    x, y = plan.points
    return f"{plan.points.n} points, {digest(x.tobytes() + y.tobytes())}"


def refuse_another(stored: dict[str, Any], asked: dict[str, Any], directory: str) -> None:
    """Refuse to go on with anything but what the session trains.

    Raises:
        SessionError: with the first argument that differs, and both values.
    """
    for name in dict.fromkeys([*stored, *asked]):
        before, now = stored.get(name), asked.get(name)
        if json.dumps(before) != json.dumps(now):  # to the bit: -0.0 is another start than 0.0
            raise SessionError(
                f"`{name}` must be {plain(before, 120)}, as in the session in {plain(directory)}. "
                f"Got {plain(now, 120)}. Go on with that, or start a session in another directory."
            )


def refuse_less(done: int, tolerance: float | None, plan: Plan | MomentsPlan, directory: str) -> None:
    """Refuse an end that the session has already passed.

    Raises:
        SessionError: fewer steps than are made, or a tolerance wider than the one it trained with.
    """
    if plan.num_steps < done:
        raise SessionError(
            f"`num_steps` must be at least {done}, the steps made in the session in {plain(directory)}. "
            f"Got {plan.num_steps}. Ask for more, or start a session in another directory."
        )
    if plan.tolerance is not None and done > 0 and (tolerance is None or plan.tolerance > tolerance):
        raise SessionError(
            f"`tolerance` must be {'None' if tolerance is None else f'at most {tolerance}'}, as in the session in "
            f"{plain(directory)}, which may be past a wider one. Got {plan.tolerance}. "
            f"Go on with that, or start a session in another directory."
        )
