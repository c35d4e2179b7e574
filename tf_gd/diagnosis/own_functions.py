"""Inside the child process: the functions and methods of somebody's program, and what they read besides arguments.

A function may take the points, the line or the rate from the module, from the function around it or from `self`. Such
a name is one more parameter, of the kind "outside": it is set before the function is called, as if it were passed.
"""

import ast
import dis
import inspect
from collections.abc import Callable, Iterator
from functools import partial
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import parameters_of, words_of
from tf_gd.diagnosis.line.argument_names import counts_steps, derivative_of, role_of, says_gradient, says_step
from tf_gd.diagnosis.pipe import is_array

_TRAINS = ("fit", "train", "run", "learn")
_ARGUMENTS: dict[str, Any] = {"x": [1.0, 2.0, 4.0], "y": [3.0, 1.0, 5.0], "rate": 0.03, "m": 0.0, "c": 0.0, "n": 3}


class OwnFunction:
    """A function of the program; what it reads from outside is passed by keyword.

    Attributes:
        function: it, or the bound method.
        held: where it may leave its results: what its object or its module holds.
        parameters: see `calling.parameters_of`.
    """

    def __init__(self, function: Callable[..., Any], setters: dict[str, Callable[[Any], None]], held: Any) -> None:
        self.function, self._setters, self._held = function, setters, held
        own = parameters_of(function)
        named = {name for name, _, _ in own or ()}
        outside = [[name, "outside", True] for name in setters if name not in named]
        words = [[word, "word", True] for word in words_of(function)]
        self.parameters = None if own is None else own + outside + words

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it; one that returns nothing gives what its object, or the module, holds afterwards."""
        for name in self._setters.keys() & keywords.keys():
            self._setters[name](keywords.pop(name))
        result = self.function(*arguments, **keywords)
        if result is None:
            return {name: value for name, value in self._held.items() if _is_number_or_data(value)} or None
        return result


def own_functions(module: ModuleType, filename: str, text: bytes) -> dict[str, OwnFunction]:
    """Return what a program itself defines as functions, `name` or `Class.method`, to be called."""
    functions_by_name: dict[str, OwnFunction] = {}
    for name, value in list(module.__dict__.items()):
        if inspect.isclass(value) and value.__module__ == module.__name__:
            functions_by_name.update(_methods(name, value, text))
        elif callable(value) and not name.startswith("__") and _is_own(value, filename):
            functions_by_name[name] = OwnFunction(value, dict(_outside(value)), _moved(value))
    for name, factory, inner in _factories(ast.parse(text)):
        if inspect.isfunction(made_by := module.__dict__.get(factory)):
            functions_by_name[name] = OwnFunction(_made(made_by, inner), dict(_outside(made_by)), {})
    return functions_by_name


def _factories(tree: ast.Module) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (name, factory, arguments) of a gradient or step that a function returns, where nothing calls that one."""
    called = {getattr(one.func, "id", "") for one in ast.walk(tree) if isinstance(one, ast.Call)}
    for node in tree.body:
        last = node.body[-1] if isinstance(node, ast.FunctionDef) and node.name not in called else None
        if not isinstance(node, ast.FunctionDef) or not isinstance(last, ast.Return):
            continue
        if isinstance(last.value, ast.Lambda) and _is_asked_for(node.name):
            yield node.name, node.name, [one.arg for one in last.value.args.args]
        for inner in node.body:
            returned = isinstance(inner, ast.FunctionDef) and getattr(last.value, "id", "") == inner.name
            if isinstance(inner, ast.FunctionDef) and returned and _is_asked_for(inner.name):
                yield f"{node.name}.{inner.name}", node.name, [one.arg for one in inner.args.args]


def _is_asked_for(name: str) -> bool:
    return says_gradient(name) or says_step(name)


def _made(factory: Callable[..., Any], inner: list[str]) -> Callable[..., Any]:
    """Return a function that takes what a factory takes, and then what the function that it makes takes."""
    outer = [name for name, _, default in parameters_of(factory) or () if not default]

    def function(*arguments: Any) -> Any:
        return factory(*arguments[: len(outer)])(*arguments[len(outer) :])

    taken = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in dict.fromkeys([*outer, *inner])
    ]
    function.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]
    return function


def _moved(function: Any) -> Any:
    """Return what the module holds, for a function that gives names of it a value with `global`; else nothing."""
    code = _code(function)
    stores = code is not None and any(one.opname == "STORE_GLOBAL" for one in dis.get_instructions(code))
    return function.__globals__ if stores else {}


