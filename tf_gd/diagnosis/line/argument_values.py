"""What a function's arguments get: the line, the points and the rate, each in the form that the function wants."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from tf_gd.diagnosis.pipe import PandasValues, PythonLiteral

SHAPES = {"[n, 1]": "a column", "1x": "columns of ones and x", "x1": "columns of x and ones", "[1]": "an array of one"}
SHAPES |= {"mc": "(slope, intercept)", "cm": "(intercept, slope)", "dict": "a dict"}
SHAPES |= {f"{order} column": f"a column {SHAPES[order]}" for order in ("mc", "cm")}
CONTAINERS = {"list": "lists", "decimal": "decimals", "fraction": "fractions"}
CONTAINERS |= {"pandas": "data of pandas", "dicts": "a list of dicts"}
STEPS = 30  # of a function that descends
_TOLERANCE = 1e-12

_KINDS: dict[str, Callable[[float], Any]] = {"decimal": Decimal, "fraction": Fraction, "list": float}


@dataclass(frozen=True)
class Form:
    """What one argument is: its role, and the shape in which it is passed; for a literal, what stands there."""

    role: str
    shape: str = ""


@dataclass(frozen=True)
class QuestionValues:
    """The values of one question.

    Attributes:
        m, c, x, y, rate: the line, the points and the learning rate; None for a gradient, which takes 1.
        container: "array", or one of `CONTAINERS`.
        columns: what the columns of x and y are called in a table of pandas, or in dicts.
        fields: what m and c are called in a dict.
    """

    m: Any
    c: Any
    x: Any
    y: Any
    rate: Any
    container: str
    columns: tuple[str, str] = ("x", "y")
    fields: tuple[str, str] = ("m", "c")

    def of(self, form: Form) -> Any:
        """Return what an argument of this form gets."""
        match form.role:
            case "x" | "y":
                return self._data(self.x if form.role == "x" else self.y, form.shape)
            case "m" | "c":
                value = self._scalar(self.m if form.role == "m" else self.c)
                return np.array([value]) if form.shape == "[1]" else value
            case "theta":
                return self._theta(form.shape)
            case "table":
                return self._table()
            case "n":
                return len(self.x)
            case "steps":
                return STEPS
            case "literal":
                return PythonLiteral(form.shape)
            case "tolerance":
                return _TOLERANCE
        return self._scalar(1.0 if self.rate is None else self.rate)

    def _scalar(self, value: Any) -> Any:
        return _KINDS[self.container](float(value)) if self.container in _KINDS else value

    def _data(self, values: Any, shape: str) -> Any:
        if shape == "[n, 1]":
            return values[:, None]
        if shape in ("1x", "x1"):
            ones = np.ones_like(values)
            return np.column_stack([ones, values] if shape == "1x" else [values, ones])
        if self.container == "pandas":
            return PandasValues((("", values),))
        if self.container == "list":
            return values.tolist()
        return [self._scalar(value) for value in values] if self.container in _KINDS else values

    def _table(self) -> Any:
        if self.container == "pandas":
            return PandasValues(tuple(zip(self.columns, (self.x, self.y), strict=True)))
        if self.container == "dicts":
            return [dict(zip(self.columns, pair, strict=True)) for pair in zip(self.x, self.y, strict=True)]
        table = np.column_stack([self.x, self.y])
        return table.tolist() if self.container == "list" else table

    def _theta(self, shape: str) -> Any:
        if shape == "dict":
            return dict(zip(self.fields, (self.m, self.c), strict=True))
        pair = np.array([self.c, self.m] if shape.startswith("cm") else [self.m, self.c], dtype=float)
        if self.container == "list":
            return pair.tolist()
        return pair[:, None] if shape.endswith("column") else pair
