"""What `tf-gd train` runs and prints: one engine, or both beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from tf_gd.cli.output import print_table
from tf_gd.descent import run
from tf_gd.errors import DataError, invalid
from tf_gd.line import Line
from tf_gd.moments.moments import Moments
from tf_gd.plan import MomentsPlan, Plan
from tf_gd.points import Points
from tf_gd.progress import Progress
from tf_gd.session import train_in
from tf_gd.trajectory import SERIES, Outcome, Trajectory
from tf_gd.verify.compare import Comparison, check_plan
from tf_gd.verify.rounding import smallest_tolerance

MOST_STEPS = 10_000  # where neither --num-steps nor --tolerance says when to stop
NAMES = {"tensorflow": "TensorFlow", "manual": "by hand", "moments": "moments"}


@dataclass(frozen=True)
class Done:
    """A training session that ended: the path to report, and the comparison where both engines ran."""

    plan: Plan | MomentsPlan
    path: Trajectory
    comparison: Comparison | None
    best: Line | None


def plan_of(
    data: Points | Moments, *, num_steps: int | None, tolerance: float | None, dtype: str, **course: Any
) -> Plan | MomentsPlan:
    """Return the plan; without a number of steps and a tolerance, until the gradient is as close to 0 as it gets."""
    course |= {"num_steps": MOST_STEPS if num_steps is None else num_steps, "tolerance": tolerance}
    plan: Plan | MomentsPlan
    if isinstance(data, Moments):
        if dtype != "float64":
            raise invalid("dtype", "float64 with --engine moments on files", dtype, "Leave it out.")
        plan = MomentsPlan.of(data, **course)
    else:
        plan = Plan.of(*data, dtype=dtype, **course)
    if num_steps is None and tolerance is None:
        known = plan.moments if isinstance(plan, MomentsPlan) else plan.points
        return plan.replace(tolerance=smallest_tolerance(known, plan.reduction))
    return plan


def carry_out(
    plan: Plan | MomentsPlan,
    engine: Any,
    on_progress: Progress | None,
    session: str | None = None,
    resume: bool = False,
) -> Done:
    """Run one engine, in the directory `session` if there is one; or both, beside each other."""
    comparison = check_plan(plan, on_progress) if engine == "both" and isinstance(plan, Plan) else None
    if comparison is not None:
        path = comparison.tensorflow
    elif session is not None:
        path = train_in(session, plan, engine, resume=resume, on_progress=on_progress)
    else:
        path = run(plan, engine, on_progress)
    try:
        moments = plan.moments if isinstance(plan, MomentsPlan) else Moments.of(*plan.points, exact=True)
        best = moments.least_squares()
    except DataError:  # all x are equal: there is no one best line, and the plan has warned of it
        best = None
    return Done(plan, path, comparison, best)


def exit_code(done: Done) -> int:
    """Return the exit code: 4 where a tolerance, the one asked for or the default one, was not met."""
    if done.comparison is not None and not done.comparison.ok:
        return 1
    stopped_short = 0 if done.plan.tolerance is None else 4
    return {Outcome.CONVERGED: 0, Outcome.DIVERGED: 3, Outcome.STEP_LIMIT: stopped_short}[done.path.outcome]


def summary(done: Done) -> dict[str, Any]:
    """Return the result as the object that `--json` prints."""
    path = done.path
    values: dict[str, Any] = {
        "line": path.line._asdict(),
        "loss": path.loss[-1],
        "gradient": path.gradient._asdict(),
        "num_steps": path.num_steps,
        "outcome": path.outcome.name,
        "message": path.message,
        "learning_rate": path.learning_rate,
        "max_learning_rate": path.max_learning_rate,
        "best_learning_rate": done.plan.curvature.best_learning_rate,
        "engine": "both" if done.comparison is not None else path.engine,
        "least_squares": done.best._asdict() if done.best else None,
    }
    if done.comparison is not None:
        check = done.comparison
        values["check"] = {"ok": check.ok, "identical": check.identical, "max_ulp": check.max_ulp}
    return values


def report(done: Done) -> None:
    """Print the result for a person to read."""
    path, curvature = done.path, done.plan.curvature
    sign = "-" if path.line.c < 0 else "+"
    click.echo(f"y = {float(path.line.m):.15g} x {sign} {abs(float(path.line.c)):.15g}\n")
    paths = [done.comparison.tensorflow, done.comparison.manual] if done.comparison is not None else [path]
    header = [f"at step {path.num_steps:,}", *(NAMES[each.engine] for each in paths)]
    rows = [[name.replace("gradient_", "dL/d"), *(str(getattr(each, name)[-1]) for each in paths)] for name in SERIES]
    print_table(header, rows)
    click.echo()
    rates = [
        f"{path.learning_rate:.6g} used",
        f"{path.max_learning_rate:.6g} largest stable",
        f"{curvature.best_learning_rate:.6g} best",
    ]
    facts = [
        ("same bits", _same(done.comparison, path)),
        ("learning rate", ", ".join(rates)),
        ("least squares", _distance(done)),
        ("stopped", path.message),
    ]
    for name, text in facts:
        click.echo(f"{name:<14} {text}")


def _same(comparison: Comparison | None, path: Trajectory) -> str:
    """Say whether the two paths are the same, or which one ran."""
    if comparison is None:
        return f"not compared: only one path ran, {NAMES[path.engine]}; order of addition {path.order}"
    if comparison.identical:
        return f"yes: m, c, loss and both gradients agree in every bit at all {len(path):,} states"
    worst = max(comparison.ratio.values())
    ulps = ", ".join(f"{name} {ulp:,} ulp" for name, ulp in comparison.max_ulp.items())
    return f"no: {ulps}; at most {worst:.2g} of the rounding bound, {'so right' if comparison.ok else 'so WRONG'}"


def _distance(done: Done) -> str:
    """Say how far the line is from the exact one."""
    if done.best is None:
        return "none: all x are equal, so no slope is better than another"
    line = done.path.line
    return (
        f"m = {done.best.m:.15g}, c = {done.best.c:.15g}; "
        f"off by {abs(float(line.m) - done.best.m):.2g} and {abs(float(line.c) - done.best.c):.2g}"
    )
