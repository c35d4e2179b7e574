"""Inside the child process: run a learner's file, check its functions, and write down what was found.

`sandbox` starts this module, with the learner's file and a folder for the outcome; nothing else should import
it.
"""

import faulthandler
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from tf_gd.diagnosis.calling import Misbehaved, plain_text, what_was_raised
from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.line import line_report as report
from tf_gd.diagnosis.line.line_check import check_line_gradient, check_update
from tf_gd.errors import TfGdError

OUTCOME, STUCK = "outcome.json", "stuck.txt"


def main(path: str, folder: str, reduction: str, time_limit: str, memory_limit: str) -> None:
    """Check the learner's file and write `outcome.json`; end the process without running its exit hooks."""
    limit_memory(int(memory_limit))
    source = Path(path).read_bytes()
    if b"tensorflow" in source:
        from tf_gd.graph import load_tensorflow

        load_tensorflow()  # takes seconds that are none of the learner's time
    # A watchdog outside Python's control: at the limit it writes where the file hangs, and ends the process.
    with open(Path(folder, STUCK), "w") as stuck:
        faulthandler.dump_traceback_later(float(time_limit), exit=True, file=stuck)
        outcome = checks(path, source, reduction)
        faulthandler.cancel_dump_traceback_later()
    Path(folder, OUTCOME).write_text(json.dumps(outcome), encoding="utf-8")
    os._exit(0)


def limit_memory(megabytes: int) -> None:
    """Limit what this process may allocate, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def checks(path: str, source: bytes, reduction: Any) -> dict[str, Any]:
    """Return what was found about each function of the file, or `missing`: what the file lacks."""
    try:
        module = load(path, source)
    except Misbehaved as fault:
        return {"file": as_json(GradientCheck(False, [(fault.name, fault.message)], report.of_fault("file", fault)))}
    wanted = functions_to_check(module, reduction)
    if not wanted:
        return {"missing": "functions gradient(m, c, x, y) or update(m, c, x, y, learning_rate) to check"}
    return {name: as_json(_outcome(name, check)) for name, check in wanted.items()}


def _outcome(name: str, check: Callable[[], GradientCheck]) -> GradientCheck:
    """Return what a check finds; an argument that it refuses stands in the learner's file, and is a finding too."""
    try:
        return check()
    except TfGdError as error:
        return GradientCheck(
            False, [("cannot-check", str(error))], report.of_fault(name, Misbehaved("cannot-check", str(error)))
        )


def load(path: str, source: bytes) -> ModuleType:
    """Run the file as a module of its own, its folder last on the path so that it shadows nothing.

    Raises:
        Misbehaved: it does not compile, or raised.
    """
    module = ModuleType("learner")
    module.__file__ = path
    sys.modules["learner"] = module
    sys.path.append(str(Path(path).resolve().parent))
    try:
        exec(compile(source, path, "exec"), module.__dict__)
    except SyntaxError as error:
        message = f"Python cannot read the file: {plain_text(error.msg)}, at line {error.lineno}."
        raise Misbehaved("syntax-error", message) from None
    except (Exception, SystemExit) as error:
        raise Misbehaved("raises", f"The file {what_was_raised(error)} while it was loaded.") from None
    return module


def functions_to_check(module: ModuleType, reduction: Any) -> dict[str, Callable[[], GradientCheck]]:
    """Return the checks that fit what the file defines."""
    there = module.__dict__
    gradient, update, loss = (there.get(name) for name in ("gradient", "update", "loss"))
    wanted: dict[str, Callable[[], GradientCheck]] = {}
    if callable(gradient) and callable(loss) and "params" in there:
        wanted["gradient"] = lambda: _check_any_model(there)
    elif callable(gradient):
        wanted["gradient"] = lambda: check_line_gradient(gradient, reduction=reduction)
    if callable(update):
        wanted["update"] = lambda: check_update(update, reduction=reduction)
    return wanted


def _check_any_model(there: dict[str, Any]) -> GradientCheck:
    from tf_gd.diagnosis.model.model_check import check_gradient

    return check_gradient(there["loss"], there["gradient"], params=there["params"], data=there.get("data"))


def as_json(check: GradientCheck) -> dict[str, Any]:
    """Return a check in JSON's terms."""
    return {"ok": check.ok, "diagnosis": check.diagnosis, "report": str(check)}
