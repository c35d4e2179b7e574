"""TensorFlow's path: the line, its loss and `GradientDescentOptimizer` on `tf.compat.v1`  (equation 8).

Everything lives in a graph and a session of its own; the caller's TensorFlow, eager or not, is left as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tf_gd.line import Line
from tf_gd.loading import load_tensorflow, quiet_stderr
from tf_gd.points import Points
from tf_gd.points.arrays import Array
from tf_gd.reduction import Reduction, check_mean, check_reduction

if TYPE_CHECKING:
    from typing_extensions import Self

    from tf_gd.problem import Problem


class LineGraph:
    """A graph with everything that a training session of the line needs, built once, and a session to run it in.

    The data are fed once, into variables; the loop then runs inside the graph. `train_op` is the classic single step.

    Args:
        points: the observations; their dtype is the dtype of the graph.
        learning_rate: handed to `tf.compat.v1.train.GradientDescentOptimizer` as it is.
            Or an array of rates, of which each step takes the next.
        reduction, loss_scale: see `line.loss_factor`.
        constants: whether the points are constants in the graph, as NumPy arrays in a formula are.
        intercept: whether c is trained; else it stays where it starts.
        batches: index arrays of points, fed in turn; all points at every step when left out.

    Attributes:
        graph: the `tf.Graph`, finalized.
        x_placeholder, y_placeholder: shape [n], or [None] for batches, through which the data are fed.
        m, c: the resource variables, scalars.
        loss, gradient_m, gradient_c: tensors, scalars, at the variables' present values.
        optimizer: the `GradientDescentOptimizer`.
        global_step: the variable that counts the updates, int64.
        train_op: one update of m and c.
        session: the `tf.compat.v1.Session`.

    Example:
        >>> with LineGraph(Points([0.0, 1.0], [1.0, 3.0]), learning_rate=0.5) as line_graph:
        ...     _ = line_graph.session.run(line_graph.train_op)
        ...     [float(value) for value in line_graph.session.run([line_graph.m, line_graph.c])]
        [3.0, 4.0]
    """

    all_at_once = False

    def __init__(
        self,
        points: Points,
        learning_rate: float | Callable[[], float] | Array,
        reduction: Reduction = "sum",
        loss_scale: float | None = None,
        *,
        constants: bool = False,
        intercept: bool = True,
        batches: Sequence[npt.NDArray[np.int64]] | None = None,
    ) -> None:
        check_reduction(reduction)
        check_mean(points.n, points.x.dtype, reduction)
        self.tf = load_tensorflow()
        self.points, self.reduction, self.loss_scale = points, reduction, loss_scale
        self.constants, self.intercept, self.batches = constants, intercept, batches
        self.graph = self.tf.Graph()
        with self.graph.as_default():
            self._declare(points)
            self.loss = self._loss(self.m, self.c)
            self.optimizer = self.v1.train.GradientDescentOptimizer(self._rate(learning_rate))
            pairs = self.optimizer.compute_gradients(self.loss, self.parameters)
            self.gradient_m, self.gradient_c = self._both([gradient for gradient, _ in pairs])
            with self.tf.control_dependencies([self.loss, self.gradient_m, self.gradient_c, *self.state]):
                self.train_op = self._apply(self.gradient_m, self.gradient_c)
            self._build_loop()
            self.saver = self.v1.train.Saver([self.m, self.c, self.global_step])
        self.graph.finalize()
        self.session = self._open(points)

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """Return the graph of a problem over points in memory."""
        assert problem.points is not None
        return cls(
            problem.points,
            problem.learning_rate,
            problem.reduction,
            problem.loss_scale,
            constants=problem.constants,
            intercept=problem.intercept,
            batches=problem.batches,
        )

    @property
    def model(self) -> Self:
        """What can save and restore m, c and global_step: the graph itself."""
        return self

    @property
    def v1(self) -> Any:
        """The module `tf.compat.v1`."""
        return self.tf.compat.v1

    def _declare(self, points: Points) -> None:
        """Declare the placeholders, the variables that hold the data, and m and c."""
        tf, dtype = self.tf, points.x.dtype.name
        shape = [points.n if self.batches is None else None]
        self.x_placeholder = self.v1.placeholder(dtype, shape, "x")
        self.y_placeholder = self.v1.placeholder(dtype, shape, "y")
        self.m_start = self.v1.placeholder_with_default(tf.zeros([], dtype), [], "m_start")
        self.c_start = self.v1.placeholder_with_default(tf.zeros([], dtype), [], "c_start")
        self.m = self._variable("m", self.m_start)
        self.c = self._variable("c", self.c_start, trainable=self.intercept)
        self.parameters = [self.m, self.c] if self.intercept else [self.m]
        self.global_step = self.v1.train.get_or_create_global_step()
        self.step_placeholder = self.v1.placeholder(tf.int64, [], "step")
        self.place_step = self.global_step.assign(self.step_placeholder)
        self.x, self.y = self._data(points)
        self.state = [self.m.read_value(), self.c.read_value()]
        self.place = self.v1.group(self.m.initializer, self.c.initializer)

    def _data(self, points: Points) -> tuple[Any, Any]:
        """Return x and y as the formula sees them: constants, what is fed at each step, or what was fed once."""
        self.data_initializers: list[Any] = []
        if self.constants:
            return points.x, points.y
        if self.batches is not None:
            return self.x_placeholder, self.y_placeholder
        x = self._variable("x_data", self.x_placeholder, trainable=False)
        y = self._variable("y_data", self.y_placeholder, trainable=False)
        self.data_initializers = [x.initializer, y.initializer]
        return x.read_value(), y.read_value()

    def _rate(self, learning_rate: Any) -> Any:
        """Return what the optimizer takes: the rate, or a function that looks up the rate of this step."""
        if not isinstance(learning_rate, np.ndarray):
            return learning_rate
        rates = self.tf.constant(learning_rate)
        return lambda: self.tf.gather(rates, self.tf.minimum(self.global_step.read_value(), learning_rate.size - 1))

    def _both(self, gradients: list[Any]) -> list[Any]:
        """Return dL/dm and dL/dc, which is 0 where c is no parameter."""
        return gradients if self.intercept else [*gradients, self.tf.zeros([], self.points.x.dtype.name)]

    def _variable(self, name: str, initial_value: Any, trainable: bool = True) -> Any:
        return self.v1.get_variable(name, initializer=initial_value, trainable=trainable, use_resource=True)

    def _loss(self, m: Any, c: Any) -> Any:
        """Return the loss tensor: the sum or the mean of the squared residuals, or half of it  (equations 1 to 4)."""
        squared_errors = self.tf.square(m * self.x + c - self.y)
        halved, mean = self.reduction.startswith("half_"), self.reduction.endswith("mean")
        loss = self.tf.reduce_mean(squared_errors) if mean else self.tf.reduce_sum(squared_errors)
        loss = loss / 2 if halved else loss
        return loss if self.loss_scale is None else self.loss_scale * loss

    def _apply(self, gradient_m: Any, gradient_c: Any) -> Any:
        pairs = zip([gradient_m, gradient_c], self.parameters, strict=False)
        return self.optimizer.apply_gradients([*pairs], self.global_step)

    def _row(self) -> Any:
        """Return a new tensor (m, c, loss, dL/dm, dL/dc), shape [5], read where it stands in the graph."""
        m, c = self.m.read_value(), self.c.read_value()
        loss = self._loss(m, c)
        gradients = self.v1.gradients(loss, [m, c] if self.intercept else [m])
        return self.tf.stack([m, c, loss, *self._both(gradients)])

    def _build_loop(self) -> None:
        """Build the loop that trains inside the graph: update, look, keep the row, until enough is enough."""
        tf, dtype = self.tf, self.points.x.dtype.name
        self.num_steps = self.v1.placeholder(tf.int32, [], "num_steps")
        self.tolerance = self.v1.placeholder(dtype, [], "tolerance")
        rows = tf.TensorArray(dtype, size=self.num_steps + 1, element_shape=[5], clear_after_read=False)
        first = tf.stack([*self.state, self.loss, self.gradient_m, self.gradient_c])

        def goes_on(step: Any, row: Any, rows: Any) -> Any:
            above = tf.reduce_any(tf.abs(row[3:]) > self.tolerance)
            return (step < self.num_steps) & above & tf.reduce_all(tf.math.is_finite(row[2:]))

        def body(step: Any, row: Any, rows: Any) -> tuple[Any, Any, Any]:
            with tf.control_dependencies([self._apply(row[3], row[4])]):
                row = self._row()
            return step + 1, row, rows.write(step + 1, row)

        step, _, rows = self.v1.while_loop(goes_on, body, [0, first, rows.write(0, first)], parallel_iterations=1)
        self.rows = rows.gather(tf.range(step + 1))

    def _open(self, points: Points) -> Any:
        """Open the session and feed the data, once."""
        session = self.v1.Session(graph=self.graph)
        feed = {self.x_placeholder: points.x, self.y_placeholder: points.y}
        with quiet_stderr():  # the first run of a process writes a line or two
            session.run([*self.data_initializers, self.global_step.initializer], feed)
        session.run(self.place)
        return session

    def set_line(self, line: Line, step: int = 0) -> None:
        """Assign the variables m and c, and how many updates led there."""
        feed = {self.m_start: line.m, self.c_start: line.c, self.step_placeholder: step}
        self.session.run([self.place, self.place_step], feed)

    def descend(self, start: Line, num_steps: int, tolerance: float | None = None, step: int = 0) -> Array:
        """Return the rows (m, c, loss, dL/dm, dL/dc) of a descent, made in one `Session.run`.

        Args:
            start: where to begin.
            num_steps: the largest number of updates.
            tolerance: stop at the first state whose gradient has no component over it, in absolute value.
            step: the number of updates that led to `start`.

        Returns:
            Shape [rows, 5], at most `num_steps + 1` rows. The first state with a number that is not finite is the last.
        """
        self.set_line(start, step)
        threshold = -1.0 if tolerance is None else tolerance
        return np.asarray(self.session.run(self.rows, {self.num_steps: num_steps, self.tolerance: threshold}))

    def advance(
        self, line: Line, stop: int, tolerance: float | None = None, *, step: int = 0, every: int = 1
    ) -> tuple[int, Array, Array]:
        """Descend from `line`, the state after `step` updates; see `descent.Engine`."""
        rows = self.descend(line, stop - step, tolerance, step)
        kept = rows[-step % every : -1 : every].copy()  # a view would keep all the rows
        return step + len(rows) - 1, kept, rows[-1:]

    def save(self, prefix: str) -> None:
        """Write m, c and global_step to a checkpoint, as `tf.compat.v1.train.Saver` does.

        Raises:
            OSError: it cannot be written.
        """
        try:
            with self.graph.as_default():  # the Saver asks whether anybody is eager
                self.saver.save(self.session, prefix, write_meta_graph=False, write_state=False)
        except (self.tf.errors.OpError, ValueError) as error:
            raise OSError(0, str(error).splitlines()[0]) from None

    def restore(self, prefix: str) -> tuple[Line, int]:
        """Read m, c and global_step from a checkpoint, and return the line and the step.

        Raises:
            OSError: it cannot be read, or is the checkpoint of something else.
        """
        try:
            with self.graph.as_default():
                self.saver.restore(self.session, prefix)
        except (self.tf.errors.OpError, ValueError) as error:
            raise OSError(0, str(error).splitlines()[0]) from None
        m, c, step = self.session.run([*self.state, self.global_step])
        return Line(m, c), int(step)

    def close(self) -> None:
        """Close the session."""
        self.session.close()

    def __enter__(self) -> LineGraph:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class SteppedLineGraph(LineGraph):
    """The same graph, trained as the post's readers know it: one `Session.run` of `train_op` for each step."""

    def _build_loop(self) -> None:
        """Build none: the loop is Python's."""

    def descend(self, start: Line, num_steps: int, tolerance: float | None = None, step: int = 0) -> Array:
        """Return the rows of a descent, as `LineGraph.descend` does, with one run of the session a step."""
        self.set_line(start, step)
        state = [*self.state, self.loss, self.gradient_m, self.gradient_c]
        kind = self.points.x.dtype.type
        threshold = kind(-1.0 if tolerance is None else tolerance)
        rows = []
        for k in range(step, step + num_steps):
            row = np.array(self.session.run(state, self.feed(k)))
            rows.append(row)
            if np.all(np.abs(row[3:]) <= threshold) or not np.all(np.isfinite(row[2:])):
                return np.array(rows)
            self.session.run(self.train_op, self.feed(k))
        return np.array([*rows, self.session.run(state, self.feed(step + num_steps))])

    def feed(self, step: int) -> dict[Any, Any] | None:
        """Return the points of the batch of a step; None where there are no batches."""
        if self.batches is None:
            return None
        batch = self.batches[step % len(self.batches)]
        return {self.x_placeholder: self.points.x[batch], self.y_placeholder: self.points.y[batch]}
