"""Asking somebody's gradient: call it safely, and read what it returns as one vector."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved, what_was_raised
from tf_gd.diagnosis.model.model_problem import Problem, Vector
from tf_gd.errors import plain

Gradient = Callable[..., Any]


def ask(gradient: Gradient, problem: Problem) -> Vector:
    """Return the hand-derived gradient, shape [size].

    Raises:
        Misbehaved: it raised, changed its arguments, or returned something else than a finite array for each
            parameter, of that parameter's shape.
    """
    arguments = problem.arguments()
    _require_signature(gradient, arguments)
    try:
        with np.errstate(all="ignore"):
            returned = gradient(**arguments)
    except (Exception, SystemExit) as error:
        raise Misbehaved("raises", f"Your gradient {what_was_raised(error)}") from None
    _require_unchanged(problem, arguments)
    return np.concatenate([_part(name, value, problem) for name, value in _by_name(returned, problem).items()])


def _require_signature(gradient: Gradient, arguments: dict[str, Any]) -> None:
    try:
        signature = inspect.signature(gradient)
    except (TypeError, ValueError):
        return  # some built-in functions tell nothing about their arguments
    try:
        signature.bind(**arguments)
    except TypeError:
        wanted = ", ".join(arguments)
        raise Misbehaved(
            "wrong-arguments", f"Your gradient takes {signature}, but it is called with {wanted} by name: take these."
        ) from None


def is_single(values: Vector) -> bool:
    """Whether these look computed in float32: all are float32 numbers, and not all of them short ones, like 34.5."""
    mantissas, _ = np.frexp(values)
    return _fit(mantissas, 24) and not _fit(mantissas, 12)


def _fit(mantissas: Vector, bits: int) -> bool:
    return bool((mantissas * 2.0**bits % 1 == 0).all())


def _require_unchanged(problem: Problem, arguments: dict[str, Any]) -> None:
    for name, before in (problem.params | problem.data).items():
        if isinstance(before, np.ndarray) and not np.array_equal(before, arguments[name]):
            raise Misbehaved(
                "in-place",
                f"Your gradient changes {name} in place, so whoever called it goes on with other numbers: "
                f"work on {name}.copy().",
            )


def _by_name(returned: Any, problem: Problem) -> dict[str, Any]:
    """Return what came back under the parameters' names: from a dict, a sequence in order, or one array."""
    names = list(problem.params)
    wanted = f"It must return a dict with the keys {', '.join(names)}, or as many arrays in this order."
    if returned is None:
        raise Misbehaved("returns-nothing", f"Your gradient returned None. {wanted} Is a `return` missing?")
    if isinstance(returned, Mapping):
        if set(returned) != set(names):
            raise Misbehaved("wrong-keys", f"Your gradient returned the keys {plain(list(returned))}. {wanted}")
        return {name: returned[name] for name in names}
    if len(names) == 1:
        return {names[0]: _single(returned, problem.params[names[0]].shape)}
    try:
        values = list(returned)
    except TypeError:
        values = [returned]
    if len(values) != len(names):
        count = f"{len(values)} value{'s' if len(values) != 1 else ''}"
        raise Misbehaved("wrong-shape", f"Your gradient returned {count} for {len(names)} parameters. {wanted}")
    return dict(zip(names, values, strict=True))


def _single(returned: Any, shape: tuple[int, ...]) -> Any:
    """Return the only gradient, also where it comes as the only element of a tuple or list."""
    if isinstance(returned, tuple | list) and len(returned) == 1 and np.shape(returned[0]) == shape:
        return returned[0]
    return returned


def _part(name: str, value: Any, problem: Problem) -> Vector:
    """Return one parameter's gradient as a flat array."""
    try:
        array = np.asarray(value)
    except Exception:
        array = np.asarray(None)
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        raise Misbehaved("not-a-number", f"Your gradient of {name} is {plain(value)}; it must be an array of numbers.")
    if array.shape != problem.params[name].shape:
        raise Misbehaved(*_wrong_shape(name, array.shape, problem.params[name].shape))
    vector = array.ravel().astype(np.float64)
    if not np.isfinite(vector).all():
        raise Misbehaved(
            "not-finite",
            f"Your gradient of {name} holds {vector[~np.isfinite(vector)][0]}. Look for a division by zero, "
            "the logarithm of 0, or an exponential that grows too large.",
        )
    return vector


def _wrong_shape(name: str, got: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[str, str]:
    said = f"Your gradient of {name} has shape {list(got)}; {name} has shape {list(wanted)}."
    if len(got) > 1 and got == wanted[::-1]:
        return "transposed", f"{said} Rows and columns are exchanged: transpose it."
    return (
        "wrong-shape",
        f"{said} A gradient has its parameter's shape: add up over the data, and keep no extra axis.",
    )
