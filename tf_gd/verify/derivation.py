"""The derivation on paper, done by SymPy: from the loss to the gradient, the Hessian and the largest learning rate.

The steps are the post's, equations 1 to 10, and two beyond it. Nothing here is typed in that could be
derived: the derivatives, the parabola, the optimum and the eigenvalues come out of the loss.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tf_gd.errors import invalid
from tf_gd.reduction import Reduction, check_reduction
from tf_gd.verify.algebra import largest_eigenvalue, symbols, tidy
from tf_gd.verify.derivation_step import DerivationStep

Model = Literal["line", "no-intercept", "m-model"]
MODELS: tuple[Model, ...] = ("line", "no-intercept", "m-model")
SENTENCES: dict[Model, str] = {
    "line": "A line predicts p for each x.",
    "no-intercept": "A line through the origin predicts p for each x.",
    "m-model": "With m = c = M, both are one number.",
}


@dataclass(frozen=True)
class Derivation:
    """What follows from the loss of a model.

    Attributes:
        model: "line", y = m x + c; "no-intercept", y = m x; or "m-model", y = M (x + 1).
        reduction: see `line.loss_factor`.
        parameters: the SymPy symbols to derive by.
        loss: the loss, a SymPy expression in the parameters, x[i], y[i] and n.
        steps: the derivation, one step after another.
    """

    model: Model
    reduction: Reduction
    parameters: tuple[Any, ...]
    loss: Any
    steps: tuple[DerivationStep, ...]

    @property
    def gradient(self) -> tuple[Any, ...]:
        """The partial derivative of the loss by each parameter."""
        return tuple(tidy(symbols().sympy.diff(self.loss, parameter)) for parameter in self.parameters)

    @property
    def hessian(self) -> Any:
        """The second derivatives, a SymPy matrix, in n and the sums S_x and S_xx."""
        return symbols().sympy.hessian(symbols().power_sums(self.loss), self.parameters)

    @property
    def max_learning_rate(self) -> Any:
        """2 over the largest eigenvalue of the Hessian."""
        return 2 / largest_eigenvalue(self.hessian)

    @property
    def optimum(self) -> dict[Any, Any]:
        """Where the gradient is zero, each parameter in n and the sums over the points."""
        s = symbols()
        solution = s.sympy.solve([s.power_sums(one) for one in self.gradient], self.parameters)
        return {parameter: s.sympy.cancel(solution[parameter]) for parameter in self.parameters}


def derive(model: Model = "line", reduction: Reduction = "sum") -> Derivation:
    """Derive the gradient, the Hessian and the largest stable learning rate from the loss, step by step.

    Args:
        model: "line", y = m x + c; "no-intercept", y = m x; or "m-model", y = M (x + 1), which is what setting
            m = c = M literally gives.
        reduction: "sum" as in the post; "mean", which divides by n; "half_sum" or "half_mean", half of it.

    Raises:
        InvalidArgumentError: unknown `model` or `reduction`.

    Example:
        >>> derived = derive("m-model")
        >>> derived.steps[6].title
        'The derivative'
        >>> derived.max_learning_rate
        1/(2*S_x + S_xx + n)
    """
    check_reduction(reduction)
    if model not in MODELS:
        raise invalid("model", f"one of {', '.join(MODELS)}", model)
    s = symbols()
    x = s.x[s.i]
    predictions = {"line": s.m * x + s.c, "no-intercept": s.m * x, "m-model": s.M * (x + 1)}
    parameters = {"line": (s.m, s.c), "no-intercept": (s.m,), "m-model": (s.M,)}[model]
    prediction = predictions[model]
    loss = _share(reduction) * s.add((prediction - s.y[s.i]) ** 2)
    derived = Derivation(model, reduction, parameters, loss, ())
    return Derivation(model, reduction, parameters, loss, tuple(_steps(derived, prediction)))


def _share(reduction: Reduction) -> Any:
    """Return the number in front of the sum of the squared residuals; see `line.loss_factor`."""
    s = symbols()
    half = s.sympy.Rational(1, 2 if reduction.startswith("half_") else 1)
    return half / s.n if reduction.endswith("mean") else half


def _steps(derived: Derivation, prediction: Any) -> Iterator[DerivationStep]:
    yield from _to_the_loss(derived, prediction)
    yield from _to_the_update(derived, prediction)
    yield from _beyond(derived)


def _to_the_loss(derived: Derivation, prediction: Any) -> Iterator[DerivationStep]:
    """Equations 1 to 4."""
    s = symbols()
    p, e, y, L = s.sympy.symbols("p_i e_i y_i L")
    what = derived.reduction.replace("half_", "half the ")
    what = what if what.startswith("half") else f"the {what}"
    yield DerivationStep(1, "The prediction", SENTENCES[derived.model], (s.sympy.Eq(p, prediction),))
    yield DerivationStep(
        2, "The residual", "The error of a point is prediction minus observation.", (s.sympy.Eq(e, p - y),)
    )
    yield DerivationStep(
        3,
        "The loss",
        f"The loss is {what} of the squared residuals, so that no two errors cancel.",
        (s.sympy.Eq(L, _share(derived.reduction) * s.add(e**2)),),
    )
    yield DerivationStep(
        4,
        "The loss of the parameters",
        "Substituted, the loss depends on the parameters alone: the points are given.",
        (s.sympy.Eq(s.loss(*derived.parameters), derived.loss),),
    )


def _to_the_update(derived: Derivation, prediction: Any) -> Iterator[DerivationStep]:
    """Equations 5 to 10."""
    s, (first, *_) = symbols(), derived.parameters
    loss = s.loss(*derived.parameters)
    yield DerivationStep(
        5,
        "A parabola",
        f"Against {' or '.join(map(str, derived.parameters))} alone the loss is a parabola. Its leading coefficient "
        "is a sum of squares, so it opens upwards, and its lowest point is the best value.",
        (s.sympy.Eq(loss, _parabola(derived.loss, first), evaluate=False),),
    )
    k, cost = s.sympy.symbols("k N")
    tries = len(derived.parameters)
    yield DerivationStep(
        6,
        "Why not try all values",
        f"Trying k values of {'each parameter' if tries > 1 else 'the parameter'} costs N evaluations of the loss, "
        "and finds the best only to within the distance between two tries.",
        (s.sympy.Eq(cost, k**tries),),
    )
    yield DerivationStep(
        7,
        "The partial derivatives" if tries > 1 else "The derivative",
        "The chain rule: the derivative of e^2 is 2 e times that of e; and the derivative of a sum is a sum. "
        "Positive: the loss grows with the parameter, so decrease it. Negative: increase it.",
        (*_chain_rule(derived, prediction), *_equations(loss, derived.parameters, derived.gradient)),
    )
    yield _update(
        "The update",
        f"M stands for {'either' if tries > 1 else 'the'} parameter, M' for its new value, alpha for the learning "
        "rate: go downhill, and the further the steeper it is.",
        8,
        (s.M,),
        s.loss(s.M),
    )
    yield DerivationStep(
        9,
        "Until the derivative is 0",
        "At the lowest point the gradient is zero. Sx is the sum of the x_i, Sxy that of the x_i y_i, and so on.",
        tuple(s.sympy.Eq(parameter, best) for parameter, best in derived.optimum.items()),
        order="rev-lex",
    )
    yield _update(
        "All at once",
        "Both are updated independently and simultaneously: from the same gradient, taken before the step."
        if tries > 1
        else "There is one parameter only, so nothing else has to wait for it.",
        10,
        derived.parameters,
        loss,
    )


def _equations(function: Any, parameters: Iterable[Any], slopes: Iterable[Any]) -> tuple[Any, ...]:
    """Return an equation for each partial derivative of a function, which is `slopes` in turn."""
    s = symbols()
    pairs = zip(parameters, slopes, strict=True)
    return tuple(s.sympy.Eq(s.sympy.Derivative(function, one), slope, evaluate=False) for one, slope in pairs)


def _chain_rule(derived: Derivation, prediction: Any) -> tuple[Any, ...]:
    """Return the derivative of a square, that of the residual, and the sum of their products, for each parameter."""
    s = symbols()
    e = s.sympy.Symbol("e_i")
    outer, parameters = s.sympy.diff(e**2, e), derived.parameters
    inner = [s.sympy.diff(prediction - s.y[s.i], one) for one in parameters]
    slopes = [_share(derived.reduction) * s.add(outer * one) for one in inner]
    return (
        *_equations(e**2, [e], [outer]),
        *_equations(s.residual(*parameters), parameters, inner),
        *_equations(s.loss(*parameters), parameters, slopes),
    )


def _parabola(loss: Any, parameter: Any) -> Any:
    """Return the loss as a parameter^2 + b parameter + c: Taylor's formula, which ends there."""
    diff = symbols().sympy.diff
    assert diff(loss, parameter, 3).doit() == 0
    constant, slope, curvature = (tidy(diff(loss, parameter, order).subs(parameter, 0)) for order in (0, 1, 2))
    return curvature / 2 * parameter**2 + slope * parameter + constant


