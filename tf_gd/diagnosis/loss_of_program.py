"""The loss that a program defines, where one of its functions computes it: its numbers decide, not its name."""

from typing import Any

from tf_gd.diagnosis.calling import Misbehaved, exactly
from tf_gd.diagnosis.line.argument_names import says_loss
from tf_gd.diagnosis.line.asking import GRADIENT
from tf_gd.diagnosis.line.conventions import conventions
from tf_gd.diagnosis.line.losses import LOSSES, share
from tf_gd.diagnosis.line.point_sets import point_sets
from tf_gd.diagnosis.sandbox import Loaded, Sandbox
from tf_gd.reduction import Reduction


def loss_of(sandbox: Sandbox, loaded: Loaded) -> Reduction | None:
    """Return the loss that a function of the file computes, where one does: its numbers decide, not its name."""
    for name, parameters in loaded.functions.items():
        if says_loss(name) and parameters:
            ways, _ = conventions(GRADIENT, parameters)
            for way in ways[:8]:
                points = [one for one in point_sets() if 2 < one.n < 10][:2]
                questions = [way.question(2.0, 1.0, one.x.copy(), one.y.copy()) for one in points]
                try:
                    replies = sandbox.ask(name, questions)
                except (Misbehaved, TypeError):
                    return None
                for loss in LOSSES:
                    if all(_is_loss(reply, one, loss) for reply, one in zip(replies, points, strict=True)):
                        return loss
    return None


def _is_loss(reply: dict[str, Any], points: Any, loss: Reduction) -> bool:
    """Return whether a reply is the loss of these points at m = 2, c = 1."""
    value = reply.get("value", ["none"])
    numbers = [value[2]] if value[0] == "number" else value[3] if value[0] == "array" else []
    number = exactly(numbers[0]) if len(numbers) == 1 else None
    wanted = float(share(loss, points.n)) * float(sum((2 * points.x + 1 - points.y) ** 2))
    return number is not None and abs(float(number) - wanted) <= 1e-9 * abs(wanted)
