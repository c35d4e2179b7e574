"""The functions of other checkers' own tests, given to all of them: right derivatives and planted wrong ones.

`python -m benchmarks.peer_functions` writes results/peer_functions.md.
"""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

import tf_gd
from benchmarks.checkers import PEERS, READING, installed, table

TESTS = Path(__file__).parents[1] / "tests"


@dataclass(frozen=True)
class FunctionTrial:
    """One derivative of one function, with the attributes of `planted.Trial`."""

    suite: str
    problem: str
    what: str
    loss: Callable[..., Any]
    gradient: Callable[..., Any]
    params: dict[str, Any]
    data: dict[str, Any] = field(default_factory=dict)
    dtype: str = "float64"


def trials() -> Iterator[FunctionTrial]:
    """Yield every function with its right derivative and the wrong ones."""
    sys.path.insert(0, str(TESTS))
    for suite, function, loss, gradient, params, planted in import_module("support.peer_suites").CASES:
        for what, given in [("right", gradient), *planted.items()]:
            yield FunctionTrial(suite, function, what, loss, given, params)


def in_numpy(trial: FunctionTrial) -> FunctionTrial:
    """Return the trial with a loss that returns NumPy's numbers and a gradient in the parameters' order."""

    def gradient(**params: Any) -> list[Any]:
        found = trial.gradient(**params)
        if isinstance(found, dict):
            return [found[name] for name in params]
        return list(found) if isinstance(found, tuple) else [found]

    def loss(**params: Any) -> Any:
        tf = import_module("tensorflow")
        numbers = {name: np.asarray(value) for name, value in params.items()}
        try:
            return np.asarray(trial.loss(**{name: tf.constant(value) for name, value in numbers.items()}))
        except Exception:  # it is written in NumPy
            return np.asarray(trial.loss(**numbers))

    return FunctionTrial(trial.suite, trial.problem, trial.what, loss, gradient, trial.params)


def of_peer(name: str, trial: FunctionTrial) -> str:
    """Return what a checker says of a trial."""
    try:
        passed = PEERS[name](in_numpy(trial))  # type: ignore[arg-type]
    except Exception as error:
        return f"raises {type(error).__name__}"
    return said(trial, "right" if passed else "wrong")


def said(trial: FunctionTrial, verdict: str) -> str:
    """Return a verdict in the table's words."""
    if verdict == "cannot-tell":
        return "cannot tell"
    if trial.what == "right":
        return "passes" if verdict == "right" else "**false alarm**"
    return "caught" if verdict == "wrong" else "**missed**"


def main() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    versions = installed()
    rows = []
    for trial in trials():
        ours = tf_gd.check_gradient(trial.loss, trial.gradient, params=trial.params).verdict
        verdicts = [*(of_peer(name, trial) for name in versions), said(trial, ours)]
        rows.append([trial.suite, trial.problem, trial.what, *verdicts])
        print(*rows[-1], sep=" | ", flush=True)
    names = [*versions, "tf_gd"]
    right = sum(row[2] == "right" for row in rows)
    sums = [["", f"missed, of {len(rows) - right}", f"false alarms, of {right}", "cannot tell", "raises"]]
    for column, name in enumerate(names, start=3):
        verdicts = [row[column] for row in rows]
        counts = [verdicts.count(word) for word in ("**missed**", "**false alarm**", "cannot tell")]
        sums.append([name, *map(str, counts), str(sum(verdict.startswith("raises") for verdict in verdicts))])
    how = "\n".join(f"- **{name}** ({versions[name]}): {READING[name]}." for name in versions)
    text = (
        "# The functions of other checkers' own tests\n\n"
        "Written by `python -m benchmarks.peer_functions`. Each function is one that the named suite tests, in our "
        "words; every checker gets the same loss and the same gradient in NumPy, in float64.\n\n"
        f"{table(sums)}\n\n{table([['suite', 'function', 'derivative', *names], *rows])}\n\n{how}\n"
    )
    (Path(__file__).parent / "results" / "peer_functions.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
