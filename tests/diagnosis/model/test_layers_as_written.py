"""Layers as people write them: in-place, with gradients left out, with names of a course; and what is said of that."""

import numpy as np
import pytest
from support.layer_zoo import draw

from tf_gd import check_layer
from tf_gd.diagnosis.file_check import check_file

X = draw(4, 3)


def said(check, verdict="right"):
    assert check.verdict == verdict, str(check)
    return dict(check.remarks)


def relu_forward(x):
    return np.maximum(x, 0), x


def zeroed(dout, x):
    dout[x <= 0] = 0
    return dout


def multiplied(dout, x):
    dout *= x > 0
    return {"dx": dout}


def cache_overwritten(dout, x):
    x[:] = x > 0
    return dout * x


@pytest.mark.parametrize(
    ("backward", "what"),
    [(zeroed, "dout"), (multiplied, "dout"), (cache_overwritten, "x")],
    ids=lambda one: str(one)[:20],
)
def test_a_right_backward_that_changes_its_arguments_is_right_and_told(backward, what):
    remarks = said(check_layer(relu_forward, backward, {"x": X}))
    assert f"changes {what} in place" in remarks["in-place"]
    assert f"{what}.copy()" in remarks["in-place"]


def test_without_a_cache_the_inputs_are_copies_too():
    def backward(dout, x):
        x[x > 0], x[x <= 0] = 1, 0
        return dout * x

    forward = lambda x: np.maximum(x, 0)  # noqa: E731
    assert list(said(check_layer(forward, backward, {"x": X}))) == ["in-place"]


def test_a_wrong_backward_that_changes_dout_is_wrong_for_its_numbers():
    def backward(dout, x):
        dout[x > 0] = 0
        return dout

    check = check_layer(relu_forward, backward, {"x": X})
    assert list(said(check, "wrong")) == ["in-place"]
    assert [name for name, _ in check.diagnosis] == ["mask-inverted"]


def test_a_backward_that_changes_nothing_gets_no_remark():
    assert not said(check_layer(relu_forward, lambda dout, x: dout * (x > 0), {"x": X}))


INPUTS = {"x": X, "w": draw(3, 2, seed=1), "b": draw(2, seed=2)}


def affine_forward(x, w, b):
    return x @ w + b, (x, w)


