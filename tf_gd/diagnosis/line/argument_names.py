"""What people call things: which role an argument has, and what a function's name says that it computes.

A name is read without case, accents and the words around it: `xTrain`, `b_current` and `w_init` are x, c and m.
"""

import re
import unicodedata
from functools import lru_cache

MOST_NAMES = 4096  # in a cache: each name is read many times

# What a parameter may be called, without the words around it; in six languages.
_NAMES = {
    "m": "m w slope k theta1 w1 b1 beta1 weight coef coefficient gradient_m a1 m1 pendiente inclinacion coeficiente "
    "peso pente poids steigung anstieg gewicht pendenza inclinacao coefficiente",
    "c": "c b intercept bias theta0 w0 b0 beta0 offset q d base const constant a0 c0 b_intercept ordenada intercepto "
    "sesgo ordonnee biais achsenabschnitt yachsenabschnitt intercetta vies constante konstante",
    "x": "x xs input inputs feature features xi xdata hours size sizes entradas entrees eingaben horas heures stunden",
    "y": "y ys target targets label labels t output outputs observed yi ydata price prices salidas sorties ausgaben "
    "zielwerte",
    "rate": "learningrate learning_rate lr alpha eta rate step_size stepsize l_rate lrate gamma learn_rate step tasa "
    "taux lernrate taxa tasso tasaaprendizaje tasadeaprendizaje tauxapprentissage schrittweite",
    "theta": "theta thetas params parameters weights beta betas coeffs coefs coefficients p line wb parametros "
    "parametres parameter koeffizienten pesos",
    "table": "points data table rows samples dataset xy pts data_points pairs df dataframe frame puntos datos "
    "donnees daten punkte punti dati pontos dados",
    "n": "n num len length count num_points n_points npoints total number anzahl",
}
_ROLE = {name: role for role, names in _NAMES.items() for name in names.split()}
_AROUND = {"current", "curr", "cur", "now", "next", "tmp", "temp", "old", "prev", "new", "init", "initial", "start"}
_AROUND |= {"val", "value", "values", "train"}
_AROUND |= {"in", "the", "my", "vec", "vector", "array", "arr", "list", "param", "training"}
_COUNTS = re.compile(r"epoch|epoc|iter|num_?steps|n_?steps|max_?steps|^steps$|rounds|tol|repeat|pasos|schritte|durchl")
_PREDICTIONS = re.compile(r"(y_?)?(hats?|preds?|predict(ed|ions?)?)(_?y|_?values?)?|y_?p")
_ERRORS = re.compile(
    r"errors?|errs?|e|residuals?|diffs?|loss|cost|cache|d_?(out|output|y|z|a|h|x|loss)s?|upstream\w*|delta\w*"
)

# What the fields of a result, and the functions for one derivative, are called besides.
_OF_M = "gm gw b1 theta1 w1 a a1"
_OF_C = "gc gb b0 theta0 w0 q d a0 const"
_FIELDS = dict.fromkeys(_OF_M.split(), "m") | dict.fromkeys(_OF_C.split(), "c")
_DERIVATIVE = ("gradient", "grad", "derivative", "partial", "new", "delta", "d")

_GRADIENT = re.compile(r"grad|deriv|partial|backward|backprop|propagate|ableit|nabla|jacob|slope_?of|prime$")
_CHECKS = re.compile(r"numer|approx|finite|(^|_)check|(^|_)test")  # of a gradient by differences
_DIFFERENTIAL = re.compile(r"d(loss|cost|mse|sse|rss|error|err|j|l|e|f|objective)(d\w*)?")
_STEP = re.compile(
    r"update|step|descen|train_?once|move|paso|schritt|actuali[sz]|aktualisier|aggiorna|atualiz|adjust|descid"
)
_LOSS = re.compile(r"loss|cost|mse|error|objective|rss|sse")
_AROUND_DERIVATIVES = {
    *(
        "compute",
        "computes",
        "calc",
        "calculate",
        "get",
        "find",
        "of",
        "wrt",
        "with",
        "respect",
        "to",
        "by",
        "the",
        "for",
    ),
    *(
        "loss",
        "cost",
        "mse",
        "error",
        "function",
        "func",
        "fn",
        "calcular",
        "calcul",
        "berechne",
        "de",
        "del",
        "la",
        "le",
    ),
}
_WORDS_OF_DERIVATIVES = re.compile(
    r"updated?|new|step|gradients?|grads?|derivatives?|deriv|partials?|derivad[ao]|derivee|derivata|ableitung|gradiente|d|der|"
    r"d(loss|cost|mse|sse|error|j|l|e)"
)


