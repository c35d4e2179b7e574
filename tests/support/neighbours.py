"""Programs for `test_concurrency.py`: `python tests/support/neighbours.py NAME...` ends with ok.

A descent may disturb nobody, and nobody a descent: threads, forked and spawned processes, and TensorFlow's other users.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from hashlib import sha256

import numpy as np

import tf_gd
from tf_gd.loading import without_keras

X = np.random.default_rng(5).normal(0.0, 1.0, 60_001)  # long enough to be added in blocks, by several threads
Y = 3.0 * X + 0.5
SHORT = X[:37], Y[:37]
SERIES = ("step", "m", "c", "loss", "gradient_m", "gradient_c")


def bits(path):
    return sha256(b"".join(getattr(path, name).tobytes() for name in SERIES)).hexdigest()


def job(kind):
    """Train or check, and return the bits."""
    if kind == "check":
        comparison = tf_gd.check(*SHORT, learning_rate=0.001, num_steps=200)
        return bits(comparison.tensorflow) if comparison.identical else "not identical"
    engine, points = kind.split()
    x, y = (X, Y) if points == "long" else SHORT
    num_steps = 20 if points == "long" else 500
    return bits(tf_gd.train(x, y, learning_rate=1e-6, num_steps=num_steps, engine=engine, reduction="sum"))


KINDS = ["manual short", "tensorflow short", "moments short", "manual long", "tensorflow long", "moments long", "check"]

SOME = ["manual long", "tensorflow short", "check"]


def threads():
    """Eight threads at once, the first use of TensorFlow among them, give the bits that each gives alone."""
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(job, [*KINDS, KINDS[1]]))
    assert together == [job(kind) for kind in [*KINDS, KINDS[1]]]


def forked(work, times=4):
    """Run `work` in so many forked processes at once; return the exit code of each."""
    children = []
    for _ in range(times):
        if (child := os.fork()) == 0:
            signal.alarm(120)  # a hang is an end, too
            try:
                os._exit(work())
            finally:
                os._exit(9)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def fork_before():
    """Forked before TensorFlow was loaded, a child may do everything."""
    kinds = ["manual short", "tensorflow short", "moments short", "check"]
    results = multiprocessing.get_context("fork").SimpleQueue()

    def work():
        results.put([job(kind) for kind in kinds])
        return 0

    assert forked(work, 2) == [0, 0]
    first, second = results.get(), results.get()
    assert first == second == [job(kind) for kind in kinds]


def fork_after():
    """Forked after TensorFlow was used, a child trains by hand and from moments; the rest is refused, not hung."""
    kinds = ["manual short", "moments short", "manual long"]
    alone = [job(kind) for kind in [*kinds, "tensorflow short", "check"]]

    def by_hand():
        return int([job(kind) for kind in kinds] != alone[:3])

    def with_tensorflow():
        for kind in ("tensorflow short", "check"):
            try:
                job(kind)
                return 1
            except tf_gd.TfGdError as error:
                if "do not survive a fork" not in str(error):
                    return 2
        return 0

    assert forked(by_hand) == [0] * 4
    assert forked(with_tensorflow, 2) == [0, 0]
    assert [job(kind) for kind in kinds] == alone[:3]


def spawned():
    """Two spawned processes at once give the bits of this one."""
    kinds = ["manual short", "tensorflow long", "check"]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        together = pool.map(job, kinds, 1)
    assert together == [job(kind) for kind in kinds]


def state_of_process(tf):
    """What a library might leave behind."""
    return (
        tf.executing_eagerly(),
        tf.compat.v1.get_default_graph() is default_graph,
        len(default_graph.get_operations()),
        np.random.get_state()[1].tobytes(),
        dict(os.environ),
        [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        tf.get_logger().level,
        np.geterr(),
        tf.config.threading.get_intra_op_parallelism_threads(),
    )


def keras_weights(tf):
    """Train a small network from a fixed seed and return its weights."""
    tf.keras.utils.set_random_seed(3)
    model = tf.keras.Sequential([tf.keras.layers.Dense(8, activation="tanh"), tf.keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(X[:64, None], Y[:64, None], epochs=5, verbose=0, shuffle=True)
    return [weight.tobytes() for weight in model.get_weights()]


def eager_numbers(tf):
    """Draw and differentiate, eagerly, from a fixed seed."""
    tf.random.set_seed(11)
    drawn = tf.random.normal([100])
    with tf.GradientTape() as tape:
        tape.watch(drawn)
        value = tf.reduce_sum(drawn**3)
    return [drawn.numpy().tobytes(), tape.gradient(value, drawn).numpy().tobytes()]


def own_graph(tf):
    """Train a variable in the caller's own graph and session."""
    with tf.Graph().as_default() as graph:
        w = tf.compat.v1.get_variable(
            "m", initializer=1.0, use_resource=True
        )  # the name that the line's slope has, too
        step = tf.compat.v1.train.GradientDescentOptimizer(0.1).minimize(tf.square(w - 3.0))
        with tf.compat.v1.Session() as session:
            session.run(tf.compat.v1.global_variables_initializer())
            for _ in range(10):
                session.run(step)
            assert tf.compat.v1.get_default_graph() is graph
            return [session.run(w).tobytes(), len(graph.get_operations())]


def keras_users():
    """Keras: the same before, during and after."""
    tensorflow_users(keras_weights)


def tensorflow_users(*more):
    """Eager code and another graph: the same before, during and after, and no state is left behind."""
    global default_graph
    import tensorflow as tf

    default_graph = tf.compat.v1.get_default_graph()
    users = eager_numbers, own_graph, *more
    before, state = [user(tf) for user in users], state_of_process(tf)
    alone, stop, beside = [job(kind) for kind in SOME], threading.Event(), []

    def train():
        while not stop.is_set():
            beside.append([job(kind) for kind in SOME] == alone)

    thread = threading.Thread(target=train)
    thread.start()
    while not beside:
        assert [user(tf) for user in users] == before
    stop.set()
    thread.join()
    assert all(beside)
    assert [user(tf) for user in users] == before
    with tf.Graph().as_default() as graph:  # inside the caller's own graph, too
        assert [job(kind) for kind in SOME] == alone
        assert tf.compat.v1.get_default_graph() is graph
        assert graph.get_operations() == []
    assert state_of_process(tf) == state


def stderr_of_others():
    """While TensorFlow is loaded, quietly, no line that another thread writes to stderr is lost."""
    stop, written = threading.Event(), 0

    def write():
        nonlocal written
        while not stop.is_set():
            os.write(2, f"line {written}\n".encode())
            written += 1
            time.sleep(0.001)

    thread = threading.Thread(target=write)
    thread.start()
    job("tensorflow short")
    stop.set()
    thread.join()
    print(written)


if __name__ == "__main__":
    with nullcontext() if "keras_users" in sys.argv else without_keras():
        for name in sys.argv[1:]:
            globals()[name]()
    print("ok")
