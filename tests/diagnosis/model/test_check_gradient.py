"""The gradient of any model: planted mistakes must be found and named, right derivations must pass."""

import re

import numpy as np
import pytest
from support.model_zoo import MODELS, Model, logistic, matrix, network, ridge, tf

import tf_gd
from tf_gd import InvalidArgumentError, check_gradient
from tf_gd.diagnosis.model.finite_differences import DOUBLE, extrapolate, ladder, slope

EVERY_MODEL = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
SLOW = {name: pytest.mark.slow if name in ("logistic", "ridge", "matrix") else () for name in MODELS}
PARAMS = [pytest.param(model, marks=SLOW[name], id=name) for name, model in MODELS.items()]
TWO_MODELS = pytest.mark.parametrize("model", PARAMS)


def names(check):
    return [name for name, _ in check.diagnosis + check.remarks]


def scaled(factor, *only):
    def change(gradient, arguments):
        return {name: value * factor if not only or name in only else value for name, value in gradient.items()}

    return change


@EVERY_MODEL
@pytest.mark.parametrize(("dtype", "seed"), [("float64", 0), ("float32", 1)])
def test_a_right_gradient_passes(model, dtype, seed):
    given = model(seed, dtype)
    check = check_gradient(given.loss, given.gradient, **given.given)
    assert check.ok, str(check)
    assert check.diagnosis == []
    assert str(check).startswith("RIGHT")


FACTORS = [
    (-1, "sign"),
    (2, "extra-factor-2"),
    (0.5, "missing-factor-2"),
    (20, "sum-instead-of-mean"),
    (1 / 20, "mean-instead-of-sum"),
    (1 / 40, "half-mean"),
    (3, "constant-factor"),
    (1 + 1e-4, "constant-factor"),
    (1 + 1e-9, "constant-factor"),
]


@pytest.mark.corpus(6)
@pytest.mark.parametrize(
    ("model", "factor", "name"),
    [(MODELS["network"], *each) for each in FACTORS]
    + [pytest.param(MODELS[name], *FACTORS[place], marks=SLOW[name]) for name in MODELS for place in (3, 8)],
)
def test_a_factor_is_named(model, factor, name):
    given = model()
    check = check_gradient(given.loss, given.returning(scaled(factor)), **given.given)
    assert not check.ok
    assert names(check) == [name]
    assert name in str(check).splitlines()[0]


@TWO_MODELS
def test_one_element_off_by_a_billionth_is_caught_and_pointed_at(model):
    given = model()
    name = list(given.params)[-1]

    def change(gradient, arguments):
        gradient[name].reshape(-1)[-1] *= 1 + 1e-9

    check = check_gradient(given.loss, given.returning(change), **given.given)
    assert not check.ok
    assert names(check) == ["different"]
    assert f"gradient of {name} is wrong" in check.diagnosis[0][1]
    assert str(check).count("<- wrong") == 1


@TWO_MODELS
def test_a_float32_gradient_off_by_a_ten_thousandth_is_caught(model):
    given = model(dtype="float32")
    check = check_gradient(given.loss, given.returning(scaled(1 + 1e-4)), **given.given)
    assert names(check) == ["constant-factor"]


def in_float32(model):
    """The model's gradient, computing in float32 whatever it is given."""

    def gradient(**arguments):
        narrow = {name: np.asarray(value, np.float32) for name, value in arguments.items()}
        return {name: value.astype(np.float32) for name, value in model.gradient(**narrow).items()}

    return Model(model.loss, gradient, model.params, model.data)


@TWO_MODELS
@pytest.mark.parametrize("seed", range(1))
def test_a_right_gradient_that_insists_on_float32_passes_and_a_wrong_one_does_not(model, seed):
    given = in_float32(model(seed))
    assert check_gradient(given.loss, given.gradient, **given.given).ok
    wrong = given.returning(scaled(np.float32(1.002)))
    assert not check_gradient(given.loss, wrong, **given.given).ok


