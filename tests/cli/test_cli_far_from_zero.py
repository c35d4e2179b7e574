"""`tf-gd train` on x far from zero: what it says before, what it says after, and the command that it names."""

import json
import shlex

import numpy as np
import pytest

from tf_gd import evaluate, least_squares, read_points, train
from tf_gd.cli import run
from tf_gd.problem import Problem
from tf_gd.verify.rounding import smallest_tolerance

RNG = np.random.default_rng(31)
SETS = {
    "km,price": (RNG.uniform(9e3, 2.4e5, 24).round(), -0.021, 8500.0, 300.0),
    "year,temp": (np.arange(1951.0, 2011.0), 0.02, -30.0, 0.2),
    "sqft,price": (RNG.uniform(600, 4500, 47).round(), 135.0, 71000.0, 4e4),
}


def call(capfd, *arguments):
    code = run(list(arguments))
    captured = capfd.readouterr()
    return code, captured.out, captured.err


def write(path, header):
    x, m, c, noise = SETS[header]
    y = m * x + c + noise * np.random.default_rng(len(x)).normal(size=len(x))
    path.write_text(f"{header}\n" + "".join(f"{a},{b:.3f}\n" for a, b in zip(x, y, strict=True)))
    return str(path)


@pytest.mark.parametrize("header", SETS)
def test_too_few_steps_are_told_before_with_the_command_that_does(header, tmp_path, capfd):
    file = write(tmp_path / "my data.csv", header)
    code, out, err = call(capfd, "train", file, "--engine", "manual")
    points = read_points(file)
    best = least_squares(*points)
    assert code == 4
    assert err.startswith("tf-gd: warning: About ")
    assert "10,000 are allowed" in err
    assert err.count("\n") == 1
    assert "(not converged)\n" in out
    assert f"y = {best.m:.15g} x" in out
    assert "is the least-squares line\n" in out
    takes, command = err.strip().split("This takes ")[1].split(": ", 1)
    words = shlex.split(command)
    assert words[0] == "tf-gd"
    code, out, err = call(capfd, *words[1:], "--json")
    found = json.loads(out)
    assert (code, err, found["num_steps"]) == (0, "", int(takes))
    tolerance = smallest_tolerance(Problem.of(*points, learning_rate=0.1, num_steps=1, standardize=True))
    near = tolerance / points.n / found["x_sd"]  # a gradient in z over its curvature 2 n; twice: its rounding, too
    assert abs(found["line"]["m"] - best.m) <= near + 8 * 2.0**-53 * abs(best.m)


def test_an_own_rate_and_few_steps_are_put_right_by_the_command(tmp_path, capfd):
    file = write(tmp_path / "a.csv", "year,temp")
    asked = ("train", file, "--engine", "manual", "--learning-rate", "1e-9", "--num-steps", "1", "--tolerance", "1e-8")
    code, _, err = call(capfd, *asked)
    assert code == 4
    assert call(capfd, *shlex.split(err.strip().split(": ", 3)[3])[1:])[0] == 0


def test_enough_steps_are_no_warning(capfd):
    assert call(capfd, "train", "--engine", "manual", "--quiet") == (0, "", "")
    code, out, err = call(capfd, "train", "--engine", "manual", "--num-steps", "3")
    assert (code, err) == (0, "")
    assert "(not converged)" in out


def test_in_python_the_message_says_so(tmp_path):
    points = read_points(write(tmp_path / "a.csv", "km,price"))
    path = train(*points, engine="manual")
    assert "steps are needed for the tolerance" in path.message
    assert path.message.endswith("With standardize=True it takes 2.")
    assert train(*points, engine="manual", standardize=True).num_steps == 2


def test_evaluation_and_data_held_out(tmp_path, capfd):
    file, held_out = write(tmp_path / "a.csv", "sqft,price"), tmp_path / "b.csv"
    held_out.write_text("price,sqft\n150000,900\n400000,2500\n300000,2000\n")
    options = ("train", file, "--engine", "manual", "--standardize", "--test", str(held_out))
    code, out, _ = call(capfd, *options, "--json")
    found = json.loads(out)
    line = (found["line"]["m"], found["line"]["c"])
    assert code == 0
    assert found["evaluation"] == evaluate(line, *read_points(file)).to_dict()
    assert found["test"] == evaluate(line, [900.0, 2500.0, 2000.0], [150000.0, 400000.0, 300000.0]).to_dict()
    code, out, _ = call(capfd, *options)
    assert "\nfit            n = 47, RMSE " in out
    assert "standard error of m" in out
    assert "\ntest           n = 3, RMSE " in out
    assert "x standardized mean " in out
    code, _, err = call(capfd, "train", file, "--test", str(tmp_path / "none.csv"))
    assert code == 2
    assert err.count("\n") == 1


def test_equal_x_are_one_error(tmp_path, capfd):
    (tmp_path / "a.csv").write_text("x,y\n3,1\n3,2\n3,4\n")
    code, _, err = call(capfd, "train", str(tmp_path / "a.csv"), "--standardize")
    assert (code, err.count("\n")) == (2, 1)
    assert "leave out --standardize" in err
