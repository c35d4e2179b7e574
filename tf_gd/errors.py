"""The exceptions that a caller may catch.

Every message is one line: the parameter, what it must be, what it was, what to do next.
"""


class TfGdError(Exception):
    """The base of every error that this package raises on purpose."""


class InvalidArgumentError(TfGdError, ValueError):
    """An argument is not what the function takes. Also a `ValueError`."""


class DataError(TfGdError, ValueError):
    """The points, or the file that should hold them, cannot be used. Also a `ValueError`."""


class SessionError(TfGdError, RuntimeError):
    """A training session on disk cannot be opened, resumed or written. Also a `RuntimeError`."""


class DescentWarning(UserWarning):
    """A descent that was asked for will run, but not to where its author wants: said before it starts."""


class SessionWarning(UserWarning):
    """A session goes on with other versions of the libraries than those that wrote it."""


def invalid(parameter: str, requirement: str, got: object, advice: str = "") -> InvalidArgumentError:
    """Return the error for a bad argument, worded as all of them are.

    Example:
        >>> print(invalid("learning_rate", "a finite number above 0", -0.1, "Try 0.01."))
        `learning_rate` must be a finite number above 0. Got -0.1. Try 0.01.
    """
    return InvalidArgumentError(f"`{parameter}` must be {requirement}. Got {plain(got)}. {advice}".rstrip())


def plain(value: object, limit: int = 80) -> str:
    r"""Return `value` as short text without control characters, fit for a terminal.

    Example:
        >>> plain("a\x1b[31mred")
        "'a\\x1b[31mred'"
    """
    try:
        text = printable(value.__repr__() if not isinstance(value, type) else value.__name__)
    except Exception:  # an int of more than 4,300 digits, or an object whose text fails
        text = f"<{type(value).__name__}>"
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def printable(text: str) -> str:
    r"""Return `text` with its control characters escaped, so that it cannot steer a terminal.

    Example:
        >>> printable("a\x1b[31mred")
        'a\\x1b[31mred'
    """
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
