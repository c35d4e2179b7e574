"""The hand-written optimizer against TensorFlow's: the same bits, names, errors and manners."""

import doctest
import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

import tf_gd
from tf_gd import optimizer
from tf_gd.loading import load_tensorflow

pytestmark = pytest.mark.bits

tf = load_tensorflow()
v1 = tf.compat.v1
Ours = tf_gd.GradientDescentOptimizer
Stock = v1.train.GradientDescentOptimizer

DTYPES = ["float16", "bfloat16", "float32", "float64", "complex64", "complex128"]
KINDS = pytest.mark.parametrize("use_resource", [True, False], ids=["resource", "reference"])


def random(seed, shape, dtype):
    """Numbers over many magnitudes, as an array of `dtype`."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 4, shape)
    if dtype.startswith("complex"):
        values = values + 1j * rng.standard_normal(shape)
    return values.astype(tf.as_dtype(dtype).as_numpy_dtype)


def descend(optimizer_class, start, gradient, use_resource, rate=0.1, steps=5, **options):
    """Return the bytes and values of a variable after `steps` updates in a graph and a session."""
    with tf.Graph().as_default(), v1.Session() as session:
        variable = v1.Variable(start, use_resource=use_resource)
        given = gradient(variable) if callable(gradient) else tf.constant(gradient)
        op = optimizer_class(rate() if isinstance(rate, partial) else rate, **options).apply_gradients(
            [(given, variable)]
        )
        session.run(v1.global_variables_initializer())
        for _ in range(steps):
            session.run(op)
        return session.run(variable)


def assert_same_bits(*arguments, **options):
    with np.errstate(all="ignore"):
        ours, stock = (descend(each, *arguments, **options) for each in (Ours, Stock))
    assert ours.dtype == stock.dtype
    assert ours.tobytes() == stock.tobytes()
    return ours


@pytest.mark.corpus(10)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (7,), (33, 5)], ids=str)
def test_dense_updates_have_the_same_bits(dtype, shape):
    use_resource = (DTYPES.index(dtype) + len(shape) + sum(shape)) % 2 == 0  # each dtype with both kinds of variables
    start, gradient = random(1, shape, dtype), random(2, shape, dtype)
    after = assert_same_bits(start, gradient, use_resource, rate=3.0, steps=20)
    assert start.size < 100 or after.tobytes() != start.tobytes()


@pytest.mark.corpus(8)
@KINDS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("index_dtype", ["int32", "int64"])
def test_sparse_updates_have_the_same_bits_and_repeated_rows_add_up(dtype, index_dtype, use_resource):
    start, values = random(3, (9, 4), dtype), random(4, (40, 4), dtype)
    rows = np.random.default_rng(5).integers(0, 8, 40).astype(index_dtype)  # row 8 is never named

    def gradient(_):
        return tf.IndexedSlices(tf.constant(values), tf.constant(rows), tf.constant([9, 4]))

    after = assert_same_bits(start, gradient, use_resource, rate=0.01)
    assert after[8].tobytes() == start[8].tobytes()


@KINDS
def test_a_repeated_row_moves_once_for_each_time_that_it_is_named(use_resource):
    def gradient(_):
        return tf.IndexedSlices(tf.constant([[1.0], [2.0], [4.0]]), tf.constant([1, 1, 0]), tf.constant([2, 1]))

    after = descend(Ours, np.zeros((2, 1), np.float32), gradient, use_resource, rate=0.5, steps=1)
    assert after.tolist() == [[-2.0], [-1.5]]


@KINDS
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_special_values_go_the_same_way(dtype, use_resource):
    kind = tf.as_dtype(dtype).as_numpy_dtype
    tiny = float(tf.as_dtype(dtype).max) ** -1
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, tiny, tiny / 4, float(tf.as_dtype(dtype).max)]).astype(kind)
    start, gradient = (grid.ravel() for grid in np.meshgrid(special, special))
    assert_same_bits(start, gradient, use_resource, rate=3.0, steps=2)


RATES = [
    0.1,
    1,
    -0.1,
    0.0,
    float("inf"),
    np.float64(0.1),
    np.float32(0.1),
    np.float16(0.1),
    lambda: 0.1,
    lambda: np.float64(0.1),
    partial(tf.constant, 0.1, "float64"),
    partial(tf.constant, 0.1, "bfloat16"),
    lambda: tf.constant(0.1, "float64"),
]


@pytest.mark.corpus(20)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("rate", RATES, ids=lambda rate: getattr(rate, "__name__", None) or repr(rate)[:40])
def test_every_kind_of_learning_rate_is_rounded_alike(rate, dtype):
    use_resource = (RATES.index(rate) + DTYPES.index(dtype)) % 2 == 0
    assert_same_bits(random(6, 5, dtype), random(7, 5, dtype), use_resource, rate=rate)


def test_a_python_float_is_rounded_to_float32_and_a_numpy_scalar_is_not():
    start, gradient = np.zeros(1), np.ones(1)
    assert -descend(Ours, start, gradient, True, rate=0.1, steps=1)[0] == float(np.float32(0.1))
    assert -descend(Ours, start, gradient, True, rate=np.float64(0.1), steps=1)[0] == 0.1


@KINDS
@pytest.mark.parametrize("optimizer_class", [Ours, Stock])
def test_a_placeholder_rate_may_change_between_runs(optimizer_class, use_resource):
    with tf.Graph().as_default(), v1.Session() as session:
        rate = v1.placeholder(tf.float64)  # of unknown rank
        weight = v1.Variable(np.array([8.0, 16.0]), use_resource=use_resource)
        op = optimizer_class(rate).minimize(tf.reduce_sum(weight))
        session.run(v1.global_variables_initializer())
        path = []
        for value in (0.5, 2.0, 0.25):
            session.run(op, {rate: value})
            path.append(session.run(weight).tolist())
    assert path == [[7.5, 15.5], [5.5, 13.5], [5.25, 13.25]]


def test_a_callable_rate_is_asked_again_at_each_eager_step():
    rates = iter([0.5, 2.0])
    weight, ours = tf.Variable(8.0), Ours(lambda: next(rates))
    seen = []
    for _ in range(2):
        ours.minimize(lambda: weight * 1.0, var_list=[weight])
        seen.append(float(weight))
    assert seen == [7.5, 5.5]


def test_a_variable_may_be_the_rate():
    rate, weight = tf.Variable(0.5), tf.Variable(8.0)
    ours = Ours(rate)
    for value in (0.5, 2.0):
        rate.assign(value)
        ours.apply_gradients([(tf.constant(1.0), weight)])
    assert float(weight) == 5.5


def valley(optimizer_class, use_resource, steps=40):
    """Descend Rosenbrock's valley, where each partial derivative depends on both parameters."""
    with tf.Graph().as_default(), v1.Session() as session:
        a, b = (v1.Variable(np.float64(value), use_resource=use_resource) for value in (-1.2, 1.0))
        loss = tf.square(1.0 - a) + 100.0 * tf.square(b - a * a)
        op = optimizer_class(np.float64(0.001)).minimize(loss)
        session.run(v1.global_variables_initializer())
        return [session.run([op, a, b]) and session.run((a, b)) for _ in range(steps)]


