"""Bars as an SVG: a median each, and the least and the most as a line across its end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 720
LABEL_WIDTH = 200
BAR_WIDTH = 400
ROW = 22
GAP = 16
FONT = "font-family='system-ui, sans-serif' font-size='13'"
COLOURS = {"bare": "#8a8f98", "ours": "#5b93e8"}
OTHER = "#c9a227"


@dataclass(frozen=True)
class Bar:
    """One bar, with its figure written behind it."""

    label: str
    median: float
    least: float
    most: float

    @property
    def colour(self) -> str:
        return COLOURS.get(self.label.partition(",")[0], OTHER)


@dataclass(frozen=True)
class Group:
    """Bars that share a scale."""

    title: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Plot:
    """Groups of bars, a file of their own beside the page that shows it."""

    name: str
    title: str
    unit: str
    groups: Sequence[Group]

    @property
    def line(self) -> str:
        """Return the page's line that shows it."""
        return f"![{self.title}]({self.name}.svg)"

    def svg(self) -> str:
        """Return the file."""
        rows = sum(len(group.bars) + 1 for group in self.groups)
        height = (rows + 2) * ROW + len(self.groups) * GAP
        return "\n".join(
            [
                f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' {FONT}>",
                f"<title>{escape(self.title)}</title>",
                f"<rect width='{WIDTH}' height='{height}' rx='8' fill='#ffffff'/>",
                _text(GAP, ROW, f"{self.title}, {self.unit}", bold=True),
                *self._drawn(),
                "</svg>",
                "",
            ]
        )

    def _drawn(self) -> Iterator[str]:
        top = ROW + GAP
        for group in self.groups:
            yield _text(GAP, top + ROW * 0.7, group.title, bold=True)
            top += ROW
            scale = BAR_WIDTH / max([bar.most for bar in group.bars] or [1])
            for bar in group.bars:
                yield from _bar(bar, top, scale)
                top += ROW
            top += GAP


def _bar(bar: Bar, top: float, scale: float) -> Iterator[str]:
    left, middle = LABEL_WIDTH, top + ROW / 2
    least, median, most = (left + each * scale for each in (bar.least, bar.median, bar.most))
    yield _text(GAP, middle + 4, bar.label)
    yield (
        f"<rect x='{left}' y='{top + 3}' width='{median - left:.1f}' height='{ROW - 6}' "
        f"fill='{bar.colour}'/>"
    )
    yield f"<path d='M{least:.1f} {middle}H{most:.1f}' stroke='#14181f' stroke-width='1.5'/>"
    yield _text(max(median, most) + 8, middle + 4, figure(bar.median))


def _text(left: float, top: float, text: str, bold: bool = False) -> str:
    weight = " font-weight='600'" if bold else ""
    return f"<text x='{left:.1f}' y='{top:.1f}' fill='#14181f'{weight}>{escape(text)}</text>"


def figure(value: float) -> str:
    """Return a figure with as many places as it is worth: three digits."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
