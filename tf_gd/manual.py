"""Gradient descent for a line, from the derivation on paper: equations 1 to 8 as plain functions of numbers.

    1.  p = m x + c                 the line predicts
    2.  e = p - y                   the residual: prediction minus observation
    3.  L = sum(e^2)                the loss, over all points; a mean has 1/n in front of it, which is `scale` below
    5.  dL/dm = sum(2 e x)          dL/dc = sum(2 e)
    8.  M = M - alpha dL/dM         for m and for c, both from the same gradient

These functions are what the package computes by hand. `summation/kernel.py` compiles the same formulas to run over
all points, and a test compares the two; `tf_gd.verify` runs these on symbols and compares them with the derivation.
The operations stand in the order in which TensorFlow makes them, so that the bits are TensorFlow's.

    >>> points, m, c = [(1.0, 3.0), (2.0, 6.0)], 2.0, 1.0
    >>> terms = [gradient_terms(residual(m, c, x, y), x, 1.0) for x, y in points]
    >>> dm, dc = sum(for_m for for_m, _ in terms), sum(for_c for _, for_c in terms)
    >>> update(m, dm, 0.5), update(c, dc, 0.5)
    (4.0, 2.0)
"""

from typing import Any


def residual(m: Any, c: Any, x: Any, y: Any) -> Any:
    """Return how far the line is above a point: prediction minus observation  (equations 1 and 2).

    Args:
        m, c: slope and intercept of the line.
        x, y: the point.

    Example:
        >>> residual(m=2.0, c=1.0, x=2.0, y=6.0)
        -1.0
    """
    return m * x + c - y


def regrouped_residual(m: Any, c: Any, x: Any, y: Any) -> Any:
    """Return the same residual, added in another order, which rounds otherwise  (equations 1 and 2).

    TensorFlow makes this of `m * x + c - y` where x and y are constants in its graph: then -y is known beforehand, and
    c, which changes, is added last.

    Args:
        m, c, x, y: as for `residual`.

    Example:
        >>> residual(1.0, 1e16, 1.0, 1e16), regrouped_residual(1.0, 1e16, 1.0, 1e16)
        (0.0, 0.0)
        >>> residual(1e16, 1.0, 1.0, 1e16), regrouped_residual(1e16, 1.0, 1.0, 1e16)
        (0.0, 1.0)

    References:
        TensorFlow's graph optimizer Grappler (constant folding: "constant push down").
    """
    return m * x - y + c


def gradient_terms(e: Any, x: Any, scale: Any) -> tuple[Any, Any]:
    """Return what a point adds to dL/dm and to dL/dc  (equation 5).

    The chain rule: the derivative of e^2 is 2 e, times the derivative of e, which is x for m and 1 for c.

    Args:
        e: the residual of the point.
        x: the x of the point.
        scale: the number in front of the sum in the loss: 1, or 1/n for a mean.

    Example:
        >>> gradient_terms(e=-1.0, x=2.0, scale=1.0)
        (-4.0, -2.0)

    References:
        TensorFlow multiplies the residual by 2 first (`_SquareGrad` in math_grad.py), then by 1/n (`_MeanGrad`).
    """
    g = 2 * e * scale
    return g * x, g


def update(parameter: Any, derivative: Any, learning_rate: Any) -> Any:
    """Return a parameter after one step of gradient descent  (equation 8).

    A positive derivative says that the loss grows with the parameter, so the parameter must come down.

    Args:
        parameter: m or c.
        derivative: dL/dm or dL/dc, from the same gradient for both.
        learning_rate: alpha.

    Example:
        >>> update(parameter=2.0, derivative=-4.0, learning_rate=0.25)
        3.0
    """
    return parameter - learning_rate * derivative
