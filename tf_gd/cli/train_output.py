"""What `tf-gd train` runs and prints: one engine, or both beside each other."""

from __future__ import annotations

import shlex
import warnings
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import click
import numpy as np

from tf_gd.cli.output import print_table, say, warn
from tf_gd.descent import run
from tf_gd.errors import DataError, SessionWarning
from tf_gd.line import Line
from tf_gd.moments.evaluation import FitSummary, evaluate
from tf_gd.moments.moments import Moments
from tf_gd.moments.quadratic import Quadratic, is_finite
from tf_gd.points import Points
from tf_gd.problem import Problem
from tf_gd.session import train_in
from tf_gd.trajectory import SERIES, Outcome, Trajectory
from tf_gd.validation import Progress
from tf_gd.verify.compare import check_problem
from tf_gd.verify.comparison import Comparison
from tf_gd.verify.rounding import smallest_tolerance
from tf_gd.verify.steps_needed import shortfall

NAMES = {"tensorflow": "TensorFlow", "manual": "by hand", "moments": "moments"}


@dataclass(frozen=True)
class Done:
    """A training session that ended: the path to report, and the comparison where both engines ran."""

    problem: Problem
    path: Trajectory
    comparison: Comparison | None
    best: Line | None
    data: Points | Moments
    fit: FitSummary | None = None
    test: FitSummary | None = None

    def evaluated(self, held_out: Points | Moments | None = None) -> Done:
        """Return the same, with how well the line fits its points, and those that were held out."""
        return replace(self, fit=self._fit(self.data), test=None if held_out is None else self._fit(held_out))

    def _fit(self, data: Points | Moments) -> FitSummary | None:
        """Return how well the line fits some points; None where it is not finite."""
        if not is_finite(self.path.line):
            return None
        arguments = (data,) if isinstance(data, Moments) else data
        return evaluate(self.path.line, *arguments, intercept=self.problem.intercept)


def carry_out(
    problem: Problem,
    data: Points | Moments,
    engine: Any,
    on_progress: Progress | None,
    session: str | None = None,
    resume: bool = False,
    checkpoint_steps: int | None = None,
) -> Done:
    """Run one engine over a problem on `data`, in the directory `session` if there is one; or both, side by side."""
    comparison = check_problem(problem, on_progress) if engine == "both" else None
    if comparison is not None:
        path = comparison.tensorflow
    elif session is not None:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", SessionWarning)
            path = train_in(
                session, problem, engine, resume=resume, checkpoint_steps=checkpoint_steps, on_progress=on_progress
            )
        for warning in told:
            warn(str(warning.message))
    else:
        path = run(problem, engine, on_progress)
    return Done(problem, path, comparison, _least_squares(problem, data), data)


def _least_squares(problem: Problem, data: Points | Moments) -> Line | None:
    """Return the least-squares line in the data's own units; None where all x are equal, and the problem warned."""
    try:
        exact: Quadratic
        exact = data if isinstance(data, Moments) else Moments.of(*data.astype(problem.dtype), exact=True)
        if not problem.intercept:
            exact = exact.with_fixed_intercept(Fraction(float(problem.dtype.type(problem.start.c))))
        return exact.least_squares()
    except DataError:
        return None


def exit_code(done: Done) -> int:
    """Return the exit code: 4 where a tolerance, the one asked for or the default one, was not met."""
    if done.comparison is not None and not done.comparison.ok:
        return 1
    stopped_short = 0 if done.problem.tolerance is None else 4
    return {Outcome.CONVERGED: 0, Outcome.DIVERGED: 3, Outcome.STEP_LIMIT: stopped_short}[done.path.outcome]


def summary(done: Done) -> dict[str, Any]:
    """Return the result as the object that `--json` prints."""
    path = done.path
    values: dict[str, Any] = {
        "line": path.line._asdict(),
        "loss": path.loss[-1],
        "gradient": {"m": path.gradient.dm, "c": path.gradient.dc},
        "num_steps": path.num_steps,
        "outcome": path.outcome.name,
        "message": path.message,
        "learning_rate": path.learning_rate,
        "max_learning_rate": path.max_learning_rate,
        "best_learning_rate": done.problem.curvature.best_learning_rate,
        "engine": "both" if done.comparison is not None else path.engine,
        "least_squares": done.best._asdict() if done.best else None,
    }
    if done.path.x_sd is not None:
        values |= {"x_mean": done.path.x_mean, "x_sd": done.path.x_sd}
    for name, fit in (("evaluation", done.fit), ("test", done.test)):
        if fit is not None:
            values[name] = fit.to_dict()
    if done.comparison is not None:
        check = done.comparison
        values["check"] = {"ok": check.ok, "identical": check.identical, "max_ulp": check.max_ulp}
    return values


