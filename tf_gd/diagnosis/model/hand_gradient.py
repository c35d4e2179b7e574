"""Asking somebody's gradient: call it safely, and read what it returns as one vector."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved, what_was_raised
from tf_gd.diagnosis.model.factors import listed
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.diagnosis.model.nesting import leaves
from tf_gd.errors import plain
from tf_gd.points.arrays import Floats

GradientFunction = Callable[..., Any]


class HandGradient:
    """A hand-derived gradient, asked at one problem after another.

    Attributes:
        remarks: name -> message: what is no mistake, but should be known, as that None is read as zero.
    """

    def __init__(self, function: GradientFunction, remarks: dict[str, str] | None = None) -> None:
        self._function, self._nones = function, set[str]()
        self.remarks = {} if remarks is None else remarks

    def __call__(self, problem: ModelProblem) -> Floats:
        """Return the hand-derived gradient, shape [size].

        Raises:
            Misbehaved: it raised, changed its arguments, or returned something else than a finite array for each
                parameter, of that parameter's shape.
        """
        arguments = problem.arguments()
        _require_signature(self._function, arguments)
        try:
            with np.errstate(all="ignore"):
                returned = self._function(**arguments)
        except Misbehaved:
            raise
        except (Exception, SystemExit) as error:
            raise Misbehaved("raises", f"Your gradient {what_was_raised(error)}") from None
        _require_unchanged(problem, arguments)
        by_name = _by_name(returned, problem)
        self._nones |= {name for name, value in by_name.items() if value is None}
        if self._nones:
            remark = f"Your gradient of {listed(sorted(self._nones))} is None, which is read as 0."
            self.remarks["none-gradient"] = remark
        return np.concatenate([_part(name, value, problem) for name, value in by_name.items()])


def _require_signature(gradient: GradientFunction, arguments: dict[str, Any]) -> None:
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


def is_single(values: Floats) -> bool:
    """Whether these look computed in float32: all are float32 numbers, and not all of them short ones, like 34.5."""
    mantissas, _ = np.frexp(values)
    return _fit(mantissas, 24) and not _fit(mantissas, 12)


def require_same_twice(first: Floats, second: Floats, unit: float) -> None:
    """Raise `Misbehaved` unless two answers at one point are the same to within rounding."""
    allowed = unit**0.75 * max(float(abs(first).max(initial=0.0)), np.finfo(float).tiny)
    index = int(np.argmax(abs(first - second)))
    if abs(first - second)[index] > allowed:
        raise Misbehaved(
            "not-the-same-twice",
            f"Asked twice at the same point, your gradient returned {first[index]:.6g} and then {second[index]:.6g}. "
            "Does it draw random numbers anew, such as a dropout mask, or add to a sum that is never reset to 0? "
            "Take random numbers as data, and start each sum inside the function.",
        )


def _fit(mantissas: Floats, bits: int) -> bool:
    return bool((mantissas * 2.0**bits % 1 == 0).all())


def _require_unchanged(problem: ModelProblem, arguments: dict[str, Any]) -> None:
    for name, before in (problem.params | problem.data).items():
        after = _found(name, arguments)
        if isinstance(before, np.ndarray) and after is not None and not np.array_equal(before, after):
            raise Misbehaved(
                "in-place",
                f"Your gradient changes {name} in place, so whoever called it goes on with other numbers: "
                f"work on {name}.copy().",
            )


def _found(key: str, arguments: dict[str, Any]) -> Any:
    """Return the array that a flat key names, or None where it has been replaced."""
    value: Any = arguments.get(key)
    if value is None:
        top, *rest = key.split(".")
        value = arguments.get(top)
        for part in rest:
            value = value.get(part) if isinstance(value, dict) else value[int(part)] if part.isdigit() else None
            if value is None:
                return None
    return value


def _by_name(returned: Any, problem: ModelProblem) -> dict[str, Any]:
    """Return what came back under the parameters' names: from a dict, a sequence in order, or one array."""
    names = list(problem.params)
    wanted = f"It must return a dict with the keys {', '.join(names)}, or as many arrays in this order."
    if returned is None:
        raise Misbehaved("returns-nothing", f"Your gradient returned None. {wanted} Is a `return` missing?")
    returned = _without_loss(returned, problem)
    if isinstance(returned, Mapping):
        gradients = _from_mapping(returned, problem)
        if set(gradients) != set(names):
            raise Misbehaved("wrong-keys", f"Your gradient returned the keys {plain(list(returned))}. {wanted}")
        return {name: gradients[name] for name in names}
    if len(names) == 1:
        return {names[0]: _single(returned, problem.params[names[0]].shape)}
    try:
        values = list(returned)
    except TypeError:
        values = [returned]
    if len(values) == 1 and isinstance(values[0], Mapping):
        return _by_name(values[0], problem)
    if len(values) != len(names):
        count = f"{len(values)} value{'s' if len(values) != 1 else ''}"
        raise Misbehaved("wrong-shape", f"Your gradient returned {count} for {len(names)} parameters. {wanted}")
    return dict(zip(names, values, strict=True))


