"""A file and a chat beside it over a long line: ours and bare channels, in turns.

Two computers in network namespaces (see `lab`): at one of them the servers and the host's page, at
the other one a client's. Every packet between them takes `delay_ms` each way, and some are lost.

`figures["rows"]` has for each line and direction what `transfers` measures.
"""

from dataclasses import dataclass

from benchmarks.results import Figures

DELAY_MS = 100


@dataclass(frozen=True)
class Line:
    """Which share of the packets is lost each way, how large the file is, and how often it goes."""

    loss: float
    size: int
    rounds: int


@dataclass(frozen=True)
class Effort:
    """The lines, and the seconds after which a transfer over one of them is given up."""

    lines: tuple[Line, ...]
    bound: float


THOROUGH = Effort(
    lines=(Line(0.0, 5_000_000, 5), Line(0.01, 1_500_000, 5), Line(0.05, 500_000, 5)),
    bound=180.0,
)
QUICK = Effort(lines=(Line(0.01, 20_000, 1),), bound=60.0)


def measure(effort: Effort) -> Figures:
    # They bring Playwright along, which nothing else here needs.
    from . import lab, transfers

    rows: list[Figures] = []
    chromium = ""
    with lab.bundles() as folder:
        for line in effort.lines:
            with lab.laid(folder, DELAY_MS / 1_000, line.loss) as ends:
                chromium = ends.near.version
                rows += transfers.rows(ends, line, effort.bound)
    return {
        "chromium": chromium,
        "delay_ms": DELAY_MS,
        "interval_ms": transfers.INTERVAL_MS,
        "characters": transfers.CHARACTERS,
        "rows": rows,
    }