@lru_cache(MOST_NAMES)
def _plain(name: str) -> str:
    """Return a name in small letters, its words apart, without accents."""
    plain = re.sub(r"(?<=[a-z])(?<!^d)(?<!_d)(?=[A-Z])", "_", name.replace("∂", "d_"))
    decomposed = unicodedata.normalize("NFKD", plain)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).lower().strip("_")


@lru_cache(MOST_NAMES)
def role_of(name: str) -> str:
    """Return the role that a parameter's name says, or nothing.

    Example:
        >>> role_of("x_train"), role_of("b_current"), role_of("learningRate"), role_of("foo")
        ('x', 'c', 'rate', '')
    """
    plain = _plain(name)
    words = [word for word in plain.split("_") if word and word not in _AROUND]
    for candidate in (plain, plain.replace("_", ""), "_".join(words), "".join(words)):
        if candidate in _ROLE:
            return _ROLE[candidate]
    for ending in ("train", "data", "values", "vals", "new", "old"):
        if plain.endswith(ending) and plain.removesuffix(ending) in _ROLE:
            return _ROLE[plain.removesuffix(ending)]
    return ""


def field_role(name: str) -> str:
    """Return "m" or "c" for the field of a result that is one of the two; nothing for any other.

    Example:
        >>> field_role("dj_dw"), field_role("grad_b"), field_role("loss")
        ('m', 'c', '')
    """
    letters = re.sub(r"[^a-z0-9]", "", _plain(name))
    return next((role for one in _without_derivatives(letters) if (role := _field(one))), "")


def _without_derivatives(letters: str) -> list[str]:
    """Return a name as it is, and without each word for a derivative at its beginning or end."""
    stems = [letters, re.sub(r"^d[a-z]d", "", letters)]
    return stems + [form for part in _DERIVATIVE for form in (letters.removeprefix(part), letters.removesuffix(part))]


def _field(letters: str) -> str:
    role = _FIELDS.get(letters) or role_of(letters)
    return role if role in ("m", "c") else ""


def counts_steps(name: str) -> bool:
    """Return whether a parameter says how often something is repeated: the function holds the loop itself."""
    return bool(_COUNTS.search(_plain(name)))


def holds_predictions(name: str) -> bool:
    """Return whether a parameter is what the line gives for x, by its name.

    Example:
        >>> holds_predictions("y_pred"), holds_predictions("yHat"), holds_predictions("y")
        (True, True, False)
    """
    return bool(_PREDICTIONS.fullmatch(name.lower().strip("_")))


def holds_derivatives(name: str) -> bool:
    """Return whether a parameter is an error or a derivative that was computed before: `error`, `dw`, `grads`.

    Example:
        >>> [name for name in ("dw", "grad_b", "grads", "error", "w", "d") if holds_derivatives(name)]
        ['dw', 'grad_b', 'grads', 'error']
    """
    if role_of(name):
        return False
    return bool(_ERRORS.fullmatch(_plain(name)) or (field_role(name) and name != "a")) or says_gradient(name)


def says_gradient(name: str) -> bool:
    """Return whether a function's name says gradient.

    Example:
        >>> [name for name in ("mse_grad", "dJ", "d_loss", "derivada", "loss", "predict") if says_gradient(name)]
        ['mse_grad', 'dJ', 'd_loss', 'derivada']
    """
    plain = _plain(name)
    words = plain.split("_")
    if _CHECKS.search(plain):
        return False
    return bool(_GRADIENT.search(plain)) or any(map(_DIFFERENTIAL.fullmatch, (*words, plain.replace("_", ""))))


def says_step(name: str) -> bool:
    """Return whether a function's name says that it moves the parameters."""
    return bool(_STEP.search(_plain(name)))


def says_loss(name: str) -> bool:
    """Return whether a function's name says loss, and not the loss's gradient."""
    return bool(_LOSS.search(_plain(name))) and not says_gradient(name)


def derivative_of(function: str) -> str:
    """Return for which parameter a function computes the derivative, or the new value; nothing for any other function.

    Example:
        >>> [derivative_of(name) for name in ("compute_dw", "grad_theta_0", "update_b", "gradient", "step_gradient")]
        ['w', 'theta0', 'b', '', '']
    """
    words = [word for word in _plain(function).split("_") if word and word not in _AROUND_DERIVATIVES]
    named = [word for word in words if not _WORDS_OF_DERIVATIVES.fullmatch(word)]
    stem = "".join(named)
    if stem.startswith("d") and _is_parameter(stem[1:]):
        return stem[1:]
    return stem if len(named) < len(words) and _is_parameter(stem) else ""


def _is_parameter(name: str) -> bool:
    return role_of(name) in ("m", "c") or name == "a"
