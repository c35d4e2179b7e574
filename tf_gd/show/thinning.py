"""How many points and states are drawn: more take long, weigh much, and look the same."""

import numpy as np
import numpy.typing as npt

MOST_POINTS, MOST_STATES, MOST_ROWS = 500, 200, 101
MOST_IN_A_FIGURE = 20_000  # of a figure in a file of its own


def thinned(count: int, most: int = MOST_IN_A_FIGURE) -> npt.NDArray[np.int64]:
    """Return indices of at most `most` of `count` items, evenly spread, the first and the last among them.

    Example:
        >>> thinned(5, 3)
        array([0, 2, 4])
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
