"""What people call things: names put the search in order, and decide nothing."""

from __future__ import annotations

import re

SLOPES = re.compile(
    r"^(m|w|w1|w_?1|a|k|slope|coef_?|coeff?s?|coefficients?|weights?|beta_?1|b1|theta_?1|t1|grade|gradient_m|kernel|"
    r"curr(ent)?_m|m_curr(ent)?|steigung|pente|w_in|m_now|weight_?1?)$"
)
INTERCEPTS = re.compile(
    r"^(b|c|b0|w0|w_?0|d|q|t|bias|intercept_?|base|offset|beta_?0|theta_?0|t0|const(ant)?|curr(ent)?_b|b_curr(ent)?|"
    r"c_curr(ent)?|b_now|b_in|shift|bias_?1?|ordonnee|achsenabschnitt)$"
)
PAIRS = re.compile(r"^(theta|params?|parameters|weights?|coef_?|coeffs?|beta|w|p|thetas|state|line|model)$")
RATES = re.compile(
    r"^(lr|l_?rate|learn(ing)?_?rate|rate|alpha|eta|step_?size|stepsize|_?learning_?rate_?|gamma|lrate|epsilon_?rate|"
    r"(lr|alpha|eta|rate|learning_?rate)_?([mcwbak012]|slope|intercept|weights?|bias|theta_?[01])|"
    r"l|rate_of_learning|lernrate|taux|nu|lamda_?rate|_lr|_rate|_alpha|_eta|self_lr|speed)$"
)
LOSSES = re.compile(r"(^|_)(loss(es)?|costs?|j|j_history|objective)(_|$|\()|(loss|cost)")
NOT_PARAMETERS = re.compile(
    r"^(d[a-z]{1,2}|d_?[a-z]+_?d?[a-z]*|g[a-z]|g_[a-z]+|grad.*|.*_grad(ient)?s?|gradients?|dj_d[a-z]+|.*loss.*|.*cost.*|"
    r"e|err.*|error.*|res.*|pred.*|y_?hat|y_?pred|f|n|i|j|epoch.*|iter.*|step|it|count.*|sum.*|total.*|s[a-z]?|diff.*|delta.*|"
    r"mse|rmse|sse|mae|tol.*|eps.*|prev.*|old.*|_)$"
)
COPIES = re.compile(r"(new|tmp|temp|next|old|prev|start|init|final|best|updated)")
HISTORIES = re.compile(r"_?(history|hist|list|log|values|vals|all|path|trace|track)_?(?=$)|^(history|hist|all|list)_?")
XS = re.compile(
    r"^(x|xs|x_?train|x_?data|x_?values?|x_?scaled|x_?norm\w*|xn|z|features?|inputs?|x_?s|xx|design|x_?b|data_?x)$"
)
YS = re.compile(
    r"^(y|ys|y_?train|y_?data|y_?values?|y_?scaled|y_?norm\w*|yn|targets?|labels?|outputs?|yy|t|y_?s|data_?y|y_?true)$"
)


def slope_score(name: str) -> float:
    """Return how much a name sounds like the slope's."""
    return _score(name, SLOPES, INTERCEPTS)


def intercept_score(name: str) -> float:
    """Return how much a name sounds like the intercept's."""
    return _score(name, INTERCEPTS, SLOPES)


def _score(name: str, wanted: re.Pattern[str], other: re.Pattern[str]) -> float:
    plain = HISTORIES.sub("", name.strip("_")) or name
    stem = COPIES.sub("", plain).strip("_") or plain
    score = 2.0 * bool(wanted.match(stem)) - 0.5 * bool(other.match(stem) and not wanted.match(stem))
    score -= 0.7 * (stem != plain)
    return score - (3.0 if NOT_PARAMETERS.match(name) and not wanted.match(name) else 0.0)


def x_score(name: str) -> float:
    """Return how much a name sounds like the x of the points."""
    return 2.0 * bool(XS.match(name)) - 2.0 * bool(YS.match(name)) - 1.0 * bool(NOT_PARAMETERS.match(name))


def y_score(name: str) -> float:
    """Return how much a name sounds like the y of the points."""
    return 2.0 * bool(YS.match(name)) - 2.0 * bool(XS.match(name)) - 1.0 * bool(NOT_PARAMETERS.match(name))


def are_exchanged(x: str, y: str) -> bool:
    """Return whether what serves as x is called y, and what serves as y is called x."""
    return x.startswith("y") and y.startswith("x") and bool(YS.match(x) and XS.match(y))


def is_rate(name: str) -> bool:
    """Return whether a name is one for the learning rate."""
    return bool(RATES.match(name))


def is_loss(name: str) -> bool:
    """Return whether a name is one for the loss."""
    return bool(LOSSES.search(name.lower()))
