"""The promised names, signatures, defaults and shapes, called as a program that has only read the README calls them."""

import inspect
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tf_gd
from tf_gd.cli import COMMANDS, run

X, Y = [0.0, 1.0, 2.0, 3.0], [1.0, 3.1, 5.2, 6.9]
SERIES = ["m", "c", "loss", "gradient_m", "gradient_c"]
WANTED: dict[str, Any] = {"learning_rate": 0.01, "num_steps": 3, "engine": "manual"}

SIGNATURES = {
    "sample": "name",
    "read_points": "path, x=None, y=None",
    "Line": "m, c",
    "Gradient": "dm, dc",
    "predict": "line, x",
    "residuals": "line, x, y",
    "loss": "line, x, y, reduction='sum'",
    "gradient": "line, x, y, reduction='sum'",
    "update": "line, gradient, learning_rate",
    "least_squares": "x, y",
    "train": "x, y, *, learning_rate='auto', num_steps=None, engine='tensorflow', start=(0.0, 0.0), dtype='float64', "
    "reduction='sum', loss_scale=None, constants=False, intercept=True, batches=None, standardize=False, "
    "tolerance=None, record_every=1, steps_per_run=None, session=None, resume=False, checkpoint_steps=None, "
    "on_progress=None",
    "check": "x, y, *, learning_rate='auto', num_steps=None, start=(0.0, 0.0), dtype='float64', reduction='sum', "
    "loss_scale=None, constants=False, intercept=True, batches=None, standardize=False, tolerance=None",
    "evaluate": "line, x, y",
    "check_layer": "forward, backward, inputs",
    "check_path": "m, c, x, y, *, learning_rate=None, reduction=None",
    "check_gradient": "loss, gradient, *, params, data",
    "check_line_gradient": "gradient, x=None, y=None, reduction='sum'",
    "check_update": "update",
    "assert_update": "update",
    "assert_path": "m, c, x, y, *, learning_rate=None, reduction=None",
    "GradientDescentOptimizer": "learning_rate, use_locking=False, name='GradientDescent'",
}
ATTRIBUTES = {
    "Points": "x y n",
    "Curvature": "of hessian lipschitz_constant condition_number max_learning_rate best_learning_rate steps_to",
    "Trajectory": "line num_steps to_dict save",
    "Moments": "of __add__ gradient loss least_squares jump",
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature(name: str) -> None:
    """Each promised parameter is there, of its kind, with its default; what was added has a default."""
    promised = inspect.signature(eval(f"lambda {SIGNATURES[name]}: 0")).parameters
    found = inspect.signature(getattr(tf_gd, name)).parameters
    by_place = [each.name for each in promised.values() if each.kind is not each.KEYWORD_ONLY]
    assert list(found)[: len(by_place)] == by_place
    for parameter in promised.values():
        assert found[parameter.name].kind == parameter.kind
        if parameter.default is not parameter.empty:
            assert found[parameter.name].default == parameter.default
    assert all(found[extra].default is not inspect.Parameter.empty for extra in found.keys() - promised.keys())


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes(name: str) -> None:
    kind = getattr(tf_gd, name)
    fields = getattr(kind, "__dataclass_fields__", {})
    assert [each for each in ATTRIBUTES[name].split() if not hasattr(kind, each) and each not in fields] == []


@pytest.mark.parametrize(
    "convert", [list, tuple, np.array, lambda v: np.array(v, np.float32), lambda v: np.array(v, ">f8")]
)
def test_arrays_of_any_kind(convert: Any) -> None:
    x, y = convert(X), convert(Y)
    path = tf_gd.train(x, y, **WANTED)
    assert path.m.dtype == np.float64 and path.num_steps == 3
    assert tf_gd.predict(tf_gd.Line(1, 2), x).tolist() == [2, 3, 4, 5]
    assert tf_gd.Moments.of(x, y).n == tf_gd.Points(x, y).n == 4
    assert f"{tf_gd.least_squares(x, y).m:.6f}" == "1.980000"


@pytest.mark.parametrize("line", [(1.0, 2.0), [1.0, 2.0], np.array([1.0, 2.0]), tf_gd.Line(1.0, 2.0)])
def test_a_line_is_two_numbers(line: Any) -> None:
    right = tf_gd.gradient(tf_gd.Line(1.0, 2.0), X, Y)
    moments = tf_gd.Moments.of(X, Y)
    assert tf_gd.gradient(line, X, Y) == right
    assert tf_gd.update(line, tuple(right), 0.01) == tf_gd.update(tf_gd.Line(1.0, 2.0), right, 0.01)
    assert moments.gradient(line) == moments.gradient(tf_gd.Line(1.0, 2.0))
    assert moments.loss(line) == moments.loss(tf_gd.Line(1.0, 2.0))
    assert moments.jump(line, 0.01, 0) == (1.0, 2.0)
    assert tf_gd.train(X, Y, start=line, **WANTED).m[0] == 1.0


@pytest.mark.parametrize("line", [1, None, "ab", ("1", "2"), (1, 2, 3), (None, 1), (1j, 0), (10**400, 0)])
@pytest.mark.parametrize(
    "call",
    [
        lambda line: tf_gd.predict(line, X),
        lambda line: tf_gd.loss(line, X, Y),
        lambda line: tf_gd.gradient(line, X, Y),
        lambda line: tf_gd.update(line, tf_gd.Gradient(1.0, 1.0), 0.1),
        lambda line: tf_gd.update(tf_gd.Line(1.0, 1.0), line, 0.1),
        lambda line: tf_gd.Moments.of(X, Y).gradient(line),
        lambda line: tf_gd.Moments.of(X, Y).loss(line),
        lambda line: tf_gd.Moments.of(X, Y).jump(line, 0.1, 1),
    ],
)
def test_anything_else_is_no_line(call: Any, line: Any) -> None:
    with pytest.raises(tf_gd.InvalidArgumentError, match="must be two numbers"):
        call(line)


@pytest.mark.parametrize("rate", [0.01, np.float32(0.01), np.float64(0.01), lambda: 0.01, "auto"])
def test_learning_rates(rate: Any) -> None:
    enough = {"num_steps": 10_000, "record_every": 10_000}  # "auto" is the best rate in the end where steps are enough
    used = tf_gd.train(X, Y, **WANTED | enough | {"learning_rate": rate}).learning_rate
    best = np.float32(tf_gd.Curvature.of(X).best_learning_rate)
    assert used == (best if isinstance(rate, str) else 0.01 if isinstance(rate, np.float64) else np.float32(0.01))


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), 10**400, "x", "0.1", None, True, 1j, [0.01]])
def test_no_learning_rates(rate: Any) -> None:
    with pytest.raises(tf_gd.InvalidArgumentError, match="`learning_rate` must be"):
        tf_gd.train(X, Y, **WANTED | {"learning_rate": rate})


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("float32"), np.dtype(">f4")])
def test_dtypes(dtype: Any) -> None:
    assert tf_gd.train(X, Y, dtype=dtype, **WANTED).loss.dtype == np.float32


