"""TensorFlow variables, which no assignment of the program shows: read after `Session.run` and after every call."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from tf_gd.diagnosis.path.identifier_names import is_loss
from tf_gd.diagnosis.path.recorder import Recorder
from tf_gd.diagnosis.path.values import is_tensor
from tf_gd.diagnosis.path.watching import OFTEN

SCOPE = "TensorFlow"
MOST_OPERATIONS = 2000


class TensorFlowValues:
    """Reads the variables of a program that uses TensorFlow, eager or in sessions.

    Args:
        filename: of the program.
        recorder: gets the values.
        begun: called once, when the first step was made: what TensorFlow does before is not the program's time.
    """

    def __init__(self, filename: str, recorder: Recorder, begun: Callable[[], None] = lambda: None) -> None:
        self.filename, self.recorder, self._begun = filename, recorder, begun
        self._known: dict[int, tuple[str, Any]] = {}
        self._last: list[Any] = []
        self._runs = 0

    def install(self) -> bool:
        """Watch `Session.run` in this process, if TensorFlow is loaded; the program's own results stay as they are."""
        if "tensorflow" not in sys.modules:
            return False
        from tf_gd.loading import load_tensorflow

        session = load_tensorflow().compat.v1.Session.__mro__[1]
        original = session.run

        def run(this: Any, fetches: Any, feed_dict: Any = None, *more: Any, **options: Any) -> Any:
            result = original(this, fetches, feed_dict, *more, **options)
            self._after_run(original, this, feed_dict, _trains(fetches))
            return result

        session.run = run
        if {"keras", "tf_keras"} & sys.modules.keys():  # TF_USE_LEGACY_KERAS takes the second
            self._watch_keras()
        return True

    def _watch_keras(self) -> None:
        """Read a Keras model's numbers after every batch that `fit` trains on."""
        from tf_gd.loading import load_tensorflow

        keras = load_tensorflow().keras
        callback: Any = keras.callbacks.Callback
        values, original = self, keras.Model.fit

        class Reader(callback):  # type: ignore[misc]
            """Reads the trainable variables."""

            def on_train_begin(self, logs: Any = None) -> None:
                values._of_model(self.model, 0)

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                values._of_model(self.model, 1)

        def fit(model: Any, *arguments: Any, callbacks: Any = None, **options: Any) -> Any:
            known = callbacks if isinstance(callbacks, list | tuple) else [] if callbacks is None else [callbacks]
            return original(model, *arguments, callbacks=[*known, Reader()], **options)

        keras.Model.fit = fit

    def _of_model(self, model: Any, trained: int) -> None:
        """Record the numbers of a model with two of them, under the line that called `fit`."""
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename != self.filename:
            frame = frame.f_back
        self._count(trained)
        if frame is None or self._runs > OFTEN:
            return
        self.recorder.tick()
        for variable in model.trainable_variables:
            name = str(getattr(variable, "name", "weight"))
            self.recorder.value(SCOPE, name, variable.numpy(), frame.f_lineno, changes_only=not trained)

    def _count(self, runs: int) -> None:
        self._runs += runs
        if self._runs == 1 == runs:
            self._begun()

    def _after_run(self, original: Callable[..., Any], session: Any, feed_dict: Any, trains: bool) -> None:
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename != self.filename:
            frame = frame.f_back
        self._count(1)
        if frame is None or self._runs > OFTEN:
            return
        try:
            with session.graph.as_default():
                variables = session.graph.get_collection("trainable_variables")
            numbers = original(session, variables) if variables else []
        except Exception:  # not initialized yet, or closed
            return
        self.recorder.tick()
        moved = trains or [one.tolist() for one in numbers] != self._last
        self._last = [one.tolist() for one in numbers]
        for variable, value in zip(variables, numbers, strict=True):
            self.recorder.value(SCOPE, _name(frame, variable), value, frame.f_lineno, changes_only=not moved)
        if moved:
            self._fed(frame, feed_dict)
            self._losses(original, session, frame, feed_dict)
        self._constants(frame, session)

    def _losses(self, original: Callable[..., Any], session: Any, frame: FrameType, feed_dict: Any) -> None:
        """Record what the program calls a loss: its value at the newest variables, for what was fed."""
        for name, one in {**frame.f_globals, **frame.f_locals}.items():
            is_own = getattr(one, "graph", None) is session.graph and hasattr(one, "dtype")
            if is_own and is_loss(name) and _may_be_asked(one.op):
                with contextlib.suppress(Exception):  # it needs what was not fed
                    self.recorder.value(SCOPE, name, original(session, one, feed_dict), frame.f_lineno)

    def _fed(self, frame: FrameType, feed_dict: Any) -> None:
        for placeholder, value in (feed_dict or {}).items() if isinstance(feed_dict, dict) else ():
            self.recorder.value(SCOPE, _name(frame, placeholder), value, frame.f_lineno)

    def _constants(self, frame: FrameType, session: Any) -> None:
        """Record the constant arrays of the graph, once."""
        if self._runs > 3:
            return
        for operation in session.graph.get_operations()[:MOST_OPERATIONS]:
            if operation.type == "Const" and operation.outputs and operation.outputs[0].shape.rank in (1, 2):
                if "gradients" in operation.name or "/Init" in operation.name:
                    continue
                try:
                    value = operation.outputs[0].op.get_attr("value")
                    array = _tensor_array(value)
                except Exception:
                    continue
                if array.size > 1:
                    self.recorder.value(SCOPE, _name(frame, operation.outputs[0]), array, frame.f_lineno)

    def after_call(self, frame: FrameType, line: int) -> None:
        """Record every eager variable that is known by a name here, if it changed."""
        for names in (frame.f_locals, frame.f_globals):
            for name, value in list(names.items()):
                if _is_variable(value) and id(value) not in self._known:
                    self._known[id(value)] = (name, value)
        if self._known and not self._runs:
            self._count(1)
        for name, value in self._known.values():
            if is_tensor(value):
                self.recorder.value(SCOPE, name, value, line, changes_only=True)


def _trains(fetches: Any) -> bool:
    """Return whether a run may be a step: it fetches an operation, and not only the numbers of tensors."""
    if isinstance(fetches, dict):
        fetches = list(fetches.values())
    return any(map(_trains, fetches)) if isinstance(fetches, list | tuple) else hasattr(fetches, "node_def")


def _may_be_asked(operation: Any) -> bool:
    """Return whether working out a tensor once more changes nothing: it takes no batch and draws no number."""
    known: set[str] = set()
    waiting = [operation]
    while waiting and len(known) < MOST_OPERATIONS:
        now = waiting.pop()
        if now.name not in known:
            known.add(now.name)
            waiting += [one.op for one in now.inputs] + list(now.control_inputs)
            if any(word in now.type for word in ("Iterator", "Dequeue", "Random", "PyFunc", "Assign", "Multinomial")):
                return False
    return not waiting


def _is_variable(value: Any) -> bool:
    return hasattr(value, "assign_sub") and hasattr(value, "numpy")


def _tensor_array(proto: Any) -> Any:
    from tf_gd.loading import load_tensorflow

    return load_tensorflow().make_ndarray(proto)


def _name(frame: FrameType, value: Any) -> str:
    """Return the name by which the program calls a variable or placeholder, else TensorFlow's own."""
    for names in (frame.f_locals, frame.f_globals):
        for name, one in list(names.items()):
            if one is value:
                return str(name)
    return str(getattr(getattr(value, "op", value), "name", "tensor"))
