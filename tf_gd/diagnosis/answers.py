"""What a child may answer: every message of it is looked at for its form before anything is made of it."""

import math
import re
from typing import Any

from tf_gd.diagnosis.calling import Misbehaved, Reply, shortened
from tf_gd.diagnosis.telling import MOST_ITEMS

_RATIO = re.compile(r"-?[0-9a-f]{1,5000}/[0-9a-f]{1,5000}")


def replies_of(message: dict[str, Any], number: int) -> list[Reply]:
    """Return the replies of a message, each of the form that `calling.answer` gives.

    Raises:
        Misbehaved: they are not that many, or of another form.
    """
    replies = listed(message.get("replies"))
    if len(replies) != number or not all(map(_is_reply, replies)):
        raise garbled("the answers are not what was asked")
    return replies


def _is_reply(reply: Any) -> bool:
    if not isinstance(reply, dict):
        return False
    if "raised" in reply:
        raised = reply["raised"]
        return isinstance(raised, dict) and isinstance(raised.get("type"), str) and isinstance(raised.get("text"), str)
    changed = reply.get("changed", [])
    return _is_told(reply.get("value")) and isinstance(changed, list) and all(map(_is_key, changed))


def _is_key(key: Any) -> bool:
    return isinstance(key, str) or (isinstance(key, int) and 0 <= key < 100)


def _is_told(value: Any, depth: int = 4) -> bool:
    """Return whether a value has the form that `telling.tell` gives."""
    match value:
        case ["none"]:
            return True
        case ["other", str(), str()]:
            return True
        case ["number", str(), number]:
            return _is_number(number)
        case ["array", str(), list(shape), list(numbers)]:
            sizes = all(type(size) is int and size >= 0 for size in shape)
            told = math.prod(shape) if sizes and math.prod(shape) <= MOST_ITEMS else 0
            return sizes and len(numbers) == told and all(map(_is_number, numbers))
        case ["list", str(), int(), list(items)]:
            return depth > 0 and all(_is_told(item, depth - 1) for item in items)
        case ["fields", str(), list(items)]:
            pairs = all(isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) for one in items)
            return depth > 0 and pairs and all(_is_told(item, depth - 1) for _, item in items)
    return False


def _is_number(number: Any) -> bool:
    if isinstance(number, str):
        return bool(_RATIO.fullmatch(number)) and int(number.partition("/")[2], 16) != 0
    return type(number) in (int, float)


def mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise garbled("an object is missing")
    return value


def listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise garbled("a list is missing")
    return value


def parameters(value: Any) -> list[list[Any]] | None:
    if value is None:
        return None
    if isinstance(value, list) and all(isinstance(one, list) and len(one) == 3 for one in value):
        return [[str(name), str(kind), bool(default)] for name, kind, default in value]
    raise garbled("a function's parameters are missing")


def fault_of(value: Any) -> Misbehaved | None:
    if value is None:
        return None
    if not (isinstance(value, list) and len(value) == 3):
        raise garbled("a fault without a name")
    name, message, line = value
    return Misbehaved(shortened(name, 40), shortened(message, 600), line if isinstance(line, int) else None)


def garbled(why: str) -> Misbehaved:
    return Misbehaved(
        "cannot-check", f"What came back is no answer ({why}). Does the file write to open files by number?"
    )
