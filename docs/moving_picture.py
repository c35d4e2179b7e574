"""Draw the README's moving picture anew: `python docs/moving_picture.py`, from the root of the repository.

Left the points and the line, right the loss over (m, c) and the path: the same descent, step by step. The contours of a
quadratic are ellipses, so the picture is exact, and it needs no script: an SVG animates itself.
"""

from pathlib import Path

import numpy as np

import tf_gd

TARGET = Path(__file__).parent / "images" / "descent.svg"
STEPS, SECONDS, RATE = 22, 11, 0.0195
WIDTH, HEIGHT, GAP = 380, 300, 40
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #333 } .ink { stroke: #333 } .dot { fill: #1f77b4 }
.line { stroke: #d1495b; stroke-width: 2.5 } .ring { fill: none; stroke: #8aa }
.path { fill: none; stroke: #d1495b; stroke-width: 1.5 }
.now { fill: #d1495b } .best { fill: #2a7f3e }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd } .ink { stroke: #bbb } .ring { stroke: #577 } .dot { fill: #6db3f2 }
}
"""


def main() -> None:
    """Train, and write the picture of it."""
    x, y = tf_gd.sample("hubble1929")
    path = tf_gd.train(x, y, learning_rate=RATE, num_steps=STEPS, engine="manual", start=(-150.0, 750.0))
    TARGET.write_text(picture(x, y, path), encoding="utf-8")


def picture(x: np.ndarray, y: np.ndarray, path: tf_gd.Trajectory) -> str:
    """Return the whole SVG."""
    width = 2 * WIDTH + GAP
    name = "Gradient descent: the line turns into its place while the state walks down the valley of the loss."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT + 30}" role="img" aria-label="{name}">'
        f"<style>{STYLE}</style>{line_panel(x, y, path)}"
        f'<g transform="translate({WIDTH + GAP} 0)">{valley_panel(x, y, path)}</g></svg>\n'
    )


def animate(attribute: str, values: np.ndarray) -> str:
    """Return an animation that goes through the values, rests at the end, and begins again."""
    text = ";".join(f"{value:.1f}" for value in [*values, values[-1], values[-1], values[-1]])
    return f'<animate attributeName="{attribute}" values="{text}" dur="{SECONDS}s" repeatCount="indefinite"/>'


def line_panel(x: np.ndarray, y: np.ndarray, path: tf_gd.Trajectory) -> str:
    """Return the points, and the line of every step."""
    ends = np.array([0.0, 2.1])
    low, high = y.min() - 150, y.max() + 250

    def across(value: np.ndarray) -> np.ndarray:
        return 20 + value / ends[1] * (WIDTH - 30)

    def up(value: np.ndarray) -> np.ndarray:
        return HEIGHT - (value - low) / (high - low) * HEIGHT

    dots = "".join(
        f'<circle class="dot" cx="{across(a):.1f}" cy="{up(b):.1f}" r="4"/>' for a, b in zip(x, y, strict=True)
    )
    left, right = (up(path.m * end + path.c) for end in ends)
    moving = animate("y1", left) + animate("y2", right)
    at = across(ends)
    line = (
        f'<line class="line" x1="{at[0]:.1f}" x2="{at[1]:.1f}" y1="{left[-1]:.1f}" y2="{right[-1]:.1f}">{moving}</line>'
    )
    frame = f'<clipPath id="frame"><rect width="{WIDTH}" height="{HEIGHT}"/></clipPath>'
    axis = f'<path class="ink" d="M20 0V{HEIGHT}H{WIDTH}" fill="none"/>'
    title = f'<text x="24" y="{HEIGHT + 20}">velocity against distance</text>'
    return f'{frame}{axis}<g clip-path="url(#frame)">{dots}{line}</g>{title}'


def valley_panel(x: np.ndarray, y: np.ndarray, path: tf_gd.Trajectory) -> str:
    """Return the ellipses of equal loss, and the way from state to state."""
    best = tf_gd.least_squares(x, y)
    reach = 1.25 * max(np.max(np.abs(path.m - best.m)), np.max(np.abs(path.c - best.c)))
    scale = HEIGHT / (2 * reach)

    def place(m: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return WIDTH / 2 + (m - best.m) * scale, HEIGHT / 2 - (c - best.c) * scale

    values, vectors = np.linalg.eigh(tf_gd.Curvature.of(x).hessian)
    angle = -np.degrees(np.arctan2(vectors[1, 0], vectors[0, 0]))
    excess = [tf_gd.loss(tf_gd.Line(m, c), x, y) - tf_gd.loss(best, x, y) for m, c in zip(path.m, path.c, strict=True)]
    turn = f'transform="translate({WIDTH / 2} {HEIGHT / 2}) rotate({angle:.1f})"'
    rings = "".join(
        f'<ellipse class="ring" rx="{scale * np.sqrt(2 * height / values[0]):.1f}" '
        f'ry="{scale * np.sqrt(2 * height / values[1]):.1f}" {turn}/>'
        for height in max(excess) * 4.0 ** -np.arange(5)
    )
    across, up = place(path.m, path.c)
    way = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(across, up, strict=True))
    dots = "".join(f'<circle class="now" cx="{a:.1f}" cy="{b:.1f}" r="2"/>' for a, b in zip(across, up, strict=True))
    moving = animate("cx", across) + animate("cy", up)
    now = f'<circle class="now" r="6" cx="{across[-1]:.1f}" cy="{up[-1]:.1f}">{moving}</circle>'
    star = f'<circle class="best" cx="{WIDTH / 2}" cy="{HEIGHT / 2}" r="4"/>'
    frame = f'<clipPath id="valley"><rect width="{WIDTH}" height="{HEIGHT}"/></clipPath>'
    inside = f'<g clip-path="url(#valley)">{rings}<path class="path" d="{way}"/>{dots}{star}{now}</g>'
    return f'{frame}{inside}<text x="24" y="{HEIGHT + 20}">the loss over slope m and intercept c</text>'


if __name__ == "__main__":
    main()
