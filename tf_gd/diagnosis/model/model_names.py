"""The models and layers that a file defines, by the names of its functions.

A model is `loss` and `gradient` with the dicts `params` and, if it has any, `data`; a layer is `NAME_forward` and
`NAME_backward` with the dict `NAME_inputs` or `inputs`, or with variables of the file that are called as forward's
parameters are; or a class with the methods `forward` and `backward`. A prefix may tell several models apart:
`ridge_loss`, `ridge_gradient`, `ridge_params`, `ridge_data`; and a suffix several ways of writing one layer:
`conv_forward_naive`, `conv_backward_naive`, `conv_forward_fast`, `conv_backward_fast`. With `NAME_inputs`, the forward
pass may be called `NAME`.
"""

import re
from collections.abc import Collection

_PASS = re.compile(r"(?P<name>\w+)_(?P<which>forward|backward)(_(?P<way>\w+))?")


def found_in(functions: Collection[str], names: Collection[str]) -> list[str]:
    """Return what can be checked, as the job's `what`: the names of gradients and of backward passes."""
    gradients = [name for name in functions if name == "gradient" or name.endswith("_gradient")]
    models = [name for name in gradients if loss_of(name) in functions and stored_for(name, "params", names)]
    layers = [
        name
        for name in functions
        if is_layer(name) and (forward := forward_of(name, functions)) is not None
        if forward != layer_of(name) or f"{forward}_inputs" in names  # a helper called relu may be no layer
    ]
    return models + layers + [name for name in names if name.endswith(".backward")]


def loss_of(gradient: str) -> str:
    """Return the name of the loss that a gradient belongs to."""
    return f"{gradient.removesuffix('gradient')}loss"


def is_layer(name: str) -> bool:
    """Whether a name is that of a layer's backward pass, a function or a method."""
    parts = _PASS.fullmatch(name)
    return name.endswith(".backward") or (parts is not None and parts["which"] == "backward")


def forward_of(backward: str, functions: Collection[str]) -> str | None:
    """Return the name of the forward pass that a backward pass belongs to, of the same way or of another.

    It may be called as the layer is: `relu` beside `relu_backward`.
    """
    name, way = layer_of(backward), (_PASS.fullmatch(backward) or {"way": None})["way"]
    passes = [
        one for one in map(_PASS.fullmatch, functions) if one and (one["name"], one["which"]) == (name, "forward")
    ]
    passes.sort(key=lambda one: (one["way"] != way, one["way"] is not None))
    return passes[0][0] if passes else name if name in functions else None


def layer_of(backward: str) -> str:
    """Return the name of the layer that a backward pass belongs to, or of the class whose method it is."""
    parts = _PASS.fullmatch(backward)
    return parts["name"] if parts else backward.removesuffix(".backward")


def stored_for(function: str, what: str, names: Collection[str]) -> str | None:
    """Return the name under which a file keeps something for a function: with its prefix, or without."""
    prefix = layer_of(function) if is_layer(function) else function.rpartition("_")[0]
    return next((name for name in (f"{prefix}_{what}", f"{prefix.lower()}_{what}", what) if name in names), None)