def test_a_loss_that_insists_on_float32_is_checked_in_float32():
    given = ridge(dtype="float32")

    def loss(**arguments):
        return given.loss(**arguments) * tf.constant(1.0, tf.float32)

    check = check_gradient(loss, given.gradient, **given.given)
    assert check.ok
    assert "in the last place of float32" in re.sub(r"\s+", " ", str(check))
    assert not check_gradient(loss, given.returning(scaled(1 + 1e-4)), **given.given).ok


def test_a_right_gradient_in_many_forms_passes():
    given = logistic()

    def loops(w, b, x, y):
        dw, db = [0.0] * len(w), 0.0
        for row, target in zip(x, y, strict=True):
            e = 1 / (1 + np.exp(-sum(row * w) - b)) - target
            dw, db = [old + e * value for old, value in zip(dw, row, strict=True)], db + e
        return [value / len(y) for value in dw], db / len(y)

    def einsum(w, b, x, y):
        e = 0.5 * (1 + np.tanh((np.einsum("ij,j", x, w) + b) / 2)) - y
        return {"b": e.mean(), "w": np.einsum("i,ij->j", e, x) / y.size}

    def backwards(w, b, x, y):
        e = np.exp(x @ w + b) / (1 + np.exp(x @ w + b)) - y
        return np.add.accumulate((e[:, None] * x)[::-1])[-1] / len(x), np.cumsum(e[::-1])[-1] / len(x)

    for gradient in (loops, einsum, backwards):
        assert check_gradient(given.loss, gradient, **given.given).ok


def test_a_naive_sum_of_equal_numbers_passes():
    # Every addition rounds the same way, so the error grows like N, not like its square root.
    def gradient(c, y):
        total = 0.0
        for value in y:
            total += 2 * (c - value)
        return total

    def loss(c, y):
        return tf.reduce_sum(tf.square(c - y))

    check = check_gradient(loss, gradient, params={"c": 0.2}, data={"y": np.full(1000, 0.1)})
    assert check.ok, str(check)


def resized(model, params, data=1.0):
    """The model at parameters, and with data, of another size."""
    sizes = {name: value * data if np.ndim(value) else value for name, value in model.data.items()}
    return Model(model.loss, model.gradient, {name: value * params for name, value in model.params.items()}, sizes)


def test_a_saturated_network_passes():
    # 1 - tanh(z)^2 cancels to a few bits, and TensorFlow's tanh rounds to 1 where NumPy's does not.
    given = resized(network(87, n=5), 100.0)
    check = check_gradient(given.loss, given.gradient, **given.given)
    assert check.ok, str(check)
    wrong = check_gradient(given.loss, given.returning(scaled(1 + 1e-9)), **given.given)
    assert not wrong.ok


@TWO_MODELS
@pytest.mark.parametrize("size", [1e3, pytest.param(1e-3, marks=pytest.mark.slow)])
def test_small_and_large_numbers_change_neither_verdict(model, size):
    if model is network and size > 1:
        size = 3.0  # larger ones saturate it
    given = resized(model(1, n=50), size)
    assert check_gradient(given.loss, given.gradient, **given.given).ok
    assert not check_gradient(given.loss, given.returning(scaled(1 + 1e-9)), **given.given).ok


def test_two_coordinates_of_one_shape_that_changed_places():
    given = network()
    square = {"w1": given.params["w1"][:, :3], "b1": given.params["b1"][:3]}
    params = given.params | square | {"w2": given.params["w2"][:3]}

    def change(gradient, arguments):
        return gradient | {"b1": gradient["b1"][::-1]}

    assert names(check_gradient(given.loss, given.returning(change), params=params, data=given.data)) == ["different"]
    huber = MODELS["huber"]()

    def swap(gradient, arguments):
        return {"m": gradient["c"], "c": gradient["m"]}

    check = check_gradient(huber.loss, huber.returning(swap), **huber.given)
    assert names(check) == ["swapped"]
    assert "m and c" in check.diagnosis[0][1]


def test_a_transposed_matrix_is_named_whether_square_or_not():
    def transpose(gradient, arguments):
        return {name: value.T for name, value in gradient.items()}

    for given in (matrix(), network()):
        check = check_gradient(given.loss, given.returning(transpose), **given.given)
        assert names(check) == ["transposed"]


