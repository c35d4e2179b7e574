"""The hand-written descent, compiled: equations 2, 3, 5 and 8 over all points, added in TensorFlow's order.

The formulas are those of `tf_gd.manual`, with a rounding after every operation; the order of addition is the one that
`order.py` describes and `reference.py` spells out. Everything that is compiled stands in this one file.

Some arguments tell the compiler what it must know, by their type alone:

* `kind` is an empty array. Its dtype is the one that is computed in; one dimension means just that, two mean float16
  and three mean bfloat16, both of which are float32 here, rounded after every operation;
* `lanes` is a tuple of as many zeros as a packet has lanes: P;
* `x` is None where the numbers `y` themselves are added;
* `form` is a tuple: empty for the residual as it is written, of one number for the regrouped one.
"""

import numpy as np

from tf_gd.summation.compilation import helper, kernel


@helper
def to_float16(value):
    """Round a float32 to the nearest float16."""
    bits = np.float32(value).view(np.uint32)
    sign, size = bits & np.uint32(0x80000000), bits & np.uint32(0x7FFFFFFF)
    if np.uint32(0x477FF000) <= size <= np.uint32(0x7F800000):
        size = np.uint32(0x7F800000)  # too large for float16
    elif size < np.uint32(0x38800000):  # subnormal in float16: a multiple of 2^-24, which is the ulp of 0.5
        size = np.float32((np.uint32(size).view(np.float32) + np.float32(0.5)) - np.float32(0.5)).view(np.uint32)
    elif size < np.uint32(0x7F800000):
        size = (size + np.uint32(0xFFF) + ((size >> np.uint32(13)) & np.uint32(1))) & np.uint32(0xFFFFE000)
    return np.uint32(size | sign).view(np.float32)


@helper
def to_bfloat16(value):
    """Round a float32 to the nearest bfloat16."""
    bits = np.float32(value).view(np.uint32)
    if (bits & np.uint32(0x7FFFFFFF)) > np.uint32(0x7F800000):
        return np.float32(value)  # NaN
    bits = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) & np.uint32(0xFFFF0000)
    return np.uint32(bits).view(np.float32)


@helper
def rounded(value, kind):
    """Round the result of an operation to the dtype of the descent."""
    if kind.ndim == 2:
        return to_float16(kind.dtype.type(value))
    if kind.ndim == 3:
        return to_bfloat16(kind.dtype.type(value))
    return kind.dtype.type(value)


@helper
def added(value, kind):
    """Round the result of an addition inside a sum: TensorFlow adds bfloat16 in float32."""
    if kind.ndim == 2:
        return to_float16(value)
    return value


@helper
def residual(m, c, x, y, kind):
    """Equations 1 and 2."""
    return rounded(rounded(rounded(m * x, kind) + c, kind) - y, kind)


@helper
def regrouped_residual(m, c, x, y, kind):
    """Equations 1 and 2, as TensorFlow regroups them where the points are constants."""
    return rounded(rounded(rounded(m * x, kind) - y, kind) + c, kind)


@helper
def gradient_terms(e, x, scale, kind):
    """Equation 5, for one point."""
    g = rounded(rounded(2 * e, kind) * scale, kind)
    return rounded(g * x, kind), g


@helper
def update(parameter, derivative, learning_rate, kind):
    """Equation 8, for m or c."""
    return rounded(parameter - rounded(learning_rate * derivative, kind), kind)


@helper
def add_terms(x, y, i, m, c, scale, form, kind, sums, slot):
    """Add the terms of point i to the running sums in `slot`  (equations 3 and 5)."""
    if x is None:
        sums[0, slot] = added(sums[0, slot] + y[i], kind)
    else:
        e = regrouped_residual(m, c, x[i], y[i], kind) if len(form) else residual(m, c, x[i], y[i], kind)
        dm, dc = gradient_terms(e, x[i], scale, kind)
        sums[0, slot] = added(sums[0, slot] + rounded(e * e, kind), kind)
        sums[1, slot] = added(sums[1, slot] + dm, kind)
        sums[2, slot] = added(sums[2, slot] + dc, kind)