def test_tensorflows_own_dtype() -> None:
    import tensorflow as tf

    assert tf_gd.train(X, Y, dtype=tf.float32, **WANTED).loss.dtype == np.float32


@pytest.mark.parametrize("bad", [[np.nan, 1.0], [1.0, np.inf], [], ["1", "2"], [[1.0, 2.0], [2.0, 3.0]], None, [True]])
def test_no_curvature_of_no_numbers(bad: Any) -> None:
    with pytest.raises(tf_gd.DataError, match="`x` must"):
        tf_gd.Curvature.of(bad)


def test_no_rate_for_points_whose_squares_overflow() -> None:
    with pytest.raises(tf_gd.DataError, match="Scale the points"):
        tf_gd.train([1e200, 2e200], [1.0, 2.0], **WANTED | {"learning_rate": "auto"})


@pytest.mark.parametrize("engine", ["tensorflow", "manual", "moments"])
def test_a_trajectory(engine: Any, tmp_path: Path) -> None:
    path = tf_gd.train(X, Y, **WANTED | {"engine": engine})
    assert path.step.tolist() == [0, 1, 2, 3]
    assert {getattr(path, name).shape for name in SERIES} == {(4,)}
    assert path.line == (path.m[-1], path.c[-1])
    assert path.outcome is tf_gd.Outcome.STEP_LIMIT
    assert list(path.to_dict()) == ["step", *SERIES]
    path.save(tmp_path / "path.json")
    saved = json.loads((tmp_path / "path.json").read_text())
    assert {name: saved[name] for name in path.to_dict()} == path.to_dict()
    for ending in (".csv", ".parquet"):
        path.save(str(tmp_path / f"path{ending}"))
        assert tf_gd.read_points(tmp_path / f"path{ending}", x="m", y="gradient_c").x.tolist() == path.m.tolist()


