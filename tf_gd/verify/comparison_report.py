"""What `check` says, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tf_gd.trajectory import SERIES

if TYPE_CHECKING:
    from tf_gd.verify.compare import Comparison

VERDICTS = {
    (True, True): "IDENTICAL: every bit of every series is the same in TensorFlow and by hand.",
    (True, False): "RIGHT: the bits differ, by no more than rounding explains.",
    (False, False): "DIFFERENT: the two paths are further apart than rounding explains.",
}


def render(comparison: Comparison) -> str:
    """Return the report: the verdict, the last row of both engines, the distances, and the exact referee."""
    theirs, ours = comparison.tensorflow, comparison.manual
    order = (
        f"confirmed by probing: {comparison.order}"
        if comparison.order
        else "none that is known, so no bits are promised"
    )
    lines = [
        VERDICTS[comparison.ok, comparison.identical],
        "",
        f"{len(theirs):,} states, {theirs.m.dtype.name}, {theirs.reduction} of squared errors, "
        f"learning rate {theirs.learning_rate!r}",
        f"order of TensorFlow's sums: {order}",
        "",
        f"at step {theirs.num_steps:,}".ljust(14) + f"{'TensorFlow':>26}{'by hand':>26}  apart",
        *(_row(comparison, name) for name in SERIES),
    ]
    if len(theirs) != len(ours):
        lines.append(f"TensorFlow stopped at step {theirs.num_steps:,}, the hand-written path at {ours.num_steps:,}.")
    ratio = comparison.moments_ratio or 0.0
    moments = f"engine moments: at most {ratio:.1g} of the rounding bound away from the path by hand"
    closing = [*_referee(comparison), moments] if comparison.moments_ratio is not None else _referee(comparison)
    return "\n".join([*lines, *(["", *closing] if closing else [])])


def _row(comparison: Comparison, name: str) -> str:
    left, right = getattr(comparison.tensorflow, name)[-1], getattr(comparison.manual, name)[-1]
    ulp = comparison.max_ulp[name]
    apart = f"{ulp:,} ulp" + (f"  ({comparison.ratio[name]:.2g} of the bound)" if comparison.bound_used else "")
    return f"{name.replace('gradient_', 'dL/d'):<14}{left!s:>26}{right!s:>26}  {apart}"


def _referee(comparison: Comparison) -> list[str]:
    """Say how far each engine's final gradient is from the true one."""
    lines = []
    for engine, errors in comparison.errors.items():
        who = "by hand" if engine == "manual" else "in TensorFlow"
        for name, (error, bound) in errors.items():
            which = name.replace("gradient_", "dL/d")
            lines.append(f"{which} {who} at the end: {error:.2g} from the true value; rounding allows {bound:.2g}")
    return lines
