"""What to say of a file in which nothing could be checked: what was looked at, and what to add."""

from collections.abc import Set
from typing import Any

from tf_gd.diagnosis import function_lines
from tf_gd.diagnosis.line.argument_names import counts_steps, derivative_of
from tf_gd.diagnosis.program_source import ProgramSource
from tf_gd.diagnosis.sandbox import Loaded
from tf_gd.errors import DataError, plain

_WANTED = (
    "It must train a line, or it must define functions gradient(m, c, x, y) or update(m, c, x, y, learning_rate); or, "
    "for another model, loss, gradient and params; or a layer, NAME_forward and NAME_backward, or a class with "
    "forward(x) and backward(dout), and inputs."
)
_ROLES = {4: "m, c, x, y", 5: "m, c, x, y, learning_rate"}


def nothing_to_check(path: str, why: str, loaded: Loaded, source: ProgramSource) -> DataError:
    """Return the error, with what would make the file's own functions checkable."""
    name = plain(path)[1:-1]
    run = function_lines.run_by(source)
    advice = next((said for key, parameters in loaded.functions.items() if (said := _advice(key, parameters, run))), "")
    return DataError(f"`{name}` has nothing to check. {why} {_WANTED} {advice}".rstrip())


def _advice(function: str, parameters: list[list[Any]] | None, run: Set[str]) -> str:
    """Return what to do for one function; nothing where its arguments are no line and points."""
    names = [name for name, kind, default in parameters or () if kind == "positional" and not default]
    if derivative_of(function.rpartition(".")[2]):
        return f"{function} gives one derivative: write the function for the other one too, with the same arguments."
    if any(map(counts_steps, names)) and function.rpartition(".")[2] not in run:
        return (
            f"Nothing calls {function}: call it at the end of the file, with your points; its steps are then watched."
        )
    if len(names) not in _ROLES:
        return ""
    said = f"{function} takes ({', '.join(names)}): if it is a gradient or a step, say what these are, in their order"
    return f'{said}, with --call "{function}({_ROLES[len(names)]})".'
