"""96 TensorFlow 1 programs of the line, written without this package's graph, beside the descent that reproduces each.

Two dtypes, three lengths and sixteen forms: five losses with points that are fed and that are constants, batches of one
and of five, drawn indices, a rate a step, and no intercept. How the square, the residual and the shapes are written
changes from program to program, as it does from author to author. Run as a program it fixes the number of intra-op
threads, which a process can do only once, and prints a JSON object with what differs.
"""

import itertools
import json
import sys

import numpy as np

import tf_gd
from tf_gd.loading import load_tensorflow

LENGTHS = (8, 23, 1027)
DTYPES = ("float32", "float64")
LOSSES = ("sum", "mean", "half_sum", "half_mean", "sum / 2n")
FORMS = (
    *((loss, points) for points in ("fed", "constants") for loss in LOSSES),
    ("sum / 2n", "one"),
    ("mean", "five"),
    ("sum / 2n", "drawn"),
    ("mean", "rates"),
    ("mean", "origin"),
    ("sum", "origin of constants"),
)
STEPS = 24
SQUARES = ("tf.square(e)", "tf.pow(e, 2)", "e * e", "e ** 2", "tf.math.squared_difference(p, y)")


def squares_of(tf, number, p, y):
    """Return the squared residuals, as the author of this number writes them."""
    e = p - y if number % 2 else y - p
    return eval(SQUARES[number % len(SQUARES)], {"tf": tf, "e": e, "p": p, "y": y})


def loss_of(tf, name, squares, n):
    reduce = tf.reduce_mean if "mean" in name else tf.reduce_sum
    if name == "sum / 2n":
        return reduce(squares) / (2 * n)
    return reduce(squares) / 2 if name.startswith("half") else reduce(squares)


def batches_of(kind, n, rng):
    """Return what `train` takes, and the indices of every step."""
    if kind == "one":
        return 1, [np.array([k % n]) for k in range(STEPS)]
    if kind == "five":
        cut = [np.arange(start, min(start + 5, n)) for start in range(0, n, 5)]
        return 5, [cut[k % len(cut)] for k in range(STEPS)]
    if kind == "drawn":
        drawn = [rng.integers(0, n, 7) for _ in range(STEPS)]
        return drawn, drawn
    return None, [np.arange(n)] * STEPS


def run(tf, number, loss, kind, x, y, rate, start, rows):
    """Return m and c after each step of the program."""
    v1, kind_of = tf.compat.v1, x.dtype.type
    shape = [1] if number % 3 == 0 else []
    with tf.Graph().as_default(), v1.Session() as session:
        m, c = (v1.Variable(np.full(shape, value, kind_of), use_resource=has_resources(number)) for value in start)
        fed = [v1.placeholder(x.dtype, None if number % 2 else [None]) for _ in "xy"]
        left, right = (x, y) if kind.endswith("constants") else fed
        predicted = m * left if kind.startswith("origin") else tf.add(tf.multiply(left, m), c)
        cost = loss_of(tf, loss, squares_of(tf, number, predicted, right), len(x))
        step = v1.train.get_or_create_global_step()
        alpha = v1.train.exponential_decay(rate, step, 6, 0.7) if kind == "rates" else rate
        train = v1.train.GradientDescentOptimizer(alpha).minimize(cost, global_step=step)
        session.run(v1.global_variables_initializer())
        states = []
        for row in rows:
            session.run(train, {} if kind.endswith("constants") else {fed[0]: x[row], fed[1]: y[row]})
            states.append([np.ravel(value)[0] for value in session.run([m, c])])
    return np.array(states)


def is_regrouped(number, kind):
    """Return whether TensorFlow moves the points, constants: not where `tf.add` gets a reference variable."""
    return kind.endswith("constants") and (has_resources(number) or kind.startswith("origin"))


def has_resources(number):
    """Return whether the program's variables are resources, as with version 2 behaviour; else references."""
    return number % 4 != 1


def reproduced(loss, kind, x, y, rate, start, batches, constants, engine):
    """Return the same by the package."""
    import tensorflow as tf

    def decay(step):
        return tf.compat.v1.train.exponential_decay(rate, step, 6, 0.7)

    how = {"loss_scale": 1 / (2 * len(x))} if loss == "sum / 2n" else {"reduction": loss}
    path = tf_gd.train(
        *(x, y),
        learning_rate=decay if kind == "rates" else rate,
        num_steps=STEPS,
        engine=engine,
        dtype=x.dtype.name,
        start=start,
        batches=batches,
        constants=constants,
        intercept=not kind.startswith("origin"),
        **how,
    )
    return np.stack([path.m[1:], path.c[1:]], axis=1)


def sweep(lengths=LENGTHS, dtypes=DTYPES, only=None):
    """Run every program, or the one of a number, and return how many there were and which of them differ."""
    import tensorflow as tf

    rng, different, count = np.random.default_rng(96), [], 0
    for number, (dtype, n, (loss, kind)) in enumerate(itertools.product(dtypes, lengths, FORMS)):
        if only not in (None, number):
            continue
        x = rng.normal(size=n).astype(dtype)
        y = (3 * x - 2 + rng.normal(size=n)).astype(dtype)
        start = tuple(np.dtype(dtype).type(value) for value in rng.normal(size=2) * (1, not kind.startswith("origin")))
        rate = 0.1 / n if loss in ("sum", "half_sum") else 0.1
        batches, rows = batches_of(kind, n, rng)
        theirs = run(tf, number, loss, kind, x, y, rate, start, rows)
        for engine in ("manual", "tensorflow"):
            ours = reproduced(loss, kind, x, y, rate, start, batches, is_regrouped(number, kind), engine)
            if ours.tobytes() != theirs.tobytes():
                off = int((ours != theirs).any(axis=1).argmax())
                different.append(f"{engine}: {dtype} n={n} {loss} {kind}, number {number}: from step {off + 1}")
        count += 1
    return {"programs": count, "different": different}


if __name__ == "__main__":
    tf = load_tensorflow()
    config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=int(sys.argv[1]))
    tf.compat.v1.Session(graph=tf.Graph(), config=config).close()  # fixes the threads of the process
    print(json.dumps(sweep()))
