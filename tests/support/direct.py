"""TensorFlow driven directly, and compared bit by bit with the hand-written descent.

The graph and the session are written out here, as the post's reader would write them: nothing of `tf_gd.graph` is
used, so that the two cannot share a mistake. Run as a program, it fixes the number of intra-op threads, which a process
can do only once, goes through a sweep of problems, and prints a JSON object: how many were compared, and which differ.
"""

import bisect
import itertools
import json
import math
import sys
from dataclasses import replace

import ml_dtypes
import numpy as np

from tf_gd.loading import without_keras
from tf_gd.problem import Problem
from tf_gd.summation.manual_engine import ManualDescent
from tf_gd.summation.order import expected

DTYPES = {"float64": np.float64, "float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
REDUCTIONS = ("sum", "mean", "half_sum", "half_mean")
RATES = (0.3, 1e-2, 1e-4, 1e-7)
RATE_KINDS = {"float": float, "np.float64": np.float64, "np.float32": np.float32, "callable": lambda rate: lambda: rate}


class Post:
    """The post's program: placeholders, two variables, the loss, and `GradientDescentOptimizer`; for any length."""

    def __init__(self, tf, dtype, reduction):
        v1 = tf.compat.v1
        reduce = tf.reduce_mean if reduction.endswith("mean") else tf.reduce_sum
        with tf.Graph().as_default():
            self.x, self.y = v1.placeholder(dtype, [None]), v1.placeholder(dtype, [None])
            self.start = v1.placeholder(dtype, []), v1.placeholder(dtype, [])
            m = v1.get_variable("m", initializer=tf.zeros([], dtype), use_resource=True)
            c = v1.get_variable("c", initializer=tf.zeros([], dtype), use_resource=True)
            self.place = [m.assign(self.start[0]), c.assign(self.start[1])]
            loss = reduce(tf.square(m * self.x + c - self.y))
            loss = loss / 2 if reduction.startswith("half") else loss
            optimizer = v1.train.GradientDescentOptimizer(1.0)
            pairs = optimizer.compute_gradients(loss, [m, c])  # once: it is what takes long
            self.row = [m, c, loss, *(gradient for gradient, _ in pairs)]
            self.steps = {
                (kind, rate): v1.train.GradientDescentOptimizer(make(rate)).apply_gradients(pairs)
                for (kind, make), rate in itertools.product(RATE_KINDS.items(), RATES)
            }
            self.session = v1.Session()

    def trajectory(self, x, y, start, rate, num_steps):
        data = {self.x: x, self.y: y}
        self.session.run(self.place, dict(zip(self.start, start, strict=True)))
        rows = [self.session.run(self.row, data)]
        for _ in range(num_steps):
            self.session.run(self.steps[rate], data)
            rows.append(self.session.run(self.row, data))
        return np.array(rows, x.dtype)


def lengths(dtype, threads, most):
    """Return awkward lengths up to `most`: around packets, strides, leaves, splits and blocks."""
    first = expected(1, dtype)
    packet, leaf = first.packet, first.leaf
    around = [packet, 4 * packet, 5 * packet, 8 * packet, leaf, 2 * leaf, 4 * leaf + packet, 7 * leaf]
    blocks = range(2, threads + 1)
    ends = range(most + 1)
    around += [bisect.bisect_left(ends, True, key=lambda n, b=b: n > 0 and has(n, dtype, b)) for b in blocks if b < 9]
    near = {n + off for n in around for off in (-packet, -1, 0, 1, 3)}
    odd = {1, 2, 3, 5, 6, 7, 11, 13, 23, 100, 777, 1001, 65_537, 200_003, 600_001, 999_999, 1_000_000}
    return sorted(n for n in near | odd if 1 <= n <= most)


def has(n, dtype, blocks):
    return expected(n, dtype, threads=64).blocks >= blocks


def kinds_of_data(rng, n, dtype):
    """Yield (name, x, y): plain, and every kind of number that arithmetic may trip over."""
    info = ml_dtypes.finfo(dtype)
    x, noise = rng.random(n) + 0.1, rng.standard_normal(n)
    root = math.sqrt(float(info.max))
    yield "plain", x, 2 * x + noise
    yield "negative", -x, -3 * x - noise
    yield "huge", x * root / 100, noise * root / 10
    yield "tiny", x / root, noise / root
    yield "subnormal", x * float(info.tiny) / 4, noise * float(info.tiny) * 4
    ends = np.zeros(n)
    ends[[0, -1]] = 1.25, -1.0
    yield "flushed", np.ones(n), ends * float(info.tiny)  # at the line (-0.0, -0.0) their sum is flushed to -0.0
    yield "zeros", np.copysign(0.0, noise), np.copysign(0.0, rng.standard_normal(n))
    yield "far", 100 + x, 100 * x + noise
    yield "magnitudes", noise * 2.0 ** rng.integers(-12, 6, n), x * 2.0 ** rng.integers(-12, 6, n)


def problems(n, dtype, reduction, some):
    """Yield (name, x, y, start, rate) for one length; one of every `some` of them."""
    rng = np.random.default_rng(n)
    starts = itertools.cycle([(0.0, 0.0), (0.5, -0.25), (-0.0, 3.0), (-7.0, 1e4), (1e-40, -0.0)])
    rates = itertools.cycle(RATE_KINDS)
    kinds = list(kinds_of_data(rng, n, dtype))
    for number in range(0, len(kinds), some):
        name, x, y = kinds[(number + n) % len(kinds)]
        x, y = x.astype(dtype), y.astype(dtype)
        with np.errstate(over="ignore"):
            steep = 2 * (float(x.astype(float) @ x.astype(float)) + n) / (n if reduction.endswith("mean") else 1)
        stable = max([rate for rate in RATES if rate < 1.5 / steep], default=RATES[-1])
        for rate in (stable, RATES[0]):  # the larger one as a rule diverges
            start = (-0.0, -0.0) if name == "flushed" else next(starts)  # any other line hides what is that small
            yield name, x, y, start, (next(rates), rate)


def differs(theirs, ours):
    """Return whether ours is not, bit for bit, theirs up to the first row that is not finite."""
    same = theirs[: len(ours)].tobytes() == ours.tobytes()
    finite = np.isfinite(theirs[:, 2:].astype(np.float64)).all(axis=1)
    ends = len(theirs) if finite.all() else int(np.argmin(finite)) + 1
    return not same or len(ours) != ends


def by_hand(x, y, start, rate, reduction, order):
    problem = Problem.of(x, y, learning_rate=rate, num_steps=0, start=start, reduction=reduction, dtype=x.dtype)
    return ManualDescent.of(replace(problem, order=order))


def sweep(threads, dtypes, most, some):
    """Compare a sweep of problems; return how many there were, and a line for each that differs.

    In a sample, of which `some` is over 2, each length is taken with one of the reductions in turn.
    """
    import tensorflow as tf

    config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads)
    tf.compat.v1.Session(graph=tf.Graph(), config=config).close()  # fixes the threads of the process
    count, different = 0, []
    for dtype, reduction in itertools.product(dtypes, REDUCTIONS):
        post, kind = Post(tf, dtype, reduction), np.dtype(DTYPES[dtype])
        turn = REDUCTIONS.index(reduction)
        for n in lengths(kind, threads, most)[turn :: len(REDUCTIONS)] if some > 2 else lengths(kind, threads, most):
            if reduction.endswith("mean") and n > ml_dtypes.finfo(kind).max:
                continue  # the number of points does not fit float16
            order = expected(n, kind, threads)
            for name, x, y, start, (maker, rate) in problems(n, kind, reduction, some):
                steps = 12 if n < 10_000 else 3
                theirs = post.trajectory(x, y, start, (maker, rate), steps)
                ours = by_hand(x, y, start, RATE_KINDS[maker](rate), reduction, order).descend(start, steps)
                count += 1
                if differs(theirs, ours):
                    different.append(f"{dtype} {reduction} n={n} {name} start={start} {maker}({rate})")
    return {"compared": count, "different": different}


if __name__ == "__main__":
    threads, dtypes, most, some = sys.argv[1:]
    with without_keras():
        print(json.dumps(sweep(int(threads), dtypes.split(","), int(most), int(some))))