@pytest.mark.parametrize(
    ("factor", "name"), [(0, "missing-term"), (-1, "term-sign"), (0.5, "term-factor"), (7, "term-factor")]
)
def test_one_term_of_the_loss_is_named_with_its_line(factor, name):
    given = ridge()

    def change(gradient, arguments):
        return {"w": gradient["w"] + (factor - 1) * 2 * arguments["strength"] * arguments["w"]}

    check = check_gradient(given.loss, given.returning(change), **given.given)
    assert names(check) == [name]
    assert "strength * tf.reduce_sum(tf.square(w))" in check.diagnosis[0][1]


def test_only_the_wrong_parameter_is_accused():
    given = network()
    check = check_gradient(given.loss, given.returning(scaled(-1, "b1")), **given.given)
    assert names(check) == ["sign"]
    assert "b1" in check.diagnosis[0][1]
    assert "w1" not in check.diagnosis[0][1]


def test_two_different_mistakes_are_both_named():
    given = network()

    def change(gradient, arguments):
        return gradient | {"w1": -gradient["w1"], "b2": 2 * gradient["b2"]}

    check = check_gradient(given.loss, given.returning(change), **given.given)
    assert names(check) == ["sign", "extra-factor-2"]


def test_where_the_data_cannot_tell_two_mistakes_apart_both_are_named():
    given = logistic(n=2)
    check = check_gradient(given.loss, given.returning(scaled(2)), **given.given)
    assert names(check) == ["extra-factor-2", "sum-instead-of-mean"]


def test_a_forgotten_activation_is_narrowed_down_to_its_layer():
    given = network()

    def gradient(w1, b1, w2, b2, x, y):
        right = given.gradient(w1, b1, w2, b2, x, y)
        inner = 2 * (np.tanh(x @ w1 + b1) @ w2 + b2 - y) / len(x) @ w2.T
        return right | {"w1": x.T @ inner, "b1": inner.sum(0)}

    check = check_gradient(given.loss, gradient, **given.given)
    assert names(check) == ["missing-activation-derivative"]
    assert "gradient of w1 and b1, the derivative of `Tanh(" in check.diagnosis[0][1]


def corner(w, x):
    return tf.reduce_sum(tf.abs(w * x))


@pytest.mark.parametrize(("value", "ok"), [(0.0, True), (3.0, True), (-3.0, True), (1.5, True), (5.0, False)])
def test_at_a_kink_every_subgradient_passes_and_nothing_else(value, ok):
    check = check_gradient(corner, lambda w, x: [value], params={"w": [0.0]}, data={"x": [1.0, 2.0]})
    assert check.ok is ok
    assert "kink" in names(check)
    assert "-3 on the left and 3 on the right" in re.sub(r"\s+", " ", str(check))


def test_a_kink_a_hair_away_is_said_to_be_one():
    check = check_gradient(
        lambda w: tf.nn.relu(w[0] - w[1]),
        lambda w: np.array([1.0, -1.0]),
        params={"w": np.array([1.0 + 1e-12, 1.0])},
    )
    assert check.ok
    assert names(check) == ["kink"]


@EVERY_MODEL
def test_no_kink_is_seen_where_the_loss_is_smooth(model):
    for seed in range(1):
        given = model(seed)
        steep = {name: 30 * value for name, value in given.params.items()}
        assert "kink" not in names(check_gradient(given.loss, given.gradient, params=steep, data=given.data))


def test_the_loss_decides_where_tensorflow_stops_a_gradient():
    def loss(w):
        return tf.reduce_sum(tf.stop_gradient(w) * w)

    right = check_gradient(loss, lambda w: 2 * w, params={"w": [1.0, 3.0]})
    assert right.ok
    assert names(right) == ["tensorflow-differs"]
    wrong = check_gradient(loss, lambda w: w, params={"w": [1.0, 3.0]})
    assert not wrong.ok
    assert names(wrong) == ["missing-factor-2", "not-the-slope"]


