"""The derivation of the gradient and the update, line by line, as the messages cite it."""

from tf_gd.line import Reduction

_LINES = {
    1: "p_i = m x_i + c",
    2: "e_i = p_i - y_i",
    3: "L = {add}(e_i^2)",
    4: "L(m, c) = {add}((m x_i + c - y_i)^2)",
    5: "dL/dm = {add}(2 e_i x_i), dL/dc = {add}(2 e_i)",
    8: "m = m - learning_rate dL/dm, c = c - learning_rate dL/dc, both at once",
}


def cite(line: int, reduction: Reduction = "sum") -> str:
    """Return a line of the derivation with its number.

    Example:
        >>> cite(5, "mean")
        'Line 5: dL/dm = mean(2 e_i x_i), dL/dc = mean(2 e_i).'
    """
    return f"Line {line}: {_LINES[line].format(add=reduction)}."
