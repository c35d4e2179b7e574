"""`python -m benchmarks [TABLE ...]`: measure, print, and write each table and figure into benchmarks/results."""

from importlib import import_module
from pathlib import Path

import click

from benchmarks.machine import describe

WRITERS = ("checkers", "peer_functions")  # these write their results themselves
TABLES = ("gradient", "steps", "runs", "samples", "parquet", "startup", "cost", "model_cost")
RESULTS = Path(__file__).parent / "results"


@click.command()
@click.argument("tables", nargs=-1, type=click.Choice(TABLES + WRITERS))
@click.option("--points", default=10**5, show_default=True, help="The largest number of points in memory.")
@click.option("--rows", default=10**6, show_default=True, help="The rows of the Parquet file.")
@click.option("--rounds", default=7, show_default=True, help="Measure so often and keep the best.")
def main(tables: tuple[str, ...], points: int, rows: int, rounds: int) -> None:
    """Measure TABLES (by default all, but for those that need other libraries' checkers) and print them.

    Example: python -m benchmarks gradient --points 10000000
    """
    RESULTS.mkdir(exist_ok=True)
    for name in [name for name in tables if name in WRITERS]:
        import_module(f"benchmarks.{name}").main()
    for name in [name for name in tables or TABLES if name in TABLES]:
        table = import_module(f"benchmarks.{name}").measure(points=points, rows=rows, rounds=rounds)
        command = f"python -m benchmarks {name} --points {points} --rows {rows} --rounds {rounds}"
        text = f"{table.markdown()}\nMeasured by `{command}` on {describe()}.\n"
        click.echo(text)
        (RESULTS / f"{name}.md").write_text(text)
        table.draw(RESULTS / f"{name}.svg")


if __name__ == "__main__":
    main()
