"""What `tf-gd report` and `tf-gd train --report` write."""

from __future__ import annotations

from typing import Any, cast

from tf_gd.cli.train_output import Done
from tf_gd.points import Points
from tf_gd.reduction import Reduction
from tf_gd.show.page import render, write_report
from tf_gd.verify.comparison import Comparison
from tf_gd.verify.derivation import derive


def save_views(data: Any, done: Done, report: str | None, log_dir: str | None) -> None:
    """Write the views of a training session that were asked for."""
    if report is not None:
        save_report(report, data, done)
    if log_dir is not None:
        from tf_gd.show.tensorboard import write_events

        write_events(log_dir, data, done.path)


def save_report(path: str, points: Points, done: Done) -> None:
    """Write the page of a run: the run, the check where both engines ran, and the derivation."""
    check = None if done.comparison is None else _found(done.comparison)
    write_report(path, render(points, done.path, check, derivation_of(done.path.reduction, done.path.intercept)))


def derivation_of(reduction: str, intercept: bool = True) -> list[tuple[str, str, list[str]]]:
    """Return title, sentence and formulas of each step of the derivation, for the page."""
    steps = derive("line" if intercept else "no-intercept", cast(Reduction, reduction)).steps
    return [(f"Equation {step.equation}: {step.title}", step.sentence, step.mathml) for step in steps]


def _found(comparison: Comparison) -> dict[str, object]:
    """Return what the comparison found, as the report takes it."""
    if comparison.identical:
        sentence = "TensorFlow and the hand-written path agree in every bit of every number."
    elif comparison.ok:
        sentence = "TensorFlow and the hand-written path differ by no more than rounding explains."
    else:
        sentence = "TensorFlow and the hand-written path differ by more than rounding explains."
    return {"ok": comparison.ok, "sentence": sentence, "report": str(comparison)}
