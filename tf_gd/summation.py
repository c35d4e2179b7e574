"""Adding in the order in which TensorFlow adds."""

from typing import Any

import numpy as np
import numpy.typing as npt


def total(values: npt.NDArray[Any]) -> Any:
    """Return the sum of a vector (placeholder order until the real one lands in the next commit)."""
    return np.add.accumulate(values)[-1]