def report(done: Done) -> None:
    """Print the result for a person to read."""
    path, curvature = done.path, done.problem.curvature
    missed = _missed(done)
    say(f"{_formula(path.line)}{f' ({missed})' if missed else ''}")
    if missed and done.best is not None:
        say(f"{_formula(done.best)} is the least-squares line")
    click.echo()
    paths = [done.comparison.tensorflow, done.comparison.manual] if done.comparison is not None else [path]
    header = [f"at step {path.num_steps:,}", *(NAMES[each.engine] for each in paths)]
    rows = [[name.replace("gradient_", "dL/d"), *(str(getattr(each, name)[-1]) for each in paths)] for name in SERIES]
    print_table(header, rows)
    click.echo()
    rates = [f"{path.learning_rate:.6g} used", f"{path.max_learning_rate:.6g} largest stable"]
    if curvature.best_learning_rate > 0:  # NaN where the squares of x overflow
        rates.append(f"{curvature.best_learning_rate:.6g} best")
    facts = [
        ("same bits", _same(done.comparison, path)),
        ("learning rate", ", ".join(rates)),
        ("least squares", _distance(done)),
        ("stopped", path.message),
    ]
    if path.x_sd is not None:
        scaled = (
            f"mean {path.x_mean:.15g}, sd {path.x_sd:.15g}; the table and the rates are those of z = (x - mean) / sd"
        )
        facts.insert(2, ("x standardized", scaled))
    if done.fit is not None:
        facts.append(("fit", _words(done.fit, errors=not missed)))
    if done.test is not None:
        facts.append(("test", _words(done.test, errors=False)))
    for name, text in facts:
        say(f"{name:<14} {text}", hang=15)


def _formula(line: Line) -> str:
    """Return a line as an equation."""
    return f"y = {float(line.m):.15g} x {'-' if line.c < 0 else '+'} {abs(float(line.c)):.15g}"


def _missed(done: Done) -> str:
    """Say that the line is not where the descent was to go; nothing where it is."""
    if done.path.outcome is Outcome.DIVERGED:
        return "diverged"
    if done.path.outcome is Outcome.CONVERGED:
        return ""
    if done.problem.tolerance is None and done.problem.batches is None:
        tolerance_floor = smallest_tolerance(done.problem)
        largest = np.max(np.abs(np.asarray(done.path.gradient, np.float64)))
        return "" if tolerance_floor is not None and largest <= tolerance_floor else "not converged"
    return "not converged"


def _words(fit: FitSummary, errors: bool) -> str:
    """Say how well a line fits; the standard errors only of the least-squares line, for they are its own."""
    told = [f"n = {fit.n:,}", f"RMSE {fit.rmse:.6g}"]
    told += [] if fit.r_squared is None else [f"R squared {fit.r_squared:.6g}"]
    both = [("m", fit.standard_error_m), ("c", fit.standard_error_c)] if errors else []
    told += [f"standard error of {name} {error:.3g}" for name, error in both if error is not None]
    return ", ".join(told)


def tell_shortfall(problem: Problem, session: str | None, quiet: bool) -> None:
    """Warn before training where too few steps are allowed, with the command that would do."""
    step_shortage = None if quiet else shortfall(problem)
    if step_shortage is None:
        return
    if step_shortage.standardized is None:
        return warn(str(step_shortage))
    options = [] if problem.scaling else ["--standardize"]
    options += [] if problem.automatic else ["--learning-rate", "auto"]
    options += (
        [] if step_shortage.standardized <= problem.num_steps else ["--num-steps", str(step_shortage.standardized)]
    )
    options += [] if session is None else ["--session", f"{session}-standardized"]
    typed = click.get_current_context().obj
    if not isinstance(typed, list):
        return warn(f"{step_shortage} It takes {step_shortage.standardized} with: {shlex.join(options)}")
    words = [word for word in typed if word != "--resume"]
    end = words.index("--") if "--" in words else len(words)
    command = shlex.join(["tf-gd", *words[:end], *options, *words[end:]])
    return warn(f"{step_shortage} This takes {step_shortage.standardized}: {command}")


def _same(comparison: Comparison | None, path: Trajectory) -> str:
    """Say whether the two paths are the same, or which one ran."""
    if comparison is None:
        return f"not compared: only one path ran, {NAMES[path.engine]}; order of addition {path.order}"
    if comparison.identical:
        return f"yes: m, c, loss and both gradients agree in every bit at all {path.num_steps + 1:,} states"
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
