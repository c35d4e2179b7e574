"""Run the chapters and keep their outputs in them: `python notebooks/execute.py [NAME ...]`.

Every cell runs from top to bottom in a fresh kernel, with warnings as errors.
"""

import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
BEFORE = "import warnings\nwarnings.simplefilter('error')"
AFTER = "warnings.resetwarnings()  # the kernel's own, while it shuts down"


def chapters() -> list[Path]:
    """Return the notebooks, in their order."""
    return sorted(HERE.glob("*.ipynb"))


def executed(path: Path) -> Any:
    """Return a notebook with the outputs that its cells give now; what depends on the run is left out."""
    notebook: Any = nbformat.read(path, as_version=4)
    cells = notebook.cells
    notebook.cells = [nbformat.v4.new_code_cell(BEFORE), *cells, nbformat.v4.new_code_cell(AFTER)]
    where = {"metadata": {"path": str(HERE)}}
    NotebookClient(notebook, timeout=300, resources=where, coalesce_streams=True).execute()
    notebook.cells = cells
    for cell in cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.execution_count = None
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = None
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def texts(cell: Any) -> list[str]:
    """Return what a cell prints and shows as text; figures count by the fact that there is one."""
    shown = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        shown.append(output.get("text") or ("a figure" if "image/png" in data else data.get("text/plain", "")))
    return ["".join(shown)]


def main(wanted: list[str]) -> None:
    """Execute the notebooks whose names start with one of `wanted`; all, when there is none."""
    for path in chapters():
        if not wanted or path.name.startswith(tuple(wanted)):
            nbformat.write(executed(path), path)
            print(f"{path.name}: {path.stat().st_size / 1000:,.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
