"""The derivation: by other means than its own, and against the package's code and certified values."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from fractions import Fraction

import numpy as np
import pytest

import tf_gd
from tf_gd.cli import run
from tf_gd.verify.algebra import symbols
from tf_gd.verify.derivation import MODELS, derive
from tf_gd.verify.symbolic_check import CERTIFIED, SymbolicPoints, evaluate_by_hand, prove, prove_own_code

REDUCTIONS = ["sum", "half_mean"]  # every factor there is: 1, 1/n and 1/2
EVERY_MODEL = pytest.mark.parametrize("model", MODELS)
BOTH = pytest.mark.parametrize("reduction", REDUCTIONS)

X = [Fraction(value) for value in (3, -1, 4, 1, 5)]
Y = [Fraction(value) for value in (2, 7, 1, 8, 2)]


def numbers(expression, **parameters):
    """A derived expression as a rational number, over the points X and Y."""
    s = symbols()
    sums = {
        one: sum(x ** one.name.count("x") * y ** one.name.count("y") for x, y in zip(X, Y, strict=True))
        for one in s.all_power_sums
    }
    values = {getattr(s, name): value for name, value in parameters.items()} | sums | {s.n: len(X)}
    return Fraction(str(s.power_sums(expression).subs(values)))


def loss(model, reduction, *parameters):
    slope, intercept = {"line": parameters, "no-intercept": (*parameters, 0), "m-model": parameters * 2}[model]
    squares = [(slope * x + intercept - y) ** 2 for x, y in zip(X, Y, strict=True)]
    return sum(squares) / (2 * len(X) if reduction == "half_mean" else 1)


def names(model):
    return {"line": ["m", "c"], "no-intercept": ["m"], "m-model": ["M"]}[model]


POINT = (Fraction(1, 2), Fraction(-3))


@EVERY_MODEL
@BOTH
def test_the_loss_and_its_derivatives_are_exactly_those_of_a_parabola(model, reduction):
    # For a quadratic, central differences are exact, and so are rational numbers.
    derived, here = derive(model, reduction), list(POINT[: len(names(model))])
    given = dict(zip(names(model), here, strict=True))
    assert numbers(derived.loss, **given) == loss(model, reduction, *here)
    for index, slope in enumerate(derived.gradient):
        above, below = ([*here[:index], here[index] + step, *here[index + 1 :]] for step in (1, -1))
        difference = (loss(model, reduction, *above) - loss(model, reduction, *below)) / 2
        assert numbers(slope, **given) == difference
        bend = loss(model, reduction, *above) - 2 * loss(model, reduction, *here) + loss(model, reduction, *below)
        assert numbers(derived.hessian[index, index]) == bend


@EVERY_MODEL
@BOTH
def test_the_gradient_is_zero_at_the_optimum(model, reduction):
    derived = derive(model, reduction)
    best = {str(parameter): numbers(value) for parameter, value in derived.optimum.items()}
    assert [numbers(slope, **best) for slope in derived.gradient] == [0] * len(best)


@BOTH
def test_hessian_and_learning_rate_are_those_of_the_package(reduction):
    x = np.array(X, float)
    curvature, derived, s = tf_gd.Curvature.of(x, reduction), derive("line", reduction), symbols()
    exact = [[float(numbers(derived.hessian[i, j])) for j in (0, 1)] for i in (0, 1)]
    assert np.abs(curvature.hessian - exact).max() <= 16 * 2**-53 * np.max(exact)  # a dozen operations each
    limit = derived.max_learning_rate.subs({one: numbers(one) for one in s.all_power_sums} | {s.n: len(X)})
    assert abs(float(limit) - curvature.max_learning_rate) <= 32 * 2**-53 * float(limit)


@EVERY_MODEL
@BOTH
def test_the_largest_learning_rate_parts_shrinking_from_growing(model, reduction):
    derived, s = derive(model, reduction), symbols()
    values = {one: numbers(one) for one in s.all_power_sums} | {s.n: len(X)}
    hessian = np.array(derived.hessian.subs(values).tolist(), float)
    limit = float(derived.max_learning_rate.subs(values))
    for rate, shrinks in ((0.99 * limit, True), (1.01 * limit, False)):
        growth = np.abs(1 - rate * np.linalg.eigvalsh(hessian)).max()
        assert bool(growth < 1) is shrinks


@BOTH
def test_the_packages_own_code_runs_on_symbols_and_is_the_derived_gradient(reduction):
    proof = prove_own_code(reduction)
    assert proof.ok
    assert "n = 1, 2, 3, 5" in proof.statement


@pytest.mark.corpus(3)
@pytest.mark.parametrize(
    "mistake",
    [
        lambda loss, dm, dc: (loss, -dm, dc),
        lambda loss, dm, dc: (loss, dc, dm),
        lambda loss, dm, dc: (loss, dm, dc / 2),
        lambda loss, dm, dc: (2 * loss, dm, dc),
        lambda loss, dm, dc: (loss, dm + symbols().sympy.Rational(1, 10**12), dc),
    ],
)
def test_the_proof_fails_where_the_code_is_wrong(mistake):
    assert not prove_own_code("sum", lambda *arguments: mistake(*evaluate_by_hand(*arguments))).ok


def test_the_sum_does_not_pass_for_the_mean():
    def sum_for_mean(points, m, c, reduction):
        return evaluate_by_hand(points, m, c, "sum")

    assert not prove_own_code("mean", sum_for_mean).ok


def test_symbolic_points_unpack_like_points():
    x, y = SymbolicPoints(2)
    assert [str(one) for one in (*x, *y)] == ["x1", "x2", "y1", "y2"]


@EVERY_MODEL
def test_the_optimum_is_nists_to_every_certified_digit(model):
    proofs = prove(derive(model))
    assert all(proof.ok for proof in proofs)
    certified = [value for sample in CERTIFIED[model].values() for value in sample.values()]
    assert [value for value in certified if any(value in proof.statement for proof in proofs)] == certified


def test_the_m_model_gives_the_exact_rationals_of_noint1_and_noint2():
    text = " ".join(proof.statement for proof in prove(derive("m-model")))
    assert "M = 251/121 " in text
    assert "M = 8/11 " in text


def test_a_wrong_certificate_is_noticed(monkeypatch):
    monkeypatch.setitem(CERTIFIED["m-model"], "noint2", {"M": "0.727272727272728"})
    assert [proof.ok for proof in prove(derive("m-model"))] == [True, False]


@EVERY_MODEL
def test_the_steps_follow_the_post(model):
    steps = derive(model).steps
    assert [step.equation for step in steps] == list(range(1, 13))
    for step in steps:
        assert step.sentence.endswith(".")
        assert len(step.text) == len(step.latex) == len(step.mathml) == len(step.formulas) > 0
        assert not {"True", "False"} & set(step.text)


@EVERY_MODEL
@BOTH
def test_mathml_is_well_formed_and_latex_is_balanced(model, reduction):
    entities = {"&InvisibleTimes;": "&#x2062;", "&ApplyFunction;": "&#x2061;", "&dd;": "d", "&compfn;": "o"}
    for step in derive(model, reduction).steps:
        for formula in step.mathml:
            for name, character in entities.items():
                formula = formula.replace(name, character)
            assert ElementTree.fromstring(formula).tag.endswith("math")
        for formula in step.latex:
            assert formula.count("{") == formula.count("}")
            assert formula.count(r"\left") == formula.count(r"\right")


def test_the_chain_rule_is_shown_before_what_it_gives():
    texts = [" ".join(text.split()) for text in derive().steps[6].latex]
    assert texts[:3] == [
        r"\frac{d}{d e_{i}} e_{i}^{2} = 2 e_{i}",
        r"\frac{\partial}{\partial m} e_{i}{\left(m,c \right)} = x_{i}",
        r"\frac{\partial}{\partial c} e_{i}{\left(m,c \right)} = 1",
    ]
    assert texts[3].endswith(r"\sum_{i=1}^{n} 2 e_{i} x_{i}")
    assert texts[5].endswith(r"2 \sum_{i=1}^{n} x_{i} \left(m x_{i} + c - y_{i}\right)")


def test_the_loss_is_a_capital_letter_everywhere():
    for step in derive().steps:
        assert "<mi>l</mi>" not in "".join(step.mathml)
        assert not re.search(r"\bl\b", "".join(step.text + step.latex))
    assert "<mi>L</mi>" in derive().steps[6].mathml[-1]


def test_text_without_unicode_is_ascii():
    for step in derive().steps:
        assert all(formula.isascii() for formula in step.pretty(use_unicode=False))
        assert step.sentence.isascii()


@pytest.mark.parametrize(("arguments", "name"), [(("cubic",), "model"), (("line", "median"), "reduction")])
def test_unknown_names_are_refused(arguments, name):
    with pytest.raises(tf_gd.InvalidArgumentError, match=f"^`{name}` must be"):
        derive(*arguments)


@pytest.mark.corpus(3)
@EVERY_MODEL
@BOTH
def test_the_command_prints_every_step_and_every_proof(model, reduction, capsys):
    assert run(["derive", "--model", model, "--reduction", reduction]) == 0
    out = capsys.readouterr().out
    for step in derive(model, reduction).steps:
        assert f"{step.equation:>2}. {step.title}" in out
        assert all(re.sub(r"\s", "", formula) in re.sub(r"\s", "", out) for formula in step.text)
    assert out.count("proved  ") == len(prove(derive(model, reduction)))
    assert max(map(len, out.splitlines())) <= 110


def test_json_is_one_object_with_everything(capsys):
    assert run(["derive", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["gradient"].keys() == {"m", "c"}
    assert shown["hessian"] == [["2*S_xx", "2*S_x"], ["2*S_x", "2*n"]]
    assert [step["equation"] for step in shown["steps"]] == list(range(1, 13))
    assert all(proof["ok"] for proof in shown["proofs"])


def test_latex_has_each_formula(capsys):
    assert run(["derive", "--latex"]) == 0
    out = capsys.readouterr().out
    for step in derive().steps:
        assert all(f"\\[ {formula} \\]" in out for formula in step.latex)


def test_a_failed_proof_is_exit_code_1(monkeypatch, capsys):
    monkeypatch.setitem(CERTIFIED["m-model"], "noint2", {"M": "0.8"})
    assert run(["derive", "--model", "m-model"]) == 1
    assert "FAILED  noint2" in capsys.readouterr().out
    assert run(["derive", "--model", "m-model", "--quiet"]) == 1
    assert capsys.readouterr().out == ""


def test_a_terminal_without_unicode_gets_ascii():
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "tf_gd", "derive"]
    done = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert done.stdout.isascii()
    assert done.stderr == b""


def test_deriving_loads_no_tensorflow():
    code = "import sys; from tf_gd.cli import run; run(['derive', '--quiet']); print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "False\n"