def test_a_gradient_of_zero_hides_mistakes_and_the_report_says_so():
    check = check_gradient(lambda w: tf.reduce_sum(w * w), lambda w: -w, params={"w": [0.0, 0.0]})
    assert names(check) == ["zero-gradient"]


def test_the_report_labels_whose_each_number_is_and_gives_the_reason_for_the_tolerance():
    given = logistic()
    text = str(check_gradient(given.loss, given.returning(scaled(2)), **given.given))
    heads = next(line for line in text.splitlines() if "by hand" in line)
    assert re.split(r"\s{2,}", heads.strip()) == [
        "by hand",
        "TensorFlow",
        "from the loss",
        "+/-",
        "by hand - TensorFlow",
        "tolerance",
    ]
    assert [label for label in ("w[0]", "w[1]", "w[2]", "b ") if f" {label}" in text] == [
        "w[0]",
        "w[1]",
        "w[2]",
        "b ",
    ]
    assert "Tolerance: 336 times" in text  # 4 N, N = 60 + 20 data and 4 parameters
    assert "one unit in the last place of float64" in re.sub(r"\s+", " ", text)


def test_a_large_model_shows_its_worst_elements():
    def change(gradient, arguments):
        gradient["w"][17, 3] += 1.0

    draw = np.random.default_rng(0).standard_normal
    given = matrix()
    params, data = {"w": draw((60, 8))}, {"x": draw((5, 60)), "y": draw((5, 8))}
    check = check_gradient(given.loss, given.returning(change), params=params, data=data)
    assert "w[17, 3]" in check.diagnosis[0][1]
    assert "... and 468 more elements" in str(check)


def test_the_gradient_may_come_as_a_dict_a_tuple_or_one_array():
    given, one = logistic(), ridge()
    for gradient in (
        lambda **a: tuple(given.gradient(**a).values()),
        lambda **a: list(given.gradient(**a).values()),
        lambda **a: dict(reversed(given.gradient(**a).items())),
    ):
        assert check_gradient(given.loss, gradient, **given.given).ok
    for gradient in (
        lambda **a: one.gradient(**a)["w"],
        lambda **a: one.gradient(**a)["w"].tolist(),
        lambda **a: (one.gradient(**a)["w"],),
    ):
        assert check_gradient(one.loss, gradient, **one.given).ok


def test_whole_numbers_may_be_data_and_class_labels_too():
    def line(m, x):
        return tf.reduce_sum(m * x)

    assert check_gradient(line, lambda m, x: np.sum(x), params={"m": 2.0}, data={"x": [1, 2, 3]}).ok

    def softmax(w, x, labels):
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=x @ w)
        return tf.reduce_mean(losses)

    def by_hand(w, x, labels):
        p = np.exp(x @ w) / np.exp(x @ w).sum(1, keepdims=True)
        return x.T @ (p - np.eye(3)[labels]) / len(labels)

    draw = np.random.default_rng(0).standard_normal
    given = {"params": {"w": draw((2, 3))}, "data": {"x": draw((7, 2)), "labels": [0, 1, 2, 2, 1, 0, 1]}}
    assert check_gradient(softmax, by_hand, **given).ok
    check = check_gradient(softmax, lambda **a: by_hand(**a) * 7, **given)
    assert names(check) == ["sum-instead-of-mean"]


def square(w):
    return tf.reduce_sum(w * w)


def divide_by_zero(w):
    return 1 / 0


def in_place(w):
    w *= 2
    return w


