"""The update rule by hand, in the shape of TensorFlow's own optimizer  (equation 8).

`GradientDescentOptimizer` takes the place of `tf.compat.v1.train.GradientDescentOptimizer`: the same
constructor, behaviour, names and error messages, and the same bits. TensorFlow's does the arithmetic in one
fused kernel; this one spells it out in plain operations, a multiplication and a subtraction.

The class derives from TensorFlow's `Optimizer`, so it is made when it is first asked for, not before.
"""

import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from tf_gd.loading import load_tensorflow

_one_at_a_time = threading.Lock()


def __getattr__(name: str) -> Any:
    """Make `GradientDescentOptimizer` when it is first asked for."""
    if name != "GradientDescentOptimizer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with _one_at_a_time:
        return _optimizer_class()


@cache
def _optimizer_class() -> type:
    tf = load_tensorflow()

    class GradientDescentOptimizer(tf.compat.v1.train.Optimizer):  # type: ignore[misc, name-defined]
        """Gradient descent, `variable = variable - learning_rate * gradient`, written by hand.

        Takes the place of `tf.compat.v1.train.GradientDescentOptimizer`; `minimize`, `compute_gradients` and
        `apply_gradients` come from TensorFlow's base class. It has no slots. Its bits are TensorFlow's, but not under
        XLA (`tf.function(jit_compile=True)`): where the gradient is itself a product, XLA joins it with the update,
        and elements differ in the last place.

        Args:
            learning_rate: a scalar: a number, a tensor, a placeholder, a variable, or a callable that returns
                one (called anew at each `apply_gradients`). TensorFlow turns a Python float into a float32
                tensor; the rate is then cast to the variable's dtype. So with float64 variables 0.1 is
                0.10000000149011612, and `np.float64(0.1)` is 0.1.
            use_locking: whether the update of a reference variable holds its lock; a resource variable's
                always does.
            name: the name scope of the operations.

        Raises:
            ValueError: `name` is empty. On use: no variables, no gradients, a dtype that is neither floating
                nor complex, or a learning rate that is not a scalar.

        Example:
            >>> import tensorflow as tf
            >>> w = tf.Variable([1.0, 2.0])
            >>> step = GradientDescentOptimizer(0.5).apply_gradients([(tf.constant([2.0, 4.0]), w)])
            >>> w.numpy()
            array([0., 0.], dtype=float32)

        References:
            tensorflow/python/training/gradient_descent.py and core/kernels/training_ops.cc, whose
            `var -= grad * lr` fixes the order of the operations.
        """

        def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent") -> None:
            super().__init__(use_locking, name)
            self._learning_rate = learning_rate
            self._learning_rate_tensor = None

        def _prepare(self) -> None:
            rate = self._call_if_callable(self._learning_rate)
            self._learning_rate_tensor = tf.convert_to_tensor(rate, name="learning_rate")

        def _rate(self, dtype: Any) -> Any:
            return tf.cast(self._learning_rate_tensor, dtype.base_dtype)

        def _apply_dense(self, grad: Any, var: Any) -> Any:
            delta = _fixed(grad) * _scalar(self._rate(var.dtype))
            return tf.compat.v1.assign_sub(var, delta, use_locking=self._use_locking).op

        def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
            delta = _fixed(grad) * _scalar(self._rate(grad.dtype))
            return tf.raw_ops.AssignSubVariableOp(resource=handle.handle, value=delta)

        # A row that is named twice is moved twice: scatter adds one slice after another.

        def _apply_sparse_duplicate_indices(self, grad: Any, var: Any) -> Any:
            delta = tf.IndexedSlices(grad.values * self._rate(var.dtype), grad.indices, grad.dense_shape)
            return var.scatter_sub(delta, use_locking=self._use_locking)

        def _resource_apply_sparse_duplicate_indices(self, grad: Any, handle: Any, indices: Any) -> Any:
            delta = -grad * self._rate(grad.dtype)
            return tf.raw_ops.ResourceScatterAdd(resource=handle.handle, indices=indices, updates=delta)

    def _fixed(grad: Any) -> Any:
        """Return the gradient behind an operation that Grappler leaves standing.

        Else it would regroup `(w * 3) * 0.1` as `w * 0.3`, which rounds otherwise; a fused kernel is safe.
        """
        return tf.ensure_shape(grad, grad.shape)

    def _scalar(rate: Any) -> Any:
        """Return the rate, refused where the fused kernel would refuse it."""
        if not (rate.dtype.is_floating or rate.dtype.is_complex):  # a rate under 1 would have become 0
            raise ValueError(f"Invalid type {rate.dtype.name!r} to descend, expected: floating or complex.")
        if tf.executing_eagerly() and rate.shape.rank:
            raise tf.errors.InvalidArgumentError(None, None, f"alpha is not a scalar: {rate.shape.as_list()}")
        return tf.ensure_shape(rate, [])  # else the multiplication would broadcast without a word

    # Found by this name when it is pickled or its doctest is collected.
    GradientDescentOptimizer.__module__ = __name__
    GradientDescentOptimizer.__qualname__ = "GradientDescentOptimizer"
    return GradientDescentOptimizer


if TYPE_CHECKING:

    class GradientDescentOptimizer(Any):  # type: ignore[misc]  # TensorFlow's class, which tells mypy nothing
        """What mypy sees of it."""

        def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent") -> None: ...
