"""The checks as assertions, for people's test suites."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, overload

import numpy.typing as npt

from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.reduction import Reduction

if TYPE_CHECKING:
    from tf_gd.diagnosis.model.hand_gradient import GradientFunction
    from tf_gd.diagnosis.model.loss_calls import Loss


@overload
def assert_gradient(
    gradient: Callable[..., Any],
    x: npt.ArrayLike | None = ...,
    y: npt.ArrayLike | None = ...,
    reduction: Reduction | None = ...,
    *,
    call: str | None = ...,
) -> None: ...


@overload
def assert_gradient(
    loss: Loss, gradient: GradientFunction, *, params: Mapping[str, Any], data: Mapping[str, Any] | None = ...
) -> None: ...


def assert_gradient(*functions: Any, **arguments: Any) -> None:
    """Raise `AssertionError`, with the whole report, unless a hand-derived gradient is right.

    Takes what the check takes: `assert_gradient(gradient, x=None, y=None, reduction="sum")` for a line, as
    `check_line_gradient` does; `assert_gradient(loss, gradient, params=..., data=...)` for any model, as
    `check_gradient` does.

    Raises:
        AssertionError: the gradient is wrong; the message is the report, which names the mistake.

    Example:
        >>> def gradient(m, c, x, y):
        ...     e = m * x + c - y
        ...     return 2 * sum(e * x), 2 * sum(e)
        >>> assert_gradient(gradient)
    """
    __tracebackhide__ = True
    if arguments.keys() & {"params", "data", "loss"}:
        from tf_gd.diagnosis.model.model_check import check_gradient

        _require(check_gradient(*functions, **arguments))
    else:
        from tf_gd.diagnosis.line.line_check import check_line_gradient

        _require(check_line_gradient(*functions, **arguments))


def assert_update(update: Callable[..., Any], reduction: Reduction | None = "sum", *, call: str | None = None) -> None:
    """Raise `AssertionError`, with the whole report, unless a hand-written update is right.

    Takes what `check_update` takes. A remark, such as `float64-learning-rate`, is no error.

    Raises:
        AssertionError: the update is wrong; the message is the report, which names the mistake.

    Example:
        >>> def update(m, c, x, y, learning_rate):
        ...     e = m * x + c - y
        ...     return m - learning_rate * sum(2 * e * x), c - learning_rate * sum(2 * e)
        >>> assert_update(update)
    """
    __tracebackhide__ = True
    from tf_gd.diagnosis.line.line_check import check_update

    _require(check_update(update, reduction, call=call))


def assert_path(
    m: npt.ArrayLike,
    c: npt.ArrayLike,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    learning_rate: float | None = None,
    reduction: str | None = None,
) -> None:
    """Raise `AssertionError`, with the whole report, unless the steps of a descent are right.

    Takes what `check_path` takes. A remark, such as `rate-too-large`, is no error; "cannot-tell" is one.

    Raises:
        AssertionError: the steps are wrong, or too few to tell; the message is the report.

    Example:
        >>> m, c, x, y = [0.0], [1.0], [1.0, 2.0, 4.0], [2.0, 3.5, 8.0]
        >>> for _ in range(3):
        ...     e = [m[-1] * x_i + c[-1] - y_i for x_i, y_i in zip(x, y)]
        ...     dm, dc = 2 * sum(e_i * x_i for e_i, x_i in zip(e, x)), 2 * sum(e)
        ...     m.append(m[-1] - 0.01 * dm)
        ...     c.append(c[-1] - 0.01 * dc)
        >>> assert_path(m, c, x, y, learning_rate=0.01)
    """
    __tracebackhide__ = True
    from tf_gd.diagnosis.path.path_check import check_path

    _require(check_path(m, c, x, y, learning_rate=learning_rate, reduction=reduction))


def _require(check: GradientCheck) -> None:
    __tracebackhide__ = True
    if not check.ok:
        raise AssertionError(f"\n{check}")
