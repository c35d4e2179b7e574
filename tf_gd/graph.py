"""TensorFlow's path: the line, its loss and `GradientDescentOptimizer` on `tf.compat.v1`  (equation 8)."""

import sys
from importlib import import_module
from typing import Any

from tf_gd.quiet import quiet_stderr


def load_tensorflow() -> Any:
    """Import TensorFlow without its start-up noise, and return it; everything else on stderr still shows."""
    if "tensorflow" in sys.modules:
        return import_module("tensorflow")
    with quiet_stderr():
        tensorflow = import_module("tensorflow")
        tensorflow.config.list_physical_devices()  # looks for a GPU now, while its complaint is held back
    return tensorflow
