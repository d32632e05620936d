"""Pages out of results: `benchmarks/templates/NAME.md.j2` and NAME.json become NAME.md."""

from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import results
from .plots import Plot, figure
from .results import Figures

ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # Markdown of our own.
)


def page(folder: Path, result: Figures, plots: Iterable[Plot]) -> None:
    """Write the page of a result, which may look at other results as well, and its plots."""
    name = result["name"]
    template = ENVIRONMENT.get_template(f"{name}.md.j2")
    text = template.render(**result, other=lambda each: results.read(folder, each))
    (folder / f"{name}.md").write_text(text)
    for plot in plots:
        plot.draw(folder, result["figures"])


def places(value: float, count: int = 0) -> str:
    return f"{value:,.{count}f}"


def row(cells: Iterable[object]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def head(columns: str, left: int = 1) -> str:
    """Return a table's first two rows, out of its columns' names with `|` between them.

    :param left: how many columns hold words; figures are on the right.
    """
    names = [name.strip() for name in columns.split("|")]
    rule = ["---"] * left + ["--:"] * (len(names) - left)
    return f"{row(names)}\n|{'|'.join(rule)}|"


ENVIRONMENT.filters |= {"figure": figure, "places": places, "row": row, "head": head}
