"""At which precision a function computes, whatever it is given and whatever comes back."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.line.asking import UNITS
from tf_gd.diagnosis.line.probes import X, Y
from tf_gd.diagnosis.line.tested_function import Tested, TrialLine


def unit_of(tested: Tested, dtype: np.dtype[Any]) -> Fraction:
    """Return the unit roundoff at which a function computes, when it is given points of `dtype`.

    Its dtype inside need not be the one that comes back: it may cast what it is given to float32 and return Python
    floats. Then digits beyond float32 make no difference to it, at numbers of every size: that tells a cast from
    rounding to so many decimals, which is a mistake. Or all that comes back are numbers of float32.
    """
    if dtype != np.float64:
        return UNITS.get(dtype.name, UNITS["float64"])
    for name, scales in (("float32", (1.0, 2.0**20, 2.0**-10)), ("float16", (1.0, 2.0**5, 2.0**-5))):
        if not _computes_in(tested, name, scales):
            return UNITS["float64"] if name == "float32" else UNITS["float32"]
    return UNITS["float16"]


def _computes_in(tested: Tested, name: str, scales: Sequence[float]) -> bool:
    """Return whether digits beyond a dtype make no difference, though larger changes do; or all results are of it.

    For float16 they must make none in x, y, m and c alike: one of them alone may be too small to matter.
    """
    groups = [values for scale in scales if (values := _at_scale(tested, name, scale))]
    if len(groups) < 2:
        return False
    blind = [
        all(group[0] == group[which] for group in groups) and any(group[0] != group[which + 4] for group in groups)
        for which in range(1, 5)
    ]
    numbers = [value for group in groups for value in group[0]]
    short = all(_fits(value, "float16") for value in numbers)  # whole numbers, say: they fit everywhere
    if name == "float32":
        return any(blind) or (not short and all(_fits(value, name) for value in numbers))
    return all(blind)


def _at_scale(tested: Tested, name: str, scale: float) -> list[tuple[Fraction, Fraction]]:
    """Return what comes back for full numbers, for x, y, m or c cut to a dtype, and for them a quarter larger.

    Nothing if it overflows.
    """
    full: tuple[Any, ...] = (np.array(X) / 3 * scale, np.array(Y) / 7 * scale, scale / 3, scale * 3 / 7)
    variants: list[tuple[Any, ...]] = [full]
    for changed in ([_cut(value, name) for value in full], [value * 1.25 for value in full]):
        variants += [(*full[:which], changed[which], *full[which + 1 :]) for which in range(4)]
    rate = 0.1 if tested.is_update else None
    try:
        questions = [(TrialLine(float(m), float(c), rate), x, y) for x, y, m, c in variants]
        return [answer.values for answer in tested.answers(questions)]
    except Misbehaved:
        return []


def _cut(value: Any, name: str) -> Any:
    return np.asarray(value).astype(name).astype(np.float64)


def _fits(value: Fraction, name: str) -> bool:
    """Return whether a number is one of a narrower dtype."""
    if abs(value) > Fraction(2) ** 1000:
        return False
    with np.errstate(over="ignore"):
        return bool(Fraction(float(value)) == value and float(_cut(float(value), name)) == float(value))