@helper
def add_leaf(x, y, first, length, m, c, scale, form, kind, lanes, accumulators, tail, out):
    """Add the terms of one leaf; `accumulators`: shape [series, 4 P], four packets; `tail`: shape [series, 1]."""
    P = len(lanes)
    strides_end, packets_end = length // (4 * P) * (4 * P), length // P * P
    y = y[first : first + length]  # indices that start at 0 need no look at their sign, which makes it twice as fast
    if x is not None:
        x = x[first : first + length]
    accumulators[:] = 0
    tail[:] = 0
    for i in range(0, strides_end, 4 * P):  # four packet accumulators walk the leaf in strides of 4 P
        for k in range(4 * P):
            add_terms(x, y, i + k, m, c, scale, form, kind, accumulators, k)
    for s in range(len(accumulators)):
        for j in range(P):  # ((a0 + a1) + a2) + a3
            accumulators[s, j] = added(accumulators[s, j] + accumulators[s, P + j], kind)
            accumulators[s, j] = added(accumulators[s, j] + accumulators[s, 2 * P + j], kind)
            accumulators[s, j] = added(accumulators[s, j] + accumulators[s, 3 * P + j], kind)
    for i in range(strides_end, packets_end, P):  # the leftover packets, one by one
        for j in range(P):
            add_terms(x, y, i + j, m, c, scale, form, kind, accumulators, j)
    for i in range(packets_end, length):  # the scalar tail, on its own
        add_terms(x, y, i, m, c, scale, form, kind, tail, np.int64(0))  # a literal 0 is a type of its own
    half = P // 2
    while half > 0:  # fold the lanes; float16's in float32
        for s in range(len(accumulators)):
            for j in range(half):
                accumulators[s, j] += accumulators[s, j + half]
        half //= 2
    for s in range(len(accumulators)):
        out[s] = added(tail[s, 0] + added(accumulators[s, 0], kind), kind)


@kernel
def add_leaves(x, y, leaves, start, stop, m, c, scale, form, kind, lanes, sums):
    """Put the sums of the leaves from `start` to `stop` into their rows of `sums`, shape [leaves, 3]."""
    accumulators, tail = np.empty((3, 4 * len(lanes)), y.dtype), np.empty((3, 1), y.dtype)
    for k in range(start, stop):
        add_leaf(x, y, leaves[k, 0], leaves[k, 1], m, c, scale, form, kind, lanes, accumulators, tail, sums[k])


@helper
def join(leaves, sums, first_sum, kind, out):
    """Add the leaves' sums, halves of a tree first, then the trees in a row, to `first_sum`."""
    top = 0
    for s in range(sums.shape[1]):
        out[s] = first_sum
    for k in range(len(leaves)):
        for s in range(sums.shape[1]):
            sums[top, s] = sums[k, s]
        for _ in range(leaves[k, 2]):  # left + right, each half of a tree starting at 0.0
            top -= 1
            for s in range(sums.shape[1]):
                left = kind.dtype.type(0) + sums[top, s]
                sums[top, s] = added(left + sums[top + 1, s], kind)
        if leaves[k, 3]:  # a tree is complete
            for s in range(sums.shape[1]):
                out[s] = added(out[s] + sums[top, s], kind)
        else:
            top += 1


@kernel
def settle(x, y, leaves, sums, first_sum, scale, divisor, factor, form, kind, free, row):
    """Put the loss and the gradient at the line (row[0], row[1]) into row[2:5], from the sums of the leaves."""
    if x.size == 1:  # nothing is added: -0.0 stays -0.0
        m, c = row[0], row[1]
        e = regrouped_residual(m, c, x[0], y[0], kind) if len(form) else residual(m, c, x[0], y[0], kind)
        row[3], row[4] = gradient_terms(e, x[0], scale, kind)
        row[2] = rounded(e * e, kind)
    else:
        join(leaves, sums, first_sum, kind, row[2:])
        row[3], row[4] = rounded(row[3], kind), rounded(row[4], kind)
    row[2] = rounded(rounded(row[2] / divisor, kind) * factor, kind)
    if not free:  # c is no parameter: it stays where it started
        row[4] = 0


@kernel
def ends(row, tolerance):
    """Return whether a descent ends here: the gradient is small enough, or a number is not finite."""
    small = abs(row[3]) <= tolerance and abs(row[4]) <= tolerance
    return small or not (np.isfinite(row[2]) and np.isfinite(row[3]) and np.isfinite(row[4]))


