"""The source of somebody's program: a Python file, or the code cells of a notebook one after another.

A notebook's cells become one source. `place` says a line of it in the words of the file: "line 3", or
"cell 2, line 3".
"""

import ast
import bisect
import json
import re
from dataclasses import dataclass
from pathlib import Path

_MAGIC = re.compile(r"^(\s*)(?:[%!?].*|[\w., ]+=\s*[%!].*|[\w.]+\?{1,2}\s*)$")


@dataclass(frozen=True)
class ProgramSource:
    """A program's text.

    Attributes:
        path: as the user gave it.
        text: bytes, as Python compiles them.
        cells: the first line of each cell of a notebook, from 1; empty for a Python file.
    """

    path: str
    text: bytes
    cells: tuple[int, ...] = ()

    @classmethod
    def read(cls, path: str) -> "ProgramSource":
        """Read a file.

        Raises:
            OSError: it cannot be read.
            ValueError: it is called a notebook, and is none.
        """
        content = Path(path).read_bytes()
        return cls._of_notebook(path, content) if Path(path).suffix.lower() == ".ipynb" else cls(path, content)

    @classmethod
    def _of_notebook(cls, path: str, content: bytes) -> "ProgramSource":
        try:
            cells = [cell for cell in json.loads(content)["cells"] if cell["cell_type"] == "code"]
            sources = ["".join(cell["source"]) for cell in cells]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ValueError("it is no notebook of Jupyter's format 4") from None
        starts: list[int] = []
        lines: list[str] = []
        for source in sources:
            starts.append(len(lines) + 1)
            lines += without_magics(source).split("\n")
        return cls(path, "\n".join(lines).encode("utf-8", "surrogatepass"), tuple(starts))

    def may_use_keras(self) -> bool:
        """Return whether the text names Keras or a model's `fit`, or imports a file beside it, which may do so."""
        imported = re.findall(rb"^\s*(?:import|from)\s(.*)", self.text, re.M)
        names = {name.decode() for line in imported for name in re.findall(rb"\w+", line)}
        folder = Path(self.path).parent
        return bool(re.search(rb"keras|fit", self.text)) or any(
            (folder / f"{name}.py").exists() or (folder / name).is_dir() for name in names
        )

    def place(self, line: int) -> str:
        """Return where a line of `text` stands, in words."""
        if not self.cells:
            return f"line {line}"
        cell = max(1, bisect.bisect_right(self.cells, line))
        return f"cell {cell}, line {line - self.cells[cell - 1] + 1}"

    def line(self, number: int) -> str:
        """Return a line's text, without the spaces around it; empty where there is no such line."""
        lines = self.text.decode("utf-8", "replace").splitlines()
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def without_magics(source: str) -> str:
    """Return a cell's source with IPython's own commands left out; no line changes its number."""
    if _is_python(source):
        return source
    lines = source.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not re.match(r"%%(time|timeit|capture)\b", first):
        return "\n".join("" for _ in lines)  # the cell of another language
    return "\n".join(_plain_line(line) for line in lines)


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _plain_line(line: str) -> str:
    magic = _MAGIC.match(line)
    return f"{magic[1]}pass" if magic else line
