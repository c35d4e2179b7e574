"""Somebody's loss in a TensorFlow graph of its own: its value and its gradient."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.finite_differences import UNITS
from tf_gd.diagnosis.model.loss_calls import Loss, Tensor, bad_loss, call_loss, flat_gradient, require_finite
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.diagnosis.model.own_gradients import has_own_gradient, has_single_constant
from tf_gd.errors import plain
from tf_gd.loading import load_tensorflow, quiet_stderr
from tf_gd.points.arrays import Array, Floats


class TracedLoss:
    """The loss, built once; asked again and again at other parameters and data.

    Attributes:
        loss: the function it was built from.
        problem: where it is asked first; its dtypes are the graph's.
        graph, inputs, output: the graph, the tensor of each array by name, and the loss.

    Raises:
        InvalidArgumentError: `loss` raises, draws random numbers, or does not return one real number that
            depends on a parameter; the loss or its gradient is not finite.
    """

    def __init__(self, loss: Loss, problem: ModelProblem) -> None:
        tf = load_tensorflow()
        self.loss, self.problem, self.graph = loss, problem, tf.Graph()
        flat = problem.params | problem.data
        self._names = [name for name, value in flat.items() if isinstance(value, np.ndarray)]
        with self.graph.as_default():
            self.inputs, self.output = _traced(loss, problem)
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

    def callable(self, fetch: Tensor | list[Tensor], more: Sequence[Tensor] = ()) -> Callable[..., Any]:
        """Return a function that evaluates a tensor of the graph, or several, at a problem; `more` is fed as well."""
        tf, feeds = load_tensorflow(), [*(self.inputs[name] for name in self._names), *more]
        with self.graph.as_default():  # what is fed cannot be fetched
            fetches = [tf.identity(one) for one in (fetch if isinstance(fetch, list) else [fetch])]
        with quiet_stderr():
            run = _compiled(self._session, feeds, fetches)
        if isinstance(fetch, list):
            return lambda problem, *values: run(*self._feeds(problem), *values)
        return lambda problem, *values: run(*self._feeds(problem), *values)[0]

    def pullback(self, tensor: Tensor) -> Callable[[ModelProblem, Floats], Floats]:
        """Return a function that carries a gradient with respect to a tensor back to the parameters, shape [size]."""
        tf = load_tensorflow()
        with self.graph.as_default():
            upstream = tf.compat.v1.placeholder(tensor.dtype, tensor.shape)
            run = self.callable(flat_gradient(tf, tensor, self.params, [], upstream), [upstream])
        dtype = tensor.dtype.as_numpy_dtype
        return lambda problem, values: np.asarray(run(problem, np.asarray(values, dtype)), np.float64)

    def value(self, problem: ModelProblem) -> float:
        """Return the loss."""
        return self._first[0] if problem is self.problem else float(self._value(problem))

    def values(self, problems: Iterable[ModelProblem]) -> list[float]:
        """Return the loss at several problems."""
        return [self.value(problem) for problem in problems]

    def gradient(self, problem: ModelProblem) -> Floats:
        """Return TensorFlow's gradient, the parameters one after another, shape [size]."""
        return self._first[1] if problem is self.problem else np.asarray(self._gradient(problem), np.float64)

    @cached_property
    def has_single_constants(self) -> bool:
        """Whether TensorFlow itself put constants in float32 into a computation in float64."""
        return self.unit == UNITS["float64"] and any(map(has_single_constant, self.forward))

    @cached_property
    def own_gradients(self) -> bool:
        """Whether a function in it may bring a gradient of its own."""
        return any(map(has_own_gradient, self.forward))

    def _feeds(self, problem: ModelProblem) -> list[Any]:
        values = problem.params | problem.data
        return [values[name] for name in self._names]


def operations_of(loss: Loss, problem: ModelProblem) -> list[Any]:
    """Return the operations of a loss, from a graph of it that is not run."""
    with load_tensorflow().Graph().as_default() as graph:
        _traced(loss, problem)
        return list(graph.get_operations())


def _traced(loss: Loss, problem: ModelProblem) -> tuple[dict[str, Tensor], Tensor]:
    """Return the tensor of each array by name, and the loss."""
    tf, flat = load_tensorflow(), problem.params | problem.data
    inputs = {name: _placeholder(tf, value) for name, value in flat.items() if isinstance(value, np.ndarray)}
    return inputs, _scalar(tf, call_loss(loss, problem.built(flat | inputs)))


def _compiled(session: Any, feeds: list[Tensor], fetches: list[Tensor]) -> Callable[..., list[Any]]:
    """Return a function of the feeds' values: a call costs a seventh of `Session.run`, which looks at each feed."""
    options = import_module("tensorflow.core.protobuf.config_pb2").CallableOptions()
    options.feed.extend(tensor.name for tensor in feeds)
    options.fetch.extend(tensor.name for tensor in fetches)
    made: Callable[..., list[Any]] = session._make_callable_from_options(options)
    return made


def _as_written(tf: Any) -> Any:
    """Return the configuration that runs a graph as it is written: rewriting it costs more than it saves.

    Its operations run in the caller's thread, one after another: handing small ones to other threads costs more, too.
    """
    config = tf.compat.v1.ConfigProto(inter_op_parallelism_threads=-1)
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return config


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