@KINDS
def test_two_coupled_parameters_on_a_curved_loss_move_at_once(use_resource):
    path = valley(Ours, use_resource)
    assert path == valley(Stock, use_resource)
    a, b = -1.2, 1.0
    for step in range(2):  # by hand, both from the same gradient, exact in the first steps to within rounding
        da, db = -2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)
        one_after_the_other = b - 0.001 * 200 * (b - (a - 0.001 * da) ** 2)
        a, b = a - 0.001 * da, b - 0.001 * db
        # Each value is some ten operations on numbers under 1000 in magnitude, scaled by 0.001.
        assert np.abs(np.subtract(path[step], (a, b))).max() <= 10 * np.finfo(float).eps * 1000 * 0.001 * (step + 1)
        assert abs(one_after_the_other - b) > 1e-3


@pytest.mark.corpus(5)
@pytest.mark.parametrize("seed", range(5))
@KINDS
def test_whole_random_descents_have_the_same_bits(seed, use_resource):
    x, y = random(seed, (13, 3), "float64") / 100, random(seed + 50, (13, 1), "float64")

    def run(optimizer_class):
        with tf.Graph().as_default(), v1.Session() as session:
            weights = v1.Variable(np.zeros((3, 2)), use_resource=use_resource)
            table = v1.Variable(np.ones((4, 2)), use_resource=use_resource)
            rows = tf.nn.embedding_lookup(table, tf.constant([0, 3, 3, 1] * 3 + [0]))
            loss = tf.reduce_mean(tf.square(tf.tanh(x @ weights) + rows - y))
            op = optimizer_class(0.05).minimize(loss)
            session.run(v1.global_variables_initializer())
            for _ in range(25):
                session.run(op)
            return b"".join(value.tobytes() for value in session.run([weights, table]))

    assert run(Ours) == run(Stock)


