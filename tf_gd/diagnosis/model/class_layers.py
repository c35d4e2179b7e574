"""A layer that is a class: made anew for each call, and its forward and backward pass called as two functions."""

import copy
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved, what_was_raised

_PREFIXES = ("d", "grad_", "d_")


class ClassLayer:
    """A class with `forward` and `backward`, as a layer's two functions.

    What its constructor takes under a name of the inputs, such as W and b, are inputs of the layer, too: their
    gradients are the attributes dW and db that `backward` leaves. Where the file has made such a layer, they are its
    attributes W and b.

    Attributes:
        own: the parameters of the layer that the file has made, by name.
    """

    def __init__(self, made: type, there: Mapping[str, Any]) -> None:
        self._made = made
        self._first = next((value for value in there.values() if type(value) is made), None)
        self.own = {} if self._first is None else _parameters(self._first)
        self.to_make = _names(vars(made).get("__init__")) if self._first is None else list(self.own)
        self.to_call = _names(made.forward)  # type: ignore[attr-defined]

    def forward(self, **inputs: Any) -> Any:
        """Return the output, and the layer itself as the cache."""
        layer = self._layer({name: inputs[name] for name in self.to_make if name in inputs})
        returned = layer.forward(**{name: inputs[name] for name in self.to_call if name in inputs})
        if isinstance(returned, tuple):
            return (*returned[:-1], (layer, returned[-1]))
        return returned, (layer,)

    def backward(self, *given: Any) -> dict[str, Any]:
        """Return what backward returns, and the gradients that it leaves as attributes, by the inputs' names."""
        *douts, (layer, *cache) = given
        returned = layer.backward(*douts, *cache)
        gradients = dict(returned) if isinstance(returned, Mapping) else {}
        if not gradients and returned is not None:
            parts = returned if isinstance(returned, tuple | list) else [returned]
            gradients = dict(zip(self.to_call, parts, strict=False))
        for name in self.to_make:
            for attribute in (f"{prefix}{name}" for prefix in _PREFIXES):
                if getattr(layer, attribute, None) is not None:
                    gradients.setdefault(name, getattr(layer, attribute))
        return gradients

    def _layer(self, arguments: dict[str, Any]) -> Any:
        if self._first is not None:
            layer = copy.deepcopy(self._first)
            vars(layer).update(arguments)
            return layer
        try:
            return self._made(**arguments)
        except Exception as error:
            failure_message = f"{self._made.__name__}({', '.join(arguments)}) {what_was_raised(error)}."
            wanted = f"Define one in the file, such as layer = {self._made.__name__}(...)."
            raise Misbehaved(
                "cannot-check", f"No {self._made.__name__} could be made: {failure_message} {wanted}"
            ) from None


def _names(function: Any) -> list[str]:
    """Return the names of a method's parameters, but for `self`."""
    try:
        parameters = list(inspect.signature(function).parameters.values())[1:]
    except (TypeError, ValueError):
        return []
    return [one.name for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]


def _parameters(layer: Any) -> dict[str, Any]:
    """Return the arrays in a layer's attributes of which `backward` leaves a gradient."""
    named = set(getattr(getattr(type(layer).backward, "__code__", None), "co_names", ()))
    arrays = {name: one for name, one in vars(layer).items() if isinstance(one, np.ndarray) and one.dtype.kind == "f"}
    return {name: one for name, one in arrays.items() if named & {f"{prefix}{name}" for prefix in _PREFIXES}}