@kernel
def move(row, learning_rate, kind):
    """Update m and c at once, both from the same gradient  (equations 8 and 10)."""
    row[0] = update(row[0], row[3], learning_rate, kind)
    row[1] = update(row[1], row[4], learning_rate, kind)


@helper
def choose(x, y, indices, batch, some_x, some_y):
    """Return the points of a batch, copied into `some_x` and `some_y`; all of them where there are no batches."""
    if indices is None:
        return x, y
    length = batch[1] - batch[0]
    for i in range(length):
        some_x[i], some_y[i] = x[indices[batch[0] + i]], y[indices[batch[0] + i]]
    return some_x[:length], some_y[:length]


@kernel
def descend(
    x,
    y,
    indices,
    batches,
    leaves,
    sizes,
    factor,
    rates,
    tolerance,
    step,
    stop,
    every,
    form,
    kind,
    lanes,
    free,
    row,
    kept,
):
    """Descend from the line (row[0], row[1]) until the step `stop`, or until the descent ends  (equations 9 and 10).

    Args:
        x, y: the points.
        indices: of the points, those of all batches one after the other; None for all points at every step.
        batches: int64, shape [batches, 5], taken in turn: where a batch starts and ends in `indices`, where its leaves
            start and end in `leaves`, and the row of `sizes` for its length.
        leaves: the order of addition, see `Order.leaves`.
        sizes: shape [lengths, 3]: the first sum, the scale of the terms and the divisor of the loss, for each length.
        factor: the loss is the sum divided by the divisor and multiplied by this.
        rates: one learning rate, or one for each step from 0 on.
        tolerance: the largest component of a gradient that is small enough; under 0 for none.
        step: the number of updates made so far.
        every: rows of steps that are its multiples are kept.
        free: whether c is a parameter.
        row: (m, c, loss, dL/dm, dL/dc), shape [5]; in the end that of the last state.
        kept: where the rows to keep are put, shape [rows, 5].

    Returns:
        The step at which it ended, and how many rows are kept, the last state's not among them.
    """
    accumulators, tail = np.empty((3, 4 * len(lanes)), x.dtype), np.empty((3, 1), x.dtype)
    longest = 0
    for k in range(len(batches)):  # np.max would take the compiler another half second
        longest = max(longest, batches[k, 1] - batches[k, 0])
    sums, some_x, some_y = np.empty((len(leaves), 3), x.dtype), np.empty(longest, x.dtype), np.empty(longest, x.dtype)
    rows, wait = 0, -step % every
    while True:
        batch = batches[step % len(batches)]
        first_sum, scale, divisor = sizes[batch[4], 0], sizes[batch[4], 1], sizes[batch[4], 2]
        some, their = choose(x, y, indices, batch, some_x, some_y)
        cut = leaves[batch[2] : batch[3]]
        if some.size > 1:
            for k in range(len(cut)):
                start, length = cut[k, 0], cut[k, 1]
                add_leaf(
                    some, their, start, length, row[0], row[1], scale, form, kind, lanes, accumulators, tail, sums[k]
                )
        settle(some, their, cut, sums, first_sum, scale, divisor, factor, form, kind, free, row)
        if step == stop or ends(row, tolerance):
            return step, rows
        if wait == 0:
            for s in range(5):
                kept[rows, s] = row[s]
            rows, wait = rows + 1, every
        wait -= 1
        move(row, rates[step if len(rates) > 1 else 0], kind)
        step += 1


@kernel
def total(values, leaves, first_sum, kind, lanes):
    """Return the sum of a vector of two numbers or more."""
    accumulators, tail = np.empty((1, 4 * len(lanes)), values.dtype), np.empty((1, 1), values.dtype)
    sums = np.empty((len(leaves), 1), values.dtype)
    zero, out = kind.dtype.type(0), np.empty(1, values.dtype)
    for k in range(len(leaves)):
        add_leaf(
            None, values, leaves[k, 0], leaves[k, 1], zero, zero, zero, (), kind, lanes, accumulators, tail, sums[k]
        )
    join(leaves, sums, first_sum, kind, out)
    return rounded(out[0], kind)
