"""How a function wants to be called: which of its arguments is the slope, which the data, which the rate.

Names say it where they can: `x, y, w, b`; `theta, X, y`; `b, m, points, rate`. Where they do not, the orders that are
left are tried before anything is called wrong. The results follow the order of the arguments.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import islice, permutations
from typing import Any

import numpy as np

from tf_gd.diagnosis.line.asking import Call
from tf_gd.diagnosis.sandbox import Call as Question
from tf_gd.errors import InvalidArgumentError, invalid

MOST = 200  # ways to call a function that are tried

# What a parameter may be called, without the words around it.
_NAMES = {
    "m": "m w slope k theta1 w1 b1 beta1 weight coef coefficient gradient_m a1 m1",
    "c": "c b intercept bias theta0 w0 b0 beta0 offset q d base const constant a0 c0 b_intercept",
    "x": "x xs input inputs feature features xi xdata hours size sizes",
    "y": "y ys target targets label labels t output outputs observed yi ydata price prices",
    "rate": "learningrate learning_rate lr alpha eta rate step_size stepsize l_rate lrate gamma learn_rate step",
    "theta": "theta thetas params parameters weights beta betas coeffs coefs coefficients p line wb",
    "table": "points data table rows samples dataset xy pts data_points pairs",
    "n": "n num len length count num_points n_points npoints total number",
}
_ROLE = {name: role for role, names in _NAMES.items() for name in names.split()}
_AROUND = {"current", "cur", "now", "old", "prev", "new", "init", "initial", "start", "val", "value", "values", "train"}
_AROUND |= {"in", "the", "my", "vec", "vector", "array", "arr", "list", "param", "training"}
_COUNTS = re.compile(r"epoch|iter|num_?steps|n_?steps|max_?steps|tol|verbose|history|repeat")
_PREDICTIONS = re.compile(r"(y_?)?(hats?|preds?|predict(ed|ions?)?)(_?y|_?values?)?")


@dataclass(frozen=True)
class Form:
    """One role in one form: what is passed, and whether the results come with c first."""

    role: str
    shape: str = ""


@dataclass(frozen=True)
class Convention:
    """A way to call a function.

    Attributes:
        call: in words, for messages.
        forms: what each parameter gets, by position and by keyword.
        c_first: whether the results come in the order (c, m).
        container: "array", "list", "decimal" or "fraction": what x and y are.
    """

    call: Call
    forms: tuple[tuple[str, str, Form], ...]  # (parameter, "positional" or "keyword", form)
    c_first: bool = False
    container: str = "array"
    certain: bool = field(default=True, compare=False)

    def question(self, m: Any, c: Any, x: Any, y: Any, rate: Any = None) -> Question:
        """Return the arguments for this line, these points and this rate."""
        values = _QuestionValues(m, c, x, y, rate, self.container)
        arguments = [values.of(form) for _, kind, form in self.forms if kind == "positional"]
        return arguments, {name: values.of(form) for name, kind, form in self.forms if kind == "keyword"}


@dataclass(frozen=True)
class _QuestionValues:
    """The values of one question."""

    m: Any
    c: Any
    x: Any
    y: Any
    rate: Any
    container: str

    def of(self, form: Form) -> Any:
        """Return what a parameter of this form gets."""
        if form.role in ("x", "y"):
            return self._data(self.x if form.role == "x" else self.y, form.shape)
        if form.role in ("m", "c"):
            value = self._scalar(self.m if form.role == "m" else self.c)
            return np.array([value]) if form.shape == "[1]" else value
        if form.role == "theta":
            return self._theta(form.shape)
        if form.role == "table":
            table = np.column_stack([self.x, self.y])
            return table.tolist() if self.container == "list" else table
        return len(self.x) if form.role == "n" else self._scalar(self.rate)

    def _scalar(self, value: Any) -> Any:
        if self.container == "array":
            return value
        kinds: dict[str, Callable[[float], Any]] = {"decimal": Decimal, "fraction": Fraction, "list": float}
        return kinds[self.container](float(value))

    def _data(self, values: Any, shape: str) -> Any:
        if shape == "[n, 1]":
            return values[:, None]
        if shape in ("1x", "x1"):
            ones = np.ones_like(values)
            return np.column_stack([ones, values] if shape == "1x" else [values, ones])
        if self.container == "list":
            return values.tolist()
        if self.container in ("decimal", "fraction"):
            return [self._scalar(value) for value in values]
        return values

    def _theta(self, shape: str) -> Any:
        pair = np.array([self.c, self.m] if shape.startswith("cm") else [self.m, self.c], dtype=float)
        if self.container == "list":
            return pair.tolist()
        return pair[:, None] if shape.endswith("column") else pair


def role_of(name: str) -> str:
    """Return the role that a parameter's name says, or nothing.

    Example:
        >>> role_of("x_train"), role_of("b_current"), role_of("learningRate"), role_of("foo")
        ('x', 'c', 'rate', '')
    """
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().strip("_")
    words = [word for word in plain.split("_") if word and word not in _AROUND]
    for candidate in (plain, plain.replace("_", ""), "_".join(words), "".join(words)):
        if candidate in _ROLE:
            return _ROLE[candidate]
    for ending in ("train", "data", "values", "vals", "new", "old"):
        if plain.endswith(ending) and plain.removesuffix(ending) in _ROLE:
            return _ROLE[plain.removesuffix(ending)]
    return ""


def counts_steps(name: str) -> bool:
    """Return whether a parameter says how often something is repeated: the function holds the loop itself."""
    return bool(_COUNTS.search(name.lower()))


def holds_predictions(name: str) -> bool:
    """Return whether a parameter is what the line gives for x, by its name.

    Example:
        >>> holds_predictions("y_pred"), holds_predictions("yHat"), holds_predictions("y")
        (True, True, False)
    """
    return bool(_PREDICTIONS.fullmatch(name.lower().strip("_")))


def conventions(call: Call, parameters: list[list[Any]] | None) -> tuple[list[Convention], bool]:
    """Return the ways in which a function can be called, the likeliest first, and whether its names say which.

    Args:
        call: what it is asked for: a gradient or an update.
        parameters: see `calling.parameters_of`.
    """
    if parameters is None or _is_ours(call, parameters):
        return _as_ours(call), True
    wanted = [(name, kind) for name, kind, default in parameters if _is_passed(call, name, kind, default)]
    if any(kind == "many" for _, kind, _ in parameters) and len(wanted) < len(call.arguments):
        return _as_ours(call), True
    names = [name for name, _ in wanted]
    if any(map(holds_predictions, names)):
        return [], True  # they are neither a line nor points
    roles = _by_name(call, names)
    if all(roles):
        return list(_forms(call, roles, wanted))[:MOST], True
    if all(map(role_of, names)) and len(names) < len(call.arguments) and not any(roles):
        return [], True  # the names say that something is missing
    orders = _orders(call, roles)
    return list(islice((one for order in orders for one in _forms(call, order, wanted, False)), MOST)), False


def _as_ours(call: Call) -> list[Convention]:
    wanted = [(name, "positional") for name in call.arguments]
    containers = ("array", "list", "decimal", "fraction")
    return [of_roles(call, list(call.arguments), wanted, container=container) for container in containers]


def _is_ours(call: Call, parameters: list[list[Any]]) -> bool:
    names = tuple(name for name, kind, _ in parameters if kind == "positional")
    return names == call.arguments and len(names) == len(parameters)


def _is_passed(call: Call, name: str, kind: str, default: bool) -> bool:
    if kind.startswith("many"):
        return False
    return not default or (role_of(name) in ("rate", "x", "y", "m", "c") and role_of(name) in _needed(call))


def _needed(call: Call) -> tuple[str, ...]:
    return ("m", "c", "x", "y", *(("rate",) if "learning_rate" in call.arguments else ()))


def _by_name(call: Call, names: list[str]) -> list[str]:
    """Return the role of each parameter, as far as the names say it without contradiction."""
    roles = [role_of(name) for name in names]
    lower = [name.lower().strip("_") for name in names]
    if "a" in lower and "" in roles:  # y = a x + b, or y = a + b x: whichever is left
        roles[lower.index("a")] = "m" if "m" not in roles else "c" if "c" not in roles else ""
    if "theta" in roles:
        roles = ["n" if name == "m" else role for name, role in zip(lower, roles, strict=True)]
    elif roles.count("m") == 2 and "m" in lower:  # w is the slope, and m the number of points
        roles[lower.index("m")] = "n"
    if roles.count("m") == 1 and "c" not in roles and "theta" not in roles and "" not in roles:
        roles[roles.index("m")] = "theta"  # w alone holds both
    known = [role for role in roles if role]
    return roles if len(set(known)) == len(known) and _suffices(call, roles) else [""] * len(names)


def _suffices(call: Call, roles: Sequence[str]) -> bool:
    """Return whether these roles hold all that is needed, or leave room for it."""
    if "" in roles:
        return True
    given = set(roles)
    for whole, parts in (("theta", {"m", "c"}), ("table", {"x", "y"})):
        if whole in given:
            if given & parts:
                return False
            given |= parts
    return set(_needed(call)) <= given and ("rate" not in given or "rate" in _needed(call))


def _orders(call: Call, roles: list[str]) -> Iterator[list[str]]:
    """Yield every way to give the parameters that have no role one."""
    free = [index for index, role in enumerate(roles) if not role]
    for needed in (_needed(call), *_folded(call)):
        left = [role for role in needed if role not in roles]
        if len(left) == len(free):
            for order in permutations(left):
                filled = list(roles)
                for index, role in zip(free, order, strict=True):
                    filled[index] = role
                if _suffices(call, filled):
                    yield filled


def _folded(call: Call) -> list[tuple[str, ...]]:
    """Return what is needed where m and c, or x and y, come in one argument."""
    rate = _needed(call)[4:]
    return [("theta", "x", "y", *rate), ("m", "c", "table", *rate), ("theta", "table", *rate)]


def _forms(
    call: Call, roles: Sequence[str], wanted: Sequence[tuple[str, str]], certain: bool = True
) -> Iterator[Convention]:
    """Yield the conventions for these roles: the forms that the data and theta may have."""
    if "theta" not in roles:
        yield of_roles(call, roles, wanted, certain=certain)
        if "table" not in roles:
            yield of_roles(call, roles, wanted, {"x": "[n, 1]", "y": "[n, 1]"}, certain)
            yield of_roles(call, roles, wanted, {"x": "[n, 1]"}, certain)
            yield of_roles(call, roles, wanted, {"x": "[n, 1]", "m": "[1]"}, certain)
        yield from (of_roles(call, roles, wanted, container=one) for one in ("list", "decimal", "fraction"))
        return
    for theta, x in (("mc", ""), ("cm", ""), ("cm", "1x"), ("mc", "x1")):
        for column in ("", " column"):
            shapes = {"theta": theta + column, "x": x, "y": "[n, 1]" if column and x else ""}
            yield of_roles(call, roles, wanted, shapes, certain)
            if column and x:
                yield of_roles(call, roles, wanted, {**shapes, "y": ""}, certain)


def of_roles(
    call: Call,
    roles: Sequence[str],
    wanted: Sequence[tuple[str, str]],
    shapes: dict[str, str] | None = None,
    certain: bool = True,
    container: str = "array",
) -> Convention:
    """Return the convention in which each parameter has this role."""
    shapes = shapes or {}
    roles = ["rate" if role == "learning_rate" else role for role in roles]
    forms = tuple(
        (name, kind, Form(role, shapes.get(role, ""))) for (name, kind), role in zip(wanted, roles, strict=True)
    )
    theta_c_first = shapes.get("theta", "mc").startswith("cm")
    c_first = theta_c_first if "theta" in roles else roles.index("c") < roles.index("m")
    results = (call.results[1], call.results[0]) if c_first else call.results
    words = Call(call.name, tuple(name for name, _ in wanted), results)
    return Convention(words, forms, c_first, container, certain)


def said_outright(call: Call, text: str) -> tuple[str, list[str]]:
    """Return the function's name and the names of its arguments from `--call "compute_gradient(x, y, w, b)"`.

    Raises:
        InvalidArgumentError: it is no call whose arguments say what they are.
    """
    match = re.fullmatch(r"\s*(\w+)\s*\(([\w\s,]*)\)\s*", text)
    names = [name.strip() for name in match[2].split(",") if name.strip()] if match else []
    if match is None or not names or not all(_by_name(call, names)):
        raise _bad_call(text)
    return match[1], names


def _bad_call(text: str) -> InvalidArgumentError:
    advice = 'Try --call "compute_gradient(x, y, w, b)"; theta, X, points and lr are known too.'
    return invalid("call", "a function's name and what its arguments are", text, advice)


def is_default(convention: Convention) -> bool:
    """Return whether a function is called as this package calls it, so that nothing need be said."""
    plain = all(form == Form(role_of(name)) for name, _, form in convention.forms)
    return plain and convention.container == "array" and convention.call.arguments[:4] == ("m", "c", "x", "y")


def words_of(convention: Convention) -> str:
    """Return in a sentence how the function was called."""
    shapes = [f"{name} as {_SHAPES[form.shape]}" for name, _, form in convention.forms if form.shape in _SHAPES]
    if convention.container != "array":
        shapes.append({"list": "lists", "decimal": "decimals", "fraction": "fractions"}[convention.container])
    unnamed = [f"{name} for {form.role}" for name, _, form in convention.forms if role_of(name) != form.role]
    with_ = f", with {', '.join([*unnamed, *shapes])}" if unnamed or shapes else ""
    return f"Called as {convention.call}{with_}."


_SHAPES = {"[n, 1]": "a column", "1x": "columns of ones and x", "x1": "columns of x and ones", "[1]": "an array of one"}
_SHAPES |= {"mc": "(slope, intercept)", "cm": "(intercept, slope)"}
_SHAPES |= {f"{order} column": f"a column {words}" for order, words in list(_SHAPES.items())[-2:]}

__all__ = ["Convention", "conventions", "counts_steps", "holds_predictions", "is_default", "role_of", "said_outright"]
__all__ += ["words_of"]
