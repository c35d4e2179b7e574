"""The versions on which bits, files and reports depend."""

import platform
from importlib.metadata import PackageNotFoundError, version


def versions() -> dict[str, str]:
    """Return the versions of this package, Python, TensorFlow and NumPy, without importing the last two.

    Example:
        >>> list(versions())
        ['tf_gd', 'Python', 'TensorFlow', 'NumPy']
    """
    from tf_gd import __version__

    return {
        "tf_gd": __version__,
        "Python": platform.python_version(),
        "TensorFlow": _installed("tensorflow", "tensorflow-cpu"),
        "NumPy": _installed("numpy"),
    }


def _installed(*names: str) -> str:
    """Return the version of the first of these distributions that is installed."""
    for name in names:
        try:
            return version(name)
        except PackageNotFoundError:
            pass
    return "none"
