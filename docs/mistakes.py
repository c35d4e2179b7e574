# ruff: noqa: E501
"""Print the page of mistakes from the catalogue: `python docs/mistakes.py > docs/reference/mistakes.md`."""

from tf_gd.diagnosis.line.catalogue import CATALOGUE
from tf_gd.diagnosis.line.updates import UPDATES

HEAD = """# Mistakes by name

What `tf-gd diagnose`, `check_line_gradient` and `check_update` call the mistakes that they know, in the words of their
messages for the sum of squares. Each is also named where it is in one of the two derivatives alone, in the gradient
inside an update, and together with a wrong factor. This page is printed from the catalogue by `docs/mistakes.py`.

## In a gradient

| name | equation | what it says |
|---|---|---|"""

MIDDLE = """
## In an update

| name | what it says |
|---|---|"""

TAIL = """
## Other names

| name | what it says |
|---|---|
| `unlisted-factor` `unlisted-constant` `unlisted-term` `unlisted` | which derivative is wrong, how, and the smallest set of rows, or the kind of input, that shows it |
| `unlisted-refusal` | the function raises, or returns no number, where the line is determined |
| `in-place` `returns-nothing` `wrong-shape` `not-a-number` `not-finite` | what came back instead of two numbers |
| `raises` `hangs` `exits` `crashes` `prints-too-much` `out-of-memory` `syntax-error` `wrong-arguments` `cannot-check` | why nothing could be compared: not wrong, but exit code 2 |
| `float64-learning-rate` | a remark: right on paper, but TensorFlow rounds the rate to float32 |
| `called-as` `refuses` `overflows` `taken-back` `order-of-results` `called-with-our-points` | remarks: how a function was called; which points it refuses, or overflows on; what the update takes back; in which order it returns its results; that nothing in the file calls it |"""


def plain(text: str) -> str:
    """Return a message fit for a cell of a table."""
    return text.split(" Equation ")[0].replace("|", r"\|").replace("*", r"\*").replace("_", r"\_").replace("<", r"\<")


if __name__ == "__main__":
    print(HEAD)
    for entry in CATALOGUE:
        print(f"| `{entry.name}` | {entry.equation} | {plain(entry.message('sum'))} |")
    print(MIDDLE)
    for update in UPDATES:
        print(f"| `{update.name}` | {plain(update.message)} |")
    print(TAIL)
