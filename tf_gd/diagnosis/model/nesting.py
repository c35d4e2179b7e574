"""Nested parameters and data: a flat dict of arrays, and the way back to what the caller's functions take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class NestedArray:
    """The place of one array: its key in the flat dict."""

    key: str


def flatten(name: str, value: Any, convert: Callable[[str, Any], Any]) -> tuple[Any, dict[str, Any]]:
    """Return the structure of `value`, with a `Leaf` for each array, and the arrays by key.

    Args:
        name: the key of the whole; parts are called `name.part`.
        value: an array, or dicts, lists and tuples of arrays.
        convert: makes a flat dict's entry from a key and a value.
    """
    if isinstance(value, Mapping):
        parts = {key: flatten(f"{name}.{key}", part, convert) for key, part in value.items()}
        return {key: structure for key, (structure, _) in parts.items()}, _joined(flat for _, flat in parts.values())
    if is_sequence_of_arrays(value):
        parts_in_order = [flatten(f"{name}.{index}", part, convert) for index, part in enumerate(value)]
        structures = [structure for structure, _ in parts_in_order]
        return (
            tuple(structures) if isinstance(value, tuple) else structures,
            _joined(flat for _, flat in parts_in_order),
        )
    return NestedArray(name), {name: convert(name, value)}


def is_sequence_of_arrays(value: Any) -> bool:
    """Whether this is a list or tuple of dicts, or of arrays of several shapes, and no rows of one array."""
    if not isinstance(value, list | tuple):
        return False
    if any(isinstance(part, Mapping) for part in value):
        return True
    return len({part.shape if isinstance(part, np.ndarray) else None for part in value}) > 1 and any(
        isinstance(part, np.ndarray) and part.ndim for part in value
    )


def build(structure: Any, flat: Mapping[str, Any]) -> Any:
    """Return the structure with each `Leaf` replaced by its entry in the flat dict."""
    if isinstance(structure, NestedArray):
        return flat[structure.key]
    if isinstance(structure, dict):
        return {key: build(part, flat) for key, part in structure.items()}
    if isinstance(structure, list | tuple):
        return type(structure)(build(part, flat) for part in structure)
    return structure


def leaves(structure: Any) -> list[str]:
    """Return the keys of all leaves, in order."""
    if isinstance(structure, NestedArray):
        return [structure.key]
    parts = structure.values() if isinstance(structure, dict) else structure
    return [key for part in parts for key in leaves(part)]


def _joined(flats: Any) -> dict[str, Any]:
    return {key: value for flat in flats for key, value in flat.items()}
