"""What an entry of the catalogue is, and the words of its message."""

from dataclasses import dataclass

from tf_gd.diagnosis.line.formulas import Formula
from tf_gd.line import Reduction

_LINES = {
    1: "p_i = m x_i + c",
    2: "e_i = p_i - y_i",
    3: "L = {add}(e_i^2)",
    4: "L(m, c) = {add}((m x_i + c - y_i)^2)",
    5: "dL/dm = {add}(2 e_i x_i), dL/dc = {add}(2 e_i)",
    8: "m = m - learning_rate dL/dm, c = c - learning_rate dL/dc, both at once",
}

_WORDS = {
    "sum": {
        "loss": "sum(e_i^2)",
        "add": "sum",
        "once_too_often": "a mean was taken where a sum belongs. The loss is sum(e_i^2), so do not divide by n",
        "n_too_many": "the loss is sum(e_i^2), so do not multiply by n (n * np.sum(...) was meant as n * np.mean(...))",
        "halved": "the loss of many courses, sum(e_i^2) / (2n)",
        "or_a_sum": "",
    },
    "mean": {
        "loss": "mean(e_i^2)",
        "add": "mean",
        "once_too_often": "you divided by n twice. The loss is mean(e_i^2), so divide once",
        "n_too_many": "a sum was taken where a mean belongs. The loss is mean(e_i^2), so divide both by n",
        "halved": "a loss with a 1/(2n) of its own",
        "or_a_sum": " (A sum that lacks both the 2 and the 1/n looks the same: then write 2/n * np.sum(...).)",
    },
}


@dataclass(frozen=True)
class Mistake:
    """One entry.

    Attributes:
        name: stable; programs may compare it.
        line: the line of the derivation where it happens.
        sentence: what happened and what to change; what stands in braces depends on the reduction.
        formula: what the mistake computes in its usual form.
        rarer: other forms of the same mistake, considered when no entry's usual form fits.
    """

    name: str
    line: int
    sentence: str
    formula: Formula
    rarer: tuple[Formula, ...] = ()

    def message(self, reduction: Reduction) -> str:
        """Return the sentence for this reduction, and the line of the derivation that it is about."""
        return f"{self.sentence.format_map(_WORDS[reduction])} {cite(self.line, reduction)}"


def cite(line: int, reduction: Reduction = "sum") -> str:
    """Return a line of the derivation with its number.

    Example:
        >>> cite(5, "mean")
        'Line 5: dL/dm = mean(2 e_i x_i), dL/dc = mean(2 e_i).'
    """
    return f"Line {line}: {_LINES[line].format(add=reduction)}."
