"""A layer's forward and backward pass, called as a loss and its gradient."""

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved, what_was_raised
from tf_gd.diagnosis.model.factors import listed
from tf_gd.diagnosis.model.layer_gradients import by_name, names_returned, not_checked
from tf_gd.errors import InvalidArgumentError, invalid
from tf_gd.points.arrays import Floats


class Layer:
    """A layer at its inputs, followed by the loss sum(dout * output).

    Attributes:
        douts: one array for each output, drawn at random.
        remarks: name -> message: what is no mistake in the gradient, but should be known.
    """

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Any], inputs: Mapping[str, Any]) -> None:
        self._forward, self._backward, self._order = forward, backward, list(inputs)
        self._inputs = _without_dicts(inputs)
        self.remarks: dict[str, str] = {}
        self._floating = [name for name, value in self._inputs.items() if _is_floating(value)]
        if not self._floating:
            raise invalid("inputs", "a dict with at least one array of floating numbers", inputs)
        outputs, _ = self._outputs(self._call_forward(self._arrays()))
        names = ["dout"] if len(outputs) == 1 else [f"dout{place}" for place in range(len(outputs))]
        self.douts = {name: drawn_dout(np.shape(out), name) for name, out in zip(names, outputs, strict=True)}
        self._returned = self._names_returned()

    def split(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the inputs whose gradient is checked, and everything else, with the `dout`s."""
        params = {name: self._inputs[name] for name in self._returned}
        return params, {name: value for name, value in self._inputs.items() if name not in params} | self.douts

    def outputs(self, **arguments: Any) -> list[Any]:
        """Return the outputs."""
        inputs = {name: value for name, value in arguments.items() if name not in self.douts}
        return self._outputs(self._call_forward(inputs))[0]

    def __call__(self, **arguments: Any) -> Any:
        """Return the loss, sum(dout * output)."""
        douts = [arguments.pop(name) for name in self.douts]
        outputs, _ = self._outputs(self._call_forward(arguments))
        total = 0.0
        for dout, out in zip(douts, outputs, strict=True):
            total = total + (_tensor_sum(dout, out) if _is_tensor(out) else np.sum(np.asarray(dout) * np.asarray(out)))
        return total

    def gradient(self, **arguments: Any) -> dict[str, Any]:
        """Return what backward returns, under the names of the inputs; what it changes in place is a remark."""
        return by_name(self._backward_at(arguments), self._returned, self._order)

    def _backward_at(self, arguments: dict[str, Any]) -> Any:
        """Return what backward returns, from copies of all that it can reach."""
        douts = [arguments.pop(name) for name in self.douts]
        inputs = copy.deepcopy(arguments)
        outputs, cache = self._outputs(self._call_forward(inputs))
        if cache is _NO_CACHE:
            inputs = copy.deepcopy(arguments)
        given = {name: _like(*pair) for name, *pair in zip(self.douts, douts, outputs, strict=True)}
        before = copy.deepcopy(inputs | given)
        returned = self._call_backward(list(given.values()), cache, inputs)
        changed = [name for name, value in (inputs | given).items() if not _is_same(before[name], value)]
        if changed:
            self.remarks["in-place"] = _IN_PLACE.format(listed(changed), changed[0])
        return returned

    def _arrays(self) -> dict[str, Any]:
        return {
            name: np.array(value, np.result_type(np.asarray(value), np.float64))
            if name in self._floating
            else copy.deepcopy(value)
            for name, value in self._inputs.items()
        }

    def _call_forward(self, arguments: dict[str, Any]) -> Any:
        try:
            with np.errstate(all="ignore"):
                return self._forward(**_with_dicts(arguments))
        except Misbehaved:
            raise
        except (Exception, SystemExit) as error:
            raise InvalidArgumentError(f"`forward` must take the inputs by name. It {what_was_raised(error)}") from None

    def _outputs(self, returned: Any) -> tuple[list[Any], Any]:
        """Return the outputs and the cache, which is `_NO_CACHE` where there is none."""
        if returned is None:
            raise InvalidArgumentError("`forward` must return the output. Got None. Is a `return` missing?")
        if not isinstance(returned, tuple):
            return [_array(returned)], _NO_CACHE
        if len(returned) == 1:
            return [_array(returned[0])], _NO_CACHE
        return [_array(out) for out in returned[:-1]], returned[-1]

    def _call_backward(self, douts: list[Any], cache: Any, arguments: dict[str, Any]) -> Any:
        if cache is not _NO_CACHE:
            call: Callable[[], Any] = lambda: self._backward(*douts, cache)  # noqa: E731
        elif _takes(self._backward, len(douts)):
            call = lambda: self._backward(*douts)  # noqa: E731
        else:
            call = lambda: self._backward(*douts, **_with_dicts(arguments))  # noqa: E731
        try:
            with np.errstate(all="ignore"):
                return call()
        except Misbehaved:
            raise
        except (Exception, SystemExit) as error:
            raise Misbehaved("raises", f"Your backward {what_was_raised(error)}") from None

    def _names_returned(self) -> list[str]:
        """Return the inputs for which backward returns a gradient; all where it cannot be asked yet."""
        floating = {name: self._inputs[name] for name in self._floating}
        try:
            returned = self._backward_at(self._arrays() | {name: dout.copy() for name, dout in self.douts.items()})
        except Misbehaved:
            return self._floating
        names = names_returned(returned, floating, self._order)
        self.remarks |= not_checked(returned, names, floating, self._order)
        return names


_IN_PLACE = (
    "Your backward changes {} in place, so whoever called it goes on with other numbers: work on {}.copy(). What it "
    "returns was judged by itself."
)
_NO_CACHE = object()


def drawn_dout(shape: tuple[int, ...], name: str) -> Floats:
    """Return what flows back to an output: drawn at random, no element small, so that a forgotten one shows."""
    rng = np.random.default_rng(list(name.encode()))
    return np.asarray(rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape))


def _without_dicts(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs with the arrays of a dict under names of their own, as `parameters.W`."""
    flat: dict[str, Any] = {}
    for name, value in inputs.items():
        parts = value.items() if isinstance(value, Mapping) else ()
        arrays = [key for key, part in parts if isinstance(key, str) and _is_floating(part)]
        flat[name] = {key: part for key, part in value.items() if key not in arrays} if arrays else value
        flat |= {f"{name}.{key}": value[key] for key in arrays}
    return flat


def _with_dicts(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that a pass takes, the arrays of a dict in it again."""
    nested = {name: value for name, value in arguments.items() if "." not in name}
    for name, value in arguments.items():
        if "." in name:
            top, _, key = name.partition(".")
            nested[top] = {**nested[top], key: value}
    return nested


def _is_floating(value: Any) -> bool:
    """Whether an input has a gradient: an array of floating numbers, or a list of them."""
    if isinstance(value, bool | int | float | str | Mapping) or value is None or callable(value):
        return False
    try:
        array = np.asarray(value)
    except Exception:
        return False
    return array.dtype.kind == "f" and array.size > 0


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Whether a function can be called with so many arguments and no more."""
    try:
        inspect.signature(function).bind(*range(count))
    except (TypeError, ValueError):
        return False
    return True


def _array(value: Any) -> Any:
    if _is_tensor(value):
        return value
    try:
        array = np.asarray(value)
    except Exception:
        array = np.asarray(None)
    if array.dtype.kind not in "fiuc":  # complex ones in a complex step only
        raise invalid("forward", "a function that returns an array, or (array, cache)", value)
    return array


def _is_tensor(value: Any) -> bool:
    return type(value).__module__.startswith("tensorflow")


def _tensor_sum(dout: Any, out: Any) -> Any:
    from tf_gd.loading import load_tensorflow

    tf = load_tensorflow()
    return tf.reduce_sum(tf.cast(dout, out.dtype) * out)


def _like(dout: Any, out: Any) -> Any:
    """Return `dout` in the output's dtype where that is a floating one."""
    dtype = np.asarray(out).dtype
    return np.array(dout, dtype if dtype.kind == "f" else np.float64)


def _is_same(before: Any, after: Any) -> bool:
    """Whether an array is what it was; anything else counts as such."""
    return not isinstance(before, np.ndarray) or np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