@pytest.mark.parametrize(
    ("gradient", "name", "text"),
    [
        (lambda w: None, "returns-nothing", "Is a `return` missing?"),
        (divide_by_zero, "raises", "ZeroDivisionError: division by zero"),
        (lambda v: v, "wrong-arguments", "Your gradient takes (v), but it is called with w by name"),
        (lambda w: w[:, None], "wrong-shape", "has shape [2, 1]; w has shape [2]"),
        (lambda w: 1.0, "wrong-shape", "has shape []"),
        (lambda w: w * np.nan, "not-finite", "holds nan"),
        (lambda w: {"v": w}, "wrong-keys", "['v']"),
        (lambda w: "text", "not-a-number", "'text'"),
        (lambda w: [[1], [1, 2]], "not-a-number", "[[1], [1, 2]]"),
        (in_place, "in-place", "changes w in place"),
        (lambda w: exit(), "raises", "sys.exit()"),
    ],
)
def test_what_a_gradient_can_do_wrong_is_said_in_one_sentence(gradient, name, text):
    check = check_gradient(square, gradient, params={"w": [1.0, 2.0]})
    assert not check.ok
    assert names(check) == [name]
    assert text in check.diagnosis[0][1]
    assert "\n" not in check.diagnosis[0][1]


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        (lambda w: w * w, "return one real number. Got float64 of shape (2,)"),
        (lambda w: tf.constant(1), "return one real number. Got int32"),
        (lambda w: tf.constant(1.0), "depend on a parameter"),
        (lambda w: w.numpy(), "return one real number. Got array([1., 2.])"),
        (lambda v: v, "unexpected keyword argument 'w'"),
        (lambda w: tf.reduce_sum(w * tf.random.normal([2], dtype=w.dtype)), "draws random numbers"),
        (lambda w: tf.reduce_sum(tf.math.log(-w)), "the loss is nan"),
        (lambda w: tf.reduce_sum(tf.sqrt(w - w)), "w[0] is nan"),
        ("no function", "a function, called as loss(**params, **data)"),
    ],
)
def test_a_loss_that_cannot_be_checked_is_refused_in_one_line(loss, text):
    with pytest.raises(InvalidArgumentError, match=r"^`loss` must") as caught:
        check_gradient(loss, lambda w: 2 * w, params={"w": [1.0, 2.0]})
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("params", "data", "text"),
    [
        ({}, {}, "at least one parameter"),
        ([1.0], {}, "a dict of names and arrays"),
        ({"w": "a"}, {}, "real numbers"),
        ({"w": 1j}, {}, "real numbers"),
        ({"w": [np.nan]}, {}, "finite"),
        ({"w": []}, {}, "at least one number"),
        ({"w": [[1], [1, 2]]}, {}, "rows of one length"),
        ({"w": 1.0}, {"w": 2.0}, "free of the parameters' names"),
        ({"w": 1.0}, {"x": [np.inf]}, "finite"),
    ],
)
def test_bad_params_and_data_are_refused_in_one_line(params, data, text):
    with pytest.raises(InvalidArgumentError, match=r"^`(params|data)") as caught:
        check_gradient(square, lambda w: 2 * w, params=params, data=data)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_callers_tensorflow_is_left_as_it_was():
    graph = tf.compat.v1.get_default_graph()
    given = logistic()
    check_gradient(given.loss, given.gradient, **given.given)
    assert tf.executing_eagerly()
    assert tf.compat.v1.get_default_graph() is graph
    assert graph.get_operations() == []


def test_it_is_public():
    assert tf_gd.check_gradient is check_gradient
    assert check_gradient.__module__.startswith("tf_gd.diagnosis")


STEPS = ladder(DOUBLE)[:11]


def test_extrapolation_recovers_a_slope_to_the_error_that_it_claims():
    for point in (0.3, 1.0, 2.7):
        found = slope(lambda steps, at=point: np.exp(at + at * np.array(steps)).tolist(), noise=2**-52 * np.exp(point))
        found = found.over(point)
        assert abs(found.value - np.exp(point)) <= found.error < 1e-10 * np.exp(point)
        assert found.kink is None


def test_extrapolation_takes_out_the_powers_of_the_step():
    value, error = extrapolate(1.0 + 3.0 * STEPS**2 + 5.0 * STEPS**4, np.zeros(STEPS.size))
    assert abs(value - 1.0) <= 4 * 2**-52
    assert error <= 4 * 2**-52


def test_a_slope_where_the_loss_ends_is_unknown_not_wrong():
    found = slope(lambda steps: [float(np.sqrt(p)) if p >= 0 else np.nan for p in steps], 1e-16)
    assert found.error == np.inf
