"""The exercises of the chapters: `check_exercise("1.3", answer)` prints one line, "Right ..." or "Not yet: ...".

An answer may be written in any equivalent way: 200, 200.0, [200], np.float32(200), Fraction(200). Whatever else it is,
and whatever a function of the reader's does, the line says what to look at next; there is never a traceback.
"""

from collections.abc import Callable
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from typing import Any

from exercises.answers import NotYetError, one_line

CHAPTERS = (1, 2, 3, 4, 5, 6, 7)


def check_exercise(exercise: str, *answer: Any) -> None:
    """Print whether an answer is right, in one line.

    Args:
        exercise: chapter and number, such as "1.3".
        answer: what the reader wrote: a number, several numbers, or a function.
    """
    try:
        with redirect_stdout(StringIO()):  # a reader's function may print, and it is called many times
            praise = judge_of(exercise)(*answer)
        print(f"Right. {one_line(praise)}".rstrip())
    except NotYetError as hint:
        print(f"Not yet: {one_line(str(hint))}")
    except (Exception, SystemExit) as error:  # the reader's function, or an answer of a kind that nobody thought of
        print(f"Not yet: {one_line(f'{type(error).__name__}: {error}')}")


def judge_of(exercise: str) -> Callable[..., str]:
    """Return the function that judges an exercise: it returns praise, or raises `NotYetError` with a hint."""
    chapter, number = exercise.split(".")
    judge: Callable[..., str] = getattr(import_module(f"exercises.chapter_{chapter}"), f"exercise_{number}")
    return judge
