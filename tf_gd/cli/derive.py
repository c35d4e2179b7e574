"""`tf-gd derive`: the derivation, step by step, and the proof that the package computes it."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import click

from tf_gd.cli.folding import PROSE, fitted, terminal_width
from tf_gd.cli.options import REDUCTIONS

if TYPE_CHECKING:
    from tf_gd.verify.derivation import Derivation
    from tf_gd.verify.derivation_step import DerivationStep
    from tf_gd.verify.symbolic_check import SymbolicCheck

MODELS = ("line", "no-intercept", "m-model")


@click.command(short_help="Derive gradient, Hessian and learning rate, step by step.")
@click.option(
    "--model",
    type=click.Choice(MODELS),
    default="line",
    show_default=True,
    help="y = m x + c; y = m x; or y = M (x + 1), which m = c = M literally gives.",
)
@click.option("--no-intercept", "model", flag_value="no-intercept", help="The same as --model no-intercept.")
@click.option(
    "--reduction",
    type=click.Choice(REDUCTIONS),
    default="sum",
    show_default=True,
    help="The loss: sum or mean of the squared residuals, or half of it.",
)
@click.option("--latex", is_flag=True, help="Print LaTeX instead of text.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: model, reduction, steps and proofs.")
@click.option("--quiet", is_flag=True, help="Print nothing; the exit code tells.")
def command(model: Any, reduction: Any, latex: bool, as_json: bool, quiet: bool) -> int:
    """Derive the gradient, the Hessian and the largest learning rate from the loss, step by step.

    Then prove that the package's own gradient is the derived one, and hold the optimum against certified
    values.

    Exit code: 0 proved, 1 a proof failed.

    Example: tf-gd derive --reduction mean
    """
    from tf_gd.verify.derivation import derive
    from tf_gd.verify.symbolic_check import prove

    derived = derive(model, reduction)
    proofs = prove(derived)
    if as_json:
        click.echo(json.dumps(_as_dict(derived, proofs)))
    elif not quiet:
        width = terminal_width(sys.stdout)
        click.echo(_as_latex(derived, proofs) if latex else _as_text(derived, proofs, width))
    return 0 if all(proof.ok for proof in proofs) else 1


def _as_text(derived: Derivation, proofs: list[SymbolicCheck], width: int | None) -> str:
    use_unicode = _is_unicode(sys.stdout.encoding)
    steps = "\n\n".join(_step_as_text(step, use_unicode, width) for step in derived.steps)
    verdicts = "\n".join(f"    {'proved' if proof.ok else 'FAILED'}  {proof.statement}" for proof in proofs)
    return f"{steps}\n\n{fitted(verdicts, width)}"


def _step_as_text(step: DerivationStep, use_unicode: bool, width: int | None) -> str:
    sentence = fitted(f"    {step.sentence}", min(width or PROSE, PROSE))
    indent = "        " if width is None or width > 60 else "    "
    formulas = (textwrap.indent(one, indent) for one in step.pretty(use_unicode, width and width - len(indent)))
    lines = "\n\n".join(formulas).splitlines()
    return f"{step.equation:>2}. {step.title}\n{sentence}\n\n" + "\n".join(line.rstrip() for line in lines)


def _as_latex(derived: Derivation, proofs: list[SymbolicCheck]) -> str:
    steps = (
        f"% {step.equation}. {step.title}: {step.sentence}\n" + "\n".join(f"\\[ {one} \\]" for one in step.latex)
        for step in derived.steps
    )
    verdicts = (f"% {'proved' if proof.ok else 'FAILED'}: {proof.statement}" for proof in proofs)
    return "\n".join([*steps, *verdicts])


def _as_dict(derived: Derivation, proofs: list[SymbolicCheck]) -> dict[str, Any]:
    return {
        "model": derived.model,
        "reduction": derived.reduction,
        "gradient": {str(one): str(slope) for one, slope in zip(derived.parameters, derived.gradient, strict=True)},
        "hessian": [[str(entry) for entry in row] for row in derived.hessian.tolist()],
        "max_learning_rate": str(derived.max_learning_rate),
        "optimum": {str(one): str(best) for one, best in derived.optimum.items()},
        "steps": [
            {
                "equation": step.equation,
                "title": step.title,
                "sentence": step.sentence,
                "text": step.text,
                "latex": step.latex,
            }
            for step in derived.steps
        ],
        "proofs": [{"statement": proof.statement, "ok": proof.ok} for proof in proofs],
    }


def _is_unicode(encoding: str | None) -> bool:
    try:
        "⎡∑α′".encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
