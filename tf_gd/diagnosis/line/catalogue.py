"""The catalogue of mistakes in the gradient of a line: those on paper, and then the mistakes in the code.

The right derivation, whose equations the sentences cite by number:

    1.  p_i = m x_i + c
    2.  e_i = p_i - y_i
    3.  L = sum(e_i^2)                                      or mean(e_i^2), or half of either
    4.  L(m, c) = sum((m x_i + c - y_i)^2)
    5.  dL/dm = sum(2 e_i x_i)    dL/dc = sum(2 e_i)        or the mean of the same terms, or half of either

A mistake that multiplies the right gradient by some factor has that factor for every loss alike:
`mean-instead-of-sum` is 1/n of what it should be, which for a mean is a division by n done twice. Where the loss is
given as the mean, the gradient of the halved mean, `sum(e_i^2) / (2n)`, is one half of what it should be: no data
tell that from a forgotten 2, so it goes by the name `missing-factor-2`. Where the loss is not given, it is right.
"""

from fractions import Fraction

from tf_gd.diagnosis.line import formulas
from tf_gd.diagnosis.line.code_mistakes import CODE_MISTAKES
from tf_gd.diagnosis.line.formulas import Share, in_one, residual, scaled
from tf_gd.diagnosis.line.mistake import Mistake

_NO_INTERCEPT = residual(lambda probe: probe.x * probe.m - probe.y)
_NO_TARGET = residual(lambda probe: probe.p)
_TARGET_ADDED = residual(lambda probe: probe.p + probe.y)
_NOT_LOWERED = residual(lambda probe: probe.e * probe.e)

# By what these multiply the right gradient; each of them may also come on top of another mistake.
SCALES: dict[str, Share] = {
    "missing-factor-2": lambda probe: Fraction(1, 2),
    "sign": lambda probe: -1,
    "mean-instead-of-sum": lambda probe: Fraction(1, probe.n),
    "sum-instead-of-mean": lambda probe: probe.n,
    "extra-factor-2": lambda probe: 2,
}