def test_inside_a_while_loop():  # where TensorFlow itself takes resource variables only
    with tf.Graph().as_default(), v1.Session() as session:
        weight = v1.Variable(1.0, use_resource=True)

        def body(step):
            with tf.control_dependencies([Ours(0.25).minimize(tf.square(weight), var_list=[weight])]):
                return step + 1

        loop = tf.while_loop(lambda step: step < 3, body, [tf.constant(0)])
        session.run(v1.global_variables_initializer())
        session.run(loop)
        assert session.run(weight) == 0.125


def built(optimizer_class, use_resource, **options):
    """Return a graph with one training operation, and that operation."""
    with tf.Graph().as_default() as graph:
        weight = v1.Variable([1.0, 2.0], use_resource=use_resource, name="w")
        step = v1.train.get_or_create_global_step()
        made = optimizer_class(0.1, **options)
        op = made.minimize(tf.reduce_sum(weight), global_step=step)
        assert op in graph.get_collection(v1.GraphKeys.TRAIN_OP)
        return graph, op, made


@KINDS
@pytest.mark.parametrize("options", [{}, {"name": "Descent"}, {"use_locking": True}], ids=str)
def test_names_slots_and_collections(options, use_resource):
    (graph, op, ours), (_, stock_op, stock) = (built(each, use_resource, **options) for each in (Ours, Stock))
    assert op.name == stock_op.name == options.get("name", "GradientDescent")
    assert op.type == stock_op.type
    assert graph.get_tensor_by_name(f"{op.name}/learning_rate:0").dtype == tf.float32
    assert ours.get_slot_names() == stock.get_slot_names() == []
    assert ours.variables() == stock.variables() == []
    assert ours.get_name() == stock.get_name()
    fused = {node.type for node in graph.get_operations() if "GradientDescent" in node.type}
    assert not fused, "the update must be spelled out, not handed to TensorFlow's kernel"


def test_use_locking_reaches_the_operation():
    for use_locking in (False, True):
        graph, _, _ = built(Ours, False, use_locking=use_locking)
        (subtraction,) = (op for op in graph.get_operations() if op.type == "AssignSub")
        assert subtraction.get_attr("use_locking") is use_locking


@KINDS
def test_global_step_counts(use_resource):
    with tf.Graph().as_default(), v1.Session() as session:
        step = v1.Variable(np.int64(0), use_resource=use_resource, trainable=False)
        op = Ours(0.1).minimize(v1.Variable(1.0, use_resource=use_resource) * 2.0, global_step=step)
        session.run(v1.global_variables_initializer())
        for _ in range(3):
            session.run(op)
        assert session.run(step) == 3


