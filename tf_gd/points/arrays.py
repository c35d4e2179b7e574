"""The types of arrays that the signatures of the package name; and an array that nobody changes."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


def read_only(values: Array) -> Array:
    """Return a view of an array, through which nothing can be written.

    What is compiled takes only such vectors: for those that may be written to, Numba would compile it once more.

    Example:
        >>> read_only(np.zeros(2)).flags.writeable
        False
    """
    view: Array = values.view()
    view.flags.writeable = False
    return view
