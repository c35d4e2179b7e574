"""Gradient descent you can check.

Fits `y = m x + c` twice, in TensorFlow's graph mode and by hand, proves that the two are the same bit for bit, and
names the mistake where a derivation is wrong. Importing this package imports neither TensorFlow nor a plotting library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

# Each public name and the module that holds it; a module is imported when one of its names is first used.
_HOME = {
    "Points": "points",
    "read_points": "tables.reading",
    "sample": "points",
    "Line": "line",
    "Gradient": "line",
    "predict": "line",
    "residuals": "line",
    "loss": "line",
    "gradient": "line",
    "update": "line",
    "Curvature": "curvature",
    "least_squares": "moments.moments",
    "Moments": "moments.moments",
    "evaluate": "moments.evaluation",
    "FitSummary": "moments.evaluation",
    "ResidualSummary": "moments.evaluation",
    "train": "fitting",
    "Trajectory": "trajectory",
    "read_trajectory": "trajectory",
    "Outcome": "trajectory",
    "check": "fitting",
    "check_gradient": "diagnosis.model.model_check",
    "check_layer": "diagnosis.model.layer_check",
    "Comparison": "verify.comparison",
    "check_session": "verify.live_session",
    "SessionCheck": "verify.live_session",
    "check_line_gradient": "diagnosis.line.line_check",
    "check_update": "diagnosis.line.line_check",
    "check_path": "diagnosis.path.path_check",
    "GradientCheck": "diagnosis.gradient_check",
    "assert_gradient": "diagnosis.assertions",
    "assert_update": "diagnosis.assertions",
    "assert_path": "diagnosis.assertions",
    "GradientDescentOptimizer": "optimizer",
    "TfGdError": "errors",
    "InvalidArgumentError": "errors",
    "DataError": "errors",
    "SessionError": "errors",
    "DescentWarning": "errors",
    "SessionWarning": "errors",
}

__all__ = [*sorted(_HOME), "__version__"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name == "show":  # a package of its own: tf_gd.show.playground(x, y)
        return import_module("tf_gd.show")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


if TYPE_CHECKING:  # what mypy and editors see
    from tf_gd import show as show
    from tf_gd.curvature import Curvature as Curvature
    from tf_gd.diagnosis.assertions import assert_gradient as assert_gradient
    from tf_gd.diagnosis.assertions import assert_path as assert_path
    from tf_gd.diagnosis.assertions import assert_update as assert_update
    from tf_gd.diagnosis.gradient_check import GradientCheck as GradientCheck
    from tf_gd.diagnosis.line.line_check import check_line_gradient as check_line_gradient
    from tf_gd.diagnosis.line.line_check import check_update as check_update
    from tf_gd.diagnosis.model.layer_check import check_layer as check_layer
    from tf_gd.diagnosis.model.model_check import check_gradient as check_gradient
    from tf_gd.diagnosis.path.path_check import check_path as check_path
    from tf_gd.errors import DataError as DataError
    from tf_gd.errors import DescentWarning as DescentWarning
    from tf_gd.errors import InvalidArgumentError as InvalidArgumentError
    from tf_gd.errors import SessionError as SessionError
    from tf_gd.errors import SessionWarning as SessionWarning
    from tf_gd.errors import TfGdError as TfGdError
    from tf_gd.fitting import check as check
    from tf_gd.fitting import train as train
    from tf_gd.line import Gradient as Gradient
    from tf_gd.line import Line as Line
    from tf_gd.line import gradient as gradient
    from tf_gd.line import loss as loss
    from tf_gd.line import predict as predict
    from tf_gd.line import residuals as residuals
    from tf_gd.line import update as update
    from tf_gd.moments.evaluation import FitSummary as FitSummary
    from tf_gd.moments.evaluation import ResidualSummary as ResidualSummary
    from tf_gd.moments.evaluation import evaluate as evaluate
    from tf_gd.moments.moments import Moments as Moments
    from tf_gd.moments.moments import least_squares as least_squares
    from tf_gd.optimizer import GradientDescentOptimizer as GradientDescentOptimizer
    from tf_gd.points import Points as Points
    from tf_gd.points import sample as sample
    from tf_gd.tables.reading import read_points as read_points
    from tf_gd.trajectory import Outcome as Outcome
    from tf_gd.trajectory import Trajectory as Trajectory
    from tf_gd.trajectory import read_trajectory as read_trajectory
    from tf_gd.verify.comparison import Comparison as Comparison
    from tf_gd.verify.live_session import SessionCheck as SessionCheck
    from tf_gd.verify.live_session import check_session as check_session
