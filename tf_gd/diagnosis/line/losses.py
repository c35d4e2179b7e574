"""The four losses that people minimise: their names, what they multiply the sum of squares by, and how they read."""

from fractions import Fraction

from tf_gd.reduction import check_reduction

# Each loss with the words in which a learner meets it.
FORMULAS: dict[str, str] = {
    "sum": "sum(e^2)",
    "mean": "sum(e^2)/n",
    "half_sum": "sum(e^2)/2",
    "half_mean": "sum(e^2)/(2n)",
}


def share(reduction: str, n: int) -> Fraction:
    """Return what the sum of the squared residuals of n points is multiplied by.

    Example:
        >>> share("half_mean", 5)
        Fraction(1, 10)
    """
    return Fraction(1, (n if reduction.endswith("mean") else 1) * (2 if reduction.startswith("half") else 1))


def require_loss(reduction: str | None) -> None:
    """Raise `InvalidArgumentError` for an unknown loss; None stands for whichever makes the code right."""
    if reduction is not None:
        check_reduction(reduction)
