"""Where a gradient is checked: the parameters, and the data that stay as they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import invalid

Array = npt.NDArray[Any]
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """Parameters and data under the names by which the loss and the gradient take them.

    Attributes:
        params: floating arrays of any shape, finite.
        data: arrays; plain Python numbers, strings and None stay what they are.
    """

    params: dict[str, Array]
    data: dict[str, Any]

    @classmethod
    def of(cls, params: Mapping[str, Any], data: Mapping[str, Any]) -> "Problem":
        """Return the validated problem.

        Raises:
            InvalidArgumentError: not a mapping, no parameters, a name in both, or values that are not finite
                real numbers.
        """
        for name, mapping in (("params", params), ("data", data)):
            if not isinstance(mapping, Mapping) or not all(isinstance(key, str) for key in mapping):
                raise invalid(name, "a dict of names and arrays", mapping, 'Try {"w": [0.5, 1.0]}.')
        if not params:
            raise invalid("params", "a dict with at least one parameter", params)
        if both := sorted(params.keys() & data.keys()):
            raise invalid("data", "free of the parameters' names", both[0], "Rename one of the two.")
        arrays = {name: _parameter(name, value) for name, value in params.items()}
        dtype = np.result_type(*arrays.values())
        return cls(arrays, {name: _datum(name, value, dtype) for name, value in data.items()})

    @property
    def vector(self) -> Vector:
        """All parameters, one after another, shape [size]."""
        return np.concatenate([value.ravel() for value in self.params.values()]).astype(np.float64)

    @property
    def labels(self) -> list[str]:
        """The name of each element of `vector`, such as `w[0, 2]`."""
        return [
            f"{name}{list(index) if index else ''}"
            for name, value in self.params.items()
            for index in np.ndindex(value.shape)
        ]

    @property
    def slices(self) -> dict[str, slice]:
        """Where in `vector` each parameter lies."""
        ends = np.cumsum([value.size for value in self.params.values()]).tolist()
        return {
            name: slice(end - value.size, end) for (name, value), end in zip(self.params.items(), ends, strict=True)
        }

    @property
    def lengths(self) -> list[int]:
        """The lengths that the data have, the commonest first; 1 is no length."""
        sizes = [len(value) for value in self.data.values() if isinstance(value, np.ndarray) and value.ndim]
        return sorted({size for size in sizes if size > 1}, key=lambda size: -sizes.count(size))

    @property
    def num_inputs(self) -> int:
        """How many floating numbers go in, parameters and data."""
        arrays = [*self.params.values(), *self.data.values()]
        return sum(array.size for array in arrays if _is_floating(array))

    def at(self, vector: Vector) -> "Problem":
        """Return the problem with the parameters taken from `vector`."""
        parts = {
            name: vector[part].reshape(self.params[name].shape).astype(self.params[name].dtype)
            for name, part in self.slices.items()
        }
        return Problem(parts, self.data)

    def map(self, change: Any) -> "Problem":
        """Return the problem with `change` applied to every floating array."""

        def changed(value: Any) -> Any:
            return np.asarray(change(value)) if _is_floating(value) else value

        return Problem(
            {name: changed(value) for name, value in self.params.items()},
            {name: changed(value) for name, value in self.data.items()},
        )

    def with_floats_only(self) -> "Problem":
        """Return the problem with whole numbers as float64: TensorFlow multiplies no float by an integer."""
        floats = {name: value.astype(np.float64) if _is_whole(value) else value for name, value in self.data.items()}
        return Problem(self.params, floats)

    def arguments(self) -> dict[str, Any]:
        """Return keyword arguments, each array a copy that the callee may do with as it likes."""
        return {
            name: value.copy() if isinstance(value, np.ndarray) else value
            for name, value in (self.params | self.data).items()
        }


def _is_floating(value: Any) -> bool:
    return isinstance(value, np.ndarray) and (value.dtype.kind == "f" or value.dtype.name == "bfloat16")


def _is_whole(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "iu"


def _parameter(name: str, value: Any) -> Array:
    array = _numeric(f"params[{name!r}]", value)
    array = array if _is_floating(array) else array.astype(np.float64)
    if array.size == 0:
        raise invalid(f"params[{name!r}]", "an array with at least one number", value)
    return array


def _datum(name: str, value: Any, dtype: np.dtype[Any]) -> Any:
    """Return an array, in the parameters' dtype where the caller's numbers had none of their own."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    array = _numeric(f"data[{name!r}]", value)
    own = isinstance(value, np.ndarray | np.generic) or not _is_floating(array)
    return array if own else array.astype(dtype)


def _numeric(name: str, value: Any) -> Array:
    try:
        array = np.asarray(value)
    except Exception:
        raise invalid(name, "an array of numbers", value, "Are its rows of one length?") from None
    if array.dtype.kind not in "fiub" and array.dtype.name != "bfloat16":
        raise invalid(name, "an array of real numbers", value)
    if not np.isfinite(array.astype(np.float64)).all():
        raise invalid(name, "finite", value, "Remove NaN and infinity.")
    return array
