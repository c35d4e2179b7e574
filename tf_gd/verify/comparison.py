"""What `check` returns: two trajectories side by side, what was found, and the report of it."""

from __future__ import annotations

from dataclasses import dataclass

from tf_gd.summation.order import Order
from tf_gd.trajectory import SERIES, Trajectory

VERDICTS = {
    (True, True): "IDENTICAL: every bit of every series is the same in TensorFlow and by hand.",
    (True, False): "RIGHT: the bits differ, by no more than rounding explains.",
    (False, False): "DIFFERENT: the two paths are further apart than rounding explains.",
}


@dataclass(frozen=True)
class Comparison:
    """TensorFlow's trajectory beside the hand-written one.

    `bool(comparison)` is `comparison.ok`; `str(comparison)` is the report.

    Attributes:
        ok: whether every number is the same, or else apart by no more than rounding explains.
        identical: whether every bit of every series is the same.
        max_ulp: for each series, the largest distance in units in the last place; 0 only where all bits agree.
        bound_used: whether the rounding bound decided, because the bits differ.
        ratio: for each series, the largest distance as a fraction of its rounding bound; over 1 is too far.
        tensorflow, manual: the two trajectories.
        order: the order of addition, confirmed by probing; None where TensorFlow's is none that is known.
        errors: for each engine and component of its final gradient, the distance from the true gradient at that
            line, found in rational arithmetic, and the rounding bound on it; empty where it is not finite.
        moments_ratio: how far the engine "moments" is from the hand-written path where both are finite, at most, as a
            fraction of the same rounding bound; it has no part in `ok`.
    """

    ok: bool
    identical: bool
    max_ulp: dict[str, int]
    bound_used: bool
    ratio: dict[str, float]
    tensorflow: Trajectory
    manual: Trajectory
    order: Order | None
    errors: dict[str, dict[str, tuple[float, float]]]
    moments_ratio: float | None

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return _report(self)


def _report(comparison: Comparison) -> str:
    """Return the report: the verdict, the last rows, the distances, and how far each gradient is from the exact one."""
    theirs, ours = comparison.tensorflow, comparison.manual
    order = (
        f"confirmed by probing: {comparison.order}"
        if comparison.order
        else "none that is known, so no bits are promised"
    )
    lines = [
        VERDICTS[comparison.ok, comparison.identical],
        "",
        f"{theirs.num_steps + 1:,} states, {theirs.m.dtype.name}, {theirs.reduction} of squared errors, "
        f"learning rate {theirs.learning_rate!r}",
        f"order of TensorFlow's sums: {order}",
        "",
        f"at step {theirs.num_steps:,}".ljust(14) + f"{'TensorFlow':>26}{'by hand':>26}  apart",
        *(_row(comparison, name) for name in SERIES),
    ]
    if theirs.num_steps != ours.num_steps:
        lines.append(f"TensorFlow stopped at step {theirs.num_steps:,}, the hand-written path at {ours.num_steps:,}.")
    ratio = comparison.moments_ratio or 0.0
    moments = f"engine moments: at most {ratio:.1g} of the rounding bound away from the path by hand"
    closing = _exact_errors(comparison) + ([moments] if comparison.moments_ratio is not None else [])
    return "\n".join([*lines, *(["", *closing] if closing else [])])


def _row(comparison: Comparison, name: str) -> str:
    left, right = getattr(comparison.tensorflow, name)[-1], getattr(comparison.manual, name)[-1]
    ulp = comparison.max_ulp[name]
    apart = f"{ulp:,} ulp" + (f"  ({comparison.ratio[name]:.2g} of the bound)" if comparison.bound_used else "")
    return f"{name.replace('gradient_', 'dL/d'):<14}{left!s:>26}{right!s:>26}  {apart}"


def _exact_errors(comparison: Comparison) -> list[str]:
    """Say how far each engine's final gradient is from the true one."""
    lines = []
    for engine, errors in comparison.errors.items():
        who = "by hand" if engine == "manual" else "in TensorFlow"
        for name, (error, bound) in errors.items():
            which = name.replace("gradient_", "dL/d")
            lines.append(f"{which} {who} at the end: {error:.2g} from the true value; rounding allows {bound:.2g}")
    return lines