def test_outcomes() -> None:
    assert {each.name for each in tf_gd.Outcome} == {"CONVERGED", "STEP_LIMIT", "DIVERGED"}
    assert all(each.value.endswith(".") for each in tf_gd.Outcome)


def test_a_comparison() -> None:
    comparison = tf_gd.check(X, Y, learning_rate=0.01, num_steps=3, start=(1, 2), dtype="float32", reduction="mean")
    assert (comparison.ok, comparison.identical, comparison.bound_used) == (True, True, False)
    assert comparison.max_ulp == dict.fromkeys(SERIES, 0)
    assert str(comparison).startswith("IDENTICAL")


def test_a_gradient_check() -> None:
    check = tf_gd.check_line_gradient(lambda m, c, x, y: (0.0, 0.0))
    assert check.ok is False and all(isinstance(text, str) for pair in check.diagnosis for text in pair)
    with pytest.raises(AssertionError, match="WRONG"):
        tf_gd.assert_gradient(lambda m, c, x, y: (0.0, 0.0))
    with pytest.raises(AssertionError, match="WRONG"):
        tf_gd.assert_update(lambda m, c, x, y, learning_rate: (m, c))


def test_moments_add_and_jump() -> None:
    left, right, line = tf_gd.Moments.of(X[:2], Y[:2]), tf_gd.Moments.of(X[2:], Y[2:]), tf_gd.Line(0.0, 0.0)
    moments = left + right
    assert moments == tf_gd.Moments.of(X, Y)
    far = moments.jump(line, 0.01, [0, 1, 10**15])
    assert far.m[0] == 0.0
    assert moments.jump(line, 0.01, 10**15) == (far.m[2], far.c[2]) == moments.least_squares()
    with pytest.raises(TypeError):
        left + 3  # type: ignore[operator]


def test_points_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a,b\n1,2\n3,4\n"))
    points = tf_gd.read_points("-")
    assert (points.x_name, points.y_name, points.y.tolist()) == ("a", "b", [2.0, 4.0])


@pytest.mark.parametrize("name", ["hubble1929", "norris", *(f"anscombe-{k}" for k in range(1, 5))])
def test_samples(name: str) -> None:
    x, y = tf_gd.sample(name)
    assert x.shape == y.shape and x.dtype == np.float64


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("train --engine manual", 0),
        ("train --engine manual --num-steps 3", 0),
        ("train --engine manual --learning-rate 0.03", 3),
        ("train --engine moments --num-steps 3 --tolerance 1e-9", 4),
    ],
)
def test_the_line_as_json(arguments: str, code: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert run([*arguments.split(), "--json"]) == code
    result = json.loads(capfd.readouterr().out)
    assert set(result["line"]) == set(result["gradient"]) == {"m", "c"}
    assert {"loss", "num_steps", "outcome", "learning_rate", "max_learning_rate", "engine"} <= result.keys()
    assert run([*arguments.split(), "--quiet"]) == code
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    "arguments", ["train no.csv", "train --num-steps -1", "check --dtype int8", "nosuch", "plot x"]
)
def test_an_error_is_one_line(arguments: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(arguments.split()) == 2
    out, err = capfd.readouterr()
    assert out == "" and err.startswith("tf-gd: error: ") and err.count("\n") == 1


def test_the_program_alone_shows_its_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    out, err = capfd.readouterr()
    assert err == "" and all(command in out for command in COMMANDS)


def test_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "tf_gd", "--version"], capture_output=True, text=True, check=True)
    assert tf_gd.__version__ in done.stdout


def test_the_commands() -> None:
    promised = {"train", "check", "predict", "derive", "diagnose", "plot", "report", "playground", "brute-force"}
    assert set(COMMANDS) == promised
