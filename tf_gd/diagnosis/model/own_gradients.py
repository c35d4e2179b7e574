"""What operations of TensorFlow compute with besides its own rules: a gradient of their own, a float32 constant.

Which operations TensorFlow runs eagerly can be noted while it does.
"""

import contextlib
from importlib import import_module
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.finite_differences import DOUBLE, UNITS
from tf_gd.loading import load_tensorflow

OWN_GRADIENTS = {"StopGradient", "PyFunc", "EagerPyFunc", "PartitionedCall", "StatefulPartitionedCall"}
# These operations take constants in float32 even where they compute in float64.
_SINGLE_CONSTANTS = {"LeakyRelu", "LeakyReluGrad"}


def has_own_gradient(operation: Any) -> bool:
    """Whether an operation's gradient is not TensorFlow's rule for it, or may hold one that is not."""
    return operation.type in OWN_GRADIENTS or "_gradient_op_type" in operation.node_def.attr


def has_single_constant(operation: Any) -> bool:
    """Whether TensorFlow itself put a constant of float32 into a computation in float64, as in GELU."""
    if not operation.outputs or UNITS.get(operation.outputs[0].dtype.name) != DOUBLE:
        return False
    if operation.type in _SINGLE_CONSTANTS:
        return True
    if (
        operation.type != "Cast"
        or operation.inputs[0].op.type != "Const"
        or operation.inputs[0].dtype.name != "float32"
    ):
        return False
    value = load_tensorflow().get_static_value(operation.inputs[0])
    mantissas, _ = np.frexp(np.asarray(value, np.float64))
    return not bool((mantissas * 2.0**12 % 1 == 0).all())  # 0.5 is 0.5 in float32 too


@contextlib.contextmanager
def operations_noted() -> Any:
    """Note the type of each operation that TensorFlow runs eagerly meanwhile, with the dtypes of its results."""
    noted: set[tuple[str, str]] = set()
    callbacks = _op_callbacks()

    def note(op_type: str, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None) -> None:
        kind = op_type.decode() if isinstance(op_type, bytes) else str(op_type)
        noted.update((kind, output.dtype.name) for output in outputs)

    if callbacks is None:
        yield noted
        return
    callbacks.add_op_callback(note)
    try:
        yield noted
    finally:
        callbacks.remove_op_callback(note)


def _op_callbacks() -> Any:
    """Return TensorFlow's module that tells of each operation, or None where this version has none."""
    load_tensorflow()
    with contextlib.suppress(ImportError):
        return import_module("tensorflow.python.framework.op_callbacks")
    return None
