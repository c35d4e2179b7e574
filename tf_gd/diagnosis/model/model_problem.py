"""Where a gradient is checked: the parameters, and the data that stay as they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.model.nesting import build, flatten
from tf_gd.errors import invalid
from tf_gd.points.arrays import Array, Floats

Indices = npt.NDArray[np.intp]

LARGE = 20_000  # parameters from which on every evaluation counts


@dataclass(frozen=True)
class ModelProblem:
    """Parameters and data under the names by which the loss and the gradient take them.

    Attributes:
        params: floating arrays of any shape, finite; nested ones are called `outer.inner`.
        data: arrays; whatever is no array of numbers stays what it is.
        structures: for each argument, how it is built from `params` and `data`.
    """

    params: dict[str, Array]
    data: dict[str, Any]
    structures: dict[str, Any]

    @classmethod
    def of(cls, params: Mapping[str, Any], data: Mapping[str, Any]) -> "ModelProblem":
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
        structures, arrays = _flat(params, _parameter)
        if not any(array.size for array in arrays.values()):
            name = next(iter(arrays), "w")
            raise invalid(f"params[{name!r}]", "an array with at least one number", params)
        dtype = np.result_type(*arrays.values())
        data_structures, values = _flat(data, lambda name, value: _datum(name, value, dtype))
        return cls(arrays, values, structures | data_structures)

    @property
    def size(self) -> int:
        """How many numbers the parameters hold."""
        return sum(value.size for value in self.params.values())

    @cached_property
    def vector(self) -> Floats:
        """All parameters, one after another, shape [size]."""
        return np.concatenate([value.ravel() for value in self.params.values()]).astype(np.float64)

    def label(self, index: int) -> str:
        """Return the name of an element of `vector`, such as `w[0, 2]`."""
        name = self.name_of(index)
        shape = self.params[name].shape
        place = [int(axis) for axis in np.unravel_index(index - self.slices[name].start, shape)] if shape else ""
        return f"{name}{place}"

    def name_of(self, index: int) -> str:
        """Return the name of the parameter that holds an element of `vector`."""
        return next(name for name, part in self.slices.items() if part.start <= index < part.stop)

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Where in `vector` each parameter lies."""
        ends = np.cumsum([value.size for value in self.params.values()]).tolist()
        return {
            name: slice(end - value.size, end) for (name, value), end in zip(self.params.items(), ends, strict=True)
        }

    @cached_property
    def scales(self) -> Floats:
        """The size of each element: its own or its parameter's root mean square; 1 where all are zero."""
        sizes = abs(self.vector)
        for part in self.slices.values():
            if part.stop > part.start:
                sizes[part] = np.maximum(sizes[part], np.sqrt(np.mean(sizes[part] ** 2)))
        return np.where(sizes > 0, sizes, 1.0)

    @property
    def lengths(self) -> list[int]:
        """The lengths that the data have, the commonest first; 1 is no length."""
        sizes = [len(value) for value in self.data.values() if isinstance(value, np.ndarray) and value.ndim]
        return sorted({size for size in sizes if size > 1}, key=lambda size: -sizes.count(size))

    @property
    def num_inputs(self) -> int:
        """How many floating numbers go in, parameters and data."""
        return sum(array.size for array in [*self.params.values(), *self.data.values()] if is_floating(array))

    def at(self, vector: Floats) -> "ModelProblem":
        """Return the problem with the parameters taken from `vector`."""
        parts = {
            name: vector[part].reshape(self.params[name].shape).astype(self.params[name].dtype, copy=False)
            for name, part in self.slices.items()
        }
        return ModelProblem(parts, self.data, self.structures)

    def nearby(self, seed: int) -> "ModelProblem":
        """Return other parameters: each number moved by about a tenth, up or down at random, and 0 as far."""
        rng = np.random.default_rng([29, seed])
        return self.at(self.vector + self.scales * rng.uniform(0.05, 0.15, self.size) * rng.choice([-1, 1], self.size))

    def with_data(self, **changed: Any) -> "ModelProblem":
        """Return the problem with other data under some names."""
        return replace(self, data=self.data | changed)

    def map(self, change: Callable[[Any], Any]) -> "ModelProblem":
        """Return the problem with `change` applied to every floating array."""

        def changed(value: Any) -> Any:
            return np.asarray(change(value)) if is_floating(value) else value

        return ModelProblem(
            {name: changed(value) for name, value in self.params.items()},
            {name: changed(value) for name, value in self.data.items()},
            self.structures,
        )

    def with_floats_only(self) -> "ModelProblem":
        """Return the problem with whole numbers as float64: TensorFlow multiplies no float by an integer."""
        floats = {name: value.astype(np.float64) if is_whole(value) else value for name, value in self.data.items()}
        return replace(self, data=floats)

    def arguments(self) -> dict[str, Any]:
        """Return keyword arguments, each array a copy that the callee may do with as it likes."""
        return self.built(
            {
                name: value.copy() if isinstance(value, np.ndarray) else value
                for name, value in (self.params | self.data).items()
            }
        )

    def built(self, flat: Mapping[str, Any]) -> dict[str, Any]:
        """Return keyword arguments of these values."""
        return {name: build(structure, flat) for name, structure in self.structures.items()}


def largest_first(values: Floats, count: int) -> list[int]:
    """Return the indices of the largest values, the largest first."""
    among = np.argpartition(-values, count)[:count] if count < values.size else np.arange(values.size)
    return [int(index) for index in among[np.argsort(-values[among], kind="stable")]]


def is_floating(value: Any) -> bool:
    """Whether this is an array of floating numbers."""
    return isinstance(value, np.ndarray) and (value.dtype.kind == "f" or value.dtype.name == "bfloat16")


def is_whole(value: Any) -> bool:
    """Whether this is an array of whole numbers."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "iu"


def _flat(values: Mapping[str, Any], convert: Callable[[str, Any], Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the structures and the flat dict of several arguments."""
    structures: dict[str, Any] = {}
    flat: dict[str, Any] = {}
    for name, value in values.items():
        structures[name], parts = flatten(name, value, convert)
        flat |= parts
    return structures, flat


def _parameter(name: str, value: Any) -> Array:
    array = _numeric(f"params[{name!r}]", value)
    if array.dtype.kind not in "fiub" and array.dtype.name != "bfloat16":
        raise invalid(f"params[{name!r}]", "an array of real numbers", value)
    return array if is_floating(array) else array.astype(np.float64)


def _datum(name: str, value: Any, dtype: np.dtype[Any]) -> Any:
    """Return an array, in the parameters' dtype where the caller's numbers had none of their own."""
    if value is None or isinstance(value, bool | int | float | str) or callable(value):
        return value
    array = _numeric(f"data[{name!r}]", value)
    if array.dtype.kind not in "fiub" and array.dtype.name != "bfloat16":
        return value  # strings and objects are the caller's own business
    own = hasattr(value, "dtype") or not is_floating(array)
    return array if own else array.astype(dtype)


def _numeric(name: str, value: Any) -> Array:
    try:
        array = np.asarray(value)
    except Exception:
        raise invalid(name, "an array of numbers", value, "Are its rows of one length?") from None
    numeric = array.dtype.kind in "fiub" or array.dtype.name == "bfloat16"
    if numeric and not np.isfinite(array.astype(np.float64, copy=False)).all():
        raise invalid(name, "finite", value, "Remove NaN and infinity.")
    return array