def _without_loss(returned: Any, problem: ModelProblem) -> Any:
    """Return the gradient alone where it came as `return loss, gradient`, or the other way round."""
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        return returned
    first, second = returned
    if _is_number(first) and not _is_number(second) and _fits(second, problem):
        return second
    if _is_number(second) and isinstance(first, Mapping):
        return first
    return returned


def _is_number(value: Any) -> bool:
    try:
        return np.ndim(value) == 0 and np.asarray(value).dtype.kind in "fiu"
    except Exception:
        return False


def _fits(value: Any, problem: ModelProblem) -> bool:
    """Whether this may be the whole gradient, rather than one of two parameters' parts."""
    shapes = [array.shape for array in problem.params.values()]
    if isinstance(value, Mapping) or len(shapes) == 1:
        return True
    if len(shapes) == 2 and shapes[0] == ():
        return isinstance(value, tuple | list) and len(value) == 2
    return isinstance(value, tuple | list)


def _from_mapping(returned: Mapping[Any, Any], problem: ModelProblem) -> dict[str, Any]:
    """Return the flat parts of a dict: under the parameters' names, or `d` before them."""
    structures = {name: structure for name, structure in problem.structures.items() if _holds(structure, problem)}
    for prefix in ("", "d", "d_", "grad_"):
        if {f"{prefix}{name}" for name in structures} == set(returned):
            parts = [_taken(structure, returned[f"{prefix}{name}"]) for name, structure in structures.items()]
            return {key: value for part in parts for key, value in part.items()}
    if len(structures) == 1 and isinstance(inner := next(iter(structures.values())), dict):
        return _taken(inner, returned)
    return {str(key): value for key, value in returned.items()}


def _holds(structure: Any, problem: ModelProblem) -> bool:
    keys = leaves(structure) if not isinstance(structure, dict) or structure else []
    return bool(keys) and keys[0] in problem.params


def _taken(structure: Any, value: Any) -> dict[str, Any]:
    """Return the flat parts of a value that is built like `structure`; nothing for a part that is not there."""
    if isinstance(structure, dict) and isinstance(value, Mapping):
        for prefix in ("", "d", "d_", "grad_"):
            if all(f"{prefix}{key}" in value for key in structure):
                parts = [_taken(part, value[f"{prefix}{key}"]) for key, part in structure.items()]
                return {key: part for flat in parts for key, part in flat.items()}
        return {}
    if isinstance(structure, list | tuple) and isinstance(value, list | tuple) and len(value) == len(structure):
        pairs = zip(structure, value, strict=True)
        return {key: part for pair in pairs for key, part in _taken(*pair).items()}
    keys = leaves(structure)
    return {keys[0]: value} if len(keys) == 1 else dict.fromkeys(keys) if value is None else {}


def _single(returned: Any, shape: tuple[int, ...]) -> Any:
    """Return the only gradient, also where it comes as the only element of a tuple or list."""
    if isinstance(returned, tuple | list) and len(returned) == 1 and np.shape(returned[0]) == shape:
        return returned[0]
    return returned


def _part(name: str, value: Any, problem: ModelProblem) -> Floats:
    """Return one parameter's gradient as a flat array."""
    shape = problem.params[name].shape
    if value is None:
        return np.zeros(problem.params[name].size)
    try:
        array = np.asarray(value)
    except Exception:
        array = np.asarray(None)
    if array.size == 0 and problem.params[name].size == 0:
        return np.zeros(0)
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        raise Misbehaved("not-a-number", f"Your gradient of {name} is {plain(value)}; it must be an array of numbers.")
    if array.shape != shape:
        raise Misbehaved(*_wrong_shape(name, array.shape, shape))
    vector = array.ravel().astype(np.float64)
    if not np.isfinite(vector).all():
        raise Misbehaved(
            "not-finite",
            f"Your gradient of {name} holds {vector[~np.isfinite(vector)][0]}. Look for a division by zero, "
            "the logarithm of 0, or an exponential that grows too large.",
        )
    return vector


def _wrong_shape(name: str, got: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[str, str]:
    message = f"Your gradient of {name} has shape {list(got)}; {name} has shape {list(wanted)}."
    if len(got) > 1 and got == wanted[::-1]:
        return "transposed", f"{message} Rows and columns are exchanged: transpose it."
    return (
        "wrong-shape",
        f"{message} A gradient has its parameter's shape: add up over the data, and keep no extra axis.",
    )