def _is_own(value: Any, filename: str) -> bool:
    """Return whether a function stands in this file, and was not imported by it; `f = np.polyfit` was not."""
    code = _code(value)
    if code is not None:
        return code.co_filename == filename
    if isinstance(value, partial) and any(map(is_array, (*value.args, *value.keywords.values()))):
        return False  # of the points that were put into it, and no others
    return not inspect.isclass(value) and getattr(value, "__module__", "learner") in (
        *("learner", "__main__"),
        *(None, "functools"),
    )


def _code(value: Any) -> CodeType | None:
    function = inspect.unwrap(value) if inspect.isfunction(value) else value
    return getattr(function, "__code__", None)


def _outside(function: Any) -> Iterator[tuple[str, Callable[[Any], None]]]:
    """Yield the data that a function, or one that it calls, reads from the module or from the function around it."""
    inner = inspect.unwrap(function) if inspect.isfunction(function) else None
    for one in _called(inner, []) if inner is not None else ():
        for name, cell in zip(one.__code__.co_freevars, one.__closure__ or (), strict=False):
            if _is_data(cell):
                yield name, partial(setattr, cell, "cell_contents")
        for name in _names(one.__code__):
            if _is_number_or_data(one.__globals__.get(name)):
                yield name, partial(one.__globals__.__setitem__, name)


def _called(function: Any, known: list[Any]) -> list[Any]:
    """Return a function and those of its file that it calls."""
    if function not in known:
        known.append(function)
        for name in _names(function.__code__):
            other = function.__globals__.get(name)
            if inspect.isfunction(other) and other.__code__.co_filename == function.__code__.co_filename:
                _called(other, known)
    return known


def _names(code: CodeType) -> list[str]:
    inner = [name for part in code.co_consts if isinstance(part, CodeType) for name in _names(part)]
    return [*code.co_names, *inner]


def _is_data(cell: Any) -> bool:
    try:
        return _is_number_or_data(cell.cell_contents)
    except ValueError:  # not set yet
        return False


def _is_number_or_data(value: Any) -> bool:
    if isinstance(value, bool | str) or inspect.isclass(value) or value is None:
        return False
    return isinstance(value, int | float | list | tuple | np.generic) or is_array(value) or hasattr(value, "__array__")


def _methods(name: str, kind: type, text: bytes) -> Iterator[tuple[str, OwnFunction]]:
    """Yield the methods of a class, those of an object for an object that is made for it."""
    methods = {key: value for key, value in vars(kind).items() if not key.startswith("__")}
    if not any(says_gradient(key) or says_step(key) or derivative_of(key) or key in _TRAINS for key in methods):
        return
    read = _attributes(kind.__name__, text)
    thing = _object(kind)
    for key, value in methods.items():
        if isinstance(value, staticmethod | classmethod):
            yield f"{name}.{key}", OwnFunction(getattr(kind, key), dict(_outside(getattr(kind, key))), {})
        elif inspect.isfunction(value) and thing is not None:
            names = [one for one in _read_by(key, read, methods) if not callable(getattr(kind, one, None))]
            setters = {one: partial(setattr, thing, one) for one in names}
            yield f"{name}.{key}", OwnFunction(getattr(thing, key), {**dict(_outside(value)), **setters}, vars(thing))


def _object(kind: type) -> Any:
    """Return an object of a class; what its constructor wants goes by the names; None where it cannot be made."""
    wanted = [name for name, how, default in parameters_of(kind) or () if not default and not how.startswith("many")]
    given = {name: 30 if counts_steps(name) else _ARGUMENTS.get(role_of(name)) for name in wanted}
    try:
        return kind(**{name: np.array(value) if isinstance(value, list) else value for name, value in given.items()})
    except (Exception, SystemExit):
        return None


def _attributes(kind: str, text: bytes) -> dict[str, list[str]]:
    """Return for each method of a class the attributes of `self` in it."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef) and node.name == kind]
    return {
        method.name: [
            one.attr
            for one in ast.walk(method)
            if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id == "self"
        ]
        for node in nodes
        for method in node.body
        if isinstance(method, ast.FunctionDef)
    }


def _read_by(method: str, read: dict[str, list[str]], methods: dict[str, Any]) -> list[str]:
    """Return the attributes that a method, or one that it calls, speaks of."""
    names: list[str] = []
    waiting, followed = [method], set()
    while waiting:
        now = waiting.pop()
        if now not in followed:
            followed.add(now)
            names += read.get(now, [])
            waiting += [name for name in read.get(now, []) if name in methods]
    return list(dict.fromkeys(names))
