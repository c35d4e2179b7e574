"""What an entry of the catalogue is, and the words of its message."""

from dataclasses import dataclass

from tf_gd.diagnosis.line.formulas import Formula
from tf_gd.reduction import Reduction

_EQUATIONS = {
    1: "p_i = m x_i + c",
    2: "e_i = p_i - y_i",
    3: "L = {loss}",
    4: "L(m, c) = {expanded}",
    5: "dL/dm = {add}({two}e_i x_i), dL/dc = {add}({two}e_i)",
    8: "m = m - learning_rate dL/dm, c = c - learning_rate dL/dc, both at once",
}

_ONCE_TOO_OFTEN = {
    "sum": "a mean was taken where a sum belongs. The loss is {loss}, so do not divide by n",
    "mean": "you divided by n twice. The loss is {loss}, so divide once",
}
_N_TOO_MANY = {
    "sum": "the loss is {loss}, so do not multiply by n (n * np.sum(...) was meant as n * np.mean(...))",
    "mean": "a sum was taken where a mean belongs. The loss is {loss}, so divide by n",
}
_OR_A_SUM = " (A sum that lacks both the 2 and the 1/n looks the same: then write 2/n * np.sum(...).)"
_POWER_RULE = {
    "": "The power rule turns e_i^2 into 2 e_i, so multiply both by 2. (A loss defined with a 1/2 in front, such as "
    "sum(e_i^2) / (2n), has that 2 cancelled; the loss here is {loss}.)",
    "half_": "The 1/2 of the loss, {loss}, takes back the 2 of the power rule: no 1/2 is left, so multiply both by 2.",
}
_ONE_TOO_MANY = {
    "": "The power rule brings down one 2, and the inner derivatives x_i and 1 bring none, so each term is "
    "2 * e_i * x_i or 2 * e_i.",
    "half_": "The 1/2 of the loss, {loss}, takes back the 2 of the power rule, so each term is e_i * x_i or e_i.",
}


def _words(reduction: Reduction) -> dict[str, str]:
    """Return what stands in braces in the sentences."""
    half, add = ("half_", reduction[5:]) if reduction.startswith("half_") else ("", str(reduction))
    halved = "/2" if half else ""
    words = {"loss": f"{add}(e_i^2){halved}", "expanded": f"{add}((m x_i + c - y_i)^2){halved}", "add": add}
    words |= {"two": "" if half else "2 ", "or_a_sum": _OR_A_SUM if reduction == "mean" else ""}
    courses = "the loss of many courses, sum(e_i^2)/(2n)"
    words["halved"] = "a loss with a 1/(2n) of its own" if add == "mean" else courses
    chosen = {"once_too_often": _ONCE_TOO_OFTEN[add], "n_too_many": _N_TOO_MANY[add]}
    chosen |= {"power_rule": _POWER_RULE[half], "one_too_many": _ONE_TOO_MANY[half]}
    return words | {key: sentence.format_map(words) for key, sentence in chosen.items()}


# The sentences speak of both derivatives; in one of them alone the mistake reads so.
_IN_ONE = (
    ("Both derivatives are", "{part} is"),
    ("Both derivatives have", "{part} has"),
    ("Both derivatives grow", "{part} grows"),
    (" in both derivatives", " in {part}"),
    (" in both lines", " in its line"),
    (" in both sums", " in its sum"),
    ("they should be", "it should be"),
    ("multiply both by 2", "multiply it by 2"),
    ("start both at 0", "start it at 0"),
)


@dataclass(frozen=True)
class Mistake:
    """One entry.

    Attributes:
        name: stable; programs may compare it.
        equation: the number of the equation where it happens.
        sentence: what happened and what to change; what stands in braces depends on the reduction.
        formula: what the mistake computes in its usual form.
        rarer: other forms of the same mistake, considered when no entry's usual form fits.
    """

    name: str
    equation: int
    sentence: str
    formula: Formula
    rarer: tuple[Formula, ...] = ()

    def message(self, reduction: Reduction, part: str = "") -> str:
        """Return the sentence for this reduction, and the equation that it is about; `part` where it is in one only."""
        wording = self.sentence.format_map(_words(reduction))
        if part:
            for both, one in _IN_ONE:
                wording = wording.replace(both, one.format(part=part))
            wording = wording if wording.startswith((part, "In dL")) else f"In {part}: {wording}"
        return f"{wording} {cite(self.equation, reduction)}"


def cite(equation: int, reduction: Reduction = "sum") -> str:
    """Return an equation with its number.

    Example:
        >>> cite(5, "mean")
        'Equation 5: dL/dm = mean(2 e_i x_i), dL/dc = mean(2 e_i).'
        >>> cite(3, "half_mean")
        'Equation 3: L = mean(e_i^2)/2.'
    """
    return f"Equation {equation}: {_EQUATIONS[equation].format_map(_words(reduction))}."