@KINDS
def test_constraint_holds_after_the_update(use_resource):
    with tf.Graph().as_default(), v1.Session() as session:
        weight = v1.Variable([1.0, -1.0], use_resource=use_resource, constraint=lambda w: tf.maximum(w, 0.0))
        op = Ours(0.5).apply_gradients([(tf.constant([1.0, 1.0]), weight)])
        session.run(v1.global_variables_initializer())
        session.run(op)
        assert session.run(weight).tolist() == [0.5, 0.0]


def in_graph(use_resource, rate=0.1, gradient=(1.0, 1.0), start=(1.0, 2.0)):
    def attempt(optimizer_class):
        return descend(optimizer_class, np.asarray(start), np.asarray(gradient), use_resource, rate)

    return attempt


def minimize(value, **options):
    def attempt(optimizer_class):
        with tf.Graph().as_default():
            return optimizer_class(0.1).minimize(value(), **options)

    return attempt


WRONG = {
    "no name": (lambda each: each(0.1, name=""), "Must specify the optimizer name"),
    "no variables": (minimize(lambda: tf.constant(1.0)), "No variables to optimize."),
    "no gradients": (
        minimize(lambda: (v1.Variable(1.0), tf.constant(1.0))[1]),
        "No gradients provided for any variable, check your graph",
    ),
    "no pairs": (lambda each: each(0.1).apply_gradients([]), "No variables provided."),
    "an integer loss": (minimize(lambda: v1.Variable(1) * 2), "Invalid type tf.int32"),
    "a gate": (minimize(lambda: v1.Variable(1.0) * 2, gate_gradients=7), "gate_gradients must be one of"),
    "a vector rate, resource": (in_graph(True, rate=[0.1, 0.2]), "Shape must be rank 0 but is rank 1"),
    "a vector rate, reference": (in_graph(False, rate=[0.1, 0.2]), "Shape must be rank 0 but is rank 1"),
    "a longer gradient": (in_graph(True, gradient=[1.0] * 3), "Dimension 0 in both shapes must be equal"),
    "a scalar gradient": (in_graph(False, gradient=1.0), "Shapes must be equal rank, but are 1 and 0"),
    "no rate": (in_graph(True, rate=None), "None values not supported."),
    "a text rate": (in_graph(True, rate="fast"), None),
    "a tensor to update": (
        lambda each: each(0.1).apply_gradients([(tf.constant(1.0), tf.constant(1.0))]),
        "Trying to update a Tensor",
    ),
    "a tensor loss in eager mode": (
        lambda each: each(0.1).minimize(tf.constant(1.0)),
        "`loss` passed to Optimizer",
    ),
    "a vector rate in eager mode": (
        lambda each: each([0.1, 0.2]).apply_gradients([(tf.constant(1.0), tf.Variable(1.0))]),
        "alpha is not a scalar: [2]",
    ),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_the_same_errors(case):
    attempt, text = WRONG[case]
    errors = []
    for each in (Ours, Stock):
        with pytest.raises(Exception) as caught:
            attempt(each)
        errors.append(caught)
    assert errors[0].type is errors[1].type
    for caught in errors:
        assert text is None or text in str(caught.value)


@pytest.mark.parametrize("optimizer_class", [Ours, Stock])
@KINDS
def test_a_vector_fed_as_the_rate_is_refused_when_it_runs(optimizer_class, use_resource):
    with tf.Graph().as_default(), v1.Session() as session:
        rate = v1.placeholder(tf.float32)
        op = optimizer_class(rate).minimize(tf.reduce_sum(v1.Variable([1.0, 2.0], use_resource=use_resource)))
        session.run(v1.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(op, {rate: [0.1, 0.2]})


@KINDS
def test_integers_are_refused(use_resource):
    # TensorFlow has no kernel for them and fails when the operation runs; 0.1 cast to an integer would be 0.
    with pytest.raises(ValueError, match="Invalid type 'int32'"):
        descend(Ours, np.array([1, 2], np.int32), np.array([1, 1], np.int32), use_resource)


def test_a_gradient_of_another_dtype_is_refused():
    # For a resource variable TensorFlow's own kernel ends the process here, so there is no twin to compare.
    with pytest.raises(ValueError, match="wrong dtype"):
        descend(Ours, np.float32([1, 2]), np.float64([1, 1]), True)
    with pytest.raises(TypeError, match="does not match type"):
        descend(Ours, np.float32([1, 2]), np.float64([1, 1]), False)


@pytest.mark.parametrize("wrap", [lambda f: f, tf.function], ids=["eager", "function"])
def test_eager_and_traced_steps_have_the_same_bits(wrap):
    after = []
    for each in (Ours, Stock):
        weight, made = tf.Variable(random(8, 11, "float32")), each(0.1)

        @wrap
        def step(made=made, weight=weight):
            made.minimize(lambda: tf.reduce_sum(weight**3), var_list=[weight])

        for _ in range(4):
            step()
        after.append(weight.numpy().tobytes())
    assert after[0] == after[1]


@KINDS
def test_grappler_does_not_regroup_the_products(use_resource):
    # The gradient is 3 * (...): joined with the rate before it meets the rest, it would round otherwise.
    after = assert_same_bits(random(10, 50, "float32"), lambda w: w * 3.0, use_resource, rate=0.1)
    assert np.isfinite(after).all()


@KINDS
def test_grappler_does_not_regroup_products_of_unknown_shape(use_resource):
    after = []
    for each in (Ours, Stock):
        with tf.Graph().as_default(), v1.Session() as session:
            weight = v1.Variable(random(11, 50, "float32"), use_resource=use_resource)
            factor = v1.placeholder(tf.float32)
            op = each(0.1).apply_gradients([(factor * 3.0, weight)])
            session.run(v1.global_variables_initializer())
            session.run(op, {factor: random(12, 50, "float32")})
            after.append(session.run(weight).tobytes())
    assert after[0] == after[1]


@KINDS
def test_a_rate_of_zero_still_lets_nan_and_infinity_through(use_resource):
    after = assert_same_bits(np.ones(3), np.array([np.nan, np.inf, 1.0]), use_resource, rate=0.0)
    assert np.isnan(after).tolist() == [True, True, False]


def test_under_a_distribution_strategy():
    after = []
    for each in (Ours, Stock):
        strategy = tf.distribute.OneDeviceStrategy("CPU:0")
        with tf.Graph().as_default(), strategy.scope(), v1.Session() as session:
            weight, made = v1.Variable(random(9, 6, "float64"), use_resource=True), each(0.1)
            op = strategy.run(lambda made=made, w=weight: made.minimize(tf.reduce_sum(w**2), var_list=[w]))
            session.run(v1.global_variables_initializer())
            for _ in range(3):
                session.run(op)
            after.append(session.run(weight).tobytes())
    assert after[0] == after[1]


def test_it_is_one_class_however_it_is_reached():
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: optimizer.GradientDescentOptimizer, range(32))) == {Ours}
    assert issubclass(Ours, v1.train.Optimizer)
    assert isinstance(Ours(0.1), v1.train.Optimizer)
    assert not isinstance(Stock(0.1), Ours)
    assert pickle.loads(pickle.dumps(Ours)) is Ours
    with pytest.raises(AttributeError, match="no attribute 'Adam'"):
        _ = optimizer.Adam


def test_it_can_be_subclassed():
    class Clipped(Ours):
        def _resource_apply_dense(self, grad, handle):
            return super()._resource_apply_dense(tf.clip_by_value(grad, -1.0, 1.0), handle)

    weight = tf.Variable([1.0])
    Clipped(0.5).apply_gradients([(tf.constant([100.0]), weight)])
    assert weight.numpy().tolist() == [0.5]


def test_its_example_runs():
    (example,) = doctest.DocTestFinder().find(Ours, globs={"GradientDescentOptimizer": Ours, "np": np})[:1]
    assert doctest.DocTestRunner().run(example).failed == 0
    assert len(example.examples) == 4
