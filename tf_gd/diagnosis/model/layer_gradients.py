"""What a layer's backward pass returned, under the names of the layer's inputs.

An array in a dict among the inputs is called `parameters.W`; its gradient may be found under `dW`, in a dict that
backward returns, or in one that it returns in the place of `parameters`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.gradient_check import Finding
from tf_gd.diagnosis.model.factors import listed
from tf_gd.errors import plain

_PREFIXES = ("", "d", "d_", "grad_")


def names_returned(returned: Any, floating: Mapping[str, Any], inputs: Sequence[str]) -> list[str]:
    """Return the inputs for which backward returned a gradient; all where that cannot be told.

    Args:
        returned: a dict by name, or as many arrays in the order of the inputs; fewer are taken for the first inputs
            whose shapes they have.
        floating: the inputs that have a gradient, by name.
        inputs: the names of all inputs, in the order in which forward takes them.
    """
    returned, names = _in_one_dict(returned, inputs), [name for name in floating if name in inputs] or list(floating)
    if isinstance(returned, Mapping):
        return [name for name in floating if name in _keys(floating, returned)] or names
    values = list(returned) if isinstance(returned, tuple | list) else [returned]
    if returned is None or len(values) in (0, len(inputs)) or len(values) >= len(names):
        return names
    shapes, wanted = [*map(_shape, values)], {name: _shape(floating[name]) for name in names}
    chosen = (some for some in combinations(names, len(values)) if [wanted[name] for name in some] == shapes)
    return list(next(chosen, names[: len(values)]))


def by_name(returned: Any, names: list[str], inputs: Sequence[str]) -> dict[str, Any]:
    """Return the gradients of these inputs.

    Raises:
        Misbehaved: some are missing, or there are more.
    """
    wanted = f"It must return a dict with the keys {', '.join(names)}, or as many arrays in this order."
    if returned is None:
        raise Misbehaved("returns-nothing", f"Your backward returned None. {wanted} Is a `return` missing?")
    returned = _in_one_dict(returned, inputs)
    if isinstance(returned, Mapping):
        keys = _keys(names, returned)
        if len(keys) < len(names):
            raise Misbehaved("wrong-keys", f"Your backward returned the keys {plain(list(returned))}. {wanted}")
        return {name: returned[keys[name]] for name in names}
    values = list(returned) if isinstance(returned, tuple | list) else [returned]
    if len(values) == len(inputs) > len(names):  # None stands for an input that has no gradient
        values = [value for name, value in zip(inputs, values, strict=True) if name in names]
    if len(values) != len(names):
        raise Misbehaved("wrong-shape", f"Your backward returned {len(values)} values. {wanted}")
    return dict(zip(names, values, strict=True))


def not_checked(
    returned: Any, names: list[str], floating: Mapping[str, Any], inputs: Sequence[str]
) -> Iterator[Finding]:
    """Yield remarks on inputs whose gradient is missing, and on gradients that belong to no input."""
    dicts = {name.partition(".")[0] for name in names if "." in name}
    known = [name for name in floating if name in inputs or name.partition(".")[0] in dicts]
    if missing := [name for name in known if name not in names]:
        yield (
            "missing-gradient",
            f"Your backward returns no gradient of {listed(missing)}: only that of {listed(names)} was checked.",
        )
    others = _others(_in_one_dict(returned, inputs), names, inputs)
    if others:
        yield (
            "unknown-gradient",
            f"Your backward returns {plain(', '.join(others))[1:-1]}, which belongs to no array of floating numbers "
            "among the inputs: this was not checked.",
        )


def _others(returned: Any, names: list[str], inputs: Sequence[str]) -> list[str]:
    """Return what is the gradient of none of these inputs: the keys, or the places in a tuple."""
    if isinstance(returned, Mapping):
        keys = _keys(names, returned).values()
        return [str(key) for key in returned if keys and key not in keys]
    if not isinstance(returned, tuple | list) or not len(returned) == len(inputs) > len(names):
        return []
    pairs = enumerate(zip(inputs, returned, strict=True))
    return [f"value {place} (of {name})" for place, (name, one) in pairs if name not in names and one is not None]


def _keys(names: Collection[str], returned: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the key under which a dict holds the gradient of each input; its case counts only where it must."""
    key_of_input: dict[str, Any] = {}
    leaves = [name.rpartition(".")[2] for name in names]
    for spelled in (lambda text: text, str.lower):
        left = {spelled(key): key for key in returned if isinstance(key, str) and key not in key_of_input.values()}
        for name, leaf in zip(names, leaves, strict=True):
            outer = [name.removesuffix(leaf)] + [""] * (leaves.count(leaf) == 1)  # else dW may be that of either dict
            keys = [spelled(f"{top}{prefix}{leaf}") for top in outer for prefix in _PREFIXES]
            if name not in key_of_input and (key := next((key for key in keys if key in left), None)) is not None:
                key_of_input[name] = left.pop(key)
    return key_of_input


def _in_one_dict(returned: Any, inputs: Sequence[str]) -> Any:
    """Return what came back, all of it by name where there are dicts in it.

    A dict in the place of an input, or under its name, holds the gradients of what that input holds; one beside fewer
    arrays than inputs those of some inputs, and the arrays belong to the others.
    """
    parts = list(returned.values()) if isinstance(returned, Mapping) else returned
    if not isinstance(parts, tuple | list) or not any(isinstance(one, Mapping) for one in parts):
        return returned
    if isinstance(returned, Mapping):
        return _flat((_input_of(key, inputs), part) for key, part in returned.items())
    if len(parts) == len(inputs):
        return _flat((name, part) for name, part in zip(inputs, parts, strict=True) if part is not None)
    inner = {key: one for part in parts if isinstance(part, Mapping) for key, one in part.items()}
    others = [name for name in inputs if not _keys([name], inner)]
    return inner | dict(zip(others, [one for one in parts if not isinstance(one, Mapping)], strict=False))


def _flat(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Return gradients by name, those in a dict under the dict's name and their own."""
    flat: dict[Any, Any] = {}
    for name, part in pairs:
        flat |= {f"{name}.{key}": one for key, one in part.items()} if isinstance(part, Mapping) else {name: part}
    return flat


def _input_of(key: Any, inputs: Sequence[str]) -> Any:
    return next((name for name in inputs if key in [f"{prefix}{name}" for prefix in _PREFIXES]), key)


def _shape(value: Any) -> tuple[int, ...] | None:
    try:
        return tuple(np.shape(value))
    except Exception:
        return None
