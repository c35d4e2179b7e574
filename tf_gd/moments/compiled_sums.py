"""The moments' inner loop, compiled: one pass over x and y that takes five sums at once.

The points are dealt out to `LANES` sums of each kind, whatever the processor: the compiler may add several lanes with
one instruction, but the order of addition is written here, so the bits are the same on every machine.
"""

from typing import Any

import numpy as np

from tf_gd.summation.compilation import kernel

LANES = 32
STRIDE = 4 * LANES  # points that are added to the lanes in one go, four to each
PART = 64 * STRIDE  # points whose lanes are added up in floating point; the parts are added without rounding


@kernel
def add_parts(x: Any, y: Any, shifts: Any, parts: Any) -> None:
    """Put sum(dx), sum(dy), sum(dx^2), sum(dx dy), sum(dy^2) of every `PART` points into a row of `parts`.

    Where the points end before the parts do, the rows that are left become 0.

    Args:
        x, y: shape [n], float64, contiguous, read-only.
        shifts: shape [chunks, 2], float64; what is subtracted in each chunk: dx = x - x0, dy = y - y0.
        parts: shape [chunks, parts in a chunk, 5], float64.
    """
    n = x.size
    lanes = np.empty(5 * LANES)  # one array, so that the compiler knows that no sum overlaps another
    for part in range(parts.shape[0] * parts.shape[1]):
        chunk, row_of_part = part // parts.shape[1], part % parts.shape[1]
        x0, y0 = shifts[chunk, 0], shifts[chunk, 1]
        lanes[:] = 0.0
        start, end = min(part * PART, n), min((part + 1) * PART, n)
        whole = start + (end - start) // STRIDE * STRIDE
        for at in range(start, whole, STRIDE):
            u, v = x[at : at + STRIDE], y[at : at + STRIDE]
            for k in range(LANES):
                u0, u1, u2, u3 = u[k] - x0, u[LANES + k] - x0, u[2 * LANES + k] - x0, u[3 * LANES + k] - x0
                v0, v1, v2, v3 = v[k] - y0, v[LANES + k] - y0, v[2 * LANES + k] - y0, v[3 * LANES + k] - y0
                lanes[k] += (u0 + u1) + (u2 + u3)
                lanes[LANES + k] += (v0 + v1) + (v2 + v3)
                lanes[2 * LANES + k] += (u0 * u0 + u1 * u1) + (u2 * u2 + u3 * u3)
                lanes[3 * LANES + k] += (u0 * v0 + u1 * v1) + (u2 * v2 + u3 * v3)
                lanes[4 * LANES + k] += (v0 * v0 + v1 * v1) + (v2 * v2 + v3 * v3)
        for i in range(whole, end):  # the points left over, one by one
            k, u0, v0 = (i - whole) % LANES, x[i] - x0, y[i] - y0
            lanes[k] += u0
            lanes[LANES + k] += v0
            lanes[2 * LANES + k] += u0 * u0
            lanes[3 * LANES + k] += u0 * v0
            lanes[4 * LANES + k] += v0 * v0
        for series in range(5):  # add the lanes in halves
            row = lanes[series * LANES : (series + 1) * LANES]
            half = LANES // 2
            while half > 0:
                for k in range(half):
                    row[k] += row[half + k]
                half //= 2
            parts[chunk, row_of_part, series] = row[0]
