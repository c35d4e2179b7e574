"""A table of measurements, as Markdown and as a figure."""

from dataclasses import dataclass, field
from pathlib import Path

Cell = float | str | None

NOT_INSTALLED = "not installed"


@dataclass(frozen=True)
class Table:
    """Rows of cells under a title; numbers are seconds unless the header says otherwise.

    Attributes:
        title: what was measured.
        header: the names of the columns, the first one for the rows' names.
        rows: for each contender, its cells; None where its package is not installed.
        note: what to know when reading it.
        reference: the row that the figure compares with; in the first column of cells where there is only one.
        drawn: how many columns of cells are numbers to draw.
        places: where they stand on the axis, if there are several.
    """

    title: str
    header: list[str]
    rows: dict[str, list[Cell]]
    reference: str
    note: str = ""
    drawn: int = 1
    places: list[float] = field(default_factory=list)

    def markdown(self) -> str:
        """Return the table as Markdown."""
        lines = [f"### {self.title}", "", _line(self.header), _line(["---", *["---:"] * (len(self.header) - 1)])]
        lines += [_line([name, *map(_text, cells)]) for name, cells in self.rows.items()]
        return "\n".join([*lines, "", self.note, ""]) if self.note else "\n".join([*lines, ""])

    def draw(self, path: Path) -> None:
        """Draw times over sizes where there are several sizes, else bars of times as multiples of the reference."""
        from matplotlib.figure import Figure

        if not self.drawn:
            return
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        axes = figure.subplots()
        axes.set_title(self.title, loc="left")
        if self.drawn > 1:
            self._lines(axes)
        else:
            self._bars(axes)
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(path, metadata={"Date": None})

    def _lines(self, axes) -> None:
        for name, cells in self.rows.items():
            if isinstance(cells[0], float):
                axes.loglog(self.places, cells[: self.drawn], "o-", markersize=3, label=name)
        axes.set(xlabel="points", ylabel="seconds")
        axes.legend(fontsize="small", frameon=False)

    def _bars(self, axes) -> None:
        base = self.rows[self.reference][0]
        shown = {name: cells[0] / base for name, cells in self.rows.items() if isinstance(cells[0], float)}
        bars = axes.barh(list(shown), list(shown.values()), color="tab:blue")
        axes.bar_label(bars, [_times(value) for value in shown.values()], padding=3)
        wide = max(shown.values()) > 30 * min(shown.values())  # or else bars that start at zero say it better
        axes.set(xscale="log" if wide else "linear", xlabel=f"time, as a multiple of: {self.reference}")
        axes.invert_yaxis()
        axes.margins(x=0.15)


def ratios(seconds: dict[str, float | None], reference: str) -> dict[str, list[Cell]]:
    """Return rows of (seconds, multiple of the reference)."""
    base = seconds[reference]
    return {name: [time, NOT_INSTALLED if time is None else _times(time / base)] for name, time in seconds.items()}


def _times(ratio: float) -> str:
    return f"{ratio:,.0f} x" if ratio >= 100 else f"{ratio:.3g} x"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(cell: Cell) -> str:
    if cell is None:
        return NOT_INSTALLED
    if isinstance(cell, str):
        return cell
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if cell >= size:
            return f"{cell / size:.3g} {unit}"
    return f"{cell * 1e9:.3g} ns"
