"""What a check of somebody's derivation found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tf_gd.diagnosis.calling import NOT_COMPARED

Verdict = Literal["right", "wrong", "cannot-tell"]
Finding = tuple[str, str]


@dataclass(frozen=True)
class GradientCheck:
    """The result of a check: right, wrong or not to be told, and the name of each mistake.

    Attributes:
        verdict: "right", "wrong", or "cannot-tell" where nothing, or too little, could be compared.
        diagnosis: (name, message) for each mistake that explains what was seen, the likeliest first.
        report: the whole report as text, with each number labelled as whose it is.
        remarks: (name, message) for what is no mistake and should be known.
        loss: the reduction under which it is right, or under which the mistake is named: "sum", "mean",
            "half_sum" or "half_mean"; None where there is none.
        lines: name of a finding -> the line of the source that it is about, where that is known.

    `bool(check)` is `check.ok`, so `assert check_line_gradient(f)` does what it says.
    """

    verdict: Verdict
    diagnosis: list[Finding] = field(default_factory=list)
    report: str = ""
    remarks: list[Finding] = field(default_factory=list)
    loss: str | None = None
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the verdict is "right"."""
        return self.verdict == "right"

    @property
    def compared(self) -> bool:
        """Whether numbers were compared; where not, the diagnosis says why the function could not be called."""
        return not any(name in NOT_COMPARED for name, _ in self.diagnosis) or self.verdict == "wrong"

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return self.report
