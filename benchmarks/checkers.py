"""Gradient checkers side by side: what they catch, what they name, and whom they accuse falsely.

`python -m benchmarks.checkers` writes results/checkers.md. Each checker is used as its documentation shows,
with its own step and tolerances; those that return numbers and no verdict are read as said in READING.
"""

import importlib
import os
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

import tf_gd
from benchmarks.planted import Trial, trials

READING = {
    "scipy": "`scipy.optimize.check_grad` returns the norm of the difference; over 1e-5 of the gradient's norm is read "
    "as wrong",
    "jax": "`jax.test_util.check_grads`, order 1, reverse mode, its own tolerances",
    "tensorflow": "`tf.test.compute_gradient` returns both Jacobians; compared as `tf.test.TestCase.assertAllClose` "
    "does, 1e-6",
    "torch": "`torch.autograd.gradcheck`, its own tolerances",
    "autograd": "`autograd.test_util.check_grads`, order 1, reverse mode, its own tolerances",
    "CS231n": "relative error with h = 1e-5; over 1e-7, its bound for losses without kinks, is read as wrong",
    "tf_gd": "`tf_gd.check_line_gradient` for the line, `tf_gd.check_gradient` for the logistic regression",
}


def flat(trial: Trial) -> tuple[Callable[..., Any], Callable[..., Any], Any]:
    """Return the loss and the gradient as functions of one vector, and where to check them."""
    sizes = [value.size for value in trial.params.values()]

    def named(vector: Any) -> dict[str, Any]:
        parts = np.split(np.asarray(vector), np.cumsum(sizes)[:-1])
        return {
            name: part.reshape(value.shape) for (name, value), part in zip(trial.params.items(), parts, strict=True)
        }

    def loss(vector: Any) -> Any:
        return np.asarray(trial.loss(**named(vector), **trial.data), np.asarray(vector).dtype)

    def gradient(vector: Any) -> Any:
        parts = trial.gradient(**named(vector), **trial.data)
        return np.concatenate([np.ravel(part) for part in parts]).astype(np.asarray(vector).dtype)

    return loss, gradient, np.concatenate([np.ravel(value) for value in trial.params.values()]).astype(trial.dtype)


def scipy(trial: Trial) -> bool:
    from scipy.optimize import check_grad

    loss, gradient, here = flat(trial)
    return bool(check_grad(loss, gradient, here) <= 1e-5 * np.linalg.norm(gradient(here)))


def cs231n(trial: Trial) -> bool:
    loss, gradient, here = flat(trial)
    steps = 1e-5 * np.eye(here.size, dtype=here.dtype)
    numeric = np.array([(loss(here + step) - loss(here - step)) / 2e-5 for step in steps])
    analytic = gradient(here)
    scale = np.maximum(np.maximum(abs(numeric), abs(analytic)), np.finfo(float).tiny)
    return bool((abs(numeric - analytic) / scale).max() <= 1e-7)


def jax(trial: Trial) -> bool:
    library = importlib.import_module("jax")
    check_grads = importlib.import_module("jax.test_util").check_grads
    library.config.update("jax_enable_x64", True)
    loss, gradient, here = flat(trial)

    def call(function: Callable[..., Any], vector: Any, shape: tuple[int, ...]) -> Any:
        return library.pure_callback(function, library.ShapeDtypeStruct(shape, vector.dtype), vector)

    f = library.custom_vjp(lambda vector: call(loss, vector, ()))
    f.defvjp(lambda vector: (call(loss, vector, ()), vector), lambda v, g: (g * call(gradient, v, v.shape),))
    return passes(lambda: check_grads(f, (library.numpy.asarray(here),), order=1, modes=["rev"]))


def tensorflow(trial: Trial) -> bool:
    tf = importlib.import_module("tensorflow")
    loss, gradient, here = flat(trial)

    @tf.custom_gradient
    def f(vector: Any) -> Any:
        value = tf.ensure_shape(tf.numpy_function(loss, [vector], vector.dtype), [])
        return value, lambda g: g * tf.ensure_shape(tf.numpy_function(gradient, [vector], vector.dtype), here.shape)

    theoretical, numerical = tf.test.compute_gradient(f, [tf.constant(here)])
    return passes(lambda: np.testing.assert_allclose(theoretical[0], numerical[0], rtol=1e-6, atol=1e-6))


