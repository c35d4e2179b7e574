"""A job in the child: check the model that a file defines with loss, gradient, params and data."""

from typing import Any

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.model.model_check import check_gradient
from tf_gd.diagnosis.program import Program
from tf_gd.errors import TfGdError


def run(program: Program, options: dict[str, Any]) -> dict[str, Any]:
    """Return the check as plain data."""
    program.execute()
    there: dict[str, Any] = {} if program.module is None else program.module.__dict__
    try:
        check = check_gradient(there["loss"], there["gradient"], params=there["params"], data=there.get("data"))
    except TfGdError as error:
        raise Misbehaved("cannot-check", str(error)) from None
    return {
        "verdict": check.verdict,
        "diagnosis": check.diagnosis,
        "remarks": check.remarks,
        "report": str(check),
        "loss": check.loss,
    }