def all_gradients(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(0)


@pytest.mark.parametrize(
    ("returned", "missing"),
    [
        (lambda dx, dw, db: (dx, dw), "b"),
        (lambda dx, dw, db: dx, "w and b"),
        (lambda dx, dw, db: {"dx": dx, "dw": dw}, "b"),
        (lambda dx, dw, db: {"db": db}, "x and w"),
        (lambda dx, dw, db: (dw, db), "x"),
        (lambda dx, dw, db: [db], "x and w"),
        (lambda dx, dw, db: (dx, dw, db), ""),
        (lambda dx, dw, db: {"dX": dx, "dW": dw, "dB": db}, ""),
    ],
)
def test_a_gradient_that_is_left_out_is_told(returned, missing):
    remarks = said(check_layer(affine_forward, lambda *given: returned(*all_gradients(*given)), INPUTS))
    assert ("missing-gradient" in remarks) == bool(missing)
    if missing:
        assert f"no gradient of {missing}:" in remarks["missing-gradient"]


def test_a_wrong_gradient_among_fewer_is_wrong():
    for returned in (
        lambda dx, dw, db: (dx, 2 * dw),
        lambda dx, dw, db: (2 * dw, db),
        lambda dx, dw, db: {"db": 2 * db},
    ):
        check = check_layer(affine_forward, lambda *given, one=returned: one(*all_gradients(*given)), INPUTS)
        assert "missing-gradient" in said(check, "wrong")


def test_inputs_that_differ_in_case_alone_are_told_apart():
    def forward(w, W, x):
        return x @ W * w, (w, W, x)

    def backward(dout, cache):
        w, W, x = cache
        return {"dw": (dout * (x @ W)).sum(0), "dW": x.T @ (dout * w), "dX": (dout * w) @ W.T}

    inputs = {"w": draw(2), "W": draw(3, 2, seed=1), "x": X}
    assert not said(check_layer(forward, backward, inputs))
    only = lambda *given: {"dW": backward(*given)["dW"]}  # noqa: E731
    assert "no gradient of w and x:" in said(check_layer(forward, only, inputs))["missing-gradient"]


def test_a_gradient_under_a_name_of_no_input_is_told():
    def backward(dout, cache):
        dx, dw, db = all_gradients(dout, cache)
        return {"dx": dx, "dw": dw, "db": db, "dweights": 7 * dw}

    assert "returns dweights" in said(check_layer(affine_forward, backward, INPUTS))["unknown-gradient"]


def test_a_gradient_of_what_is_no_array_of_floating_numbers_is_told():
    def backward(dout, cache):
        return dout @ cache[1].T, 7 * cache[0].T @ dout

    inputs = {"x": X, "w": np.array([[1, 2], [3, 4], [5, 6]])}
    remarks = said(check_layer(lambda x, w: (x @ w, (x, w)), backward, inputs))
    assert "value 1 (of w)" in remarks["unknown-gradient"]


def cell_forward(x, h, parameters):
    a = np.tanh(x @ parameters["Wx"] + h @ parameters["Wh"] + parameters["b"])
    return a, (a, x, h, parameters)


CELL = {"Wx": draw(3, 2, seed=1), "Wh": draw(2, 2, seed=2), "b": draw(2, seed=3), "scale": 1.0}


@pytest.mark.parametrize("form", ["dict", "in its place", "without names of derivatives"])
@pytest.mark.parametrize(("factor", "verdict"), [(1, "right"), (2, "wrong")])
def test_parameters_in_a_dict_are_checked(form, factor, verdict):
    def backward(dout, cache):
        a, x, h, parameters = cache
        dz = dout * (1 - a * a)
        dx, dh = dz @ parameters["Wx"].T, dz @ parameters["Wh"].T
        inner = {"dWx": x.T @ dz, "dWh": factor * h.T @ dz, "db": dz.sum(0)}
        if form == "dict":
            return {"dx": dx, "dh": dh, **inner}
        return dx, dh, (inner if form == "in its place" else {key[1:]: value for key, value in inner.items()})

    check = check_layer(cell_forward, backward, {"x": X, "h": draw(4, 2, seed=4), "parameters": CELL})
    assert not said(check, verdict)
    assert verdict == "right" or "gradient of parameters.Wh is twice" in " ".join(str(check).split())


@pytest.mark.parametrize("form", ["in their places", "by name", "in one dict"])
def test_two_dicts_with_the_same_keys_are_told_apart(form):
    def forward(x, first, second):
        return x @ first["w"] @ second["w"], (x, first["w"], second["w"])

    def backward(dout, cache):
        x, v, w = cache
        dx, dv, dw = dout @ w.T @ v.T, x.T @ dout @ w.T, (x @ v).T @ dout
        if form == "in their places":
            return dx, {"dw": dv}, {"w": dw}
        return {"x": dx, "dfirst": {"w": dv}, "second": {"w": dw}} if form == "by name" else {"dx": dx, "dw": dw}

    inputs = {"x": X, "first": {"w": draw(3, 2)}, "second": {"w": draw(2, 2, seed=1)}}
    remarks = said(check_layer(forward, backward, inputs))
    assert list(remarks) == ([] if form != "in one dict" else ["unknown-gradient"])


@pytest.mark.parametrize(("factor", "verdict"), [(1, "right"), (-1, "wrong")])
def test_a_dict_beside_an_array_belongs_to_the_inputs_of_its_keys(factor, verdict):
    def backward(dout, cache):
        dx, dw, db = all_gradients(dout, cache)
        return dx, {"dw": dw, "db": factor * db}

    assert not said(check_layer(affine_forward, backward, INPUTS), verdict)


def test_a_dict_whose_keys_are_no_names_is_passed_on_as_it_is():
    inputs = {"x": X, "layers": {1: INPUTS["w"]}}
    check = check_layer(lambda x, layers: (x @ layers[1], layers[1]), lambda dout, w: dout @ w.T, inputs)
    assert check.ok, str(check)


def test_what_is_left_out_of_the_parameters_in_a_dict_is_told():
    def backward(dout, cache):
        a, x, _, parameters = cache
        dz = dout * (1 - a * a)
        return {"dx": dz @ parameters["Wx"].T, "dh": dz @ parameters["Wh"].T, "dWx": x.T @ dz, "db": dz.sum(0)}

    remarks = said(check_layer(cell_forward, backward, {"x": X, "h": draw(4, 2, seed=4), "parameters": CELL}))
    assert "no gradient of parameters.Wh:" in remarks["missing-gradient"]


def test_arrays_in_a_dict_that_keeps_statistics_get_no_remark():
    def forward(x, statistics):
        statistics["mean"] = 0.9 * statistics["mean"] + 0.1 * x.mean(0)
        return x - x.mean(0), None

    inputs = {"x": X, "statistics": {"mean": np.zeros(3), "mode": "train"}}
    assert not said(check_layer(forward, lambda dout, cache: dout - dout.mean(0), inputs))


COURSE = """
import numpy as np

def affine_forward_naive(x, w, b):
    return x @ w + b, (x, w)

def affine_backward_naive(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)

def affine_forward_fast(x, w, b):
    return affine_forward_naive(x, w, b)

def affine_backward_fast(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.mean(axis=0)

def affine_backward_alt(dout, cache):
    return affine_backward_naive(dout, cache)[:2]

affine_forward_output = None
draw = np.random.default_rng(0).standard_normal
"""
OF_THE_LAYER = 'affine_inputs = {"x": draw((4, 3)), "w": draw((3, 2)), "b": draw(2)}\n'
OF_THE_FILE = "x, w, b = draw((4, 3)), draw((3, 2)), draw(2)\n"


@pytest.mark.parametrize("inputs", [OF_THE_LAYER, OF_THE_FILE], ids=["dict", "variables"])
def test_several_ways_of_writing_one_layer_are_found_in_a_file(tmp_path, inputs):
    path = tmp_path / "layers.py"
    path.write_text(COURSE + inputs)
    found = check_file(path)
    assert {name: check.verdict for name, check in found.items()} == {
        "affine_backward_naive": "right",
        "affine_backward_fast": "wrong",
        "affine_backward_alt": "right",
    }
    assert [name for name, _ in found["affine_backward_fast"].diagnosis] == ["mean-instead-of-sum"]
    assert "no gradient of b:" in dict(found["affine_backward_alt"].remarks)["missing-gradient"]


@pytest.mark.parametrize(("inputs", "names"), [("relu_inputs = {'z': z}", ["relu_backward"]), ("", [])])
def test_a_forward_pass_that_is_called_as_the_layer_is(tmp_path, inputs, names):
    source = (
        "import numpy as np\n"
        "def relu(z):\n    return np.maximum(z, 0), z\n"
        "def relu_backward(da, cache):\n    dz = np.array(da, copy=True)\n    dz[cache <= 0] = 0\n    return dz\n"
        "def affine_forward(x):\n    return 2 * x\n"
        "def affine_backward(dout):\n    return 2 * dout\n"
        "z = x = np.array([[0.5, -1.0]])\n"
    )
    path = tmp_path / "layers.py"
    path.write_text(source + inputs)
    found = check_file(path)
    assert sorted(found) == ["affine_backward", *names]
    assert all(check.ok for check in found.values())


def test_the_advice_for_a_layer_with_a_suffix_can_be_followed(tmp_path):
    path = tmp_path / "layers.py"
    path.write_text(COURSE)
    message = check_file(path)["affine_backward_naive"].diagnosis[0][1]
    assert "affine_inputs = {'x': ..., 'w': ..., 'b': ...}" in message
    path.write_text(COURSE + OF_THE_LAYER)
    assert check_file(path)["affine_backward_naive"].ok


def test_a_layer_in_a_file_that_changes_dout_is_right_and_told(tmp_path):
    path = tmp_path / "layers.py"
    path.write_text(
        "class Relu:\n"
        "    def forward(self, x):\n"
        "        self.mask = x <= 0\n"
        "        out = x.copy()\n"
        "        out[self.mask] = 0\n"
        "        return out\n\n"
        "    def backward(self, dout):\n"
        "        dout[self.mask] = 0\n"
        "        return dout\n\n"
        "inputs = {'x': [[0.5, -1.0, 2.0]]}\n"
    )
    assert "changes dout in place" in said(check_file(path)["Relu.backward"])["in-place"]


AFFINE = """
import numpy as np

class Affine:
    def __init__(self, n, m):
        self.W, self.b = np.random.default_rng(1).standard_normal((n, m)), np.zeros(m)
        self.velocity = np.zeros(m)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = FACTOR * self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T

layer = Affine(3, 2)
x = np.random.default_rng(0).standard_normal((4, 3))
layer.forward(x)
"""


@pytest.mark.parametrize(("factor", "verdict"), [("1", "right"), ("2", "wrong")])
def test_the_parameters_of_a_layer_that_the_file_has_made_are_checked(tmp_path, factor, verdict):
    path = tmp_path / "layers.py"
    path.write_text(AFFINE.replace("FACTOR", factor))
    check = check_file(path)["Affine.backward"]
    assert not said(check, verdict)
    assert verdict == "right" or "gradient of W is twice" in " ".join(str(check).split())