def torch(trial: Trial) -> bool:
    library = importlib.import_module("torch")
    loss, gradient, here = flat(trial)

    class ByHand(library.autograd.Function):
        @staticmethod
        def forward(context: Any, vector: Any) -> Any:
            context.save_for_backward(vector)
            return library.from_numpy(loss(vector.detach().numpy()).copy())

        @staticmethod
        def backward(context: Any, g: Any) -> Any:
            (vector,) = context.saved_tensors
            return g * library.from_numpy(gradient(vector.detach().numpy()))

    vector = library.tensor(here, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that float32 is likely to fail, and then does
        return passes(lambda: library.autograd.gradcheck(ByHand.apply, (vector,)))


def autograd(trial: Trial) -> bool:
    extend = importlib.import_module("autograd.extend")
    check_grads = importlib.import_module("autograd.test_util").check_grads
    loss, gradient, here = flat(trial)
    f = extend.primitive(lambda vector: float(loss(vector)))
    extend.defvjp(f, lambda value, vector: lambda g: g * gradient(vector))
    return passes(lambda: check_grads(f, modes=["rev"], order=1)(here))


def passes(check: Callable[[], object]) -> bool:
    """Whether a check raises nothing."""
    try:
        check()
    except (AssertionError, RuntimeError):
        return False
    return True


def ours(trial: Trial) -> tuple[bool, list[str]]:
    if trial.problem == "line":

        def gradient(m: Any, c: Any, x: Any, y: Any) -> Any:
            return trial.gradient(m=m, c=c, x=x, y=y)

        check = tf_gd.check_line_gradient(gradient, trial.data["x"], trial.data["y"])
    else:
        check = tf_gd.check_gradient(in_tensorflow, trial.gradient, params=trial.params, data=trial.data)
    return check.ok, [name for name, _ in check.diagnosis]


def in_tensorflow(w: Any, x: Any, y: Any, strength: Any) -> Any:
    """The logistic regression's loss once more, for our own checker."""
    tf = importlib.import_module("tensorflow")
    cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=tf.linalg.matvec(x, w))
    return tf.reduce_mean(cross_entropy) + strength * tf.reduce_sum(w * w)


PEERS = {
    "scipy": scipy,
    "jax": jax,
    "tensorflow": tensorflow,
    "torch": torch,
    "autograd": autograd,
    "CS231n": cs231n,
}


def installed() -> dict[str, str]:
    """Return the checkers that can run here, and their versions."""
    found = {}
    for name in PEERS:
        try:
            found[name] = version("numpy" if name == "CS231n" else name)
        except PackageNotFoundError:
            print(f"{name} is not installed: left out")
    return found


def verdict(trial: Trial, passed: bool, names: list[str] | None = None) -> str:
    """Return what a checker made of a trial."""
    if not trial.name:
        return "passes" if passed else "**false alarm**"
    if passed:
        return "**missed**"
    return f"named: {', '.join(names)}" if names else "caught"


def table(rows: list[list[str]]) -> str:
    head, *body = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body])


def measure(peers: list[str]) -> list[list[str]]:
    """Return a row for each trial: what it is, and every checker's verdict."""
    rows = []
    for trial in trials():
        verdicts = [verdict(trial, PEERS[peer](trial)) for peer in peers]
        rows.append([trial.problem, trial.what, *verdicts, verdict(trial, *ours(trial))])
    return rows


def summary(checkers: list[str], rows: list[list[str]]) -> list[list[str]]:
    """Return the sums: wrong gradients caught and named, right ones accused."""
    wrong = [row for row, trial in zip(rows, trials(), strict=True) if trial.name]
    right = [row for row, trial in zip(rows, trials(), strict=True) if not trial.name]
    named = [(row, trial.name) for row, trial in zip(rows, trials(), strict=True) if trial.name]
    lines = [["", f"caught, of {len(wrong)}", f"named right, of {len(wrong)}", f"false alarms, of {len(right)}"]]
    for column, checker in enumerate(checkers, start=2):
        caught = sum(row[column] == "caught" or row[column].startswith("named") for row in wrong)
        told = sum(row[column].startswith(f"named: {name}") for row, name in named)
        lines.append([checker, str(caught), str(told), str(sum(row[column] != "passes" for row in right))])
    return lines


def main() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    versions = installed()
    checkers = [*versions, "tf_gd"]
    rows = measure(list(versions))
    how = "\n".join(
        f"- **{name}**{f' ({versions[name]})' if name in versions and name != 'CS231n' else ''}: {READING[name]}."
        for name in checkers
    )
    text = (
        "# Gradient checkers on the same planted mistakes\n\n"
        "Written by `python -m benchmarks.checkers`. The line is fitted to Hubble's 24 nebulae; the logistic "
        "regression has 20 rows, 3 weights and a squared penalty. Every checker gets the same two NumPy functions, "
        "the loss and the gradient, in the dtype of the trial.\n\n"
        f"{table(summary(checkers, rows))}\n\n{table([['problem', 'gradient', *checkers], *rows])}\n\n{how}\n\n"
        "None of the others looks at the update rule; for that, tf_gd has `check_update`.\n"
    )
    (Path(__file__).parent / "results" / "checkers.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