def _update(title: str, sentence: str, equation: int, parameters: tuple[Any, ...], loss: Any) -> DerivationStep:
    """Return the step M' = M - alpha dL/dM for each of these parameters."""
    s = symbols()

    def moved(parameter: Any) -> Any:
        slope = s.sympy.Derivative(loss, parameter)
        after = s.sympy.Add(parameter, -s.alpha * slope, evaluate=False)
        return s.sympy.Eq(s.sympy.Symbol(f"{parameter}'"), after, evaluate=False)

    return DerivationStep(equation, title, sentence, tuple(moved(parameter) for parameter in parameters), order="none")


def _beyond(derived: Derivation) -> Iterator[DerivationStep]:
    """The curvature and the learning rate, which the post leaves to trial."""
    s = symbols()
    size = len(derived.parameters)
    H, d, then = (s.sympy.MatrixSymbol(name, size, width) for name, width in (("H", size), ("d", 1), ("d'", 1)))
    lam, limit = s.sympy.symbols("lambda_max alpha_max")
    yield DerivationStep(
        11,
        "The curvature",
        "The second derivatives do not depend on the parameters: the curvature is the same everywhere.",
        (s.sympy.Eq(H, derived.hessian, evaluate=False),),
    )
    yield DerivationStep(
        12,
        "The largest learning rate",
        "d is the difference from the optimum, d' the one after a step, and I the identity. Along an eigenvector of H "
        "with the eigenvalue lambda, a step multiplies d by 1 - alpha lambda. Every part of d shrinks while "
        "|1 - alpha lambda| < 1 for each lambda, that is, while alpha is under 2 / lambda_max.",
        (
            s.sympy.Eq(then, (s.sympy.Identity(size) - s.alpha * H) * d, evaluate=False),
            s.sympy.Eq(lam, largest_eigenvalue(derived.hessian), evaluate=False),
            s.sympy.Eq(limit, derived.max_learning_rate, evaluate=False),
        ),
    )
