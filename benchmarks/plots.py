"""Bars as an SVG: a median each, and the least and the most as a line across its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .results import Figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"bare": "#8a8f98", "ours": "#5b93e8"}
OTHER = "#c9a227"
INK = "#14181f"
ROW_INCHES = 0.28
STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "benchmarks", "font.size": 9}
"""Texts stay texts; and the same figures make the same file."""


@dataclass(frozen=True)
class Plot:
    """A drawing beside a page: those of the figures that it shows, as summaries in groups."""

    name: str
    title: str
    unit: str
    figures: str

    def draw(self, folder: Path, figures: Figures) -> None:
        """Write it; what belongs to one group shares a scale."""
        # Nothing else needs matplotlib.
        from matplotlib import rc_context
        from matplotlib.figure import Figure

        groups = figures[self.figures]
        with rc_context(STYLE):
            heights = [len(group) + 1 for group in groups.values()]
            drawing = Figure((7.2, ROW_INCHES * (sum(heights) + 2)), layout="constrained")
            drawing.suptitle(f"{self.title}, {self.unit}", color=INK)
            axes = drawing.subplots(len(groups), squeeze=False, height_ratios=heights)
            for place, (name, group) in zip(axes[:, 0], groups.items(), strict=True):
                _draw(place, name, group)
            drawing.savefig(folder / f"{self.name}.svg", metadata={"Date": None, "Creator": None})


def _draw(place: "Axes", name: str, group: Mapping[str, Figures]) -> None:
    labels = list(group)[::-1]
    medians = [group[label]["median"] for label in labels]
    below, above = (
        [abs(group[label][end] - group[label]["median"]) for label in labels]
        for end in ("least", "most")
    )
    colours = [COLOURS.get(label.partition(",")[0], OTHER) for label in labels]
    drawn = place.barh(labels, medians, xerr=[below, above], color=colours, ecolor=INK)
    place.bar_label(drawn, [figure(median) for median in medians], padding=4)
    place.set_title(name, loc="left", fontsize="medium")
    place.xaxis.set_visible(False)
    place.margins(x=0.15)
    place.spines[["top", "right", "bottom"]].set_visible(False)
    # What nothing stands out of needs no clipping, whose marks aren't the same in each process.
    for each in place.findobj():
        each.set_clip_on(False)


def figure(value: float) -> str:
    """Return a figure with as many places as it is worth: three digits."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
