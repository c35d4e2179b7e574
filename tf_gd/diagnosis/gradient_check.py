"""What a check of somebody's derivation found."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class GradientCheck:
    """The result of a check: right or wrong, and the name of each mistake.

    Attributes:
        ok: whether the derivation is right.
        diagnosis: (name, message) for each mistake that explains what was seen, the likeliest first; remarks
            that are no mistakes stand here too, with `ok` true.
        report: the whole report as text, with each number labelled as whose it is.

    `bool(check)` is `check.ok`, so `assert check_line_gradient(f)` does what it says.
    """

    ok: bool
    diagnosis: list[tuple[str, str]] = field(default_factory=list)
    report: str = ""

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return self.report
