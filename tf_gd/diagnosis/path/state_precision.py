"""How precisely the states of a path are known: the dtype they were computed in, the digits they were written with."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tf_gd.points import Points
from tf_gd.points.arrays import Floats
from tf_gd.verify.rounding import UNIT_ROUNDOFFS

MOST_DIGITS = 10  # after the point: a table with fewer was rounded when it was written


def unit_of_points(states: Floats, points: Points) -> float:
    """Return the unit roundoff of the coarsest dtype among states and points."""
    return unit_of_all(states, (states.dtype.name, points.x.dtype.name))


def unit_of_all(states: Floats, dtypes: Iterable[str]) -> float:
    """Return the unit roundoff of the coarsest of some dtypes, and of the states themselves."""
    own = UNIT_ROUNDOFFS["float32" if _in_float32(states) else "float64"]
    return max([own, *(UNIT_ROUNDOFFS[name] for name in dtypes if name in UNIT_ROUNDOFFS)])


def _in_float32(states: Floats) -> bool:
    """Return whether every state is a float32 number with digits that only such have."""
    finite = states[np.isfinite(states)].astype(np.float64)
    with np.errstate(all="ignore"):
        narrow = (finite.astype(np.float32).astype(np.float64) == finite).all()
    scaled = np.ldexp(np.frexp(finite)[0], 20)
    return bool(narrow and (scaled != np.trunc(scaled)).any())


def resolution_of(states: Floats) -> float:
    """Return half a unit of the last digit that the states were written with; 0 where they have all their digits."""
    for digits in range(1, MOST_DIGITS + 1):
        if (np.round(states, digits) == states).all():
            return float(0.51 * 10.0**-digits)
    return 0.0
