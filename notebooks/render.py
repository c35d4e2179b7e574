"""Run the notebooks and write the copies that are read without Python: `python notebooks/render.py [NAME ...]`.

A page is one file: figures and style inside, formulas as MathML, no script, and nothing fetched from a network.
"""

import hashlib
import sys
from pathlib import Path

import nbformat
from latex2mathml.converter import convert
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

HERE = Path(__file__).parent
PAGES = HERE / "html"


class MathML(IPythonRenderer):
    """Renders Markdown with its formulas as MathML, which a browser draws by itself."""

    def block_math(self, body: str) -> str:
        return convert(body, display="block")

    def inline_math(self, body: str) -> str:
        return convert(body)


class Page(HTMLExporter):
    """Writes a notebook as one page, by the template beside this file."""

    def __init__(self) -> None:
        super().__init__(template_name="template", extra_template_basedirs=[str(HERE)])

    def markdown2html(self, source: str) -> str:  # type: ignore[override]
        return MarkdownWithMath(renderer=MathML(escape=False, exclude_anchor_links=True)).render(source)


def sources() -> list[Path]:
    """Return the notebooks, in their order."""
    return sorted(HERE.glob("*.ipynb"))


def fingerprint(notebook: nbformat.NotebookNode) -> str:
    """Return what tells whether a page was made from this very text and code."""
    said = "\0".join(f"{cell.cell_type}\0{cell.source}" for cell in notebook.cells)
    return hashlib.sha256(said.encode()).hexdigest()


BEFORE = """
import warnings
from matplotlib_inline.backend_inline import set_matplotlib_formats
set_matplotlib_formats("retina")
warnings.simplefilter("error")
"""
AFTER = "warnings.resetwarnings()  # the kernel's own, while it shuts down"


def run(notebook: nbformat.NotebookNode) -> None:
    """Run every cell, top to bottom, in a fresh kernel with warnings as errors."""
    cells = notebook.cells
    notebook.cells = [nbformat.v4.new_code_cell(BEFORE), *cells, nbformat.v4.new_code_cell(AFTER)]
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(HERE)}}).execute()
    notebook.cells = cells


def title(path: Path) -> str:
    """Return the heading of a notebook."""
    first_line: str = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0]
    return first_line.removeprefix("# ")


def page(notebook: nbformat.NotebookNode, path: Path) -> str:
    """Return an executed notebook as HTML, with links to the chapters before and after it."""
    chapters = sources()
    place = chapters.index(path)
    before, after = chapters[max(0, place - 1) : place], chapters[place + 1 : place + 2]
    resources = {
        "title": title(path),
        "fingerprint": fingerprint(notebook),
        "before": [(near.stem, title(near)) for near in before],
        "after": [(near.stem, title(near)) for near in after],
    }
    body, _ = Page().from_notebook_node(notebook, resources)
    return body


def main(wanted: list[str]) -> None:
    """Render the notebooks whose names start with one of `wanted`; all, when there is none."""
    PAGES.mkdir(exist_ok=True)
    for path in sources():
        if wanted and not path.name.startswith(tuple(wanted)):
            continue
        notebook = nbformat.read(path, as_version=4)
        run(notebook)
        (PAGES / f"{path.stem}.html").write_text(page(notebook, path), encoding="utf-8")
        print(f"{PAGES / path.stem}.html")


if __name__ == "__main__":
    main(sys.argv[1:])