CATALOGUE: tuple[Mistake, ...] = (
    Mistake(
        "missing-factor-2",
        5,
        "Both derivatives are half of what they should be: the factor 2 is missing. {power_rule}",
        scaled(SCALES["missing-factor-2"]),
    ),
    Mistake(
        "sign",
        2,
        "Both derivatives have the wrong sign, so descent would climb. If your residual is y_i - (m x_i + "
        "c), its inner derivatives are -x_i and -1: keep that minus in both sums, or define the residual as "
        "prediction minus observation.",
        scaled(SCALES["sign"]),
    ),
    Mistake(
        "mean-instead-of-sum",
        3,
        "Both derivatives are 1/n of what they should be: {once_too_often}. Look for np.mean or / n in both lines.",
        scaled(SCALES["mean-instead-of-sum"]),
    ),
    Mistake(
        "sum-instead-of-mean",
        3,
        "Both derivatives are n times what they should be: {n_too_many}.",
        scaled(SCALES["sum-instead-of-mean"]),
    ),
    Mistake(
        "extra-factor-2",
        5,
        "Both derivatives are twice what they should be: there is one factor 2 too many. {one_too_many}",
        scaled(SCALES["extra-factor-2"]),
    ),
    Mistake(
        "half-mean",
        3,
        "There is a 1/(2n) in both derivatives that does not belong there. You derived {halved}; the loss here is "
        "{loss}. Remove the 1/(2n), and keep the 2 of the power rule.",
        scaled(lambda probe: Fraction(1, 2 * probe.n)),
        (scaled(lambda probe: Fraction(1, 4 * probe.n) / probe.share),),
    ),
    Mistake(
        "sign-of-m",
        5,
        "dL/dm has the wrong sign; dL/dc is right. The inner derivative of e_i = m x_i + c - y_i with "
        "respect to m is +x_i: turn the sign of dL/dm.",
        scaled(lambda probe: -1, lambda probe: 1),
    ),
    Mistake(
        "sign-of-c",
        5,
        "dL/dc has the wrong sign; dL/dm is right. The inner derivative of e_i = m x_i + c - y_i with "
        "respect to c is +1: turn the sign of dL/dc.",
        scaled(lambda probe: 1, lambda probe: -1),
    ),
    Mistake(
        "swapped",
        5,
        "The two derivatives have changed places: the one with x_i in it is dL/dm and belongs to m, the one without is "
        "dL/dc and belongs to c. Exchange them.",
        formulas.swapped,
    ),
    Mistake(
        "missing-x",
        5,
        "dL/dm lacks its x_i, and so equals dL/dc. The inner derivative of m x_i + c with respect to m is "
        "x_i: multiply each residual by its x_i before adding.",
        lambda probe: formulas.from_residuals(probe, probe.e, Fraction(1)),
    ),
    Mistake(
        "x-in-both",
        5,
        "dL/dc is multiplied by x_i as if it were dL/dm. The inner derivative of m x_i + c with respect to "
        "c is 1: remove the x_i from dL/dc.",
        formulas.x_in_both,
    ),
    Mistake(
        "x-squared",
        5,
        "dL/dm has x_i^2 where x_i belongs. The inner derivative of m x_i + c with respect to m is x_i, "
        "once: multiply each residual by x_i a single time.",
        lambda probe: formulas.from_residuals(probe, probe.e, probe.x * probe.x),
    ),
    Mistake(
        "missing-intercept",
        1,
        "The c is missing from the prediction. Write m * x_i + c, not m * x_i, in both derivatives. (Multiplied out, "
        "dL/dm has a term c * x_i for each point, and dL/dc a term c.)",
        _NO_INTERCEPT,
        in_one(_NO_INTERCEPT),
    ),
    Mistake(
        "missing-target",
        2,
        "The y_i is missing: the prediction was used where the residual belongs. Subtract the observation, "
        "e_i = m x_i + c - y_i, in both derivatives.",
        _NO_TARGET,
        in_one(_NO_TARGET),
    ),
    Mistake(
        "target-added",
        2,
        "The y_i is added where it should be subtracted. The residual is prediction minus observation: "
        "m * x_i + c - y_i, with a minus before y_i (mind it when you open brackets).",
        _TARGET_ADDED,
        in_one(_TARGET_ADDED),
    ),
    Mistake(
        "intercept-subtracted",
        1,
        "The c is subtracted where it should be added: the residual is m * x_i + c - y_i. Mind the brackets: y_i - m "
        "x_i + c is not y_i - (m x_i + c).",
        residual(lambda probe: probe.x * probe.m - probe.c - probe.y),
    ),
    Mistake(
        "absolute-error",
        3,
        "This is the gradient of the absolute errors, {add}(|e_i|): only the sign of each residual counts, "
        "not its size. The loss squares the residuals, so each term is 2 e_i x_i and 2 e_i: drop np.sign "
        "(or the division by |e_i|).",
        formulas.absolute_error,
    ),
    Mistake(
        "root-of-loss",
        3,
        "This is the gradient of the square root of the loss (RMSE, or the norm of the residuals). The loss "
        "here is {loss} without a root: remove the division by np.sqrt(...) or np.linalg.norm(...), and "
        "keep the 2.",
        formulas.root_of(lambda probe: probe.share),
        (formulas.root_of(lambda probe: Fraction(1, probe.n)), formulas.root_of(lambda probe: Fraction(1))),
    ),
    Mistake(
        "tied-m-and-c",
        5,
        "m and c were treated as one variable M. Setting m = c = M literally gives another model, y = M (x "
        "+ 1), whose derivative is sum(2 (M (x_i + 1) - y_i) (x_i + 1)). M stands for either parameter on "
        "its own: derive with respect to m while c stays as it is (factor x_i), then with respect to c "
        "while m stays (factor 1).",
        formulas.tied,
        (formulas.tied_factor, formulas.tied_each, formulas.tied_residuals),
    ),
    Mistake(
        "intercept-counted-once",
        4,
        "In dL/dc the c is added once; it belongs to each of the n points. Multiplied out, sum(2 (m x_i + c - y_i)) is "
        "2 (m sum(x_i) + n c - sum(y_i)): write n * c. (Divided by n for a mean, that leaves c.)",
        formulas.counted_once,
    ),
    Mistake(
        "x-and-y-swapped",
        1,
        "x and y have changed places: you predict x from y. The line predicts y from x, and both arrays come in this "
        "order: gradient(m, c, x, y).",
        formulas.x_and_y_swapped,
    ),
    Mistake(
        "power-not-lowered",
        5,
        "The residual is still squared. The power rule turns e_i^2 into 2 e_i, with the power one lower: "
        "use 2 * e_i, not 2 * e_i^2.",
        _NOT_LOWERED,
        in_one(_NOT_LOWERED),
    ),
    Mistake(
        "misplaced-bracket",
        5,
        "A bracket stands in the wrong place: x_i multiplies y_i only, not the whole residual. Write "
        "(m * x_i + c - y_i) * x_i, with brackets around the residual.",
        formulas.misplaced_bracket,
        (formulas.misplaced_bracket_reversed,),
    ),
    Mistake(
        "m-instead-of-x",
        5,
        "dL/dm is multiplied by m where x_i belongs. The inner derivative of m x_i + c with respect to m is x_i: "
        "multiply each residual by its x_i before adding.",
        formulas.m_instead_of_x,
    ),
    Mistake(
        "sum-outside-product",
        5,
        "In dL/dm the residuals and the x_i are added up apart, and then multiplied: {add}(e) * {add}(x). Multiply "
        "each residual by its own x_i first, and add afterwards: {add}(e * x).",
        formulas.every_pair(lambda probe: probe.share**2),
        (
            formulas.every_pair(lambda probe: probe.share),
            formulas.every_pair(lambda probe: probe.share / probe.n),
            formulas.every_pair(lambda probe: probe.share * probe.n),
        ),
    ),
    Mistake(
        "divided-by-sum-of-x",
        5,
        "The sums are divided by sum(x), not by the number of points. A mean divides by n: use len(x).",
        formulas.divided_by_sum_of_x,
    ),
    Mistake(
        "returns-the-parameters",
        5,
        "m and c come back as they went in; the function must return the two derivatives, dL/dm and dL/dc.",
        formulas.parameters,
    ),
    Mistake(
        "returns-the-loss",
        5,
        "The loss comes back where a derivative belongs. Derive it first: 2 e_i x_i for m and 2 e_i for c.",
        formulas.loss,
        (formulas.loss_of_residuals,),
    ),
    *CODE_MISTAKES,
)
