"""Somebody's loss in a TensorFlow graph of its own: its value, its gradient, and each term's share."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.loss_terms import addends, written
from tf_gd.diagnosis.model.model_problem import Problem, Vector
from tf_gd.errors import InvalidArgumentError, plain
from tf_gd.graph import load_tensorflow
from tf_gd.quiet import quiet_stderr

Loss = Callable[..., Any]

_MOST_TERMS = 12
_UNITS = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}


class LossGraph:
    """The loss, built once; asked again and again at other parameters and data.

    Attributes:
        problem: where it is asked first; its dtypes are the graph's.
        unit: the coarsest unit in the last place of the parameters' dtypes.

    Raises:
        InvalidArgumentError: `loss` raises, draws random numbers, or does not return one real number that
            depends on a parameter; the loss or its gradient is not finite.
    """

    def __init__(self, loss: Loss, problem: Problem) -> None:
        tf = load_tensorflow()
        self.problem = problem
        self.unit = max(_UNITS[value.dtype.name] for value in problem.params.values())
        self._names = [name for name in (problem.params | problem.data) if _is_fed(problem, name)]
        with tf.Graph().as_default() as graph:
            inputs = {
                name: _placeholder(tf, name, value) if name in self._names else value
                for name, value in (problem.params | problem.data).items()
            }
            value = _scalar(tf, loss, inputs)
            params = [inputs[name] for name in problem.params]
            gradient = _flat_gradient(tf, value, params, [])
            if gradient is None:
                raise _bad(f"depend on a parameter. It depends on none of {', '.join(problem.params)}.")
            if random := [op.name for op in graph.get_operations() if "Random" in op.type and op.op_def.is_stateful]:
                raise _bad(f"be the same at each call. It draws random numbers ({random[0]}): pass them as data.")
            names = {id(tensor): name for name, tensor in inputs.items() if name in self._names}
            terms = _terms(tf, value, params, names)
        with quiet_stderr():
            self._session = tf.compat.v1.Session(graph=graph)
            feeds = [inputs[name] for name in self._names]
            self._value, self._gradient = (
                self._session.make_callable(fetch, feed_list=feeds) for fetch in (value, gradient)
            )
            self._require_finite()
        self._terms = [(label, self._session.make_callable(fetch, feed_list=feeds)) for label, fetch in terms]

    def __enter__(self) -> "LossGraph":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def _require_finite(self) -> None:
        here = self.value(self.problem), *self.gradient(self.problem)
        if not np.isfinite(here).all():
            what = next(
                f"{label} is {value}"
                for label, value in zip(["the loss", *self.problem.labels], here, strict=True)
                if not np.isfinite(value)
            )
            raise _bad(f"be finite, with a finite gradient. In TensorFlow {what}. Try other parameters.")

    def value(self, problem: Problem) -> float:
        """Return the loss."""
        return float(self._value(*self._feeds(problem)))

    def gradient(self, problem: Problem) -> Vector:
        """Return TensorFlow's gradient, the parameters one after another, shape [size]."""
        return np.asarray(self._gradient(*self._feeds(problem)), np.float64)

    def terms(self, problem: Problem) -> list[tuple[str, Vector]]:
        """Return what each additive term of the loss contributes to the gradient, and how the term is written."""
        feeds = self._feeds(problem)
        return [(label, np.asarray(term(*feeds), np.float64)) for label, term in self._terms]

    def _feeds(self, problem: Problem) -> list[Any]:
        values = problem.params | problem.data
        return [values[name] for name in self._names]


def _is_fed(problem: Problem, name: str) -> bool:
    return isinstance((problem.params | problem.data)[name], np.ndarray)


def _placeholder(tf: Any, name: str, value: Any) -> Any:
    return tf.compat.v1.placeholder(tf.as_dtype(value.dtype), value.shape)


def _scalar(tf: Any, loss: Loss, inputs: dict[str, Any]) -> Any:
    """Return the loss as a tensor, refusing what is not one real number."""
    try:
        value = tf.convert_to_tensor(loss(**inputs))
    except Exception as error:
        said = plain(" ".join(str(error).split()), 200)[1:-1]
        raise _bad(
            "take the parameters and the data by name and use TensorFlow operations, in graph mode. "
            f"It raised {type(error).__name__}: {said}"
        ) from None
    if value.shape.rank is None or value.shape.num_elements() != 1 or not value.dtype.is_floating:
        raise _bad(
            f"return one real number. Got {value.dtype.name} of shape {value.shape}. "
            "Try `tf.reduce_sum` or `tf.reduce_mean`."
        )
    return tf.reshape(value, []) if value.shape.rank else value


def _bad(said: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"`loss` must {said}")


def _flat_gradient(tf: Any, value: Any, params: list[Any], stopped: list[Any]) -> Any:
    """Return the gradient as one vector, or None where the value depends on no parameter."""
    parts = tf.gradients(value, params, stop_gradients=stopped)
    if all(part is None for part in parts):
        return None
    dense = [
        tf.zeros_like(param) if part is None else tf.convert_to_tensor(part)
        for part, param in zip(parts, params, strict=True)
    ]
    return tf.concat([tf.cast(tf.reshape(part, [-1]), tf.float64) for part in dense], 0)


def _terms(tf: Any, value: Any, params: list[Any], names: dict[int, str]) -> list[tuple[str, Any]]:
    """Return each term's share of the gradient: the gradient with every other term held still."""
    terms = addends(value, {id(param) for param in params})
    if not 2 <= len(terms) <= _MOST_TERMS:
        return []
    shares = (_flat_gradient(tf, value, params, [other for other in terms if other is not term]) for term in terms)
    return [
        (written(tf, term, names), share)
        for term, share in zip(terms, shares, strict=True)
        if share is not None and id(term) not in names
    ]
