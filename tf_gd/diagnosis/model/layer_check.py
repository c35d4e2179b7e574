"""The check of a layer: a forward pass, and a backward pass that carries a gradient through it."""

from collections.abc import Callable, Mapping
from typing import Any

from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.model.hand_gradient import HandGradient
from tf_gd.diagnosis.model.layer_calls import Layer
from tf_gd.diagnosis.model.loss_function import loss_function
from tf_gd.diagnosis.model.model_check import checked
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.errors import invalid


def check_layer(forward: Callable[..., Any], backward: Callable[..., Any], inputs: Mapping[str, Any]) -> GradientCheck:
    """Check the backward pass of a layer against its forward pass, and name the mistake in it.

    The layer is followed by the loss sum(dout * output), with a `dout` that is drawn at random: then backward must
    return the slopes of that loss with respect to each input.

    Args:
        forward: called as `forward(**inputs)` with NumPy arrays; returns the output, or (output, cache), or
            several outputs and a cache, as an LSTM step does.
        backward: called as `backward(dout, cache)`, with one `dout` for each output; without a cache as
            `backward(dout)` or `backward(dout, **inputs)`. Returns a dict with the gradients by the inputs' names
            (`dx` for `x`, too), or a tuple in the order of the inputs that are floating arrays, or one array.
        inputs: name -> array at which the layer is checked; whole numbers, masks of bool, numbers and strings are
            passed on as they are; the arrays in a dict are inputs, too, under its keys. An input for which backward
            returns nothing is not checked, and a remark says so.

    Returns:
        A `GradientCheck`, as `check_gradient` does.

    Raises:
        InvalidArgumentError: inputs are no finite numbers, or none of them is a floating array; forward raises,
            draws random numbers, or returns no array.

    Example:
        >>> import numpy as np
        >>> def relu_forward(x):
        ...     return np.maximum(0, x), x
        >>> def relu_backward(dout, cache):
        ...     return dout
        >>> check = check_layer(relu_forward, relu_backward, {"x": np.array([[1.0, -2.0], [-0.5, 3.0]])})
        >>> check.verdict, [name for name, message in check.diagnosis]
        ('wrong', ['missing-activation-derivative'])
    """
    for name, function in (("forward", forward), ("backward", backward)):
        if not callable(function):
            raise invalid(name, "a function", function)
    if not isinstance(inputs, Mapping) or not all(isinstance(name, str) for name in inputs):
        raise invalid("inputs", "a dict of names and arrays", inputs, 'Try {"x": [[0.5, 1.0]]}.')
    layer = Layer(forward, backward, inputs)
    params, data = layer.split()
    problem = ModelProblem.of(params, data)
    asked = loss_function(layer, problem)
    try:
        return checked(asked, HandGradient(layer.gradient, layer.remarks))
    finally:
        asked.close()
