"""What the factor in front of the derivatives says: the loss, the learning rate, or a mistake in one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tf_gd.diagnosis.path.rate_fit import Factor

UNREAD = 0.4  # what a factor that no known rate explains takes for granted


@dataclass(frozen=True)
class Rate:
    """A learning rate that the steps may have been taken with.

    Attributes:
        value: the number.
        named: whether the program calls it so; a number that merely stands in the update makes no rate wrong.
        in_update: whether it stands there, as a number or by a name.
    """

    value: float
    named: bool = True
    in_update: bool = False


@dataclass(frozen=True)
class PathContext:
    """What is known beside the steps.

    Attributes:
        rates: the learning rates that the steps may have been taken with, the likeliest first.
        reduction: the loss that was asked for: nothing else is right.
        loss: the loss that the program itself computes.
        twice: whether the program moves the intercept twice in every step.
        computed: whether it is known that every step was computed, also those that do not move.
    """

    rates: Sequence[Rate] = ()
    reduction: str | None = None
    loss: str | None = None
    twice: bool = False
    computed: bool = False


@dataclass(frozen=True)
class FactorReading:
    """A factor, read: under which loss, with which rate, and the mistakes that are left over.

    Attributes:
        loss: one of `REDUCTIONS`; None where nothing tells.
        rate: the learning rate under that loss; None where the loss is not known.
        mistakes: names, empty where the factor is right.
        guess: how much is taken for granted, for the order of explanations.
    """

    loss: str | None
    rate: float | None
    mistakes: tuple[str, ...] = ()
    guess: float = 0.0


def shares(n: int) -> dict[str, float]:
    """Return what each loss multiplies the sum of squares by, the likeliest first where two are one number."""
    order = ("sum", "half_sum", "mean", "half_mean") if n == 1 else ("sum", "mean", "half_mean", "half_sum")
    values = {"sum": 1.0, "mean": 1.0 / n, "half_sum": 0.5, "half_mean": 0.5 / n}
    return {name: values[name] for name in order}


def read_factor(
    factor: Factor,
    scales: dict[str, float],
    n: int,
    rates: Sequence[Rate] = (),
    reduction: str | None = None,
    loss: str | None = None,
) -> FactorReading:
    """Return what a factor says.

    Args:
        factor: in front of the derivatives of the sum.
        scales: what each loss multiplies these derivatives by, the likeliest first.
        n: the number of points of a step.
        rates: those that are known, the likeliest first.
        reduction: the loss that was asked for: nothing else is right.
        loss: the loss that the program itself computes.
    """
    losses = [one for one in ([reduction or loss] if reduction or loss else list(scales)) if one is not None]
    for some in ([rate for rate in rates if rate.named], [rate for rate in rates if not rate.named]):
        reading = _read_right(factor, scales, losses, some)
        if reading is None:
            only_first = bool(some) and not some[0].named and bool(reduction or loss)
            reading = _read_mistake(factor, scales, losses, some[:2] if only_first else some, n)
        if reading is not None:
            return reading
    return _unread(factor, scales, bool(rates), reduction or loss)


def _read_right(
    factor: Factor, scales: dict[str, float], losses: Sequence[str], rates: Sequence[Rate]
) -> FactorReading | None:
    """Return the loss and the rate that make a factor right."""
    pairs = ((rate, loss) for rate in rates for loss in losses)
    matching_pairs = ((rate, loss) for rate, loss in pairs if factor.agrees(rate.value * scales[loss]))
    return next((FactorReading(loss, rate.value) for rate, loss in matching_pairs), None)


def _read_mistake(
    factor: Factor, scales: dict[str, float], losses: Sequence[str], rates: Sequence[Rate], n: int
) -> FactorReading | None:
    """Return the mistake in a rate, or in a factor of the gradient, that explains a factor."""
    for rate in rates:
        for loss, multiple, mistake in _mistakes(losses, rate.value, n):
            if factor.agrees(rate.value * scales[loss] * multiple):
                return FactorReading(loss, rate.value, (mistake,), 0.1)
    return None


def _unread(factor: Factor, scales: dict[str, float], known: bool, loss: str | None) -> FactorReading:
    """Return what can be said of a factor that no known rate explains: its sign, and no more."""
    rate = abs(factor.value) / scales[loss] if loss else None
    mistakes = ("ascent",) if factor.value < 0 else ()
    return FactorReading(loss, rate, mistakes, UNREAD if known else 0.0)


def _mistakes(losses: Sequence[str], rate: float, n: int) -> Iterator[tuple[str, float, str]]:
    """Yield (loss, multiple of the right factor, name), the likeliest first."""
    for multiple, name in (
        (-1.0, "ascent"),
        (1.0 / rate if rate else 0.0, "rate-missing"),
        (rate, "rate-applied-twice"),
    ):
        yield from ((loss, multiple, name) for loss in losses)
    if n == 1:
        return
    if len(losses) == 1:  # one loss was asked for, so that a 2 or an n can be told
        yield losses[0], 1.0 / n, "rate-divided-by-n" if losses[0].endswith("mean") else "mean-instead-of-sum"
        yield losses[0], float(n), "sum-instead-of-mean"
    yield from ((loss, 1.0 / n, "rate-divided-by-n") for loss in losses if loss.endswith("mean"))
    yield from ((loss, 2.0, "extra-factor-2") for loss in losses if not loss.startswith("half") or len(losses) == 1)
    yield from ((loss, 0.5, "missing-factor-2") for loss in losses if loss.startswith("half") or len(losses) == 1)
    if "half_mean" in losses:  # 1/2*n for 1/(2*n)
        yield from (("half_mean", multiple * n * n, "one-half-n-precedence") for multiple in (1.0, 0.5))
    if losses == ["sum"]:
        yield "sum", 0.5 / n, "half-mean"
    yield from ((loss, -multiple, "ascent") for loss in losses for multiple in (2.0, 0.5, 1.0 / n))
