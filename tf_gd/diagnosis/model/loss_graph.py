"""Somebody's loss in a TensorFlow graph of its own: its value, its gradient, and each term's share."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.loss_terms import loss_terms, written
from tf_gd.diagnosis.model.model_problem import Array, Problem, Vector
from tf_gd.errors import InvalidArgumentError, plain
from tf_gd.loading import load_tensorflow, quiet_stderr

Loss = Callable[..., Any]
Tensor = Any

_MOST_TERMS = 12
UNITS = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}


class LossGraph:
    """The loss, built once; asked again and again at other parameters and data.

    Attributes:
        loss: the function it was built from.
        problem: where it is asked first; its dtypes are the graph's.
        graph, inputs, output: the graph, the tensor of each array by name, and the loss.

    Raises:
        InvalidArgumentError: `loss` raises, draws random numbers, or does not return one real number that
            depends on a parameter; the loss or its gradient is not finite.
    """

    differentiates = True

    def __init__(self, loss: Loss, problem: Problem) -> None:
        tf = load_tensorflow()
        self.loss, self.problem, self.graph = loss, problem, tf.Graph()
        flat = problem.params | problem.data
        self._names = [name for name, value in flat.items() if isinstance(value, np.ndarray)]
        with self.graph.as_default():
            self.inputs = {name: _placeholder(tf, flat[name]) for name in self._names}
            self.output = _scalar(tf, call_loss(loss, problem.built(flat | self.inputs)))
            self.forward = self.graph.get_operations()
            self.gradient_tensor = flat_gradient(tf, self.output, self.params, [])
        _require_no_randomness(self.forward)
        with quiet_stderr():
            self._session = tf.compat.v1.Session(graph=self.graph, config=_as_written(tf))
        self._value, self._gradient = self.callable(self.output), self.callable(self.gradient_tensor)
        self._first = float(self._value(problem)), np.asarray(self._gradient(problem), np.float64)
        require_finite(*self._first, problem)

    def close(self) -> None:
        """Give back what TensorFlow holds."""
        self._session.close()

    @property
    def params(self) -> list[Tensor]:
        """The parameters' tensors, in order."""
        return [self.inputs[name] for name in self.problem.params]

    @cached_property
    def on_path(self) -> list[Any]:
        """The operations of the loss through which it depends on a parameter, in the order they were made."""
        dependent = {id(tensor) for tensor in self.params}
        operations = []
        for operation in self.forward:
            if any(id(source) in dependent for source in operation.inputs):
                dependent.update(id(output) for output in operation.outputs)
                operations.append(operation)
        return operations

    @cached_property
    def unit(self) -> float:
        """The unit in the last place of the coarsest dtype between a parameter and the loss."""
        tensors = [*self.params, *(output for operation in self.on_path for output in operation.outputs)]
        return max(UNITS.get(tensor.dtype.name, 0.0) for tensor in tensors)

    def callable(self, fetch: Tensor) -> Callable[[Problem], Any]:
        """Return a function that evaluates a tensor of the graph at a problem."""
        with quiet_stderr():
            run = self._session.make_callable(fetch, feed_list=[self.inputs[name] for name in self._names])
        return lambda problem: run(*self._feeds(problem))

    def pullback(self, tensor: Tensor) -> Callable[[Problem, Vector], Vector]:
        """Return a function that carries a gradient with respect to a tensor back to the parameters, shape [size]."""
        tf = load_tensorflow()
        with self.graph.as_default():
            upstream = tf.compat.v1.placeholder(tensor.dtype, tensor.shape)
            flat = flat_gradient(tf, tensor, self.params, [], upstream)
        feeds = [*(self.inputs[name] for name in self._names), upstream]
        with quiet_stderr():
            run = self._session.make_callable(flat, feed_list=feeds)
        return lambda problem, values: np.asarray(run(*self._feeds(problem), values), np.float64)

    def value(self, problem: Problem) -> float:
        """Return the loss."""
        return self._first[0] if problem is self.problem else float(self._value(problem))

    def gradient(self, problem: Problem) -> Vector:
        """Return TensorFlow's gradient, the parameters one after another, shape [size]."""
        return self._first[1] if problem is self.problem else np.asarray(self._gradient(problem), np.float64)

    def terms(self, problem: Problem) -> list[tuple[str, Vector]]:
        """Return what each additive term of the loss contributes to the gradient, and how the term is written."""
        return [(label, np.asarray(share(problem), np.float64)) for label, share in self._terms]

    @cached_property
    def _terms(self) -> list[tuple[str, Callable[[Problem], Any]]]:
        """Each term's share of the gradient: the gradient with every other term held still."""
        tf = load_tensorflow()
        terms = loss_terms(self.output, {id(param) for param in self.params})
        if not 2 <= len(terms) <= _MOST_TERMS:
            return []
        names = {id(tensor): name for name, tensor in self.inputs.items()}
        shares = []
        with self.graph.as_default():
            for term in terms:
                others = [other for other in terms if other is not term]
                share = flat_gradient(tf, self.output, self.params, others)
                if share is not None and id(term) not in names:
                    shares.append((written(tf, term, names), share))
        return [(label, self.callable(share)) for label, share in shares]

    def elsewhere(self, problem: Problem) -> "LossGraph":
        """Return the same loss for data of other shapes."""
        return LossGraph(self.loss, problem)

    def _feeds(self, problem: Problem) -> list[Any]:
        values = problem.params | problem.data
        return [values[name] for name in self._names]


def _as_written(tf: Any) -> Any:
    """Return the configuration that runs a graph as it is written: rewriting it costs more than it saves."""
    config = tf.compat.v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return config


def require_finite(value: float, gradient: Vector, problem: Problem) -> None:
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
    except (Exception, SystemExit) as error:
        said = plain(" ".join(str(error).split()), 200)[1:-1]
        raise bad_loss(
            "take the parameters and the data by name and use TensorFlow or NumPy operations. "
            f"It raised {type(error).__name__}: {said}"
        ) from None
    return returned[0] if isinstance(returned, tuple) and len(returned) > 1 else returned


def bad_loss(said: str) -> InvalidArgumentError:
    """Return the error for a loss that cannot be checked."""
    return InvalidArgumentError(f"`loss` must {said}")


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
        raise bad_loss(_of_custom_gradient(plain(" ".join(str(error).split()), 160)[1:-1])) from None
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


def _of_custom_gradient(said: str) -> str:
    return f"have a gradient of its parameters' shapes. {said.rstrip('.')}. Look at its `tf.custom_gradient`."


def _placeholder(tf: Any, value: Array) -> Tensor:
    return tf.compat.v1.placeholder(tf.as_dtype(value.dtype), value.shape)


def _require_no_randomness(operations: list[Any]) -> None:
    if random := [op.name for op in operations if "Random" in op.type and op.op_def.is_stateful]:
        raise bad_loss(f"be the same at each call. It draws random numbers ({random[0]}): pass them as data.")


def _scalar(tf: Any, returned: Any) -> Tensor:
    """Return the loss as a tensor, refusing what is not one real number."""
    if not tf.is_tensor(returned):
        raise bad_loss(f"return one real number. Got {plain(returned)}. Is a `return` missing?")
    if returned.shape.rank is None or returned.shape.num_elements() != 1 or not returned.dtype.is_floating:
        raise bad_loss(
            f"return one real number. Got {returned.dtype.name} of shape {returned.shape}. "
            "Try `tf.reduce_sum` or `tf.reduce_mean`."
        )
    return tf.reshape(returned, []) if returned.shape.rank else returned
