"""Calling somebody's loss, and what is said where it cannot be differentiated."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.errors import InvalidArgumentError, printable
from tf_gd.points.arrays import Floats

Loss = Callable[..., Any]
Tensor = Any

_LONGEST = 200  # characters of an exception's text


def require_finite(value: float, gradient: Floats, problem: ModelProblem) -> None:
    """Raise `InvalidArgumentError` unless a loss and TensorFlow's gradient of it are finite."""
    if not np.isfinite(value):
        raise bad_loss(f"be finite, with a finite gradient. In TensorFlow the loss is {value}. Try other parameters.")
    if gradient.size != problem.size:
        raise bad_loss(_of_custom_gradient(f"TensorFlow's gradient holds {gradient.size} numbers, not {problem.size}"))
    if not np.isfinite(gradient).all():
        index = int(np.flatnonzero(~np.isfinite(gradient))[0])
        raise bad_loss(
            f"be finite, with a finite gradient. In TensorFlow {problem.label(index)} is {gradient[index]}. "
            "Try other parameters."
        )


def call_loss(loss: Loss, arguments: dict[str, Any]) -> Any:
    """Return what the loss returns, the first of a tuple.

    Raises:
        InvalidArgumentError: it raised.
    """
    try:
        returned = loss(**arguments)
    except Misbehaved:
        raise
    except (Exception, SystemExit) as error:
        raise bad_loss(
            "take the parameters and the data by name and use TensorFlow or NumPy operations. "
            f"It raised {type(error).__name__}: {what_it_says(error)}"
        ) from None
    return returned[0] if isinstance(returned, tuple) and len(returned) > 1 else returned


def outputs_of(loss: Loss, problem: ModelProblem) -> list[Floats]:
    """Return the outputs of a layer; nothing for another loss."""
    outputs = getattr(loss, "outputs", None)
    return [] if outputs is None else [np.asarray(output, np.float64) for output in outputs(**problem.arguments())]


def what_it_says(error: BaseException) -> str:
    """Return an exception's text in one line, cut between words."""
    text = " ".join(printable(str(error)).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rpartition(' ')[0]} ..."


def bad_loss(requirement: str) -> InvalidArgumentError:
    """Return the error for a loss that cannot be checked."""
    return InvalidArgumentError(f"`loss` must {requirement}")


def flat_gradient(
    tf: Any, value: Tensor, params: list[Tensor], stopped: list[Tensor], upstream: Tensor = None
) -> Tensor:
    """Return the gradient as one vector.

    Raises:
        InvalidArgumentError: the value depends on no parameter, or a gradient has a wrong shape.
    """
    try:
        parts = tf.gradients(value, params, upstream, stop_gradients=stopped)
    except (ValueError, TypeError) as error:
        raise bad_loss(_of_custom_gradient(what_it_says(error))) from None
    if all(part is None for part in parts):
        if stopped:
            return None
        raise bad_loss("depend on a parameter. TensorFlow finds no path from any of them to the loss.")
    dense = [
        tf.zeros_like(param) if part is None else tf.convert_to_tensor(part)
        for part, param in zip(parts, params, strict=True)
    ]
    for part, param in zip(dense, params, strict=True):
        if not part.shape.is_compatible_with(param.shape):
            raise bad_loss(_of_custom_gradient(f"TensorFlow's gradient has shape {part.shape}, not {param.shape}"))
    return tf.concat([tf.cast(tf.reshape(part, [-1]), tf.float64) for part in dense], 0)


def _of_custom_gradient(message: str) -> str:
    return f"have a gradient of its parameters' shapes. {message.removesuffix('.')}. Look at its `tf.custom_gradient`."
