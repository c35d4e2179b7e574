"""The models and layers that a file defines, by the names of its functions.

A model is `loss` and `gradient` with the dicts `params` and, if it has any, `data`; a layer is `NAME_forward` and
`NAME_backward` with the dict `NAME_inputs` or `inputs`, or with variables of the file that are called as forward's
parameters are; or a class with the methods `forward` and `backward`. A prefix may tell several models apart:
`ridge_loss`, `ridge_gradient`, `ridge_params`, `ridge_data`.
"""

from collections.abc import Collection


def found_in(functions: Collection[str], names: Collection[str]) -> list[str]:
    """Return what can be checked, as the job's `what`: the names of gradients and of backward passes."""
    gradients = [name for name in functions if name == "gradient" or name.endswith("_gradient")]
    models = [name for name in gradients if loss_of(name) in functions and stored_for(name, "params", names)]
    layers = [name for name in functions if name.endswith("_backward") and forward_of(name) in functions]
    return models + layers + [name for name in names if name.endswith(".backward")]


def loss_of(gradient: str) -> str:
    """Return the name of the loss that a gradient belongs to."""
    return f"{gradient.removesuffix('gradient')}loss"


def forward_of(backward: str) -> str:
    """Return the name of the forward pass that a backward pass belongs to."""
    return f"{backward.removesuffix('backward')}forward"


def stored_for(function: str, what: str, names: Collection[str]) -> str | None:
    """Return the name under which a file keeps something for a function: with its prefix, or without."""
    prefix = function.rpartition("." if "." in function else "_")[0]
    return next((name for name in (f"{prefix}_{what}", f"{prefix.lower()}_{what}", what) if name in names), None)
