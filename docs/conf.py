"""How Sphinx builds these pages: `python -m nox -s docs`; nothing is fetched, and warnings are errors."""

import html
import shutil
import sys
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import tf_gd  # noqa: E402

project = "tf_gd"
author = "The tf_gd authors"
copyright = "The tf_gd authors, Apache License 2.0"
release = version = tf_gd.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.intersphinx", "sphinx_click"]
exclude_patterns = ["_build", "images"]
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the notebooks keep their outputs, and a test runs them
nb_merge_streams = True
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = True
intersphinx_mapping: dict[str, tuple[str, None]] = {}  # the build needs no network
html_theme = "furo"
html_title = f"tf_gd {release}"
html_static_path = ["_static"]
html_css_files = ["tf_gd.css"]
html_math_renderer = "mathml"
html_show_sphinx = False
smartquotes_action = "qe"  # quotes and dots; the two hyphens of an option stay


def visit_math(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a sentence as MathML, which a browser draws without a script."""
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def visit_display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own as MathML."""
    label = f' id="{html.escape(node["ids"][0])}"' if node["ids"] else ""
    translator.body.append(f'<div class="math"{label}>{convert(node.astext(), display="block")}</div>\n')
    raise nodes.SkipNode


def escape_stars(app: Sphinx, context: object, lines: list[str]) -> None:
    """Keep the stars in a command's help, such as year-*.parquet, from being read as emphasis."""
    lines[:] = [line.replace("*", "\\*") for line in lines]


def setup(app: Sphinx) -> None:
    """Register the formulas' renderer, and bring the chapters to where Sphinx can see them."""
    chapters = shutil.ignore_patterns("html", "template", "*.py", ".ipynb_checkpoints")
    shutil.copytree(HERE.parent / "notebooks", HERE / "tutorials" / "notebooks", dirs_exist_ok=True, ignore=chapters)
    app.connect("sphinx-click-process-description", escape_stars)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_display, None))
