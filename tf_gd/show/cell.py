"""The page in a notebook's cell."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path

import numpy.typing as npt

from tf_gd.points import Points
from tf_gd.reduction import Reduction
from tf_gd.show.page import render_playground, write_report


class Playground:
    """The page of some points; a notebook shows it in the cell.

    Attributes:
        html: the page, a whole HTML file as text.
    """

    def __init__(self, html: str) -> None:
        self.html = html

    def __repr__(self) -> str:
        """Return a few words, for where no page can be shown."""
        return "<the playground: .save(path) writes it>"

    def _repr_html_(self) -> str:
        """Return the page in a frame of its own, which can reach neither the notebook nor the network."""
        frame = 'sandbox="allow-scripts" title="Gradient descent to play with" width="100%" height="900"'
        return f'<iframe {frame} style="border:0" srcdoc="{escape(self.html)}"></iframe>'

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file.

        Raises:
            DataError: the file cannot be written.
        """
        return write_report(os.fspath(path), self.html)


def playground(
    x: npt.ArrayLike, y: npt.ArrayLike, *, x_name: str = "x", y_name: str = "y", reduction: Reduction = "sum"
) -> Playground:
    """Return the page of points, without a run: contours, line, tasks; in a notebook it is shown in the cell.

    Args:
        x, y: shape [n] each, finite.
        x_name, y_name: what they are called on the axes.
        reduction: the loss to begin with.

    Raises:
        DataError: see `Points`.
        InvalidArgumentError: unknown `reduction`.

    Example:
        >>> playground([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])._repr_html_()[:7]
        '<iframe'
    """
    return Playground(render_playground(Points(x, y, x_name, y_name), reduction))
