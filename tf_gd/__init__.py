"""Gradient descent you can check.

Fits `y = m x + c` twice, in TensorFlow's graph mode and by hand, proves that the two are the same bit for bit, and
names the mistake where a derivation is wrong. Importing this package imports neither TensorFlow nor a plotting library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

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
    "read_trajectory": "trajectory_files",
    "Outcome": "trajectory",
    "check": "fitting",
    "check_gradient": "diagnosis.model.model_check",
    "check_layer": "diagnosis.model.layer_check",
    "Comparison": "verify.compare",
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


if TYPE_CHECKING:
    from tf_gd.curvature import Curvature as Curvature
    from tf_gd.moments.evaluation import FitSummary as FitSummary
    from tf_gd.moments.evaluation import ResidualSummary as ResidualSummary
    from tf_gd.moments.evaluation import evaluate as evaluate
    from tf_gd.points import Points as Points
